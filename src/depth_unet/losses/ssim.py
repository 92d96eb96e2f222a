"""Structural similarity of depth maps: luminance, contrast and structure of local windows."""

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from depth_unet.config.loss import SSIM_WINDOW
from depth_unet.errors import ConfigError
from depth_unet.losses.masking import upcast
from depth_unet.records import SumCount

SIGMA_PX = 1.5
K1, K2 = 0.01, 0.03
NOISE_SHARE = 1e-8
"""Variance added to both windows before a root is taken, in units of C2: far below any sensor."""
SOFT_SIGN = 1e-3
"""Below this size a signed power turns into a straight line, which bounds its slope."""

_RADIUS = SSIM_WINDOW // 2
_BELLS = [math.exp(-0.5 * (offset / SIGMA_PX) ** 2) for offset in range(-_RADIUS, _RADIUS + 1)]
_TAPS = [bell / sum(_BELLS) for bell in _BELLS]


def ssim(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    *,
    data_range_m: float,
    luminance: float = 1.0,
    contrast: float = 1.0,
    structure: float = 1.0,
    scale: float = 1.0,
) -> SumCount:
    """Structural dissimilarity, summed over the windows that hold valid pixels only.

    ``loss = scale * (1 - SSIM) / 2``, between 0 and ``scale``; ``ssim_map`` has the formula.

    Args:
        prediction_m: Predicted depth, metres.
        target_m: True depth, metres; may be NaN where ``valid`` is False.
        valid: True where the target may be used. A window of 11×11 counts if all of it is valid.
        data_range_m: Range that the constants refer to, metres, positive.
        luminance: Exponent of the luminance factor, at least 0; 0 turns it off.
        contrast: Exponent of the contrast factor, at least 0; 0 turns it off.
        structure: Exponent of the structure factor, at least 0; 0 turns it off.
        scale: Factor of the loss, positive.

    Returns:
        Sum over windows (no unit) and number of counted windows, at least fp32. Without a counted
        window both are 0 and so is the gradient. A perfect prediction has sum 0.

    Raises:
        ConfigError: The maps are smaller than a window.

    Example:
        >>> import torch
        >>> target_m = torch.rand(1, 1, 16, 16)
        >>> float(ssim(target_m, target_m, target_m >= 0, data_range_m=10.0).sum)
        0.0

    Reference:
        Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity,
        IEEE TIP 2004, equations 6 to 13.
    """
    prediction_m, target_m = _fill_invalid(upcast(prediction_m), upcast(target_m), valid)
    similarity = ssim_map(
        prediction_m,
        target_m,
        data_range_m=data_range_m,
        luminance=luminance,
        contrast=contrast,
        structure=structure,
    )
    counted = _valid_windows(valid)
    loss = torch.where(counted, (1 - similarity) * (scale / 2), torch.zeros_like(similarity))
    return SumCount(loss.sum(), counted.sum().float())


