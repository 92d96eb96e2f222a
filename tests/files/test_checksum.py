"""Checksums of files."""

import binascii
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from depth_unet.errors import DataError
from depth_unet.files.checksum import CHUNK_BYTES, crc32_of, seal, sha256_of, unchanged, unseal


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


def test_seal() -> None:
    """Sealed values come back through JSON; changed ones do not; unsealed ones are as they are."""
    values = {"size": [3, 4.1], "name": "räume", "inner": {"2": None, "10": float("inf")}}
    stored = json.loads(json.dumps(seal(values)))
    assert unseal(stored) == values
    assert unseal(values) == values
    for changed in (stored | {"size": [3, 4.2]}, stored | {"new": 1}, stored | {"crc32": 1}):
        with pytest.raises(ValueError, match="does not have its checksum"):
            unseal(changed)


def test_end_may_be_left_out(tmp_path: Path) -> None:
    """The last bytes do not count, in a file of any length."""
    for content in (b"", b"123456789", bytes(3 * CHUNK_BYTES)):
        (tmp_path / "a").write_bytes(content + b"end")
        assert crc32_of(tmp_path / "a", without_last=3) == binascii.crc32(content)
    assert crc32_of(tmp_path / "a", without_last=10**9) == 0
