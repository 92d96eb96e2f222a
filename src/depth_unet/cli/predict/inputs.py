"""What ``predict`` is to work on: files, folders, patterns, and lists on standard input."""

import glob
import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from depth_unet.errors import ConfigError, DataError
from depth_unet.images.photo import SUFFIXES

STDIN = "-"
VIDEO_SUFFIXES = frozenset(
    (
        *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"),
        *(".mts", ".mxf", ".ogv", ".vob", ".webm", ".wmv", ".y4m"),
    )
)


@dataclass(frozen=True, slots=True)
class Input:
    """A photo, a video or a camera, and where its results go.

    Attributes:
        path: The file, or the camera's name.
        stem: Path of its results below the output folder, without their endings.
        camera: The number of a camera of this machine; None for a file.
    """

    path: Path
    stem: Path
    camera: int | None = None

    @property
    def moves(self) -> bool:
        """Whether it is a video or a camera."""
        return self.camera is not None or self.path.suffix.lower() in VIDEO_SUFFIXES


def list_inputs(
    names: Sequence[str], lines: Iterable[str], is_result: Callable[[Path], bool] = lambda _: False
) -> list[Input]:
    """All photos, videos and cameras that are named, in their order, each once.

    A folder stands for the photos and videos in it and below it; hidden files do not count. A
    number that is no file is a camera; its results have the time of day in their name. Another
    name that is no file and has ``*``, ``?`` or ``[`` is a pattern (``**`` for folders of any
    depth). ``-`` stands for a name per line of ``lines``. Results keep the structure below a
    folder, below the part of a pattern before its first sign, and below the folder that all photos
    of a list have in common. Photos that differ in their ending alone keep it in the names of their
    results.

    Args:
        names: Files, folders, patterns, or ``-``.
        lines: The list that ``-`` stands for.
        is_result: Whether a file in a folder or of a pattern is a result of this program.

    Raises:
        ConfigError: Nothing was named, or two results would have the same name.
        DataError: A folder, pattern or list holds no photo.
    """
    if not names:
        raise ConfigError(
            "no photo was named; write depth-unet predict INPUT..., such as photo.jpg or a folder"
        )
    found = dict[Path, Input]()
    for name in names:
        for item in _of_list(lines) if name == STDIN else _of_name(name, is_result):
            found.setdefault(item.path.absolute(), item)
    return _told_apart(list(found.values()))


def _of_list(lines: Iterable[str]) -> Iterator[Input]:
    paths = [Path(line.rstrip("\r\n")) for line in lines if line.strip()]
    if not paths:
        raise DataError("standard input names no photo; write one per line")
    common = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    for path in paths:
        yield Input(path, path.absolute().relative_to(common).with_suffix(""))


def _of_name(name: str, is_result: Callable[[Path], bool]) -> Iterator[Input]:
    path = Path(name)
    if path.is_dir():
        yield from _of_folder(path, is_result)
    elif name.isascii() and name.isdecimal() and not path.exists():
        stem = f"camera{int(name)}-{datetime.now():%Y%m%d-%H%M%S}"
        yield Input(Path(f"camera {int(name)}"), Path(stem), int(name))
    elif glob.has_magic(name) and not path.exists():
        yield from _of_pattern(name, is_result)
    else:
        yield Input(path, Path(path.stem))


def _of_pattern(name: str, is_result: Callable[[Path], bool]) -> Iterator[Input]:
    fixed = itertools.takewhile(lambda part: not glob.has_magic(part), Path(name).parts)
    root = Path(*fixed)
    matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  # may be absolute
    photos = [
        path
        for match in map(Path, matches)
        for path in (sorted(match.rglob("*")) if match.is_dir() and "**" not in name else [match])
        if _is_photo(path, root) and not is_result(path)
    ]
    if not photos:
        raise DataError(f"no photo matches {name}; name photos or a folder")
    for path in photos:
        yield Input(path, path.relative_to(root).with_suffix(""))


def _of_folder(folder: Path, is_result: Callable[[Path], bool]) -> Iterator[Input]:
    photos = sorted(
        path for path in folder.rglob("*") if _is_photo(path, folder) and not is_result(path)
    )
    if not photos:
        known = ", ".join(sorted(SUFFIXES | VIDEO_SUFFIXES))
        raise DataError(f"{folder} holds no photos or videos ({known}); name another")
    for path in photos:
        yield Input(path, path.relative_to(folder).with_suffix(""))


def _is_photo(path: Path, folder: Path) -> bool:
    """Whether a file in a folder is taken for a photo or video; what is hidden is not."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    known = path.suffix.lower() in SUFFIXES | VIDEO_SUFFIXES
    return known and not hidden and path.is_file()


def _told_apart(inputs: list[Input]) -> list[Input]:
    """Photos whose results would overwrite one another keep their endings; none may stay so."""
    counts = Counter(_key(item) for item in inputs)
    apart = [
        replace(item, stem=item.stem.with_name(item.path.name)) if counts[_key(item)] > 1 else item
        for item in inputs
    ]
    (_, stem), count = Counter(_key(item) for item in apart).most_common(1)[0]
    if count > 1:
        raise ConfigError(
            f"{count} photos are called {stem} and would write the same files; predict them into "
            "different --out folders"
        )
    return apart


def _key(item: Input) -> tuple[bool, str]:
    """What must differ: a photo and a video of one name write different files."""
    return item.moves, item.stem.as_posix().casefold()
