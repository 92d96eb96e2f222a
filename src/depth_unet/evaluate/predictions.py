"""Depth predicted by another program, read from files in place of a network's output."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import DataError
from depth_unet.evaluate.score import PredictArray
from depth_unet.outputs.depth_read import read_depth_file, read_unit


class FilePredictions:
    """Predictions of every photo, found by the photo's path within the data set.

    Values that are 0, negative or not finite are missing predictions. They are read as 0, which a
    protocol clamps to its nearest depth, so leaving pixels out does not improve the score.
    ``missing_share`` returns how many there are.

    Args:
        files: The depth file of every photo, by the photo's path within the data set.
        metres_per_unit: Metres per stored count. With None, the unit that the file states, or else
            millimetres for whole numbers and metres for floats.
    """

    def __init__(self, files: Mapping[str, Path], metres_per_unit: float | None = None) -> None:
        self.files = files
        self.metres_per_unit = metres_per_unit
        self._missing: dict[str, float] = {}

    def predictor_for(self, photo: str) -> PredictArray:
        """A predictor that returns the stored prediction; it needs only the size of the photo."""

        def predict(
            image: UInt8[np.ndarray, "h w 3"],
            intrinsics: Intrinsics,  # noqa: ARG001  # the file already holds metres
        ) -> Float32[np.ndarray, "h2 w2"]:
            return self.read(photo, image.shape[0], image.shape[1])

        return predict

    def read(self, name: str, height: int, width: int) -> Float32[np.ndarray, "h2 w2"]:
        """The depth of one photo, metres; 0 where it is missing.

        Args:
            name: The photo's path within the data set.
            height: Rows of the photo.
            width: Its columns.

        Returns:
            Depth at the size of the file.

        Raises:
            DataError: The file cannot be read, states a unit other than the given one, has another
                aspect ratio than the photo, or holds no depth.
        """
        path = self.files[name]
        depth_m = read_depth_file(path, self._unit(path))
        rows, columns = depth_m.shape
        # Rounding to whole pixels is allowed.
        if abs(columns - rows * width / height) >= 1 and abs(rows - columns * height / width) >= 1:
            raise DataError(
                f"{path} is {columns}x{rows}, but its photo is {width}x{height}, another aspect "
                "ratio; write depth of the whole photo, at any size"
            )
        usable = np.isfinite(depth_m) & (depth_m > 0)
        if not usable.any():
            raise DataError(f"{path} holds no depth: no value is above 0; predict {name} again")
        self._missing[name] = 1 - float(usable.mean())
        return np.where(usable, depth_m, np.float32(0))

    def missing_share(self, names: list[str]) -> float:
        """Share of pixels without a prediction, over the whole maps of photos read so far."""
        return sum(self._missing[name] for name in names) / len(names)

    def _unit(self, path: Path) -> float | None:
        stated, given = read_unit(path), self.metres_per_unit
        if stated is not None and given is not None and stated != given:
            raise DataError(
                f"{path} states {stated:g} m per count, but --unit is {given:g} m; leave out "
                "--unit, or write the files without a unit"
            )
        return given or stated
