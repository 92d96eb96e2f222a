"""What every loss does first: at least single precision, and nothing from invalid pixels."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def upcast(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The values in fp32, or unchanged if they are float64.

    Args:
        values: Any floating dtype, any shape.

    Returns:
        The same values; fp16 and bf16 are widened.
    """
    return values if values.dtype == torch.float64 else values.float()


def masked_error(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> Float[Tensor, "b 1 h w"]:
    """Prediction minus target, and exactly 0 where the target is not valid.

    Args:
        prediction_m: Predicted depth, metres.
        target_m: True depth, metres; anything, also NaN, where ``valid`` is False.
        valid: True where the target may be used.

    Returns:
        The error in metres, at least fp32. No value and no gradient passes an invalid pixel.
    """
    error_m = upcast(prediction_m) - upcast(target_m)
    return torch.where(valid, error_m, torch.zeros_like(error_m))


def num_images(valid: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """Number of images with at least one valid pixel: the count of a loss that is per image.

    Args:
        valid: True where the target may be used.

    Returns:
        The count, fp32.
    """
    return valid.flatten(1).any(dim=1).sum().float()
