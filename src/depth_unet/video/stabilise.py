"""Depth that does not flicker: every point is fitted over the frames around.

A network that sees one frame at a time errs differently in each, mostly by a factor on the whole
frame. Here every pixel is followed along the optical flow into the frames before and after, and a
straight line is fitted to its log-depth over time. What moves evenly towards the camera or away
from it is met exactly, however fast: nothing lags behind.
"""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from depth_unet.video.motion import EVERY, Map, Step, places, sampled, steps_between

REACH = 4
"""Frames before and after that a point is followed into: 0.13 s at 30 frames per second."""
MOST_DISAGREEMENT = 0.3
"""Of log-depth, beside that of the whole frame: beyond, it is another surface."""
FEWEST_FOLLOWED = 0.99
SLOPE_PRIOR = 1.0
"""Frames squared: points with few frames around them are held nearer to a constant."""


@dataclass(slots=True, eq=False)
class _Frame:
    """A frame that is still needed.

    Attributes:
        grey: The picture.
        log_depth: What the network said.
        back: To the frame before; None for the first.
        forth: To the frame after; None for the last.
    """

    grey: UInt8[np.ndarray, "h w"]
    log_depth: Map
    back: Step | None = None
    forth: Step | None = None


class Stabiliser:
    """Steady log-depth from frames that come one by one.

    Args:
        past: Frames before the one at hand that it is fitted to.
        ahead: Frames after it. With 0 each frame is answered at once (a live picture): the line's
            end is less sure than its middle, and flicker is taken away less well.

    Example:
        >>> steady = Stabiliser(past=1, ahead=1)
        >>> grey, log_depth = np.zeros((48, 64), np.uint8), np.zeros((48, 64), np.float32)
        >>> len(steady.push(grey, log_depth)), len(steady.push(grey, log_depth))
        (0, 1)
        >>> len(steady.flush())
        1
    """

    def __init__(self, past: int = REACH, ahead: int = REACH) -> None:
        self._past, self._ahead = past, ahead
        self._frames: deque[_Frame] = deque()
        self._at = 0  # which of these frames is answered next

    def push(self, grey: UInt8[np.ndarray, "h w"], log_depth: Map) -> list[Map]:
        """Take the next frame; return the log-depth of frames that nothing is awaited for.

        Args:
            grey: The picture at the size of the depth.
            log_depth: Natural logarithm of depth, as the network predicts it for this frame alone.

        Returns:
            Log-depth of none or one frame, in the order that they came in.
        """
        frame = _Frame(grey, log_depth)
        if self._frames:
            before = self._frames[-1]
            frame.back, before.forth = steps_between(before.grey, grey)
        self._frames.append(frame)
        return [self._answer()] if len(self._frames) > self._at + self._ahead else []

    def flush(self) -> list[Map]:
        """Return the log-depth of the frames that are left; the next frame begins a new clip."""
        left = [self._answer() for _ in range(len(self._frames) - self._at)]
        self._frames.clear()
        self._at = 0
        return left

    def _answer(self) -> Map:
        fit = _Fit(self._frames[self._at].log_depth)
        fit.follow(self._frames, self._at, -1, self._past)
        fit.follow(self._frames, self._at, 1, self._ahead)
        if self._at == self._past:
            self._frames.popleft()
        else:
            self._at += 1
        return fit.value()


class _Fit:
    """A line through the log-depth of every pixel over time: sums of its normal equations.

    With time 0 at the frame at hand, ``value = (s2 y0 - s1 y1) / (s0 s2 - s1²)`` where
    ``s_k = sum of time^k`` and ``y_k = sum of time^k · log-depth`` over the frames that the pixel
    was followed into.
    """

    def __init__(self, log_depth: Map) -> None:
        self._here = log_depth
        self._s0 = np.ones_like(log_depth)
        self._s1 = np.zeros_like(log_depth)
        self._s2 = np.full_like(log_depth, SLOPE_PRIOR)
        self._y0 = log_depth.copy()
        self._y1 = np.zeros_like(log_depth)

    def follow(self, frames: deque[_Frame], at: int, direction: int, reach: int) -> None:
        """Add the frames on one side, nearest first, as far as pixels can be followed."""
        columns, rows = cv2.split(places(*self._here.shape))
        followed = np.ones_like(self._here)
        for time in range(1, reach + 1):
            index = at + direction * time
            if not 0 <= index < len(frames):
                break
            step = frames[index - direction].back if direction < 0 else frames[index - 1].forth
            assert step is not None
            columns, rows, trusted = cv2.split(sampled(step, columns, rows))
            followed *= trusted >= FEWEST_FOLLOWED
            if not followed.any():  # a cut
                break
            log_depth = sampled(frames[index].log_depth, columns, rows)
            self._add(log_depth, followed, direction * time)

    def value(self) -> Map:
        """The line's value at the frame at hand; pixels without others keep their own."""
        value: Map = (self._s2 * self._y0 - self._s1 * self._y1) / (
            self._s0 * self._s2 - self._s1 * self._s1
        )
        return value

    def _add(self, log_depth: Map, followed: Map, time: int) -> None:
        """Add one frame; where it disagrees with the frame at hand it is another surface."""
        change = log_depth - self._here
        few = change[::EVERY, ::EVERY][followed[::EVERY, ::EVERY] > 0]
        overall = np.median(few) if few.size else np.float32(0)
        weight = followed * (np.abs(change - overall) <= MOST_DISAGREEMENT)
        self._s0 += weight
        self._s1 += time * weight
        self._s2 += time * time * weight
        weight *= log_depth
        self._y0 += weight
        weight *= time
        self._y1 += weight
