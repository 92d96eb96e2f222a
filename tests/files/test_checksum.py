"""Checksums of files."""

from pathlib import Path

import pytest

from depth_unet.errors import DataError
from depth_unet.files.checksum import sha256_of


def test_bytes(tmp_path: Path) -> None:
    """The checksum is SHA-256, of the bytes."""
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_missing(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(DataError, match=r"gone cannot be read \(No such file.*; restore it"):
        sha256_of(tmp_path / "gone")
