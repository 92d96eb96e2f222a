"""Depth as files hold it."""

import numpy as np
import pytest

from depth_unet.images.millimetres import as_millimetres


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounds_to_millimetres(dtype: type) -> None:
    """The nearest whole millimetre, up to the last one that 16 bits hold."""
    depth_m = np.array([[0.001, 1.2344, 1.2346, 10.0, 65.535]], dtype)
    found = as_millimetres(depth_m)
    assert found.dtype == np.uint16
    assert found.tolist() == [[1, 1234, 1235, 10_000, 65_535]]


@pytest.mark.parametrize("depth_m", [0.0, -1.0, 0.0004, 65.536, 1e9, np.nan, np.inf, -np.inf])
def test_what_is_no_depth_is_a_hole(depth_m: float) -> None:
    """Nothing is cut at the end of the range: it would be read as measured."""
    assert as_millimetres(np.array([[depth_m]])).tolist() == [[0]]
