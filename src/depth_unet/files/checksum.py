"""Checksums of files: the identity of what they hold, wherever and whenever they were copied."""

import hashlib
from pathlib import Path

from depth_unet.errors import DataError


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        DataError: The file is missing or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); restore it") from None
