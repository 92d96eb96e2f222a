"""BTS's lists: a photo, a depth map and a focal length per line."""

from functools import partial
from pathlib import Path, PurePosixPath

from depth_unet.data.decode import read_depth, read_rgb
from depth_unet.data.forms.description import NYU_CAMERA, nyu_info
from depth_unet.data.forms.files import Folder, checked_name, part_of
from depth_unet.data.forms.frames import FormSource, Pixels, width_of_photos
from depth_unet.data.forms.official import warn_unless_official
from depth_unet.data.forms.scenes import room_of
from depth_unet.data.layout import OnBad, PairRow, refuse
from depth_unet.errors import DataError

PLACES = ("", "sync/", "official_splits/test/", "official_splits/train/", "nyu/sync/")
FIRST_LINES = 20  # that a list is known by
FIELDS = 3  # photo, depth, focal length
NO_DEPTH = "None"  # where a list has photos alone


def bts_lists(root: Path) -> list[Path]:
    """The lists in a folder, training first; or the one that is named."""
    if root.is_file():
        return [root] if _is_list(root) else []
    lists = (path for path in root.glob("*.txt") if _is_list(path))
    return sorted(lists, key=lambda path: (_split(path) != "train", path.name))


def open_bts(root: Path, on_bad: OnBad = refuse) -> FormSource:
    """Open one list, or all in a folder.

    Args:
        root: The list or its folder. Photos are looked for beside the list, and below ``sync``
            and ``official_splits`` there.
        on_bad: Told of every bad line of a list.

    Raises:
        DataError: A line is damaged or names a file that is not there.
    """
    folder = root.parent if root.is_file() else root
    files, rows, known = Folder(folder), list[PairRow](), dict[str, str]()
    for path in bts_lists(root):
        rows += _rows(files, path, known, on_bad)
    if not rows:
        raise DataError(f"{root} holds no list of lines `photo depth focal`; name one")
    pixels = partial(_pixels, folder, rows)
    _warn(root, rows)
    return FormSource(
        root=root,
        rows=rows,
        info=nyu_info("NYU Depth v2, BTS lists", width_of_photos(pixels, len(rows))),
        pixels=pixels,
        origin_of=lambda index: " ".join(
            files.origin(name) for name in (rows[index].rgb, rows[index].depth)
        ),
        place=lambda index: str(folder / rows[index].depth),
    )


def _warn(root: Path, rows: list[PairRow]) -> None:
    """Warn where test photos, numbered as in the labelled set, are not the official ones."""
    stems = [PurePosixPath(row.rgb).stem for row in rows if row.official_split == "test"]
    numbers = [stem.rpartition("_")[2] for stem in stems]
    if numbers:
        warn_unless_official([int(n) if n.isdecimal() else -1 for n in numbers], str(root))


def _split(path: Path) -> str:
    return part_of(path.name, ("train", "test"))


def _is_list(path: Path) -> bool:
    """Whether one of the first lines of a text names two files and a number."""
    try:
        with path.open(encoding="utf-8") as stream:
            lines = [stream.readline(4096).split() for _ in range(FIRST_LINES)]
    except (OSError, UnicodeDecodeError):
        return False
    return any(
        len(words) == FIELDS and words[0].endswith((".jpg", ".png")) and _is_number(words[2])
        for words in lines
    )


def _rows(files: Folder, path: Path, known: dict[str, str], on_bad: OnBad) -> list[PairRow]:
    rows, split = list[PairRow](), _split(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a UTF-8 text ({error}); save it as one") from None
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or words[1:2] == [NO_DEPTH]:
            continue
        where = f"{path}, line {number}"
        try:
            row = _row(files, words, split, where)
            first = known.setdefault(row.rgb, where)
            if first != where:
                raise DataError(f"{where}: {row.rgb} is also in {first}; list it once")
            rows.append(row)
        except DataError as error:
            on_bad(error)
    return rows


def _row(files: Folder, words: list[str], split: str, where: str) -> PairRow:
    if len(words) != FIELDS or not _is_number(words[2]):
        raise DataError(f"{where}: {' '.join(words)[:80]!r} is not `photo depth focal`; correct it")
    rgb, depth = (checked_name(word.removeprefix("/"), where) for word in words[:2])
    place = next((place for place in PLACES if files.has(place + rgb)), None)
    if place is None or not files.has(place + depth):
        missing = depth if place is not None else rgb
        raise DataError(f"{where} names {missing}, which is not there; restore the file")
    return PairRow(
        rgb=place + rgb,
        depth=place + depth,
        official_split=split,
        room_group=room_of(PurePosixPath(rgb).parent.name) if split != "test" else "",
        camera_px=_camera(float(words[2])),
    )


def _camera(focal_px: float) -> tuple[float, float, float, float] | None:
    """None where it is NYU's own, whose rows and columns differ a little."""
    if abs(focal_px - NYU_CAMERA.fx_px) < 0.01:
        return None
    return focal_px, focal_px, NYU_CAMERA.cx_px, NYU_CAMERA.cy_px


def _pixels(folder: Path, rows: list[PairRow], index: int) -> Pixels:
    row = rows[index]
    return read_rgb(folder / row.rgb), read_depth(folder / row.depth, 1e-3)


def _is_number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False
