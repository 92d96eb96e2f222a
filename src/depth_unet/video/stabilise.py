"""Depth without flicker: a line fit over the neighbouring frames.

A network that sees single frames makes a different error in each, mostly a factor on the whole
frame. Every pixel is followed along the optical flow into the frames before and after, and a line
is fitted to its log-depth over time. Steady motion follows the line, so that depth does not lag.
"""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from depth_unet.arrays import UInt8
from depth_unet.video.motion import EVERY, Flow, Map, match_frames, pixel_grid, sample_bilinear

REACH = 4
"""Frames before and after that enter the fit: 0.13 s at 30 frames per second."""
MOST_DISAGREEMENT = 0.3
"""Largest change of log-depth, relative to the frame's median change, within one surface."""
FEWEST_FOLLOWED = 0.99
SLOPE_PRIOR = 1.0
"""In frames squared: it pulls points with few neighbours towards a constant."""


@dataclass(slots=True, eq=False)
class _Frame:
    """A frame in the window.

    Attributes:
        grey: The frame.
        log_depth: The network's prediction.
        back: Flow to the frame before; None for the first.
        forth: Flow to the frame after; None for the last.
    """

    grey: UInt8[np.ndarray, "h w"]
    log_depth: Map
    back: Flow | None = None
    forth: Flow | None = None


class Stabiliser:
    """Stabilised log-depth for frames that arrive one by one.

    Args:
        past: Earlier frames in the fit.
        ahead: Later frames in the fit. With 0 every frame is returned at once, as live video
            needs; the end of a line is less certain than its middle, so that more flicker remains.

    Example:
        >>> stabiliser = Stabiliser(past=1, ahead=1)
        >>> grey, log_depth = np.zeros((48, 64), np.uint8), np.zeros((48, 64), np.float32)
        >>> len(stabiliser.push(grey, log_depth)), len(stabiliser.push(grey, log_depth))
        (0, 1)
        >>> len(stabiliser.flush())
        1
    """

    def __init__(self, past: int = REACH, ahead: int = REACH) -> None:
        self._past, self._ahead = past, ahead
        self._frames: deque[_Frame] = deque()
        self._at = 0  # index of the next frame to return

    def push(self, grey: UInt8[np.ndarray, "h w"], log_depth: Map) -> list[Map]:
        """Add the next frame, and return the frame whose window is complete.

        Args:
            grey: The frame at the size of the depth.
            log_depth: Natural logarithm of the predicted depth.

        Returns:
            Log-depth of one frame or none, in order.
        """
        frame = _Frame(grey, log_depth)
        if self._frames:
            before = self._frames[-1]
            frame.back, before.forth = match_frames(before.grey, grey)
        self._frames.append(frame)
        return [self._fit_next()] if len(self._frames) > self._at + self._ahead else []

    def flush(self) -> list[Map]:
        """Return the log-depth of the remaining frames; the next frame starts a new clip."""
        left = [self._fit_next() for _ in range(len(self._frames) - self._at)]
        self._frames.clear()
        self._at = 0
        return left

    def _fit_next(self) -> Map:
        fit = _Fit(self._frames[self._at].log_depth)
        fit.follow(self._frames, self._at, -1, self._past)
        fit.follow(self._frames, self._at, 1, self._ahead)
        if self._at == self._past:
            self._frames.popleft()
        else:
            self._at += 1
        return fit.value()


class _Fit:
    """A line through the log-depth of every pixel over time, by its normal equations.

    With time 0 at the fitted frame, ``value = (s2 y0 - s1 y1) / (s0 s2 - s1²)`` where
    ``s_k = sum of time^k`` and ``y_k = sum of time^k · log-depth`` over the frames in which the
    pixel was found.
    """

    def __init__(self, log_depth: Map) -> None:
        self._here = log_depth
        self._s0 = np.ones_like(log_depth)
        self._s1 = np.zeros_like(log_depth)
        self._s2 = np.full_like(log_depth, SLOPE_PRIOR)
        self._y0 = log_depth.copy()
        self._y1 = np.zeros_like(log_depth)

    def follow(self, frames: deque[_Frame], at: int, direction: int, reach: int) -> None:
        """Add the frames on one side, nearest first, until no pixel can be followed."""
        columns, rows = cv2.split(pixel_grid(*self._here.shape))
        followed = np.ones_like(self._here)
        for time in range(1, reach + 1):
            index = at + direction * time
            if not 0 <= index < len(frames):
                break
            flow = frames[index - direction].back if direction < 0 else frames[index - 1].forth
            assert flow is not None
            columns, rows, trusted = cv2.split(sample_bilinear(flow, columns, rows))
            followed *= trusted >= FEWEST_FOLLOWED
            if not followed.any():  # a cut
                break
            log_depth = sample_bilinear(frames[index].log_depth, columns, rows)
            self._add(log_depth, followed, direction * time)

    def value(self) -> Map:
        """The line's value at the fitted frame; pixels without neighbours keep their own value."""
        value: Map = (self._s2 * self._y0 - self._s1 * self._y1) / (
            self._s0 * self._s2 - self._s1 * self._s1
        )
        return value

    def _add(self, log_depth: Map, followed: Map, time: int) -> None:
        """Add one frame, except where its depth belongs to another surface."""
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
