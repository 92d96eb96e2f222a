"""Verdicts and sentences from paired differences."""

import pytest

from depth_unet.metrics.depth import METRIC_NAMES
from depth_unet.report.comparison.results import FEWEST_IMAGES, verdict
from depth_unet.report.comparison.text import judge, points


def interval(low: float, high: float) -> dict[str, float]:
    """An interval around its middle."""
    return {"mean": (low + high) / 2, "low": low, "high": high}


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_better_is_lower_but_for_delta(metric: str) -> None:
    """An interval on one side of 0 decides, by the direction of the metric."""
    falls, rises = (
        ("worse", "better")
        if metric.startswith(("delta", "edge", "boundary"))
        else ("better", "worse")
    )
    assert verdict(metric, interval(-0.2, -0.1), 50) == falls
    assert verdict(metric, interval(0.1, 0.2), 50) == rises


@pytest.mark.parametrize(("low", "high"), [(-0.1, 0.2), (0.0, 0.0), (-0.1, 0.0), (0.0, 0.1)])
def test_interval_that_holds_zero_shows_nothing(low: float, high: float) -> None:
    """An interval that contains 0, or ends at it, shows no difference."""
    assert verdict("abs_rel", interval(low, high), 1000) == "no difference"


def test_few_images_show_nothing() -> None:
    """With a handful of images the bootstrap interval is too narrow for a verdict."""
    sure = interval(0.1, 0.2)
    assert verdict("abs_rel", sure, FEWEST_IMAGES - 1) == "no difference"
    assert verdict("abs_rel", sure, FEWEST_IMAGES) == "worse"
    assert f"at least {FEWEST_IMAGES} photos" in judge("a", "b", sure, FEWEST_IMAGES - 1)


def test_words_give_the_verdict_and_the_interval() -> None:
    """Each sentence names both runs, the photos, the difference and its interval."""
    text = judge("a", "b", interval(-0.03, -0.01), 40).replace("\xa0", " ")
    assert text == (
        "“b” is better than “a” on these 40 photos: its mean error differs by −2.00 percentage "
        "points (95 % interval of the difference: −3.00 to −1.00)."
    )
    assert "“b” is worse than “a” on these 40 photos" in judge("a", "b", interval(0.01, 0.03), 40)
    same = judge("a", "b", interval(-0.01, 0.02), 40)
    assert "These 40 photos show no difference between “b” and “a”" in same
    assert "the interval contains 0" in same


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0123, "+1.23"), (-0.0123, "−1.23"), (0.0, "0.00"), (-0.00001, "0.00"), (0.1, "+10.00")],
)
def test_points_have_a_sign_unless_they_are_zero(share: float, shown: str) -> None:
    """Percentage points to the hundredth; what rounds to 0 leans to no side."""
    assert points(share) == shown
