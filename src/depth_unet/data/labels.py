"""Classes of pixels, in a folder of their own, beside the photos of a data set."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from depth_unet.data.decode import check_sizes, labels_size, read_labels, size_of
from depth_unet.data.layout import DatasetInfo, PairRow
from depth_unet.data.skip import Subset
from depth_unet.data.source import Frame, Original, PairsSource
from depth_unet.errors import DataError

UNLABELLED = 255  # the pixel has no class
SUFFIX = ".png"


class Labelled:
    """A data set whose training frames have a class for every pixel.

    Args:
        source: The data set.
        folder: Maps of classes: 8-bit PNG of one channel, of the photos' sizes. That of
            ``train/0007.jpg`` is ``train/0007.png`` in this folder or, where there is no such
            file, ``0007.png``. 255 marks pixels without a class.

    Raises:
        DataError: There is no such folder.
    """

    def __init__(self, source: Original, folder: Path) -> None:
        if not folder.is_dir():
            raise DataError(f"{folder} is no folder; name the folder of the classes: --labels DIR")
        self.source, self.folder = source, folder
        self.root: Path = source.root
        self.info: DatasetInfo = source.info
        self.rows: Sequence[PairRow] = source.rows

    def check(self) -> None:
        """Check that every training frame has a map of its own, by the headers of the files.

        Raises:
            DataError: A map is missing, shared, of another kind or of another size.
        """
        owners: dict[Path, str] = {}
        for row in self.rows:
            if row.official_split == "test":
                continue
            path = self._path(row)
            other = owners.setdefault(path, row.rgb)
            if other != row.rgb:
                raise DataError(
                    f"{row.rgb} and {other} would both have the classes of {path}; sort the "
                    "classes into folders as the photos are"
                )
            size = labels_size(path)
            if isinstance(self.source, PairsSource):
                photo = self.root / row.rgb
                check_sizes(size_of(photo), size, photo, path)

    def read(self, index: int) -> Frame:
        """See ``Source.read``; test rows have no classes."""
        frame, row = self.source.read(index), self.rows[index]
        if row.official_split == "test":
            return frame
        path = self._path(row)
        labels = read_labels(path)
        check_sizes(frame.image.shape[1::-1], labels.shape[::-1], Path(row.rgb), path)
        return replace(frame, labels=labels)

    def origin(self, index: int) -> str:
        """See ``Original.origin``."""
        row = self.rows[index]
        if row.official_split == "test":
            return self.source.origin(index)
        path = self._path(row)  # one that is missing is refused by `check`
        return f"{self.source.origin(index)} {path.stat().st_size if path.is_file() else None}"

    def native_files(self, index: int) -> tuple[bytes, bytes]:
        """See ``Original.native_files``."""
        return self.source.native_files(index)

    def _path(self, row: PairRow) -> Path:
        beside = PurePosixPath(row.rgb).with_suffix(SUFFIX)
        whole = self.folder / beside
        return whole if whole.is_file() else self.folder / beside.name


def has_labels(source: Original) -> bool:
    """Whether a data set's training frames have classes."""
    return isinstance(source, Labelled) or (
        isinstance(source, Subset) and has_labels(source.source)
    )
