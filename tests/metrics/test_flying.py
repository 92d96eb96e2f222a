"""Flying points, by hand and against a plain loop over pixels and jumps."""

import math

import numpy as np
import pytest

from depth_unet.metrics.flying import flying_points

WIDTH, STEP = 40, 20


def step(near_m: float = 2.0, far_m: float = 3.0) -> np.ndarray:
    """A wall of 20 columns in front of another."""
    return np.where(np.arange(WIDTH) < STEP, near_m, far_m) * np.ones((30, 1))


def ramp(width_px: float) -> np.ndarray:
    """The same step, smeared evenly over some pixels."""
    share = np.clip((np.arange(WIDTH) - (STEP - 0.5)) / width_px + 0.5, 0, 1)
    return (2 + share) * np.ones((30, 1))


def columns(mask: np.ndarray) -> list[int]:
    """The columns of a mask, which must be the same in every row."""
    assert (mask == mask[0]).all()
    return np.flatnonzero(mask[0]).tolist()


def test_sharp_step_has_none() -> None:
    """Eight pixels on either side of the jump are judged, and none of them flies."""
    found = flying_points(step(), step(), step() > 0)
    assert columns(found.near_jump) == list(range(STEP - 8, STEP + 8))
    assert not found.flying.any()
    assert not found.flattened.any()


def test_blurred_step_by_hand() -> None:
    """Over 4 pixels, columns are at 1/8, 3/8, 5/8 and 7/8 of the jump: the middle two fly."""
    found = flying_points(ramp(4), step(), step() > 0)
    assert columns(found.flying) == [STEP - 1, STEP]
    assert found.flying.sum() / found.near_jump.sum() == 2 / 16
    assert not found.flattened.any()


def test_blur_beyond_the_surroundings_flattens() -> None:
    """Over 40 pixels, the medians of the sides are a fifth of the jump apart: everything flies."""
    found = flying_points(ramp(40), step(), step() > 0)
    assert (found.flying == found.near_jump).all()
    assert (found.flattened == found.near_jump).all()


@pytest.mark.parametrize(("scale", "shift_m"), [(0.55, 0), (1.7, 0), (1, -0.5), (0.8, 4)])
@pytest.mark.parametrize("width_px", [0.5, 4, 6])
def test_prediction_is_judged_by_its_own_jump(
    scale: float, shift_m: float, width_px: float
) -> None:
    """Scaled and shifted, the same pixels fly."""
    found, moved = (
        flying_points(prediction, step(), step() > 0)
        for prediction in (ramp(width_px), scale * ramp(width_px) + shift_m)
    )
    assert columns(found.flying) == columns(moved.flying)
    assert (len(columns(found.flying)) > 0) == (width_px > 1)


@pytest.mark.parametrize(("share", "flies"), [(0, True), (0.49, True), (0.51, False), (-1, True)])
def test_flattened_jump_is_all_flying(share: float, flies: bool) -> None:
    """A jump predicted at less than half its height, or the other way round, flies altogether."""
    found = flying_points(step(2, 2 + share), step(), step() > 0)
    assert found.near_jump.any()
    assert (found.flying == (found.near_jump & flies)).all()
    assert (found.flattened == found.flying).all()


@pytest.mark.parametrize(("height_m", "judged"), [(0.249, False), (0.25, True), (5, True)])
def test_jumps_from_a_quarter_of_a_metre(height_m: float, judged: bool) -> None:
    """A lower step is no jump, so nothing near it is judged."""
    target = step(2, 2 + height_m)
    found = flying_points(np.full_like(target, 2.0), target, target > 0)
    assert found.near_jump.any() == found.flying.any() == judged


def test_slanted_sides_do_not_fly() -> None:
    """Beside a low jump a floor rises by more than the jump; it is where it belongs."""
    target = step(2, 2.4) + 0.04 * np.arange(30)[:, None]
    for prediction in (target, 1.3 * target - 0.2):
        found = flying_points(prediction, target, target > 0)
        assert found.near_jump.any()
        assert not found.flying.any()
    lifted = target + 0.2 * (np.arange(WIDTH) == STEP - 1)
    assert columns(flying_points(lifted, target, target > 0).flying[8:-8]) == [STEP - 1]


