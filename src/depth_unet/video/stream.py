"""Frames through the network and the stabiliser, several at a time, in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import cv2
import numpy as np
from jaxtyping import Float32

from depth_unet.images.resize import resize_image
from depth_unet.video.read import Frame
from depth_unet.video.stabilise import Stabiliser

Depth = Float32[np.ndarray, "h w"]
Network = Callable[[Frame], Depth]
"""Metres at the network's size; called in several threads."""
Result = TypeVar("Result")


def frame_by_frame(
    frames: Iterable[Frame], network: Network, pool: ThreadPoolExecutor, waiting: int
) -> Iterator[tuple[Frame, Depth]]:
    """The depth of each frame alone.

    Args:
        frames: In their order; so many are read ahead as wait.
        network: Depth of a frame.
        pool: Where the network runs.
        waiting: How many frames may be on their way.
    """
    yield from _ordered(frames, network, pool, waiting)


def steady(
    frames: Iterable[Frame], network: Network, pool: ThreadPoolExecutor, waiting: int
) -> Iterator[tuple[Frame, Depth]]:
    """The depth of each frame in keeping with those around it; arguments as above."""

    def seen(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        log_depth = np.log(network(frame))
        small = resize_image(frame.image, *log_depth.shape)
        return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), log_depth

    stabiliser, shown = Stabiliser(), deque[Frame]()
    for frame, (grey, log_depth) in _ordered(frames, seen, pool, waiting):
        shown.append(frame)
        for ready in stabiliser.push(grey, log_depth):
            yield shown.popleft(), np.exp(ready)
    for ready in stabiliser.flush():
        yield shown.popleft(), np.exp(ready)


def _ordered(
    frames: Iterable[Frame],
    work: Callable[[Frame], Result],
    pool: ThreadPoolExecutor,
    waiting: int,
) -> Iterator[tuple[Frame, Result]]:
    begun = deque[tuple[Frame, Future[Result]]]()
    try:
        for frame in frames:
            begun.append((frame, pool.submit(work, frame)))
            if len(begun) > waiting:
                first, result = begun.popleft()
                yield first, result.result()
        while begun:
            first, result = begun.popleft()
            yield first, result.result()
    finally:
        for _, result in begun:
            result.cancel()
