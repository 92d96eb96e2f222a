"""Structural similarity."""

import csv
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from skimage.metrics import structural_similarity
from torch import Tensor

from depth_unet.errors import ConfigError
from depth_unet.losses.ssim import num_windows, ssim, ssim_map

RANGE_M = 10.0
SKIMAGE_ATOL = 1e-5


def skimage_map(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Scikit-image's SSIM at the pixels that have a whole window."""
    _, full = structural_similarity(
        prediction,
        target,
        data_range=RANGE_M,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return np.asarray(full[5:-5, 5:-5])


def numpy_factors(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Luminance, contrast and structure, window by window as in the paper."""
    bell = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.outer(bell, bell) / bell.sum() ** 2
    wx, wy = (sliding_window_view(image, (11, 11)) for image in (x, y))
    mx, my = ((w * weights).sum((-2, -1)) for w in (wx, wy))
    dx, dy = wx - mx[..., None, None], wy - my[..., None, None]
    vx, vy, cov = ((a * b * weights).sum((-2, -1)) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    c1, c2 = (0.01 * RANGE_M) ** 2, (0.03 * RANGE_M) ** 2
    sxsy = np.sqrt(vx * vy)
    luminance = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    return luminance, (2 * sxsy + c2) / (vx + vy + c2), (cov + c2 / 2) / (sxsy + c2 / 2)


def random_pair(seed: int, height: int = 24, width: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Two maps between 0 and 10 m, alike to a degree that the seed sets."""
    random = np.random.default_rng(seed)
    target = random.uniform(0, RANGE_M, (height, width))
    noise = random.uniform(0, RANGE_M, (height, width))
    likeness = seed % 5 / 4
    return likeness * target + (1 - likeness) * noise, target


def to_tensor(image: np.ndarray, dtype: torch.dtype = torch.float64) -> Tensor:
    """One map as a batch."""
    return torch.tensor(image, dtype=dtype)[None, None]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("seed", range(20))
def test_equals_skimage_on_random_pairs(seed: int, dtype: torch.dtype) -> None:
    """With all exponents 1, every window has scikit-image's value to 1e-5."""
    prediction, target = random_pair(seed)
    ours = ssim_map(to_tensor(prediction, dtype), to_tensor(target, dtype), data_range_m=RANGE_M)
    assert np.abs(ours[0, 0].numpy() - skimage_map(prediction, target)).max() < SKIMAGE_ATOL


@pytest.mark.nyu
def test_equals_skimage_on_real_pairs(nyu_root: Path) -> None:
    """The same in fp32 on five pairs of neighbouring real depth maps at full size."""
    with (nyu_root / "index.csv").open(newline="") as file:
        names = [row["depth"] for row in csv.DictReader(file)][:6]
    depths_m = [
        cv2.imread(str(nyu_root / name), cv2.IMREAD_UNCHANGED).astype(np.float64) / 1000
        for name in names
    ]
    for prediction, target in pairwise(depths_m):
        ours = ssim_map(
            to_tensor(prediction, torch.float32),
            to_tensor(target, torch.float32),
            data_range_m=RANGE_M,
        )
        assert np.abs(ours[0, 0].numpy() - skimage_map(prediction, target)).max() < SKIMAGE_ATOL


@pytest.mark.parametrize(
    "exponents",
    [
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        (0.0, 0.0, 1.0),
        (1.0, 0.0, 1.0),
        (2.0, 1.0, 3.0),
        (0.5, 0.3, 0.7),
    ],
)
@pytest.mark.parametrize("seed", [2, 3])
def test_factors_apart_equal_numpy(seed: int, exponents: tuple[float, float, float]) -> None:
    """Each factor, raised to its exponent with its sign kept, is that of the paper."""
    prediction, target = random_pair(seed)
    factors = numpy_factors(prediction, target)
    expected = np.prod(
        [np.sign(f) * np.abs(f) ** p for f, p in zip(factors, exponents, strict=True) if p], axis=0
    )
    ours = ssim_map(
        to_tensor(prediction),
        to_tensor(target),
        data_range_m=RANGE_M,
        luminance=exponents[0],
        contrast=exponents[1],
        structure=exponents[2],
    )
    # Powers are straightened below 1e-3, and the noise under the root is 1e-8 of C2.
    clear = np.abs(factors[2]) > 0.05
    assert clear.mean() > 0.5
    np.testing.assert_allclose(ours[0, 0].numpy()[clear], expected[clear], atol=1e-4)


def test_product_of_factors_needs_no_root() -> None:
    """Contrast times structure by way of the root is the closed form, up to the noise."""
    prediction, target = (to_tensor(image) for image in random_pair(2))
    closed = ssim_map(prediction, target, data_range_m=RANGE_M)
    apart = ssim_map(prediction, target, data_range_m=RANGE_M, structure=1 + 1e-12)
    torch.testing.assert_close(closed, apart, rtol=0, atol=1e-7)


def test_contrast_can_be_off() -> None:
    """With contrast and luminance off, depth stretched threefold is still perfectly similar."""
    _, target = random_pair(0)
    off = {"luminance": 0.0, "contrast": 0.0}
    stretched = ssim_map(to_tensor(3 * target), to_tensor(target), data_range_m=RANGE_M, **off)
    torch.testing.assert_close(stretched, torch.ones_like(stretched), rtol=0, atol=1e-6)
    with_contrast = ssim_map(
        to_tensor(3 * target), to_tensor(target), data_range_m=RANGE_M, luminance=0.0
    )
    assert with_contrast.max() < 0.9


@pytest.mark.parametrize("exponents", [(1, 1, 1), (1, 0, 1), (0.5, 0.3, 0.7), (2, 3, 0)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_lies_between_minus_one_and_one(
    exponents: tuple[float, float, float], dtype: torch.dtype
) -> None:
    """No pair leaves [-1, 1]: alike, opposite, flat, beyond the range; equal maps reach 1."""
    prediction, target = random_pair(3)
    flat = np.full_like(target, 7.0)
    maps = [target, prediction, RANGE_M - target, flat, 100 * target, flat + 1e-4 * target]
    names = ("luminance", "contrast", "structure")
    settings = dict(zip(names, map(float, exponents), strict=True))
    for x in maps:
        for y in maps:
            pair = (to_tensor(x, dtype), to_tensor(y, dtype))
            similarity = ssim_map(*pair, data_range_m=RANGE_M, **settings)
            assert similarity.abs().max() <= 1 + 1e-6
            if x is y:
                assert (similarity == 1).all()


def test_opposite_structure_is_negative() -> None:
    """Depth that rises where it should fall is worse than no likeness at all."""
    _, target = random_pair(0)
    similarity = ssim_map(to_tensor(RANGE_M - target), to_tensor(target), data_range_m=RANGE_M)
    assert similarity.max() < -0.5


@pytest.mark.parametrize("offset_m", [0.0, 9.0])
def test_single_precision_at_full_range(offset_m: float) -> None:
    """A ramp over 10 m with 2 cm of noise: fp32 agrees with float64 to 1e-5, also far off."""
    random = np.random.default_rng(0)
    ramp = np.linspace(1, 10, 128) + 0.02 * random.normal(size=(96, 128))
    other = ramp + 0.02 * random.normal(size=ramp.shape) + offset_m
    for settings in ({}, {"contrast": 0.0}, {"structure": 0.5}):
        double, single = (
            ssim_map(
                to_tensor(other, dtype), to_tensor(ramp, dtype), data_range_m=RANGE_M, **settings
            )
            for dtype in (torch.float64, torch.float32)
        )
        torch.testing.assert_close(single.double(), double, rtol=0, atol=1e-5)


@pytest.mark.parametrize("exponent", [0.1, 0.5, 1.5])
def test_power_has_a_finite_gradient_at_zero(exponent: float) -> None:
    """Uncorrelated windows (structure near 0) and flat ones have a finite gradient in fp32."""
    stripes = torch.arange(13.0).remainder(2).expand(13, 13)[None, None].contiguous()
    for target in (stripes.mT, torch.full_like(stripes, 7.0)):
        prediction = (stripes + 1).requires_grad_()
        similarity = ssim_map(
            prediction, target, data_range_m=0.01, contrast=0.0, structure=exponent
        )
        (slope,) = torch.autograd.grad(similarity.sum(), prediction)
        assert slope.isfinite().all()


@pytest.mark.parametrize("settings", [{}, {"contrast": 0.0}, {"structure": 0.5}])
def test_flat_depth_has_a_finite_gradient(settings: dict[str, float]) -> None:
    """In fp32, flat prediction and flat target give finite gradients of moderate size."""
    target = torch.full((1, 1, 20, 20), 7.3)
    prediction = torch.full_like(target, 2.1).requires_grad_()
    term = ssim(prediction, target, target > 0, data_range_m=RANGE_M, **settings)
    (slope,) = torch.autograd.grad(term.sum / term.count, prediction)
    assert slope.abs().max() < 1.0


def test_one_invalid_pixel_takes_its_windows_out() -> None:
    """The loss is the mean over exactly those windows that the pixel is not in."""
    prediction, target = (to_tensor(image) for image in random_pair(2))
    valid = torch.ones_like(target, dtype=torch.bool)
    valid[..., 3, 20] = False
    counted = torch.ones(14, 20, dtype=torch.bool)
    counted[:4, 10:] = False
    similarity = ssim_map(prediction, target, data_range_m=RANGE_M)[0, 0]
    term = ssim(prediction, target, valid, data_range_m=RANGE_M, scale=2.0)
    assert term.count == counted.sum() == num_windows(valid)
    torch.testing.assert_close(term.sum, (1 - similarity)[counted].sum())


def test_prediction_and_target_may_change_places() -> None:
    """Similarity is symmetric."""
    prediction, target = (to_tensor(image) for image in random_pair(3))
    for structure in (1.0, 0.5):
        one, other = (
            ssim_map(*pair, data_range_m=RANGE_M, structure=structure)
            for pair in ((prediction, target), (target, prediction))
        )
        torch.testing.assert_close(one, other)


def test_map_has_one_value_per_whole_window() -> None:
    """A map of 11 by 13 pixels has 1 by 3 windows."""
    depth = torch.ones(2, 1, 11, 13)
    assert ssim_map(depth, depth, data_range_m=RANGE_M).shape == (2, 1, 1, 3)


def test_refuses_maps_smaller_than_its_window() -> None:
    """Ten rows hold no window: the message gives the size found and the size needed."""
    depth = torch.ones(1, 1, 10, 40)
    valid = depth > 0
    with pytest.raises(ConfigError, match=r"40x10.*11x11"):
        ssim(depth, depth, valid, data_range_m=RANGE_M)
    with pytest.raises(ConfigError, match=r"40x10.*11x11"):
        num_windows(valid)
