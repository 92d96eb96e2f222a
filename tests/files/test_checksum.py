"""Checksums of files."""

import binascii
from collections.abc import Callable
from pathlib import Path

import pytest

from depth_unet.errors import DataError
from depth_unet.files.checksum import CHUNK_BYTES, crc32_of, sha256_of, unchanged


def test_bytes(tmp_path: Path) -> None:
    """The checksum is SHA-256, of the bytes."""
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_crc32(tmp_path: Path) -> None:
    """The shorter checksum is the CRC-32 of ISO 3309, of files of any length."""
    (tmp_path / "a").write_bytes(b"123456789")
    assert crc32_of(tmp_path / "a") == 0xCBF43926
    content = bytes(range(256)) * (CHUNK_BYTES // 100)
    (tmp_path / "a").write_bytes(content)
    assert crc32_of(tmp_path / "a") == binascii.crc32(content)


@pytest.mark.parametrize("checksum", [crc32_of, sha256_of])
def test_missing(checksum: Callable[[Path], object], tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(DataError, match=r"gone cannot be read \(No such file.*; restore it"):
        checksum(tmp_path / "gone")


def test_unchanged(tmp_path: Path) -> None:
    """The checksums are those of what was read; files that change meanwhile are refused."""
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        path.write_bytes(b"abc")
    with unchanged(*paths) as checksums:
        assert checksums == [sha256_of(path) for path in paths]
    with (
        pytest.raises(DataError, match="b was written to while it was read; run it again"),
        unchanged(*paths),
    ):
        paths[1].write_bytes(b"xyz")
