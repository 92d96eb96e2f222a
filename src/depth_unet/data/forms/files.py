"""Files in a folder or a zip, read by name; bad files raise a ``DataError``."""

import functools
import os
import re
import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path

from depth_unet.errors import DataError
from depth_unet.files.checksum import sha256_of
from depth_unet.files.damage import as_data_error
from depth_unet.files.walk import is_file

MOST_BYTES = 2**30  # of one member; a damaged header may claim any size


class Folder:
    """Files of a folder; it may be read from several threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._names_in = functools.cache(self._list)

    def has(self, name: str) -> bool:
        """Whether the file exists; a folder is listed once, which is faster than many queries."""
        folder, _, base = name.rpartition("/")
        # Else it may be a newer file, or have another case where the system ignores case.
        return base in self._names_in(folder) or is_file(self.root / name)

    def names_in(self, folder: str) -> Collection[str]:
        """Names of the files in a folder."""
        return self._names_in(folder)

    def origin(self, name: str) -> str:
        """SHA-256 of the file."""
        return sha256_of(self.root / name)

    def read(self, name: str) -> bytes:
        """The file's content."""
        try:
            return (self.root / name).read_bytes()
        except OSError as error:
            raise _read_error(self.root / name, error) from None

    def _list(self, folder: str) -> frozenset[str]:
        try:
            with os.scandir(self.root / folder) as entries:
                return frozenset(entry.name for entry in entries if entry.is_file())
        except (OSError, ValueError):  # missing, not a folder, a circular link, no valid name
            return frozenset()


class Archive:
    """Members of a zip; it may be read from several threads.

    Args:
        root: The zip.
        remedy: What to do about damage, for messages.

    Raises:
        DataError: It cannot be read.
    """

    def __init__(self, root: Path, remedy: str = "download the zip again") -> None:
        self.root, self.remedy = root, remedy
        with as_data_error(root, "cannot be read as a zip", remedy):
            self._zip = zipfile.ZipFile(root)
        self.names = self._zip.namelist()

    def has(self, name: str) -> bool:
        """Whether the zip has this member."""
        return name in self._zip.NameToInfo

    def names_in(self, folder: str) -> Collection[str]:
        """Names of the members in a folder."""
        parts = (name.rpartition("/") for name in self.names)
        return [base for parent, _, base in parts if parent == folder]

    def origin(self, name: str) -> str:
        """The member's CRC, which the zip's directory states."""
        return str(self._member(name).CRC)

    def read(self, name: str) -> bytes:
        """The member's content."""
        member = self._member(name)
        if member.file_size > MOST_BYTES:
            raise DataError(
                f"{self.root}/{name} would be {member.file_size} bytes long, too large for an "
                f"image; {self.remedy}"
            )
        with as_data_error(f"{self.root}/{name}", remedy=self.remedy):
            return self._zip.read(member)

    def _member(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(name)
        except KeyError:
            raise DataError(f"{self.root} has no {name}; {self.remedy}") from None


Files = Folder | Archive


def find_word(name: str, words: Iterable[str]) -> str:
    """The first of some words that a file's name holds as a whole word; empty if none.

    ``val`` is a word of ``val-00000-of-00001`` and not of ``interval``.
    """
    found = set(re.split(r"[^a-z]+", name.lower()))
    return next((word for word in words if word in found), "")


def _read_error(path: Path, error: OSError) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path} is missing; restore it")
    return DataError(f"{path} cannot be read ({error.strerror or error}); replace it")
