"""From a photo of any size to metric depth; prediction, validation and export share this.

The photo is resized to the recipe's canvas, or to one of the same area and a closer aspect ratio.
The network predicts canonical depth, which is scaled to the photo's camera.
"""

import itertools
import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from depth_unet.camera.canonical import depth_per_canonical
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.model import CanvasConfig
from depth_unet.config.run import Config
from depth_unet.images.resize import resize_bilinear, resize_image
from depth_unet.records import DepthOutput

MULTIPLE = 16
SMALLEST_SIDE = 32
AREA_TOLERANCE = 1.2

Network = Callable[[Float[Tensor, "b 3 h w"], Float[Tensor, "b 4"]], DepthOutput]
"""Canonical depth from RGB in [0, 1] and fx, fy, cx, cy in pixels."""


@lru_cache(maxsize=1024)
def canvas_size(height: int, width: int, canvas: CanvasConfig) -> tuple[int, int]:
    """Rows and columns that an image of the given size is resized to.

    Of ``canvas_sizes``, it is the one with the aspect ratio closest to the image's, then with the
    closest area. Very long images get the longest canvas.

    Args:
        height: Rows of the image.
        width: Columns of the image.
        canvas: The recipe's canvas.
    """

    def stretch(size: tuple[int, int]) -> float:
        """At least 1; one division of integers, so that the exported graph agrees bit for bit."""
        rows, columns = size
        return max(columns * height, rows * width) / min(columns * height, rows * width)

    return min(canvas_sizes(canvas), key=stretch)


@lru_cache(maxsize=16)
def canvas_sizes(canvas: CanvasConfig) -> tuple[tuple[int, int], ...]:
    """Rows and columns of every canvas, those with an area close to the recipe's first.

    Sides are multiples of 16, and the area is within 20 % of the recipe's.
    """
    area = canvas.height * canvas.width
    longest = int(area * AREA_TOLERANCE / SMALLEST_SIDE)
    sides = range(SMALLEST_SIDE, longest + 1, MULTIPLE)
    sizes = (
        (rows, columns)
        for rows, columns in itertools.product(sides, sides)
        if 1 / AREA_TOLERANCE <= rows * columns / area <= AREA_TOLERANCE
    )
    return tuple(sorted(sizes, key=lambda size: abs(math.log(size[0] * size[1] / area))))


def to_canvas(
    image: UInt8[np.ndarray, "h w 3"], canvas: CanvasConfig
) -> Float[Tensor, "1 3 h2 w2"]:
    """Resize a photo to its canvas; RGB in [0, 1]."""
    resized = resize_image(image, *canvas_size(*image.shape[:2], canvas))
    return torch.from_numpy(resized.copy()).permute(2, 0, 1)[None].float() / 255


def predict_canvas(
    network: Network,
    image: UInt8[np.ndarray, "h w 3"],
    intrinsics: Intrinsics,
    config: Config,
    device: torch.device,
) -> tuple[Float32[np.ndarray, "h2 w2"], Float32[np.ndarray, "h2 w2"] | None]:
    """Metric depth of one photo and its uncertainty, at the canvas size.

    Args:
        network: The network, on ``device``.
        image: RGB, 0 to 255, any size.
        intrinsics: The photo's camera.
        config: The network's config, for its canvas and canonical focal length.
        device: Where the network runs.

    Returns:
        Depth along the optical axis, metres; and the log of its spread (see ``DepthOutput``),
        which does not depend on the camera, or None if the network predicts no spread.
    """
    pixels = to_canvas(image, config.canvas)
    camera = intrinsics.resized(pixels.shape[-1], pixels.shape[-2])
    camera_px = torch.tensor([camera.values_px], dtype=torch.float32)
    with torch.inference_mode():
        focal = config.model.canonical_focal
        ratio = depth_per_canonical(camera.fx_px, focal, config.canvas.width)
        output = network(pixels.to(device), camera_px.to(device))
        depth_m = (output.canonical_depth_m.float() * ratio)[0, 0].cpu().numpy()
        spread = output.log_spread
    return depth_m, None if spread is None else spread.float()[0, 0].cpu().numpy()


def predict_metres(
    network: Network,
    image: UInt8[np.ndarray, "h w 3"],
    intrinsics: Intrinsics,
    config: Config,
    device: torch.device,
) -> Float32[np.ndarray, "h w"]:
    """The depth of ``predict_canvas``, in metres, at the photo's size."""
    depth_m, _ = predict_canvas(network, image, intrinsics, config, device)
    return resize_bilinear(depth_m, *image.shape[:2])
