"""What all losses share: single precision at least, nothing from invalid pixels, and counts."""

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from depth_unet.records import SumCount


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


def sum_differences(
    values: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"], distances: Sequence[int]
) -> SumCount:
    """Absolute differences between pixels of a row or column, at each of several distances.

    Args:
        values: A map.
        valid: A pair counts if both of its pixels are valid.
        distances: From one pixel of a pair to the other, pixels.

    Returns:
        Sum in the unit of the values, and the count of ``count_pairs``.
    """
    total = values.new_zeros(())
    for before, after, counted in _pairs(values, valid, distances):
        change = (after - before).abs()
        total = total + torch.where(counted, change, torch.zeros_like(change)).sum()
    return SumCount(total, count_pairs(valid, distances))


def count_pairs(valid: Bool[Tensor, "b 1 h w"], distances: Sequence[int]) -> Float[Tensor, ""]:
    """Half the number of pairs of valid pixels at all distances and in both directions, fp32."""
    count = valid.new_zeros((), dtype=torch.int64)
    for _, _, counted in _pairs(valid, valid, distances):
        count = count + counted.sum()
    return count.float() / 2


def _pairs(
    values: Tensor, valid: Tensor, distances: Sequence[int]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Values of both pixels of each pair and whether both are valid, by direction and distance."""
    for dim in (-1, -2):
        for distance in distances:
            length = max(0, values.shape[dim] - distance)
            here, there = (dim, 0, length), (dim, values.shape[dim] - length, length)
            counted = valid.narrow(*here) & valid.narrow(*there)
            yield values.narrow(*here), values.narrow(*there), counted
