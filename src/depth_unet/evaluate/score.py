"""Score predictors over frames: the only place where predictions meet the ground truth."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.source import Frame, Source, mask_invalid
from depth_unet.files.ahead import work_ahead
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.images.resize import resize_bilinear
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.depth import image_sums
from depth_unet.metrics.protocols import EvalProtocol

PredictArray = Callable[[UInt8[np.ndarray, "h w 3"], Intrinsics], Float32[np.ndarray, "h2 w2"]]
"""Depth in metres from RGB (0 to 255) and its camera, at any size."""

READ_AHEAD, MOST_AT_ONCE = 4, 8


@runtime_checkable
class PredictionsByName(Protocol):
    """Predictions made earlier, found by the photo's path within the data set."""

    def predictor_for(self, photo: str) -> PredictArray:
        """A predictor that returns the prediction for one photo."""
        ...


AnyPredictor = PredictArray | PredictionsByName


def score(
    predictors: Mapping[str, AnyPredictor],
    source: Source,
    indices: Sequence[int],
    protocol: EvalProtocol,
    progress: Callable[[], None] = lambda: None,
    *,
    in_threads: bool = False,
) -> dict[str, MetricAccumulator]:
    """Score every predictor on the same frames; each frame is read once.

    Args:
        predictors: What to score, by name.
        source: The data set.
        indices: Its rows to score on.
        protocol: Crop, mask, range, averaging, flip and alignment.
        progress: Called after every frame.
        in_threads: Score as many frames at a time as torch has threads, at most eight, each in one
            thread. Predictors must be callable from several threads.

    Returns:
        For each predictor, the sums of every image by the path of its photo.

    Raises:
        DataError: A frame cannot be read, or the protocol refuses its ground truth.
    """
    accumulators = {name: MetricAccumulator(protocol.average) for name in predictors}

    def sums_of(place: tuple[int, Frame]) -> list[Tensor]:
        index, frame = place
        ours = [predictor_for(p, source.rows[index].rgb) for p in predictors.values()]
        return [score_frame(predict, frame, protocol) for predict in ours]

    with ExitStack() as stack:
        reader = stack.enter_context(ThreadPoolExecutor(1))
        ahead = work_ahead(indices, partial(_read, source, protocol), reader, READ_AHEAD)
        frames = stack.enter_context(closing(ahead))
        if in_threads:
            number = min(MOST_AT_ONCE, torch.get_num_threads())
            pool = stack.enter_context(_single_threads(number))
            scored = stack.enter_context(closing(work_ahead(frames, sums_of, pool, number)))
        else:
            scored = ((place, sums_of(place)) for place in frames)
        for (index, _), sums in scored:
            for accumulator, its_sums in zip(accumulators.values(), sums, strict=True):
                accumulator.add(source.rows[index].rgb, its_sums)
            progress()
    return accumulators


@contextmanager
def _single_threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads compute with one thread of torch's each."""
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(number, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)  # else new threads would inherit the setting


def predictor_for(predict: AnyPredictor, photo: str) -> PredictArray:
    """The predictor for one photo."""
    return predict.predictor_for(photo) if isinstance(predict, PredictionsByName) else predict


def predict_frame(predict: PredictArray, frame: Frame) -> Float32[Tensor, "h w"]:
    """The predicted depth of a frame at the size of its ground truth, metres."""
    depth_m = predict(frame.image, frame.intrinsics)
    return torch.from_numpy(resize_bilinear(depth_m, *frame.depth_mm.shape))


def score_frame(predict: PredictArray, frame: Frame, protocol: EvalProtocol) -> torch.Tensor:
    """Sufficient statistics of one frame; see ``metrics.depth.image_sums``."""
    predict = with_flip_averaging(predict) if protocol.flip else predict
    prediction_m = predict_frame(predict, frame)
    target_m = torch.from_numpy(frame.depth_mm.astype(np.float32)) / MILLIMETRES_PER_METRE
    prediction, target, valid = protocol.prepare(prediction_m, target_m)
    return image_sums(prediction[None, None], target[None, None], valid[None, None])[0]


def _read(source: Source, protocol: EvalProtocol, index: int) -> Frame:
    """A frame with the ground truth that the protocol scores.

    Sources return official test frames as stored, because a published protocol defines its own crop
    and range. Under any other protocol these frames lose the data set's border and the depths
    beyond its range, as all other frames do.
    """
    frame = source.read(index)
    if protocol.native_size is not None or source.rows[index].official_split != "test":
        return frame
    return replace(frame, depth_mm=mask_invalid(frame.depth_mm, source.info))


def with_flip_averaging(predict: PredictArray) -> PredictArray:
    """A predictor that averages the predictions for the photo and for its mirror image."""

    def predict_both(
        image: UInt8[np.ndarray, "h w 3"], intrinsics: Intrinsics
    ) -> Float32[np.ndarray, "h2 w2"]:
        straight = predict(image, intrinsics)
        mirrored = predict(np.ascontiguousarray(image[:, ::-1]), intrinsics.flipped())
        return (straight + mirrored[:, ::-1]) / 2

    return predict_both
