"""Baselines that ignore the photo: one depth for all pixels, and the mean depth of each pixel."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.source import Source
from depth_unet.data.splits import evenly_spaced
from depth_unet.evaluate.score import PredictArray
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.images.resize import resize_depth

MOST_FRAMES = 500
ROWS, COLUMNS = 48, 64


def fit_guesses(source: Source, indices: Sequence[int]) -> dict[str, Tensor]:
    """Fit both guesses to training frames.

    Args:
        source: The data set.
        indices: The training rows; of more than 500, evenly spaced ones are used.

    Returns:
        ``constant_m``: the median of all valid depths, metres, shape (1,). ``mean_m``: the mean
        valid depth of each cell of a 64x48 grid over the image, metres; cells that are never valid
        hold the constant.
    """
    frames = (source.read(index) for index in evenly_spaced(indices, MOST_FRAMES))
    depths = np.stack([resize_depth(frame.depth_mm, ROWS, COLUMNS) for frame in frames])
    valid = depths > 0
    sums_m = depths.sum(axis=0, dtype=np.float64) / MILLIMETRES_PER_METRE
    counts = valid.sum(axis=0)
    constant_m = float(np.median(depths[valid])) / MILLIMETRES_PER_METRE
    mean_m = np.where(counts > 0, sums_m / np.maximum(counts, 1), constant_m)
    return {
        "constant_m": torch.tensor([constant_m], dtype=torch.float32),
        "mean_m": torch.from_numpy(mean_m.astype(np.float32)),
    }


def guess_predictors(guesses: Mapping[str, Tensor]) -> dict[str, PredictArray]:
    """The fitted guesses as predictors, by the name shown in tables."""
    return {
        "constant depth": _constant_predictor(guesses["constant_m"].reshape(1, 1).numpy()),
        "mean depth per pixel": _constant_predictor(guesses["mean_m"].numpy()),
    }


def _constant_predictor(depth_m: Float32[np.ndarray, "h w"]) -> PredictArray:
    def predict(
        image: UInt8[np.ndarray, "h w 3"],  # noqa: ARG001  # a guess ignores the photo
        intrinsics: Intrinsics,  # noqa: ARG001
    ) -> Float32[np.ndarray, "h2 w2"]:
        return depth_m

    return predict
