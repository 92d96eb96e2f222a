"""Colours: order, holes, ranges."""

from typing import get_args

import matplotlib
import numpy as np
import pytest

from depth_unet.config.choices import ColormapChoice
from depth_unet.errors import ConfigError
from depth_unet.figures.colour import (
    DEPTH_COLORMAP,
    ERROR_COLORMAP,
    HOLE_GREY,
    colour_table,
    colourise,
    depth_range,
)

GREY = [HOLE_GREY] * 3


def test_lightness_falls_with_depth() -> None:
    """Nearer is never darker, so the picture reads in grey print too."""
    depth_m = np.linspace(1.0, 5.0, 256, dtype=np.float32)[None]
    luma = colourise(depth_m, 1.0, 5.0)[0] @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luma) <= 0.5).all()
    assert luma[0] > 230
    assert luma[-1] < 10


@pytest.mark.parametrize("hole", [0.0, -1.0, np.nan, np.inf, -np.inf])
def test_holes_are_grey(hole: float) -> None:
    """Pixels without depth are grey and change no other pixel."""
    depth_m = np.array([[1.0, 2.0, 3.0]], dtype=np.float32)
    holed_m = depth_m.copy()
    holed_m[0, 1] = hole
    painted = colourise(holed_m, 1.0, 3.0)
    assert painted.dtype == np.uint8
    assert painted[0, 1].tolist() == GREY
    np.testing.assert_array_equal(painted[:, ::2], colourise(depth_m, 1.0, 3.0)[:, ::2])


@pytest.mark.parametrize("colormap", [DEPTH_COLORMAP, ERROR_COLORMAP])
def test_no_colour_looks_like_a_hole(colormap: str) -> None:
    """Every shade keeps its distance from the grey of holes."""
    shades = colour_table(colormap).astype(float)
    assert np.linalg.norm(shades - HOLE_GREY, axis=1).min() > 40


@pytest.mark.parametrize("name", [*get_args(ColormapChoice), ERROR_COLORMAP])
def test_tables_are_those_of_matplotlib(name: str) -> None:
    """Every stored colour map is matplotlib's, in both directions."""
    for direction in (name, f"{name}_r"):
        expected = matplotlib.colormaps[direction](np.linspace(0, 1, 256), bytes=True)[:, :3]
        np.testing.assert_array_equal(colour_table(direction), expected)


def test_depth_beyond_the_range_takes_the_end_colour() -> None:
    """Nearer than the range looks like its near end, farther like its far end."""
    depth_m = np.array([[0.1, 1.0, 5.0, 90.0]], dtype=np.float32)
    painted = colourise(depth_m, 1.0, 5.0)[0].tolist()
    assert painted[0] == painted[1]
    assert painted[2] == painted[3]


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (0.0, np.nan), (0.0, np.inf)])
def test_a_range_must_be_one(low: float, high: float) -> None:
    """An empty, reversed or endless range is refused."""
    with pytest.raises(ConfigError, match="colour range"):
        colourise(np.ones((2, 2), dtype=np.float32), low, high)


def test_an_unknown_colour_map_is_named() -> None:
    """The message repeats the name and offers one that exists."""
    with pytest.raises(ConfigError, match=r"'rainbow_of_doom'.*magma_r"):
        colourise(np.ones((2, 2), dtype=np.float32), 0.0, 1.0, colormap="rainbow_of_doom")


def test_the_range_is_shared_robust_and_rounded_outward() -> None:
    """All maps count, holes and 1 % outliers do not, the ends lie on tenths outside."""
    first_m = np.linspace(1.0, 3.0, 1000, dtype=np.float32).reshape(20, 50)
    second_m = np.linspace(2.0, 4.0, 1000, dtype=np.float32).reshape(20, 50)
    second_m[0, :5] = (0.0, np.nan, np.inf, -4.0, 80.0)
    low_m, high_m = depth_range(first_m, second_m)
    assert (low_m, high_m) == (1.0, 4.0)


def test_a_tenth_in_float32_stays_that_tenth() -> None:
    """2.3 is stored as 2.2999999; rounding outward does not turn it into 2.2."""
    depth_m = np.array([2.3, 4.7], dtype=np.float32)
    assert depth_range(depth_m, tail_percent=0.0) == (2.3, 4.7)


@pytest.mark.parametrize(
    ("value_m", "expected"), [(2.0, (1.9, 2.1)), (2.04, (2.0, 2.1)), (0.02, (0.0, 0.1))]
)
def test_flat_depth_has_a_range(value_m: float, expected: tuple[float, float]) -> None:
    """A flat map gets a range that holds it and is not empty."""
    assert depth_range(np.full((3, 4), value_m, dtype=np.float32)) == expected


@pytest.mark.parametrize("depths_m", [(), (np.zeros((3, 4)),), (np.full((3, 4), np.nan),)])
def test_no_depth_has_a_range(depths_m: tuple[np.ndarray, ...]) -> None:
    """Without a valid pixel the range is that of rooms, and can be painted with."""
    assert depth_range(*depths_m) == (0.0, 10.0)
    for depth_m in depths_m:
        assert (colourise(depth_m, *depth_range(depth_m)) == HOLE_GREY).all()
