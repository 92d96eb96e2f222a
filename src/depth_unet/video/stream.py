"""Predict frames in several threads, in order, with and without stabilising."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from depth_unet.arrays import Float32
from depth_unet.files.ahead import work_ahead
from depth_unet.images.resize import resize_image
from depth_unet.video.read import Frame
from depth_unet.video.stabilise import Stabiliser

Depth = Float32[np.ndarray, "h w"]
Predict = Callable[[Frame], Depth]
"""Metric depth at the network's size; called in several threads."""


def predict_frames(
    frames: Iterable[Frame], predict: Predict, pool: ThreadPoolExecutor, waiting: int
) -> Iterator[tuple[Frame, Depth]]:
    """Every frame with its depth, each predicted on its own.

    Args:
        frames: The frames in order.
        predict: Predicts one frame.
        pool: Threads that predict.
        waiting: How many frames are read ahead.
    """
    yield from work_ahead(frames, predict, pool, waiting)


def predict_stabilised(
    frames: Iterable[Frame], predict: Predict, pool: ThreadPoolExecutor, waiting: int
) -> Iterator[tuple[Frame, Depth]]:
    """As ``predict_frames``, with depth stabilised over the neighbouring frames."""

    def grey_and_depth(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        log_depth = np.log(predict(frame))
        small = resize_image(frame.image, *log_depth.shape)
        return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), log_depth

    stabiliser, shown = Stabiliser(), deque[Frame]()
    for frame, (grey, log_depth) in work_ahead(frames, grey_and_depth, pool, waiting):
        shown.append(frame)
        for ready in stabiliser.push(grey, log_depth):
            yield shown.popleft(), np.exp(ready)
    for ready in stabiliser.flush():
        yield shown.popleft(), np.exp(ready)
