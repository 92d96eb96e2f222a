"""The mean of teachers and their disagreement."""

import numpy as np
import pytest

from depth_unet.predict.label.combine import combine


def random_depth(seed: int) -> np.ndarray:
    """Depth between 1 and 5 m."""
    return np.random.default_rng(seed).uniform(1, 5, (6, 8)).astype(np.float32)


def test_weighted_geometric_mean_at_the_scale_of_the_first() -> None:
    """The second map is brought to the scale of the first, then the mean is that of the logs."""
    first, second = random_depth(0), random_depth(1)
    ratio = np.median(second / first)
    expected = first**0.75 * (second / ratio) ** 0.25
    depth_m, _ = combine([first, second], [3, 1])
    np.testing.assert_allclose(depth_m, expected, rtol=1e-3)  # the median of an even count
    for scale in (0.5, 4):
        np.testing.assert_allclose(combine([first, scale * second], [3, 1])[0], depth_m, rtol=1e-5)
        np.testing.assert_allclose(
            combine([scale * first, second], [3, 1])[0], scale * depth_m, rtol=1e-5
        )


def test_one_teacher() -> None:
    """A single teacher is its own mean and agrees with itself."""
    depth_m, disagreement = combine([random_depth(0)], [2])
    np.testing.assert_allclose(depth_m, random_depth(0), rtol=1e-6)
    assert not disagreement.any()


def test_disagreement() -> None:
    """Where one of two equal teachers sees a factor of e, the standard deviation is a half."""
    first = np.ones((3, 3), np.float32)
    second = first.copy()
    second[0, 0] = np.e
    _, disagreement = combine([first, second], [1, 1])
    assert disagreement[0, 0] == pytest.approx(0.5)
    assert np.count_nonzero(disagreement) == 1
