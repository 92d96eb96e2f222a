"""Files by their names below a root, wherever they lie: in a folder, or in a zip that stays one."""

import functools
import os
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, runtime_checkable

from depth_unet.data.layout import is_below, plain_name
from depth_unet.errors import DataError
from depth_unet.files.damage import told_as_damage

MOST_BYTES = 2**30  # of one member; a header may say anything


@runtime_checkable
class Files(Protocol):
    """Named files that can be read from several threads."""

    @property
    def root(self) -> Path:
        """The folder or archive."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        ...

    def origin(self, name: str) -> str:
        """What changes when the file does; cheap."""
        ...

    def read(self, name: str) -> bytes:
        """The file's content.

        Raises:
            DataError: It is missing or damaged.
        """
        ...


class Folder:
    """Files of a folder.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._names_in = functools.cache(self._listed)

    def has(self, name: str) -> bool:
        """See ``Files.has``; a folder is listed once, which is faster than asking for each file."""
        folder, _, base = name.rpartition("/")
        if base in self._names_in(folder):
            return True
        try:  # made since, or written in other case where that is the same
            return (self.root / name).is_file()
        except OSError:  # a name that is too long, for one
            return False

    def origin(self, name: str) -> str:
        """See ``Files.origin``."""
        try:
            return str((self.root / name).stat().st_size)
        except OSError as error:
            raise _unreadable(self.root / name, error) from None

    def _listed(self, folder: str) -> frozenset[str]:
        try:
            with os.scandir(self.root / folder) as entries:
                return frozenset(entry.name for entry in entries if entry.is_file())
        except (OSError, ValueError):  # not there, no folder, a link to itself, no name
            return frozenset()

    def read(self, name: str) -> bytes:
        """See ``Files.read``."""
        try:
            return (self.root / name).read_bytes()
        except OSError as error:
            raise _unreadable(self.root / name, error) from None


class Archive:
    """Members of a zip, read in place.

    Args:
        root: The zip.

    Raises:
        DataError: It is damaged, or no zip.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        with told_as_damage(root, "cannot be read as a zip"):
            self._zip = zipfile.ZipFile(root)

    @functools.cached_property
    def names(self) -> list[str]:
        """Names of all members."""
        return self._zip.namelist()

    def has(self, name: str) -> bool:
        """See ``Files.has``."""
        return name in self._zip.NameToInfo

    def origin(self, name: str) -> str:
        """See ``Files.origin``."""
        return str(self._member(name).CRC)

    def read(self, name: str) -> bytes:
        """See ``Files.read``."""
        member = self._member(name)
        if member.file_size > MOST_BYTES:
            raise DataError(
                f"{self.root}/{name} would be {member.file_size} bytes long, which no file of a "
                "pair is; download the zip again"
            )
        with told_as_damage(f"{self.root}/{name}", remedy="download the zip again"):
            return self._zip.read(member)

    def _member(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(name)
        except KeyError:
            raise DataError(f"{self.root} has no {name}; download the zip again") from None


def open_files(root: Path) -> Folder | Archive:
    """A folder's files, or a zip's members."""
    return Archive(root) if root.is_file() else Folder(root)


def part_of(name: str, parts: Iterable[str]) -> str:
    """The first of some words that a file's name holds as a word of its own; empty if none.

    ``val`` is a word of ``val-00000-of-00001`` and not of ``interval``.
    """
    words = set(re.split(r"[^a-z]+", name.lower()))
    return next((part for part in parts if part in words), "")


def first_twice(names: Iterable[str]) -> str:
    """The first name that was there before; empty if there is none."""
    known = set[str]()
    for name in names:
        if name in known:
            return name
        known.add(name)
    return ""


def checked_name(name: str, where: str) -> str:
    """A relative path with forward slashes that stays below its root.

    Args:
        name: As a list gives it.
        where: File and line, for the message.

    Raises:
        DataError: It is empty, absolute, or climbs out of its folder.
    """
    text = name.strip().replace("\\", "/")
    if not is_below(text):
        raise DataError(f"{where}: {name!r} is no path below the data set; correct the list")
    return plain_name(text)


def _unreadable(path: Path, error: OSError) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path} is missing; restore it or remove it from the list")
    return DataError(f"{path} cannot be read ({error.strerror or error}); replace it")
