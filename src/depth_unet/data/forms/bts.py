"""BTS's lists: a photo, a depth map and a focal length per line."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from depth_unet.camera.nyu import NYU_CAMERA
from depth_unet.data.forms.files import Folder, find_word
from depth_unet.data.forms.form_source import ListedSource
from depth_unet.data.forms.nyu import room_of, warn_unless_official
from depth_unet.data.layout import OnBad, PairRow, check_path, collect_rows, plain_name, refuse
from depth_unet.errors import DataError
from depth_unet.files.text import decode_text, read_text

PLACES = ("", "sync/", "official_splits/test/", "official_splits/train/", "nyu/sync/")
HEAD_BYTES = 4096  # that are read to recognise a list
FIELDS = 3  # photo, depth, focal length
NO_DEPTH = "None"  # in place of the depth map, for a photo alone
Line = tuple[str, list[str]]  # split and words


def bts_lists(root: Path) -> list[Path]:
    """The lists in a folder, training first; or the one that is named."""
    if root.is_file():
        return [root] if _is_list(root) else []
    lists = (path for path in root.glob("*.txt") if _is_list(path))
    return sorted(lists, key=lambda path: (_split(path) != "train", path.name))


def open_bts(root: Path, on_bad: OnBad = refuse) -> ListedSource:
    """Open one list, or all in a folder; ``on_bad`` gets the error of every bad line.

    Photos are looked for beside the list, and below ``sync`` and ``official_splits`` there.
    """
    files = Folder(root.parent if root.is_file() else root)

    def parse(line: Line, where: str) -> PairRow:
        return _parse(line, where, files)

    lines = (line for path in bts_lists(root) for line in _lines(path))
    rows = collect_rows(lines, parse, on_bad)
    if not rows:
        raise DataError(f"{root} holds no list of lines `photo depth focal`; name one")
    source = ListedSource(root, files, "", rows, title="NYU Depth v2, BTS lists")
    test = [PurePosixPath(row.rgb).stem for row in rows if row.official_split == "test"]
    if test:  # test photos end in their number in the labelled set
        numbers = [stem.rpartition("_")[2] for stem in test]
        warn_unless_official([int(n) if n.isdecimal() else -1 for n in numbers], str(root))
    return source


def _split(path: Path) -> str:
    return find_word(path.name, ("train", "test"))


def _is_list(path: Path) -> bool:
    """Whether one of the first lines of a text names two files and a number."""
    try:
        with path.open("rb") as stream:
            lines = decode_text(stream.read(HEAD_BYTES), "ignore").splitlines()
    except OSError:
        return False
    return any(
        len(words) == FIELDS and words[0].endswith((".jpg", ".png")) and _is_number(words[2])
        for words in map(str.split, lines)
    )


def _lines(path: Path) -> Iterator[tuple[str, Line]]:
    split = _split(path)
    try:
        lines = read_text(path).splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a UTF-8 text ({error}); save it as one") from None
    for number, words in enumerate(map(str.split, lines), start=1):
        if words and words[1:2] != [NO_DEPTH]:
            yield f"{path}, line {number}", (split, words)


def _parse(line: Line, where: str, files: Folder) -> PairRow:
    split, words = line
    if len(words) != FIELDS or not _is_number(words[2]):
        raise DataError(f"{where}: {' '.join(words)[:80]!r} is not `photo depth focal`; correct it")
    rgb, depth = (
        plain_name(check_path(word.removeprefix("/"), f"{where}: {what}"))
        for what, word in zip(("photo", "depth"), words, strict=False)
    )
    place = next((place for place in PLACES if files.has(place + rgb)), None)
    if place is None or not files.has(place + depth):
        missing = depth if place is not None else rgb
        raise DataError(f"{where} names {missing}, which is missing; restore the file")
    return PairRow(
        rgb=place + rgb,
        depth=place + depth,
        official_split=split,
        room_group=room_of(PurePosixPath(rgb).parent.name) if split != "test" else "",
        camera_px=_camera(float(words[2])),
    )


def _camera(focal_px: float) -> tuple[float, float, float, float] | None:
    """None for NYU's own camera, whose two focal lengths differ a little."""
    if abs(focal_px - NYU_CAMERA.fx_px) < 0.01:
        return None
    return focal_px, focal_px, NYU_CAMERA.cx_px, NYU_CAMERA.cy_px


def _is_number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False
