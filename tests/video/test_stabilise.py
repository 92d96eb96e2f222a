"""Depth over time: no flicker, no lag, cuts at once."""

import itertools

import cv2
import numpy as np
import pytest

from depth_unet.video.motion import match_frames
from depth_unet.video.stabilise import REACH, Stabiliser
from tests.video.clips import texture

RATE = 0.02  # of depth per frame: 3 m/s towards a wall at 5 m, 30 frames per second
WALL = np.log(3.0)


def approach(count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """A camera that moves towards a wall: its picture grows as its depth shrinks."""
    wall, (height, width) = texture(), (96, 128)
    greys, depths = [], []
    for i in range(count):
        factor = float(np.exp(RATE * i))
        grow = cv2.getRotationMatrix2D((width / 2, height / 2), 0, factor)
        greys.append(cv2.warpAffine(wall, grow, (width, height), borderMode=cv2.BORDER_REFLECT))
        depths.append(np.full((height, width), WALL - RATE * i, np.float32))
    return greys, depths


def steadied(
    greys: list[np.ndarray], depths: list[np.ndarray], past: int = REACH, ahead: int = REACH
) -> list[np.ndarray]:
    """All frames through the stabiliser."""
    stabiliser = Stabiliser(past, ahead)
    steady = [out for pair in zip(greys, depths, strict=True) for out in stabiliser.push(*pair)]
    return steady + stabiliser.flush()


@pytest.mark.parametrize(("past", "ahead"), [(4, 4), (8, 0)])
def test_nothing_lags(past: int, ahead: int) -> None:
    """Depth that changes at a constant rate is reproduced, with or without frames ahead."""
    greys, depths = approach(20)
    steady = steadied(greys, depths, past, ahead)
    assert len(steady) == len(depths)
    for got, depth in list(zip(steady, depths, strict=True))[past : 20 - ahead]:
        assert abs(float(np.median(got - depth))) < 0.1 * RATE  # a mean over nine lags by 4 RATE


def test_flicker_goes() -> None:
    """A factor on every frame that is drawn anew loses two thirds of its change, as does noise."""
    greys, depths = approach(30)
    random = np.random.default_rng(0)
    factors = random.normal(0, 0.05, 30)
    noisy = [
        (depth + factor + random.normal(0, 0.05, depth.shape)).astype(np.float32)
        for depth, factor in zip(depths, factors, strict=True)
    ]
    errors = [got - depth for got, depth in zip(steadied(greys, noisy), depths, strict=True)]
    left = [np.median(later - earlier) for earlier, later in itertools.pairwise(errors)]
    assert np.std(left) < np.std(np.diff(factors)) / 3
    assert np.median([error.std() for error in errors]) < 0.05 / 2


def test_a_cut_is_taken_at_once() -> None:
    """No depth of one scene reaches into the other."""
    still = np.full((96, 128), 0.1, np.float32)
    greys = [texture(0)] * 6 + [texture(1)] * 6
    steady = steadied(greys, [still] * 6 + [still + 1.2] * 6)
    for got in steady[:6]:
        np.testing.assert_allclose(got, still, atol=1e-5)
    for got in steady[6:]:
        np.testing.assert_allclose(got, still + 1.2, atol=1e-5)


def test_another_surface_keeps_its_depth() -> None:
    """Depth that an edge uncovers is not mixed with the depth of the edge."""
    background, box = texture(0, (96, 160)), texture(1, (40, 40))
    greys, depths = [], []
    for i in range(12):
        grey, depth = background[:, :128].copy(), np.full((96, 128), np.log(4), np.float32)
        grey[28:68, 20 + 4 * i : 60 + 4 * i] = box
        depth[28:68, 20 + 4 * i : 60 + 4 * i] = np.log(1.5)
        greys.append(grey)
        depths.append(depth)
    for got, depth in zip(steadied(greys, depths), depths, strict=True):
        wrong = np.abs(got - depth) > 0.05
        assert wrong.mean() < 0.02  # a mean without gates: 0.13


@pytest.mark.parametrize("count", [1, 2])
def test_short_clips(count: int) -> None:
    """Single and still frames stay unchanged, and a second clip starts afresh."""
    stabiliser = Stabiliser()
    for value in (0.5, 1.5):
        depth = np.full((32, 48), value, np.float32)
        for _ in range(count):
            assert stabiliser.push(texture(2, (32, 48)), depth) == []
        steady = stabiliser.flush()
        assert len(steady) == count
        for got in steady:
            np.testing.assert_allclose(got, depth, rtol=1e-6)


def test_pixels_are_followed() -> None:
    """A picture that moves by three columns is found there, both ways."""
    wide = texture(0, (96, 160))
    earlier, later = wide[:, 10:138].copy(), wide[:, 13:141].copy()  # it moves to the left
    back, forth = match_frames(earlier, later)
    columns = np.arange(128, dtype=np.float32)
    inner = (slice(10, -10), slice(10, -10))
    assert back[inner][..., 2].mean() > 0.95
    np.testing.assert_allclose(np.median((back[..., 0] - columns)[inner]), 3, atol=0.2)
    np.testing.assert_allclose(np.median((forth[..., 0] - columns)[inner]), -3, atol=0.2)
