"""Run a network of torch on one photo; prediction and validation share this.

The network predicts canonical depth, which is scaled to the photo's camera.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from depth_unet.camera.canonical import depth_per_canonical
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.run import Config
from depth_unet.images.resize import resize_bilinear
from depth_unet.predict.canvas import to_canvas
from depth_unet.records import DepthOutput

Network = Callable[[Float[Tensor, "b 3 h w"], Float[Tensor, "b 4"]], DepthOutput]
"""Canonical depth from RGB in [0, 1] and fx, fy, cx, cy in pixels."""


def run_network(
    network: Network,
    pixels: UInt8[np.ndarray, "h w 3"],
    camera: Intrinsics,
    config: Config,
    device: torch.device,
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"] | None]:
    """Metric depth and its uncertainty of one photo that has the size of its canvas.

    Args:
        network: The network, on ``device``.
        pixels: RGB, 0 to 255, as ``to_canvas`` returns it.
        camera: The camera of these pixels.
        config: The network's config, for its canvas and canonical focal length.
        device: Where the network runs.

    Returns:
        Depth along the optical axis, metres; and the log of its spread (see ``DepthOutput``),
        which does not depend on the camera, or None if the network predicts no spread.
    """
    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    camera_px = torch.tensor([camera.values_px], dtype=torch.float32)
    with torch.inference_mode():
        focal = config.model.canonical_focal
        ratio = depth_per_canonical(camera.fx_px, focal, config.canvas.width)
        output = network(image.to(device), camera_px.to(device))
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
    """Metric depth of a photo of any size, at its size; arguments as in ``run_network``."""
    pixels, camera = to_canvas(image, intrinsics, config.canvas)
    depth_m, _ = run_network(network, pixels, camera, config, device)
    return resize_bilinear(depth_m, *image.shape[:2])
