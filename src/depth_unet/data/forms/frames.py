"""A data set of any form as a source of frames: what all forms have in common."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16
from PIL import Image

from depth_unet.data.forms.description import NYU_CAMERA
from depth_unet.data.layout import DatasetInfo, PairRow
from depth_unet.data.source import Frame, Original, assembled
from depth_unet.errors import DataError

TRIES = 3  # photos that are read for their width before NYU's is taken
Pixels = tuple[UInt8[np.ndarray, "h w 3"], UInt16[np.ndarray, "h2 w2"]]  # may differ in size


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSource(Original):
    """A data set in one of the field's forms.

    Attributes:
        root: The file or folder that the user named.
        rows: The frames' names, official splits, rooms and cameras.
        info: Border, range and camera of all frames.
        pixels: RGB and depth in millimetres of a row, as stored.
        origin_of: What changes when the files of a row do; cheap.
        place: File and row, for messages.
    """

    root: Path
    rows: Sequence[PairRow]
    info: DatasetInfo
    pixels: Callable[[int], Pixels]
    origin_of: Callable[[int], str]
    place: Callable[[int], str]

    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``, at its native size."""
        image, depth_mm = self.pixels(index)
        return assembled(self.rows[index], self.info, image, depth_mm, self.place(index))

    def origin(self, index: int) -> str:
        """What changes when the files of a row do."""
        return self.origin_of(index)

    def native_files(self, index: int) -> tuple[bytes, bytes]:
        """Photo and depth as PNG files of the pairs layout, without any loss.

        Raises:
            DataError: They are missing or damaged, sizes differ, or no depth is valid.
        """
        image, depth_mm = self.pixels(index)
        assembled(self.rows[index], self.info, image, depth_mm, self.place(index))
        return _png(image), _png(depth_mm)


def width_of_photos(pixels: Callable[[int], Pixels], num_rows: int) -> int:
    """Width of the first photo that can be read; NYU's where none of the first can."""
    for index in range(min(num_rows, TRIES)):
        try:
            image, _ = pixels(index)
        except DataError:
            continue
        width: int = image.shape[1]
        return width
    return NYU_CAMERA.width


def _png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png", compress_level=1)
    return stream.getvalue()
