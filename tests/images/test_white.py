"""The value of white: every range of values becomes 0 to 255."""

from contextlib import nullcontext

import numpy as np
import pytest

from depth_unet.errors import DataError
from depth_unet.images.white import as_8_bits


@pytest.mark.parametrize(
    ("largest", "dtype", "white", "guess"),
    [
        (1.0, np.float32, 1, False),
        (0.2, np.float32, 1, False),
        (1.05, np.float32, 1, True),  # resampled
        (3.0, np.float64, 1, True),  # highlights
        (255.0, np.float32, 255, True),
        (270.0, np.float32, 255, True),
        (60_000.0, np.float32, 65535, True),
        (200, np.uint16, 255, True),
        (1000, np.uint16, 1023, True),
        (4095, np.int32, 4095, True),
        (16_000, np.uint16, 16383, True),
        (16_384, np.uint16, 65535, False),
        (65_535, np.int32, 65535, False),
        (0, np.uint16, 255, False),
    ],
)
def test_white(largest: float, dtype: type, white: int, guess: bool) -> None:
    """White is the smallest value that the largest one allows; a guess gives a warning."""
    values = np.array([0, largest / 2, largest], dtype)
    with pytest.warns(UserWarning, match=f"{white} is assumed") if guess else nullcontext():
        found = as_8_bits(values, "a photo")
    assert found.tolist() == np.rint(np.clip(values / white, 0, 1) * 255).tolist()


def test_white_of_the_file() -> None:
    """Where the file states what is white, nothing is guessed."""
    assert as_8_bits(np.array([600], np.uint16), "a photo", 4095).tolist() == [37]


def test_no_numbers() -> None:
    """NaN and minus infinity are black, infinity is white; they do not change the others."""
    values = np.array([np.nan, -np.inf, np.inf, 0.5], np.float32)
    assert as_8_bits(values, "a photo").tolist() == [0, 0, 255, 128]


def test_8_bits_stay() -> None:
    """Photos of 8 bits keep every bit, without a copy."""
    values = np.arange(9, dtype=np.uint8)
    assert as_8_bits(values, "a photo") is values


@pytest.mark.parametrize(
    "values",
    [
        np.array([-1.0, 1.0], np.float32),
        np.array([-2.1, 2.6], np.float32),
        np.array([-5, 9000], np.int32),
        np.array([0, 70_000], np.int32),
        np.array([0, 1e6], np.float32),
    ],
)
def test_unknown_ranges_are_refused(values: np.ndarray) -> None:
    """Normalised photos, and values that no photo has, are not clipped."""
    with pytest.raises(DataError, match=r"a photo holds values from .*; expected 0 to 65535"):
        as_8_bits(values, "a photo")
