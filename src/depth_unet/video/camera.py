"""Frames of a connected camera."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import cv2

from depth_unet.errors import DataError
from depth_unet.video.read import USUAL_RATE, Clip, Frame

TICK_S = Fraction(1, 1000)


@contextmanager
def open_camera(index: int, stopped: Callable[[], bool]) -> Iterator[Clip]:
    """Open a camera of this machine; frames end when ``stopped()`` is true or the device fails.

    Args:
        index: The camera's index in OpenCV.
        stopped: Called before every frame.

    Raises:
        DataError: There is no such camera, or it returned no frames.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # the error below is enough
    device = cv2.VideoCapture(index)
    try:
        if not device.isOpened():
            raise DataError(f"there is no camera {index}; connect it, or pass a file")
        rate = Fraction(device.get(cv2.CAP_PROP_FPS) or USUAL_RATE).limit_denominator(1001)
        yield Clip(
            name=f"camera {index}",
            rate=rate if 1 <= rate <= 1000 else USUAL_RATE,
            tick_s=TICK_S,
            frames=_frames(device, index, stopped),
        )
    finally:
        device.release()


def _frames(device: Any, index: int, stopped: Callable[[], bool]) -> Iterator[Frame]:
    began_s, last = None, -1
    while not stopped():
        read, image = device.read()
        now_s = time.monotonic()
        if not read and began_s is None:
            raise DataError(f"camera {index} returned no frames; close other programs that use it")
        if not read:
            return
        began_s = now_s if began_s is None else began_s
        last = max(last + 1, round((now_s - began_s) / TICK_S))
        yield Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), last)
