"""Reports of the same scores, whose intervals are drawn once."""

from collections.abc import Iterator
from functools import cache

import pytest

from depth_unet.metrics.accumulate import MetricAccumulator


@pytest.fixture(scope="module", autouse=True)
def intervals_drawn_once() -> Iterator[None]:
    """A thousand resamples for every split and guess took most of the time of a page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MetricAccumulator, "summary", cache(MetricAccumulator.summary))
        yield
