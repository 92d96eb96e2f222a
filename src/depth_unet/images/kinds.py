"""What users pass as photos, and what is known of it before it is decoded."""

import os
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from PIL import Image

from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.files.fetch import fetch, is_url
from depth_unet.files.text import as_path

MOST_BYTES, MOST_S = 200 * 10**6, 60.0  # of a download


@runtime_checkable
class Tensor(Protocol):
    """A torch tensor, so that reading photos does not import torch."""

    def is_floating_point(self) -> bool:
        """Whether the values are floats."""


@runtime_checkable
class BinaryFile(Protocol):
    """An open file, or anything else with bytes to read."""

    def read(self) -> bytes:
        """The rest of the content."""


Bytes = bytes | bytearray | memoryview
Photo = str | os.PathLike[str] | BinaryFile | Bytes | Image.Image | np.ndarray | Tensor
"""A path, a URL, an open file, its bytes, a Pillow image, RGB as uint8 (h w 3), or RGB in [0, 1]
(3 h w)."""
PHOTO_TYPES = (str, os.PathLike, BinaryFile, Bytes, Image.Image, np.ndarray, Tensor)
KINDS = "a path, a URL, a binary file, bytes, a Pillow image, a NumPy array or a torch tensor"


def check_type(photo: object, name: str) -> None:
    """Refuse what is no kind of photo.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(photo, PHOTO_TYPES):
        raise TypeError(f"{name} is of type {type(photo).__name__}; expected {KINDS}")


def into_memory(
    photo: Photo, name: str = "the photo"
) -> Path | bytes | Image.Image | np.ndarray | Tensor:
    """Download a URL and read an open file; of other photos, nothing is read.

    Raises:
        DataError: The URL cannot be downloaded, the file cannot be read, or the name is empty.
        TypeError: It is no kind of photo, or a text file.
    """
    check_type(photo, name)
    match photo:
        case np.ndarray() | Tensor() | Image.Image() | bytes():
            return photo
        case bytearray() | memoryview():
            return bytes(photo)
        case BinaryFile():
            with as_data_error(name, "cannot be read", "open it again"):
                data = photo.read()
            if not isinstance(data, bytes):
                raise TypeError(f"{name} is a text file; open it in binary mode, as 'rb'")
            return data
        case str() if is_url(photo):
            return fetch(photo, most_bytes=MOST_BYTES, most_s=MOST_S)
        case "":
            raise DataError(f"the name of {name} is empty; give a path or a URL")
        case _:
            return as_path(photo)
