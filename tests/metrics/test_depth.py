"""The field's depth metrics."""

import math

import pytest
import torch
from torch import Tensor

from depth_unet.metrics.depth import METRIC_NAMES, SUM_NAMES, image_sums, scores
from depth_unet.metrics.edges import EDGE_NAMES
from tests.tolerances import TOLERANCE


def row(*pixels_m: float) -> Tensor:
    """An image of one row."""
    return torch.tensor(pixels_m, dtype=torch.float64).view(1, 1, 1, -1)


def test_two_pixels_by_hand() -> None:
    """2 m predicted as 1 m, 4 m predicted as 5 m: every metric worked out on paper."""
    target = row(2, 4)
    values = scores(image_sums(row(1, 5), target, target > 0))
    low, high = math.log(1 / 2), math.log(5 / 4)
    expected = {
        "abs_rel": (1 / 2 + 1 / 4) / 2,
        "sq_rel": (1 / 2 + 1 / 4) / 2,
        "rmse": 1.0,
        "rmse_log": math.sqrt((low**2 + high**2) / 2),
        "log10": (math.log10(2) + math.log10(5 / 4)) / 2,
        "silog": 100 * (high - low) / 2,
        "delta1": 0.0,
        "delta2": 0.5,
        "delta3": 0.5,
    }
    assert list(values) == list(METRIC_NAMES) == [*expected, *EDGE_NAMES]
    for name, value in expected.items():
        torch.testing.assert_close(
            values[name], torch.tensor([value], dtype=torch.float64), **TOLERANCE[torch.float64]
        )


def test_abs_rel_divides_by_the_ground_truth() -> None:
    """Swapped arguments give another value: 1 m against 2 m is .5, 2 m against 1 m is 1."""
    one, two = row(1), row(2)
    assert scores(image_sums(one, two, two > 0))["abs_rel"] == 0.5
    assert scores(image_sums(two, one, one > 0))["abs_rel"] == 1.0


@pytest.mark.parametrize(
    ("ratio", "hits"),
    [
        *((1.2499, (1, 1, 1)), (1.25, (0, 1, 1)), (1.5624, (0, 1, 1)), (1.5626, (0, 0, 1))),
        *((1.9531, (0, 0, 1)), (1.9532, (0, 0, 0))),
    ],
)
def test_delta_is_strict_and_symmetric(ratio: float, hits: tuple[int, ...]) -> None:
    """The thresholds are powers of 1.25, which are no hits; too far counts like too near."""
    target = row(4)
    for prediction in (target * ratio, target / ratio):
        values = scores(image_sums(prediction, target, target > 0))
        assert tuple(int(values[f"delta{k}"]) for k in (1, 2, 3)) == hits


def test_silog_ignores_a_constant_factor() -> None:
    """A prediction that is off by one factor everywhere has silog 0, though rmse_log is not."""
    target = row(1, 2, 3, 7)
    values = scores(image_sums(3 * target, target, target > 0))
    assert values["silog"] < 1e-5
    torch.testing.assert_close(values["rmse_log"], torch.tensor([math.log(3)]).double())


def test_sums_of_images_are_the_sums_of_their_pixels() -> None:
    """Rows may be added: the total is the row of one image that holds all pixels."""
    target, prediction = row(1, 2, 3, 4, 5), row(1.1, 2.3, 2.0, 9.0, 5.0)
    valid = target < 5
    whole = image_sums(prediction, target, valid)
    parts = [
        image_sums(prediction[..., part], target[..., part], valid[..., part])
        for part in (slice(0, 2), slice(2, 5))
    ]
    of_pixels = slice(0, -len(EDGE_NAMES))
    torch.testing.assert_close(
        (parts[0] + parts[1])[:, of_pixels], whole[:, of_pixels], **TOLERANCE[torch.float64]
    )
    assert whole[0, SUM_NAMES.index("count")] == 4


def test_nan_in_a_prediction_is_not_hidden() -> None:
    """A prediction that is NaN at a valid pixel makes the metrics NaN instead of better."""
    target = row(1, 2)
    assert scores(image_sums(row(1, math.nan), target, target > 0))["abs_rel"].isnan().all()
