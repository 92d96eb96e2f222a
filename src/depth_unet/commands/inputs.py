"""What ``predict`` is to work on: files, folders, patterns, and lists on standard input."""

import glob
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from depth_unet.errors import ConfigError, DataError
from depth_unet.photo import SUFFIXES

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Input:
    """A photo and where its results go.

    Attributes:
        path: The file.
        stem: Path of its results below the output folder, without their endings.
    """

    path: Path
    stem: Path


def list_inputs(names: Sequence[str], lines: Iterable[str]) -> list[Input]:
    """All photos that are named, in their order.

    A folder stands for the photos in it and below it, and its structure is kept in the results;
    hidden files do not count. A name that is no file and has ``*``, ``?`` or ``[`` is a pattern
    (``**`` for folders of any depth). ``-`` stands for a name per line of ``lines``.

    Raises:
        ConfigError: Nothing was named, or two results would have the same name.
        DataError: A folder or pattern holds no photo.
    """
    if not names:
        raise ConfigError(
            "no photo was named; write depth-unet predict INPUT..., such as photo.jpg or a folder"
        )
    found = [
        item
        for name in names
        for given in (_lines(lines) if name == STDIN else [name])
        for item in _of_name(given)
    ]
    if not found:
        raise DataError("standard input names no photo; write one per line")
    _check_stems(found)
    return found


def _lines(lines: Iterable[str]) -> Iterator[str]:
    return (line.rstrip("\r\n") for line in lines if line.strip())


def _of_name(name: str) -> Iterator[Input]:
    path = Path(name)
    if path.is_dir():
        yield from _of_folder(path)
    elif glob.has_magic(name) and not path.exists():
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  # may be absolute
        if not matches:
            raise DataError(f"no file matches {name}; name photos or a folder")
        for match in matches:
            if Path(match).is_dir():
                yield from _of_folder(Path(match))
            else:
                yield Input(Path(match), Path(Path(match).stem))
    else:
        yield Input(path, Path(path.stem))


def _of_folder(folder: Path) -> Iterator[Input]:
    photos = sorted(path for path in folder.rglob("*") if _is_photo(path, folder))
    if not photos:
        raise DataError(f"{folder} holds no photos ({', '.join(sorted(SUFFIXES))}); name another")
    for path in photos:
        yield Input(path, path.relative_to(folder).with_suffix(""))


def _is_photo(path: Path, folder: Path) -> bool:
    """Whether a file in a folder is taken for a photo; hidden files and folders are not."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix.lower() in SUFFIXES and not hidden and path.is_file()


def _check_stems(inputs: Sequence[Input]) -> None:
    """Refuse photos whose results would overwrite one another."""
    names = Counter(item.stem.as_posix().casefold() for item in inputs)
    stem, count = names.most_common(1)[0]
    if count > 1:
        raise ConfigError(
            f"{count} photos are called {stem} and would write the same files; predict them into "
            "different --out folders"
        )
