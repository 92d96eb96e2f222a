"""What prediction takes from NumPy and jaxtyping without their slow imports."""

import numpy as np
import pytest

from depth_unet.arrays import percentiles
from tests.imports import imported_by

SLOW = {"jaxtyping", "numpy.ma", "typeguard", "yaml", "asyncio", "matplotlib", "torch", "pandas"}


@pytest.mark.parametrize("count", [1, 2, 3, 100, 4001])
def test_percentiles_are_those_of_numpy(count: int) -> None:
    """They interpolate between neighbours, as NumPy does."""
    values = np.random.default_rng(count).uniform(0.3, 10, count).astype(np.float32)
    shares = (0, 1, 5, 50, 95, 99, 100)
    np.testing.assert_allclose(percentiles(values, shares), np.percentile(values, shares), 1e-6)


def test_cold_start_is_lean() -> None:
    """`predict` imports nothing slow that it does not need."""
    assert not SLOW & imported_by("import depth_unet.cli.predict.command")
