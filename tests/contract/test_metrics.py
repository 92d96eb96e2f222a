"""Every metric passes the same battery."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_unet.metrics.depth import METRIC_NAMES, SUM_NAMES, image_sums, scores
from tests.tolerances import TOLERANCE

REFERENCES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "abs_rel": lambda p, g: np.mean(np.abs(p - g) / g),
    "sq_rel": lambda p, g: np.mean((p - g) ** 2 / g),
    "rmse": lambda p, g: np.sqrt(np.mean((p - g) ** 2)),
    "rmse_log": lambda p, g: np.sqrt(np.mean((np.log(p) - np.log(g)) ** 2)),
    "log10": lambda p, g: np.mean(np.abs(np.log10(p) - np.log10(g))),
    "silog": lambda p, g: 100 * np.std(np.log(p) - np.log(g)),
    "delta1": lambda p, g: np.mean(np.maximum(p / g, g / p) < 1.25),
    "delta2": lambda p, g: np.mean(np.maximum(p / g, g / p) < 1.25**2),
    "delta3": lambda p, g: np.mean(np.maximum(p / g, g / p) < 1.25**3),
}
BEST = {name: float(name.startswith(("delta", "edge", "boundary"))) for name in METRIC_NAMES}


PIXEL_METRICS = list(REFERENCES)
"""Metrics of single pixels; those of edges have their own references in tests/metrics."""


@pytest.fixture(params=METRIC_NAMES, name="metric")
def each_metric(request: pytest.FixtureRequest) -> str:
    """One metric after the other."""
    return str(request.param)


def make_depth(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Four images: prediction, target, and masks of different size, the last one empty."""
    random = np.random.default_rng(0)
    target = random.uniform(0.5, 10, (4, 1, 9, 11))
    prediction = target * np.exp(0.4 * random.normal(size=target.shape))
    valid = random.uniform(size=target.shape) < np.array([1.1, 0.8, 0.2, 0.0]).reshape(4, 1, 1, 1)
    return (
        torch.tensor(prediction, dtype=dtype),
        torch.tensor(target, dtype=dtype),
        torch.tensor(valid),
    )


def test_one_finite_value_per_image(metric: str) -> None:
    """Each image with a valid pixel has a value, each without one is NaN; sums never are."""
    sums = image_sums(*make_depth())
    assert sums.shape == (4, len(SUM_NAMES))
    assert sums.isfinite().all()
    values = scores(sums)[metric]
    assert values.shape == (4,)
    assert values.isfinite().tolist() == [True, True, True, False]


@pytest.mark.parametrize("metric", PIXEL_METRICS)
def test_equals_numpy(metric: str) -> None:
    """The value of each image is that of one line of NumPy over its valid pixels, to 1e-9."""
    prediction, target, valid = make_depth()
    values = scores(image_sums(prediction, target, valid))[metric]
    for i in range(3):
        pixels = (image[i][valid[i]].numpy() for image in (prediction, target))
        expected = torch.tensor(REFERENCES[metric](*pixels), dtype=torch.float64)
        torch.testing.assert_close(values[i], expected, **TOLERANCE[torch.float64])


def test_perfect_prediction(metric: str) -> None:
    """Ground truth against itself scores exactly 0, and exactly 1 for the hits."""
    _, target, valid = make_depth()
    assert (scores(image_sums(target, target, valid))[metric][:3] == BEST[metric]).all()


@pytest.mark.parametrize("junk", [math.nan, math.inf, 0.0, -1.0])
def test_masked_values_change_nothing(metric: str, junk: float) -> None:
    """What stands in invalid pixels, of prediction or target, does not reach the metric."""
    prediction, target, valid = make_depth()
    clean = scores(image_sums(prediction, target, valid))[metric][:3]
    spoiled = image_sums(
        torch.where(valid, prediction, junk), torch.where(valid, target, junk), valid
    )
    assert torch.equal(scores(spoiled)[metric][:3], clean)


def test_empty_image_is_a_row_of_zeros() -> None:
    """Without a valid pixel there is nothing to add."""
    assert (image_sums(*make_depth())[3] == 0).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_computed_in_double_precision(metric: str, dtype: torch.dtype) -> None:
    """Any input gives the float64 result of the same numbers."""
    prediction, target, valid = make_depth(dtype)
    sums = image_sums(prediction, target, valid)
    assert sums.dtype == torch.float64
    exact = image_sums(prediction.double(), target.double(), valid)
    assert torch.equal(scores(sums)[metric][:3], scores(exact)[metric][:3])


@pytest.mark.parametrize("metric", PIXEL_METRICS)
def test_worse_predictions_score_worse(metric: str) -> None:
    """Twice the error in log-depth is never better."""
    prediction, target, valid = make_depth()
    near = scores(image_sums(prediction, target, valid))[metric][:2]
    far = scores(image_sums(prediction**2 / target, target, valid))[metric][:2]
    sign = -1 if metric.startswith(("delta", "edge", "boundary")) else 1
    assert (sign * (far - near) > 0).all()