def test_holes_are_not_judged() -> None:
    """Invalid pixels make no jumps, count in no median and do not fly, whatever they hold."""
    target, valid = step(), step() > 0
    valid[10:20, 15:18] = valid[:, STEP] = False
    clean = flying_points(ramp(4), target, valid)
    assert not clean.near_jump.any()  # the pixels beside the jump are a hole
    valid[::2, STEP] = True
    clean = flying_points(ramp(4), target, valid)
    spoiled = [np.where(valid, part, np.nan) for part in (ramp(4), target)]
    for one, other in zip(clean, flying_points(*spoiled, valid), strict=True):
        assert (one == other).all()
        assert not (one & ~valid).any()
    assert clean.flying.any()


def test_thin_bar_that_is_missed_flies() -> None:
    """A bar of two columns that is smeared over eight is a jump on both of its sides."""
    bar = np.where(abs(np.arange(WIDTH) - 19.5) < 1, 1.0, 3.0) * np.ones((30, 1))
    smeared = np.where(abs(np.arange(WIDTH) - 19.5) < 4, 2.5, 3.0) * np.ones((30, 1))
    found = flying_points(smeared, bar, bar > 0)
    assert columns(found.near_jump) == list(range(11, 29))
    assert columns(found.flattened) == list(range(11, 29))


def plain(prediction: np.ndarray, target: np.ndarray, valid: np.ndarray) -> list[np.ndarray]:
    """The definition, pixel by pixel."""
    height, width = target.shape
    pixels = [(r, c) for r in range(height) for c in range(width) if valid[r, c]]
    jumps = []
    for r, c in pixels:
        for other in ((r + 1, c), (r, c + 1)):
            if other in pixels and abs(target[r, c] - target[other]) >= 0.25:
                first, second = sorted(((r, c), other), key=lambda place: target[place])
                jumps.append((first, second, ((r + other[0]) / 2, (c + other[1]) / 2)))
    near_jump, flying, flattened = (np.zeros(target.shape, bool) for _ in range(3))
    closest: dict[tuple[int, int], tuple[float, float]] = {}
    for first, second, middle in jumps:
        rise = target[second] - target[first]
        around = [p for p in pixels if math.dist(p, middle) <= 8]
        sides = [
            [p for p in around if abs(target[p] - target[e]) < rise / 2] for e in (first, second)
        ]
        (near, far), (true_near, true_far) = (
            [np.median([depth[p] for p in side]) for side in sides]
            for depth in (prediction, target)
        )
        for p in sides[0] + sides[1]:
            if (math.dist(p, middle), -rise) < closest.get(p, (math.inf, 0)):
                closest[p] = (math.dist(p, middle), -rise)
                scale = (far - near) / (true_far - true_near)
                own = near + (target[p] - true_near) * scale
                away = min(abs(prediction[p] - place) for place in (near, far, own))
                near_jump[p] = True
                flattened[p] = scale < 0.5
                flying[p] = flattened[p] or away > 0.15 * (far - near)
    return [near_jump, flying, flattened]


@pytest.mark.parametrize("seed", range(4))
def test_equals_a_plain_loop(seed: int) -> None:
    """Corners, bars, several jumps near one another, slopes, noise and holes."""
    random = np.random.default_rng(seed)
    target = 3 + 0.02 * random.normal(size=(16, 19)) + 0.03 * np.arange(19)
    target[4:9, 3:12] -= 0.9
    target[7:, 10:13] -= 0.4 + 0.02 * random.normal()
    prediction = target + 0.15 * random.normal(size=target.shape)
    prediction[:, 9:] = 0.6 * prediction[:, 9:].mean() + 0.4 * prediction[:, 9:]
    valid = random.uniform(size=target.shape) < 0.9
    found = flying_points(prediction, target, valid)
    expected = plain(prediction, target, valid)
    for one, other in zip(found, expected, strict=True):
        assert one.any()
        np.testing.assert_array_equal(one, other)
    for turn in (lambda m: m.T, lambda m: m[::-1], lambda m: m[:, ::-1]):
        turned = flying_points(turn(prediction), turn(target), turn(valid))
        for one, other in zip(found, turned, strict=True):
            np.testing.assert_array_equal(turn(one), other)


def test_empty_and_tiny_maps() -> None:
    """Without a jump nothing is judged."""
    for shape in ((1, 1), (1, 6), (6, 1)):
        flat = np.ones(shape, np.float32)
        found = flying_points(flat, flat, flat > 0)
        assert all(part.shape == shape and not part.any() for part in found)
    target = step()
    assert not flying_points(target, target, np.zeros(target.shape, bool)).near_jump.any()
