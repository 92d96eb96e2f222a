"""The inputs of ``predict``: files, folders, patterns, cameras, URLs, lists on standard input."""

import glob
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from depth_unet.cli.predict.find import Finder, is_video
from depth_unet.config.checks import check_range
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.fetch import is_url, name_in_url, without_secrets
from depth_unet.files.text import decode_text, expand_home

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Input:
    """A photo, a video or a camera.

    Attributes:
        path: The file, or the name of the camera or of the download.
        stem: Path of its outputs below the output folder, without their endings.
        camera: The index of a camera of this machine; None for a file.
        url: The address of a photo; empty for a file.
    """

    path: Path
    stem: Path
    camera: int | None = None
    url: str = ""

    @property
    def is_video(self) -> bool:
        """Whether it is a video or a camera."""
        return self.camera is not None or is_video(self.path)

    @property
    def source(self) -> str | Path:
        """What is read: the URL or the file."""
        return self.url or self.path


def list_inputs(
    names: Sequence[str],
    listed: Iterable[str],
    finder: Finder | None = None,
    *,
    offline: bool = False,
) -> list[Input]:
    """List all named photos, videos and cameras, in order and without repeats.

    A folder means all photos and videos in and below it, hidden ones excepted. A number that is
    not a file is a camera; its outputs carry the time of day. A URL (http or https) is a photo; its
    outputs have the name in the last part of its path. A name with ``*``, ``?`` or ``[``
    that is not a file is a pattern (``**`` for folders of any depth). ``-`` stands for the listed
    names. Outputs keep the folder structure below the named folder, below the fixed part of a
    pattern, or below the common folder of a list. Photos that differ only in their ending keep it
    in the names of their outputs.

    Args:
        names: Files, folders, patterns, camera indices, URLs, or ``-``.
        listed: The names that ``-`` stands for.
        finder: Finds files in folders and by patterns, and keeps what it leaves out.
        offline: Whether URLs are refused.

    Raises:
        ConfigError: There are no names, or one is empty, or two inputs would write the same files,
            or a camera's index is out of range, or a video has a URL, or ``offline`` refuses one.
        DataError: A folder, pattern or list has no photos or videos.
    """
    if not all(names) or not names:
        problem = "an input has an empty name" if names else "no input given"
        raise ConfigError(f"{problem}; pass photos or folders")
    finder, found = finder or Finder(), dict[str | Path, Input]()
    for name in names:
        for item in _from_list(listed) if name == STDIN else _from_name(name, finder):
            found.setdefault(item.url or item.path.absolute(), item)
    if offline:
        refuse_urls(item.url for item in found.values())
    return _make_stems_unique(list(found.values()))


def listed_on_stdin() -> Iterator[str]:
    """The names on standard input, which is read when the first is asked for.

    One name per line or, as ``find -print0`` prints them, with a NUL after each. Names that are not
    UTF-8 are decoded as those of files are; ``~`` is the home folder.

    Raises:
        DataError: Standard input is closed.
    """
    if sys.stdin is None:  # as after `<&-`
        raise DataError("standard input is closed; write one file name per line to it")
    data = sys.stdin.buffer.read()
    try:
        text = decode_text(data)
    except UnicodeDecodeError:
        text = os.fsdecode(data)
    names = text.split("\0") if "\0" in text else [line.rstrip("\r") for line in text.split("\n")]
    yield from (expand_home(name) for name in names if name.strip())


def refuse_urls(names: Iterable[str]) -> None:
    """What ``--offline`` means.

    Raises:
        ConfigError: One of the names is a URL.
    """
    if url := next(filter(is_url, names), None):
        shown = without_secrets(url)
        raise ConfigError(
            f"{shown} is a URL, and --offline refuses these; download it, or leave it"
        )


def _from_list(names: Iterable[str]) -> Iterator[Input]:
    listed = list(names)
    if not listed:
        raise DataError("standard input is empty; write one file name per line")
    paths = {name: Path(name) for name in listed if not is_url(name)}
    folder = next((path for path in paths.values() if not path.name), None)
    if folder is not None:
        raise DataError(f"standard input lists {folder}, a folder; write one file name per line")
    folders = [path.absolute().parent for path in paths.values()]
    common = Path(os.path.commonpath(folders)) if folders else Path()
    for name in listed:
        if is_url(name):
            yield _from_url(name)
        else:
            path = paths[name]
            yield Input(path, path.absolute().relative_to(common).with_suffix(""))


def _from_url(url: str) -> Input:
    name = Path(name_in_url(url))
    if is_video(name):
        raise ConfigError(f"{without_secrets(url)} is a video; download it, and name the file")
    return Input(name, Path(name.stem), url=url)


def _from_name(name: str, finder: Finder) -> Iterator[Input]:
    path = Path(name)
    if is_url(name):
        yield _from_url(name)
    elif path.is_dir():
        for found in finder.in_folder(path):
            yield Input(found, found.relative_to(path).with_suffix(""))
    elif name.isascii() and name.isdecimal() and not path.exists():
        check_range("camera", int(name), "[0, 9999]")
        stem = f"camera{int(name)}-{datetime.now():%Y%m%d-%H%M%S}"
        yield Input(Path(f"camera {int(name)}"), Path(stem), int(name))
    elif glob.has_magic(name) and not path.exists():
        root, matches = finder.by_pattern(name)
        for found in matches:
            yield Input(found, found.relative_to(root).with_suffix(""))
    else:
        yield Input(path, Path(path.stem))


def _make_stems_unique(inputs: list[Input]) -> list[Input]:
    """Keep the ending of photos whose outputs would have the same names."""
    counts = Counter(_output_key(item) for item in inputs)
    unique = [
        replace(item, stem=item.stem.with_name(item.path.name))
        if counts[_output_key(item)] > 1
        else item
        for item in inputs
    ]
    (_, stem), count = Counter(_output_key(item) for item in unique).most_common(1)[0]
    if count > 1:
        raise ConfigError(
            f"{count} inputs are called {stem} and would write the same files; use a different "
            "--out folder for each"
        )
    return unique


def _output_key(item: Input) -> tuple[bool, str]:
    """Two inputs with the same key write the same files; a photo and a video never do."""
    return item.is_video, item.stem.as_posix().casefold()
