"""What all losses share: single precision at least, nothing from invalid pixels, and counts."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def upcast(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The values in fp32, or unchanged if they are float64."""
    return values if values.dtype == torch.float64 else values.float()


def masked_error(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> Float[Tensor, "b 1 h w"]:
    """Prediction minus target in metres, at least fp32; exactly 0 where the target is not valid.

    The target may be NaN where ``valid`` is False. No value and no gradient passes such a pixel.
    """
    error_m = upcast(prediction_m) - upcast(target_m)
    return torch.where(valid, error_m, torch.zeros_like(error_m))


def masked_log_ratio(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> Float[Tensor, "b 1 h w"]:
    """``ln prediction - ln target``, at least fp32; exactly 0 where the target is not valid.

    Depth must be positive where ``valid`` is True; elsewhere it may be 0 or NaN.
    """
    prediction_m, target_m = upcast(prediction_m), upcast(target_m)
    one = torch.ones((), dtype=target_m.dtype, device=target_m.device)
    return torch.where(valid, prediction_m, one).log() - torch.where(valid, target_m, one).log()


def num_pixels(valid: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """Number of valid pixels, fp32: the count of a loss that is a mean over pixels."""
    return valid.sum().float()


def num_images(valid: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """Number of images with a valid pixel, fp32: the count of a loss that is a mean per image."""
    return valid.flatten(1).any(dim=1).sum().float()
