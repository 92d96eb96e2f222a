"""Score predictors over frames: the one place where predictions meet the ground truth."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.source import Frame, Source, without_invalid
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.depth import image_sums
from depth_unet.metrics.protocols import EvalProtocol

Predictor = Callable[[UInt8[np.ndarray, "h w 3"], Intrinsics], Float32[np.ndarray, "h2 w2"]]
"""Depth in metres from RGB (0 to 255) and its camera, at any size."""

READ_AHEAD = 4


@runtime_checkable
class ByName(Protocol):
    """Answers that were given before, and are known by the photo's path within the data set."""

    def of(self, name: str) -> Predictor:
        """The answer for one photo."""
        ...


def for_frame(predict: Predictor | ByName, name: str) -> Predictor:
    """What predicts one photo."""
    return predict.of(name) if isinstance(predict, ByName) else predict


def score(
    predictors: Mapping[str, Predictor | ByName],
    source: Source,
    indices: Sequence[int],
    protocol: EvalProtocol,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, MetricAccumulator]:
    """Score every predictor on the same frames, each read once.

    Args:
        predictors: What to score, by name.
        source: The data set.
        indices: Its rows to score on.
        protocol: Crop, mask, range, averaging, flip and alignment.
        progress: Called after every frame.

    Returns:
        Per predictor, the sums of every image under the name of its photo.

    Raises:
        DataError: A frame cannot be read, or the protocol refuses its ground truth.
    """
    accumulators = {name: MetricAccumulator(protocol.average) for name in predictors}
    with ThreadPoolExecutor(1) as reader:
        read = partial(_read, source, protocol)
        frames = [reader.submit(read, index) for index in indices[:READ_AHEAD]]
        for done, index in enumerate(indices):
            frame = frames.pop(0).result()
            if done + READ_AHEAD < len(indices):
                frames.append(reader.submit(read, indices[done + READ_AHEAD]))
            for name, predict in predictors.items():
                photo = source.rows[index].rgb
                sums = score_frame(for_frame(predict, photo), frame, protocol)
                accumulators[name].add(photo, sums)
            progress()
    return accumulators


def score_frame(predict: Predictor, frame: Frame, protocol: EvalProtocol) -> torch.Tensor:
    """Sufficient statistics of one frame; see ``metrics.depth.image_sums``."""
    predict = flip_averaged(predict) if protocol.flip else predict
    prediction_m = at_size(predict(frame.image, frame.intrinsics), *frame.depth_mm.shape)
    target_m = torch.from_numpy(frame.depth_mm.astype(np.float32)) / MILLIMETRES_PER_METRE
    prediction, target, valid = protocol.prepare(prediction_m, target_m)
    return image_sums(prediction[None, None], target[None, None], valid[None, None])[0]


def _read(source: Source, protocol: EvalProtocol, index: int) -> Frame:
    """A frame as the protocol wants it.

    Official test frames come as stored, because a published protocol defines its own crop and
    range; the others leave out the data set's border and what lies beyond its range.
    """
    frame = source.read(index)
    if protocol.native_size is not None or source.rows[index].official_split != "test":
        return frame
    return replace(frame, depth_mm=without_invalid(frame.depth_mm, source.info))


def at_size(
    prediction_m: Float32[np.ndarray, "h2 w2"], height: int, width: int
) -> Float32[Tensor, "{height} {width}"]:
    """A prediction of any size, bilinearly at the size of the ground truth."""
    depth_m = torch.from_numpy(np.ascontiguousarray(prediction_m))
    if depth_m.shape == (height, width):
        return depth_m
    return F.interpolate(depth_m[None, None], size=(height, width), mode="bilinear")[0, 0]


def flip_averaged(predict: Predictor) -> Predictor:
    """A predictor that averages its answer for the photo and for the mirror image."""

    def averaged(
        image: UInt8[np.ndarray, "h w 3"], intrinsics: Intrinsics
    ) -> Float32[np.ndarray, "h2 w2"]:
        straight = predict(image, intrinsics)
        mirrored = predict(np.ascontiguousarray(image[:, ::-1]), intrinsics.flipped())
        return (straight + mirrored[:, ::-1]) / 2

    return averaged
