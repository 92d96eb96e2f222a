"""Photos and depth maps are paired by time."""

import pytest

from depth_unet.data.forms.timing import pair_by_time
from depth_unet.errors import DataError


def test_each_is_the_nearest_of_the_other() -> None:
    """Of two photos near to a depth map, the nearer one has it; the lists need no order."""
    photos = [0.200, 0.000, 0.010, 0.300]
    depths = [0.301, 0.008, 0.219]
    assert pair_by_time(photos, depths, "here") == [(2, 1), (0, 2), (3, 0)]


def test_no_more_than_20_ms() -> None:
    """One millisecond more is too much."""
    assert pair_by_time([0.0, 1.0], [0.0199, 1.0201], "here") == [(0, 0)]


def test_no_pair() -> None:
    """How far they are apart, and what to do."""
    with pytest.raises(DataError, match=r"here: .*the nearest are 0\.35 s apart.*time stamps"):
        pair_by_time([0.0, 1.0], [1.35, 2.5], "here")
    with pytest.raises(DataError, match="here holds no depth maps"):
        pair_by_time([0.0], [], "here")
    with pytest.raises(DataError, match="here holds no photos"):
        pair_by_time([], [0.0], "here")


def test_few_pairs() -> None:
    """Most depth maps without photo are a sign of two clocks; most photos without depth, not."""
    with pytest.warns(UserWarning, match="here: only 1 of 3 frames"):
        assert pair_by_time([0, 1, 2, 3], [0.01, 1.1, 2.2], "here") == [(0, 0)]
    assert len(pair_by_time([0, 1, 2, 3, 4, 5], [0.0, 2.0, 4.0], "here")) == 3
