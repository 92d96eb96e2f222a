"""The camera as the network sees it: where the ray of each pixel points."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from depth_unet.camera.intrinsics import Intrinsics

NUM_FREQUENCIES = 4


def canonical_camera(
    height: int, width: int, focal: float, like: Float[Tensor, "b c h w"]
) -> Float[Tensor, "b 4"]:
    """The camera that is assumed if none is given, once per image.

    Args:
        height: Rows of the image.
        width: Columns of the image.
        focal: Focal length in lengths of the longer side, so that a portrait photo is taken
            by the same camera, rotated.
        like: A tensor with the number of images and the device.

    Returns:
        fx, fy, cx, cy in pixels, centred on the image.
    """
    values = Intrinsics.assumed(width, height, focal).values_px
    camera = torch.tensor(values, dtype=torch.float32, device=like.device)
    return camera.expand(like.shape[0], 4)


def relative_camera(
    intrinsics_px: Float[Tensor, "b 4"], height: int, width: int
) -> Float[Tensor, "b 4"]:
    """Cameras relative to the image size, valid at every level of the network.

    Args:
        intrinsics_px: fx, fy, cx, cy in pixels, integers at pixel centres.
        height: Rows of the image.
        width: Columns of the image.

    Returns:
        fx, fy, cx, cy in image widths and heights; the principal point runs from 0 to 1 between
        the image's outer edges.
    """
    fx, fy, cx, cy = intrinsics_px.float().unbind(dim=1)
    return torch.stack((fx / width, fy / height, (cx + 0.5) / width, (cy + 0.5) / height), dim=1)


def ray_positions(
    camera: Float[Tensor, "b 4"], canonical_focal: float, height: int, width: int
) -> Float[Tensor, "b 2 {height} {width}"]:
    """Where the ray of each pixel meets the canonical camera's image plane.

    ``2 f (x - cx) / fx`` for the column, the row likewise: +-1 at the left and right edge of an
    image of the canonical camera, +-1/2 in a crop zoomed by 2, at any resolution.

    Args:
        camera: From ``relative_camera``.
        canonical_focal: The canonical focal length, image widths.
        height: Rows of the map.
        width: Columns of the map.

    Returns:
        Column and row, fp32.

    Reference:
        Facil et al., CAM-Convs, CVPR 2019.
    """
    fx, fy, cx, cy = camera[..., None].unbind(dim=1)
    columns = (torch.arange(width, device=camera.device, dtype=camera.dtype) + 0.5) / width
    rows = (torch.arange(height, device=camera.device, dtype=camera.dtype) + 0.5) / height
    x = (2 * canonical_focal / fx * (columns - cx))[:, None, :].expand(-1, height, -1)
    y = (2 * canonical_focal / fy * (rows - cy))[:, :, None].expand(-1, -1, width)
    return torch.stack((x, y), dim=1)


def fourier_features(positions: Float[Tensor, "b 2 h w"]) -> Float[Tensor, "b k h w"]:
    """Positional encoding for attention: sines and cosines of positions.

    sin and cos of pi/2 * 2^i times the column and the row, i = 0 ... NUM_FREQUENCIES - 1.

    Args:
        positions: Column and row, about -1 to 1.

    Returns:
        4 * NUM_FREQUENCIES channels: sines of columns, sines of rows, then the cosines.

    Reference:
        Vaswani et al., Attention Is All You Need, NeurIPS 2017, section 3.5.
    """
    octaves = torch.arange(NUM_FREQUENCIES, device=positions.device, dtype=positions.dtype)
    frequencies = 2.0**octaves * (math.pi / 2)
    angles = (positions[:, :, None] * frequencies[:, None, None]).flatten(1, 2)
    return torch.cat((angles.sin(), angles.cos()), dim=1)