def num_windows(valid: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """Number of 11×11 windows without an invalid pixel, fp32.

    Raises:
        ConfigError: The mask is smaller than a window.
    """
    _require_window(valid)
    return _valid_windows(valid).sum().float()


def ssim_map(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    *,
    data_range_m: float,
    luminance: float = 1.0,
    contrast: float = 1.0,
    structure: float = 1.0,
) -> Float[Tensor, "b 1 h-10 w-10"]:
    """Similarity of the 11×11 windows around all pixels that have a whole one.

    With Gaussian weights (σ 1.5), means ``mx my``, variances ``vx vy``, covariance ``cov``,
    ``sx = sqrt(vx)``, and ``C1 = (0.01 range)^2``, ``C2 = (0.03 range)^2``, ``C3 = C2 / 2``:

    ``l = (2 mx my + C1) / (mx^2 + my^2 + C1)``
    ``c = (2 sx sy + C2) / (vx + vy + C2)``
    ``s = (cov + C3) / (sx sy + C3)``
    ``SSIM = l^luminance * c^contrast * s^structure``

    Equal exponents of contrast and structure, the default, use
    ``c * s = (2 cov + C2) / (vx + vy + C2)``: no root, and the value of scikit-image. Otherwise
    both windows get the same tiny noise, ``vx + n, vy + n, cov + n`` with ``n = 1e-8 C2``, so that
    the root has a gradient where depth is flat. A power of a negative factor keeps the sign:
    ``v^p = sign(v) |v|^p``, straightened below 1e-3 so that its gradient is finite at 0.

    Args:
        prediction_m: Predicted depth, metres, finite.
        target_m: True depth, metres, finite.
        data_range_m: Range that the constants refer to, metres, positive.
        luminance: Exponent of ``l``, at least 0; 0 turns it off.
        contrast: Exponent of ``c``, at least 0; 0 turns it off.
        structure: Exponent of ``s``, at least 0; 0 turns it off.

    Returns:
        SSIM in [-1, 1], at least fp32; 1 for equal windows, flat ones included.

    Raises:
        ConfigError: The maps are smaller than a window.

    Example:
        >>> import torch
        >>> target_m = torch.rand(1, 1, 16, 20)
        >>> ssim_map(target_m, target_m, data_range_m=10.0).shape
        torch.Size([1, 1, 6, 10])

    Reference:
        Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity,
        IEEE TIP 2004, equations 6 to 13.
    """
    _require_window(target_m)
    c1, c2 = (K1 * data_range_m) ** 2, (K2 * data_range_m) ** 2
    windows = _window_statistics(upcast(prediction_m), upcast(target_m))
    similarity = _power(_luminance(windows, c1), luminance)
    if contrast == structure:
        return similarity * _power(_contrast_structure(windows, c2), contrast)
    noise = NOISE_SHARE * c2
    variance_x = windows.variance_x.clamp(min=0) + noise  # rounding can leave it below 0
    variance_y = windows.variance_y.clamp(min=0) + noise
    covariance = (variance_x + variance_y - windows.variance_error) / 2
    deviations = (variance_x * variance_y).sqrt()
    contrast_factor = (2 * deviations + c2) / (variance_x + variance_y + c2)
    structure_factor = (covariance + c2 / 2) / (deviations + c2 / 2)
    return similarity * _power(contrast_factor, contrast) * _power(structure_factor, structure)


class _Windows(NamedTuple):
    """Gaussian-weighted statistics of each window: x is the prediction, y the target."""

    mean_x: Tensor
    mean_y: Tensor
    mean_error: Tensor
    variance_x: Tensor
    variance_y: Tensor
    variance_error: Tensor


def _window_statistics(prediction_m: Tensor, target_m: Tensor) -> _Windows:
    """Statistics of prediction, target and error, which is small where they are alike."""
    # The target is separate: in training it needs no backward pass.
    mean_y, variance_y = _moments(target_m)
    mean, variance = _moments(torch.stack((prediction_m, prediction_m - target_m)))
    return _Windows(mean[0], mean_y, mean[1], variance[0], variance_y, variance[1])


def _luminance(windows: _Windows, c1: float) -> Tensor:
    # 1 - (mx - my)^2 / ... is the same as (2 mx my + C1) / ..., and exactly 1 for equal means.
    squares = windows.mean_x.square() + windows.mean_y.square()
    return 1 - windows.mean_error.square() / (squares + c1)


def _contrast_structure(windows: _Windows, c2: float) -> Tensor:
    # 1 - var(x - y) / ... is the same as (2 cov + C2) / ..., and exactly 1 for equal windows.
    return 1 - windows.variance_error / (windows.variance_x + windows.variance_y + c2)


def _power(values: Tensor, exponent: float) -> Tensor:
    if exponent == 0:
        return torch.ones_like(values)
    if exponent == 1:
        return values
    shrink = (exponent - 1) / 2
    return values * ((values.square() + SOFT_SIGN**2) / (1 + SOFT_SIGN**2)) ** shrink


def _fill_invalid(prediction_m: Tensor, target_m: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Both maps with the image's mean valid target in place of invalid pixels."""
    zero = torch.zeros((), dtype=target_m.dtype, device=target_m.device)
    num_valid = valid.sum(dim=(-2, -1), keepdim=True).clamp(min=1)
    known_m = torch.where(valid, target_m, zero)
    mean_m = known_m.detach().sum(dim=(-2, -1), keepdim=True) / num_valid
    return torch.where(valid, prediction_m, mean_m), torch.where(valid, target_m, mean_m)


def _valid_windows(valid: Tensor) -> Tensor:
    """Whether each window is valid throughout: runs of 2, 4, 8, then 11, along both axes."""
    for dim in (-2, -1):
        for step in (1, 2, 4, 3):
            length = valid.shape[dim] - step
            valid = valid.narrow(dim, 0, length) & valid.narrow(dim, step, length)
    return valid


def _require_window(maps: Tensor) -> None:
    height, width = maps.shape[-2:]
    if min(height, width) < SSIM_WINDOW:
        raise ConfigError(
            f"SSIM got maps of {width}x{height}; its window needs at least "
            f"{SSIM_WINDOW}x{SSIM_WINDOW}; enlarge the canvas or set loss.ssim to 0"
        )


def _moments(maps: Tensor) -> tuple[Tensor, Tensor]:
    mean, variance = _Moments.apply(maps)  # type: ignore[no-untyped-call]
    return mean, variance


class _Moments(torch.autograd.Function):
    """Gaussian-weighted mean and variance of every whole window, as separable sums.

    ``E[x^2] - E[x]^2`` of depth near 10 m in fp32 is wrong by 1e-5 m², which moves SSIM by 1e-4
    beside C2. Here rows are compared with their own centre, then the means of rows with theirs
    (variance = mean of variances + variance of means), so that only local differences are squared.

    Sums of shifted slices rather than convolutions: on a CPU, 16 images of 96×128, a blur and its
    backward are 40 times faster than ``conv2d`` with one channel and 6 times faster than a grouped
    one, and no setting (autocast, TF32) lowers the precision.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> tuple[Tensor, Tensor]:
        mean_along_y, variance_along_y = _line_moments(maps, -2)
        mean, variance_of_means = _line_moments(mean_along_y, -1)
        ctx.save_for_backward(maps, mean)
        return mean, variance_of_means + _blur_line(variance_along_y, -1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        maps: Tensor
        maps, mean = ctx.saved_tensors
        grad_mean, grad_variance = grads
        # d variance / d x_j = 2 w_j (x_j - mean); the kernel is symmetric, so a blur of the padded
        # map sends the gradient of each window back to its pixels.
        spread = _blur_back(torch.stack((grad_mean - 2 * grad_variance * mean, grad_variance)))
        return spread[0] + 2 * maps * spread[1]


def _line_moments(maps: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Mean and variance of 11 neighbours along one axis, from differences to the middle one."""
    length = maps.shape[dim] - SSIM_WINDOW + 1
    middle = maps.narrow(dim, _RADIUS, length)
    mean, square = torch.zeros_like(middle), torch.zeros_like(middle)
    for start, weight in enumerate(_TAPS):
        if start != _RADIUS:
            difference = maps.narrow(dim, start, length) - middle
            mean.add_(difference, alpha=weight)
            square.addcmul_(difference, difference, value=weight)
    return middle + mean, square - mean.square()


def _blur_line(maps: Tensor, dim: int) -> Tensor:
    length = maps.shape[dim] - SSIM_WINDOW + 1
    total = maps.narrow(dim, 0, length) * _TAPS[0]
    for start in range(1, SSIM_WINDOW):
        total.add_(maps.narrow(dim, start, length), alpha=_TAPS[start])
    return total


def _blur_back(maps: Tensor) -> Tensor:
    return _blur_line(_blur_line(functional.pad(maps, (SSIM_WINDOW - 1,) * 4), -2), -1)
