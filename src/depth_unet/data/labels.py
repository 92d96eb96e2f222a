"""Classes of pixels, read from a separate folder."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from depth_unet.data.decode import check_labels_header, check_sizes, read_labels
from depth_unet.data.layout import PairRow
from depth_unet.data.source import Frame, Original
from depth_unet.errors import DataError
from depth_unet.files.checksum import sha256_of

UNLABELLED = 255  # the pixel has no class
SUFFIX = ".png"


class Labelled(Original):
    """A data set whose training frames have a class for every pixel.

    Args:
        source: The data set.
        folder: Maps of classes: single-channel 8-bit PNGs of the photos' sizes. The map of
            ``train/0007.jpg`` is ``train/0007.png`` in this folder or, if that is missing,
            ``0007.png``. 255 marks pixels without a class.

    Raises:
        DataError: There is no such folder.
    """

    labelled = True

    def __init__(self, source: Original, folder: Path) -> None:
        if not folder.is_dir():
            raise DataError(f"{folder} is not a folder; name the folder of classes: --labels DIR")
        self.source, self.folder = source, folder
        self.root, self.info, self.rows = source.root, source.info, source.rows

    def check(self, indices: Iterable[int]) -> None:
        """Check that every training frame has its own map of classes, of its photo's size."""
        indices = list(indices)
        owners: dict[Path, str] = {}
        for row in (self.rows[index] for index in indices):
            if row.official_split == "test":
                continue
            path = self._path(row)
            other = owners.setdefault(path, row.rgb)
            if other != row.rgb:
                raise DataError(
                    f"{row.rgb} and {other} would both have the classes of {path}; sort the "
                    "classes into the same folders as the photos"
                )
            check_labels_header(path, self.root / row.rgb)
        self.source.check(indices)

    def read(self, index: int) -> Frame:
        """See ``Source.read``; test rows have no classes."""
        frame, row = self.source.read(index), self.rows[index]
        if row.official_split == "test":
            return frame
        path = self._path(row)
        labels = read_labels(path)
        size = frame.image.shape[1::-1]
        check_sizes(size, labels.shape[::-1], row.rgb, str(path), rotated=frame.rotated)
        return replace(frame, labels=labels)

    def origin(self, index: int) -> str:
        """See ``Original.origin``."""
        row = self.rows[index]
        if row.official_split == "test":
            return self.source.origin(index)
        return f"{self.source.origin(index)} {sha256_of(self._path(row))}"

    def native_files(self, index: int) -> tuple[bytes, bytes]:
        """See ``Original.native_files``."""
        return self.source.native_files(index)

    def _path(self, row: PairRow) -> Path:
        beside = PurePosixPath(row.rgb).with_suffix(SUFFIX)
        whole = self.folder / beside
        return whole if whole.is_file() else self.folder / beside.name
