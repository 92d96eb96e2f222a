"""A file is a photo by its ending, or by what is in it."""

from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from depth_unet.images.formats import is_photo

NOT_PHOTOS = {
    "notes.txt": b"a diary\nwidth 3\n",
    "page.html": b"<!doctype html><title>a</title>",
    "empty": b"",
    "array": b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'",
    "zip": b"PK\x03\x04" + bytes(60),
    "tga-like": bytes((0, 0, 2, *(0 for _ in range(9)), 4, 0, 4, 0, 24, 0)) + bytes(48),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "depth.pfm": b"Pf\n4 4\n-1.0\n" + bytes(64),
    "drawing": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n%%EOF\n",
}


@pytest.fixture
def image() -> Image.Image:
    """A small photo, of the least size that ICO has."""
    return Image.fromarray(np.arange(768).astype(np.uint8).reshape(16, 16, 3))


@pytest.mark.parametrize(
    "kind", ["png", "jpeg", "gif", "bmp", "tiff", "webp", "ppm", "jpeg2000", "avif", "ico", "mpo"]
)
@pytest.mark.parametrize("name", ["photo", "photo.jpg_large", "photo.2024"])
def test_content(image: Image.Image, kind: str, name: str, tmp_path: Path) -> None:
    """A photo whose ending says nothing is known by its content."""
    image.save(tmp_path / name, kind)
    assert is_photo(tmp_path / name)


def test_content_of_heif(image: Image.Image, tmp_path: Path) -> None:
    """So is HEIF, whether its library is loaded or not."""
    pillow_heif.from_pillow(image.resize((64, 64))).save(tmp_path / "photo.heic")
    (tmp_path / "photo.heic").rename(tmp_path / "photo")
    assert is_photo(tmp_path / "photo")


@pytest.mark.parametrize("name", NOT_PHOTOS)
def test_other_content(name: str, tmp_path: Path) -> None:
    """Text, arrays, archives, depth and what Pillow cannot decode are no photos."""
    (tmp_path / name).write_bytes(NOT_PHOTOS[name])
    assert not is_photo(tmp_path / name)
    assert not is_photo(tmp_path / "missing")


def test_endings(image: Image.Image, tmp_path: Path) -> None:
    """A damaged photo is a photo, to be reported; a raw file is none, though Pillow opens it."""
    (tmp_path / "damaged.JPG").write_bytes(b"no photo")
    image.save(tmp_path / "raw.NEF", "tiff")
    assert is_photo(tmp_path / "damaged.JPG")
    assert not is_photo(tmp_path / "raw.NEF")
