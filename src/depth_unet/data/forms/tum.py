"""TUM's RGB-D layout: lists of photos and depth maps with time stamps."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.forms.photo_files import camera_of_files, check_is_file, shot_of_files
from depth_unet.data.forms.recording import RecordingForm, Shot, Stated
from depth_unet.data.forms.timing import pair_by_time
from depth_unet.data.info import INFO_NAME
from depth_unet.data.layout import OnBad, check_path, plain_name
from depth_unet.errors import DataError
from depth_unet.files.text import read_text
from depth_unet.files.walk import is_file

LISTS = ("rgb.txt", "depth.txt")
ASSOCIATED = ("associations.txt", "associated.txt", "associate.txt", "association.txt")
REMEDY = "export the recording again"
METRES_PER_UNIT = 1 / 5000
# The cameras of the data set's authors, by the words in the names of their folders.
CAMERAS_PX = {
    "freiburg1": (517.3, 516.5, 318.6, 255.3),
    "freiburg2": (520.9, 521.0, 325.1, 249.7),
    "freiburg3": (535.4, 539.2, 320.1, 247.6),
}
WIDTH, HEIGHT = 640, 480


class Entry(NamedTuple):
    """One line of a list."""

    time_s: float
    name: str


def is_tum(path: Path) -> bool:
    """Whether a folder holds both lists, or one list of pairs."""
    return all((path / name).is_file() for name in LISTS) or _associated(path) is not None


def is_part(path: Path) -> bool:
    """Whether a folder has one of the lists, and folders beside it as the data set's authors."""
    return any(is_file(path / name) for name in LISTS) and any(
        (path / Path(name).stem).is_dir() for name in LISTS
    )


def open_tum(path: Path, stated: Stated, on_bad: OnBad) -> Sequence[Shot]:
    """Pair photos and depth maps by their time stamps.

    Depth is in 1/5000 m. The camera is the one of the data set's authors for their sequences.
    ``on_bad`` gets the error of every bad line, and of every line that names a missing file.
    """
    pairs = list(_pairs(path, on_bad))
    if not pairs:
        return []
    unit = stated.metres_per_unit or METRES_PER_UNIT
    camera = stated.camera or _author_camera(path)
    camera = camera_of_files(camera, [path / depth.name for _, depth in pairs], unit, path)
    return [
        shot_of_files(
            Path(photo.name).with_suffix("").as_posix(),
            path / photo.name,
            path / depth.name,
            camera=camera,
            metres_per_unit=unit,
        )
        for photo, depth in pairs
    ]


def _pairs(path: Path, on_bad: OnBad) -> Iterator[tuple[Entry, Entry]]:
    """Photos with depth maps: those of a list of pairs if there is one, else by time stamps."""
    associated = _associated(path)
    if associated is not None:
        for first, second in _entries(associated, 2, on_bad):
            yield (second, first) if first.name.startswith("depth") else (first, second)
        return
    photos, depths = ([entry for (entry,) in _entries(path / name, 1, on_bad)] for name in LISTS)
    photos_s, depths_s = ([entry.time_s for entry in entries] for entries in (photos, depths))
    for photo, depth in pair_by_time(photos_s, depths_s, path):
        yield photos[photo], depths[depth]


def _associated(path: Path) -> Path | None:
    return next((path / name for name in ASSOCIATED if (path / name).is_file()), None)


def _entries(file: Path, num_files: int, on_bad: OnBad) -> Iterator[list[Entry]]:
    """The entries of each line that is neither empty nor a comment."""
    check_is_file(file, REMEDY)
    try:
        lines = read_text(file).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} is not a UTF-8 text ({error}); {REMEDY}") from None
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        where = f"{file}, line {number}"
        try:
            if len(words) != 2 * num_files:
                expected = " ".join(("time file",) * num_files)
                raise DataError(f"{where}: {line.strip()[:80]!r} is not `{expected}`; correct it")
            yield [
                _entry(file.parent, time, name, where)
                for time, name in zip(words[::2], words[1::2], strict=True)
            ]
        except DataError as error:
            on_bad(error)


def _entry(folder: Path, time: str, name: str, where: str) -> Entry:
    try:
        time_s = float(time)
    except ValueError:
        time_s = math.nan
    if not math.isfinite(time_s):
        raise DataError(f"{where}: {time[:40]!r} is not a time in seconds; correct it")
    name = plain_name(check_path(name, f"{where}: the file"))
    check_is_file(folder / name, f"restore it, or remove {where}")
    return Entry(time_s, name)


def _author_camera(path: Path) -> Intrinsics:
    name = path.resolve().name
    values_px = next((values for word, values in CAMERAS_PX.items() if word in name), None)
    if values_px is None:
        raise DataError(
            f"{path} states no camera, and its name holds none of {', '.join(CAMERAS_PX)}; add a "
            f"{INFO_NAME} with intrinsics to it"
        )
    return Intrinsics.from_values(WIDTH, HEIGHT, values_px)


TUM = RecordingForm(is_folder=is_tum, is_part=is_part, open_one=open_tum)
