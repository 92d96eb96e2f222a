"""What the forms share: stored pixels become frames, and files of the pairs layout."""

import io
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt16
from PIL import Image

from depth_unet.camera.nyu import NYU_CAMERA
from depth_unet.data.decode import read_depth
from depth_unet.data.forms.files import Files
from depth_unet.data.forms.nyu import MAX_DEPTH_M, nyu_info
from depth_unet.data.layout import PairRow
from depth_unet.data.source import Frame, Original, make_frame
from depth_unet.errors import DataError
from depth_unet.images.photo import DecodedPhoto, read_photo

TRIES = 3  # photos that are read for their width before NYU's is assumed
Pixels = tuple[DecodedPhoto, UInt16[np.ndarray, "h w"]]  # may differ in size


class FormSource(Original):
    """A data set that is not in the pairs layout, read where it lies."""

    @abstractmethod
    def pixels(self, index: int) -> Pixels:
        """Photo and depth (as stored, millimetres) of a row."""

    @abstractmethod
    def place(self, index: int) -> str:
        """File and row, for messages."""

    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``, at its native size."""
        photo, depth_mm = self.pixels(index)
        return make_frame(self.rows[index], self.info, photo, depth_mm, self.place(index))

    def native_files(self, index: int) -> tuple[bytes, bytes]:
        """Photo and depth as PNG files, without loss."""
        photo, depth_mm = self.pixels(index)
        make_frame(self.rows[index], self.info, photo, depth_mm, self.place(index))  # checks them
        return _png(photo.image), _png(depth_mm)


class NyuSource(FormSource):
    """NYU Depth v2 in one of its forms; ``pixels`` is called in the constructor, too.

    ``root`` is what the user named, and ``title`` the data set's name in results.
    """

    def __init__(self, root: Path, rows: Sequence[PairRow], title: str) -> None:
        self.root, self.rows = root, rows
        self.info = nyu_info(title, self._photo_width())

    def _photo_width(self) -> int:
        """Width of the first photo that can be read; NYU's where none of the first can."""
        for index in range(min(len(self.rows), TRIES)):
            try:
                return int(self.pixels(index)[0].image.shape[1])
            except DataError:
                continue
        return NYU_CAMERA.width


class ListedSource(NyuSource):
    """Photos and depth maps named by lists, relative to ``folder`` (empty, or ending in a slash).

    Training depth has 16 bits, millimetres, or 8 bits, where 255 is 10 m; test depth has 16.
    """

    def __init__(
        self,
        root: Path,
        files: Files,
        folder: str,
        rows: Sequence[PairRow],
        *,
        title: str,
        train_bits: Literal[8, 16] = 16,
    ) -> None:
        self.files, self.folder, self.rows, self.train_bits = files, folder, rows, train_bits
        super().__init__(root, rows, title)

    def pixels(self, index: int) -> Pixels:
        """See ``FormSource.pixels``."""
        row = self.rows[index]
        bits = self.train_bits if row.official_split == "train" else 16
        unit = MAX_DEPTH_M / 255 if bits == 8 else 1e-3
        rgb, depth = self.folder + row.rgb, self.folder + row.depth
        photo = read_photo(self.files.read(rgb), f"{self.files.root}/{rgb}")
        return photo, read_depth(Path(self.place(index)), unit, self.files.read(depth), bits=bits)

    def place(self, index: int) -> str:
        """The depth map's path."""
        return f"{self.files.root}/{self.folder}{self.rows[index].depth}"

    def origin(self, index: int) -> str:
        """SHA-256 of the row's files, or their CRCs in a zip."""
        row = self.rows[index]
        return " ".join(self.files.origin(self.folder + name) for name in (row.rgb, row.depth))


def _png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png", compress_level=1)
    return stream.getvalue()
