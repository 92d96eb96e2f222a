"""Checksums of files: the identity of what they hold, wherever and whenever they were copied."""

import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from depth_unet.errors import DataError

CHUNK_BYTES = 1 << 16
SEAL = "crc32"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        DataError: The file is missing or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from None


@contextmanager
def unchanged(*paths: Path) -> Iterator[list[str]]:
    """SHA-256 of each of the files that are read meanwhile, so that it is that of what was read.

    Raises:
        DataError: A file is missing, cannot be read, or was replaced or written to meanwhile.
    """
    checksums = [sha256_of(path) for path in paths]
    yield checksums
    for path, checksum in zip(paths, checksums, strict=True):
        if sha256_of(path) != checksum:
            raise DataError(
                f"{path} was written to while it was read; run it again when it is finished, or "
                "name a copy"
            )


def crc32_of(path: Path, *, without_last: int = 0) -> int:
    """CRC-32 of a file: a third of the time of SHA-256, against mistakes and not against forgery.

    Args:
        path: The file.
        without_last: Bytes at its end that do not count.

    Raises:
        DataError: The file is missing or cannot be read.
    """
    checksum, chunk = 0, memoryview(bytearray(CHUNK_BYTES))
    try:
        with path.open("rb", buffering=0) as stream:
            left = os.fstat(stream.fileno()).st_size - without_last
            while num_bytes := stream.readinto(chunk[: max(left, 0)]):
                checksum = zlib.crc32(chunk[:num_bytes], checksum)
                left -= num_bytes
    except OSError as error:
        raise _unreadable(path, error) from None
    return checksum


def seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of JSON, with a CRC-32 of them as the last."""
    return {**values, SEAL: _crc32_of_json(values)}


def unseal(values: Mapping[str, Any]) -> dict[str, Any]:
    """What ``seal`` was given; values of an earlier version, without a CRC-32, as they are.

    Raises:
        ValueError: The values were changed since.
    """
    found = dict(values)
    if SEAL in found and found.pop(SEAL) != _crc32_of_json(found):
        raise ValueError("its content does not have its checksum")
    return found


def git_hashes(path: Path) -> tuple[str, str]:
    """The names that git gives a file, and its LFS pointer: the Hub lists one of them.

    The pointer of a large file states its size and SHA-256.

    Reference:
        https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    """
    size = path.stat().st_size
    plain, content = hashlib.sha1(b"blob %d\0" % size), hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(2**20):
            plain.update(chunk)
            content.update(chunk)
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{content.hexdigest()}\nsize {size}\n"
    ).encode()
    return plain.hexdigest(), hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest()


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path} cannot be read ({error.strerror or error}); restore it")


def _crc32_of_json(values: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(values).encode())
