"""Random changes of colour, focus and borders of photos; no pixel moves.

Images are RGB in [0, 1]. ``draws`` are uniform random numbers, a row per image, which ``augment``
makes: each function uses its own columns.
"""

import itertools
import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from depth_unet.config.augment import AugmentConfig

WIDEST_FRAME = 0.02  # of the image's width
WIDEST_BLUR = 0.01  # standard deviation, of the image's width
LEAST_BLUR_PX = 0.3  # less is invisible
GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601
ORDERS = tuple(itertools.permutations(range(3)))


def jitter_colour(
    image: Float[Tensor, "b 3 h w"], draws: Float[Tensor, "b k"], config: AugmentConfig
) -> Float[Tensor, "b 3 h w"]:
    """Change brightness, contrast, saturation and order of the channels at random."""
    brightness, contrast, saturation = (
        1 + (draws[:, 5 + i, None, None, None] * 2 - 1) * reach
        for i, reach in enumerate((config.brightness, config.contrast, config.saturation))
    )
    if config.brightness:
        image = (image * brightness).clamp(0, 1)
    if config.contrast:
        mean = image.mean(dim=(1, 2, 3), keepdim=True)
        image = (mean + (image - mean) * contrast).clamp(0, 1)
    if config.saturation:
        grey = (image * image.new_tensor(GREY)[:, None, None]).sum(dim=1, keepdim=True)
        image = (grey + (image - grey) * saturation).clamp(0, 1)
    return _swap_channels(image, draws[:, 8], config.channel_swap)


def blur(
    image: Float[Tensor, "b 3 h w"], draws: Float[Tensor, "b k"], config: AugmentConfig
) -> Float[Tensor, "b 3 h w"]:
    """Blur some images by a Gaussian with a standard deviation of 0.3 pixels to 1 % of the width.

    ``draws`` stay on the CPU. Images are mirrored at their edges.
    """
    if not config.blur:
        return image
    reach_px = max(0.0, WIDEST_BLUR * image.shape[-1] - LEAST_BLUR_PX)
    shares = (draws[:, 10] / config.blur).tolist()  # below 1: there is a blur
    return torch.stack(
        [
            _gaussian_blur(photo, LEAST_BLUR_PX + share * reach_px) if share < 1 else photo
            for photo, share in zip(image, shares, strict=True)
        ]
    )


def add_white_frame(
    image: Float[Tensor, "b 3 h w"], draws: Float[Tensor, "b k"], config: AugmentConfig
) -> Float[Tensor, "b 3 h w"]:
    """Put white frames of 1 pixel to 2 % of the width around some images."""
    if not config.frame:
        return image
    height, width = image.shape[-2:]
    widest = max(1.0, WIDEST_FRAME * width)
    share = draws[:, 9] / config.frame  # below 1: there is a frame
    frame_px = torch.where(share < 1, (1 + share * (widest - 1)).round(), 0.0)
    rows = torch.arange(height, device=image.device)
    columns = torch.arange(width, device=image.device)
    to_edge_px = torch.minimum(
        torch.minimum(rows, height - 1 - rows)[:, None],
        torch.minimum(columns, width - 1 - columns)[None, :],
    )
    return image.masked_fill((to_edge_px < frame_px[:, None, None])[:, None], 1.0)


def _swap_channels(image: Tensor, draw: Tensor, probability: float) -> Tensor:
    """Put the colour channels into one of six orders, with the given probability."""
    if not probability:
        return image
    number = (draw / probability * len(ORDERS)).long().clamp(max=len(ORDERS) - 1)
    orders = torch.tensor(ORDERS, device=image.device)[number]
    unchanged = torch.arange(3, device=image.device)
    orders = torch.where((draw < probability)[:, None], orders, unchanged)
    return image.gather(1, orders[:, :, None, None].expand_as(image))


def _gaussian_blur(photo: Tensor, deviation_px: float) -> Tensor:
    """Convolve one image with a Gaussian, along rows and then along columns."""
    reach = min(math.ceil(3 * deviation_px), min(photo.shape[1:]) - 1)
    places = torch.arange(-reach, reach + 1, device=photo.device, dtype=photo.dtype)
    kernel = torch.exp(-0.5 * (places / deviation_px).square())
    kernel = (kernel / kernel.sum()).expand(3, 1, 1, -1)
    padded = F.pad(photo[None], (reach,) * 4, mode="reflect")
    across = F.conv2d(padded, kernel, groups=3)
    return F.conv2d(across, kernel.transpose(2, 3), groups=3)[0].clamp(0, 1)
