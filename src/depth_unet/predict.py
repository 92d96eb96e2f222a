"""A trained network as one object: photo in, metres out."""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypedDict

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor, nn

from depth_unet.camera import Intrinsics
from depth_unet.canvas import predict_maps, predict_metres
from depth_unet.checkpoint import Checkpoint, read, resolve
from depth_unet.config.model import CanvasConfig
from depth_unet.config.run import Config
from depth_unet.errors import DataError
from depth_unet.records import DepthOutput

Photo = str | Path | bytes | Image.Image | np.ndarray | Tensor
"""A path, an encoded file, a Pillow image, RGB as uint8 (h w 3), or RGB in [0, 1] (3 h w)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """Metric depth of one photo.

    Attributes:
        depth_m: Depth along the optical axis, metres, at the photo's size.
        intrinsics: The camera that the depth holds for, in pixels of the photo.
        uncertainty_m: Half the width, metres, of the interval about ``depth_m`` that is to hold
            80 % of the true depths; None where the network predicts no spread. It does not cover
            a wrong focal length.
    """

    depth_m: Float32[np.ndarray, "h w"]
    intrinsics: Intrinsics
    uncertainty_m: Float32[np.ndarray, "h w"] | None = None


class Setting(TypedDict):
    """What turns a network's answer into metres, beside the photo and its camera."""

    canvas: CanvasConfig
    canonical_focal: float
    device: torch.device


class DepthModel(nn.Module):
    """A network with the settings that its predictions need.

    Args:
        checkpoint: Config and weights.

    Example:
        >>> model = load("runs/seed")  # doctest: +SKIP
        >>> model.predict("room.jpg").depth_m.shape  # doctest: +SKIP
        (480, 640)
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.config: Config = checkpoint.config
        self.checkpoint = checkpoint
        self.network = checkpoint.network()
        self.eval()

    def forward(self, image: Tensor, intrinsics_px: Tensor | None = None) -> DepthOutput:
        """Canonical depth of images (b 3 h w, RGB in [0, 1]); see ``DepthUNet``."""
        output = self.network(image, intrinsics_px)
        assert isinstance(output, DepthOutput)
        return output

    def predict(self, photo: Photo, intrinsics: Intrinsics | None = None) -> Prediction:
        """Predict metric depth of one photo at its own size.

        Args:
            photo: A path, bytes of an image file, a Pillow image, a uint8 array (h w 3), or a
                float tensor (3 h w) in [0, 1]. Orientation tags of files are applied.
            intrinsics: The photo's camera. None assumes the focal length of the training camera
                (in widths of the longer side); depth is no better than this focal length.

        Returns:
            Depth in metres and the camera that it holds for.

        Raises:
            DataError: The photo cannot be read, or the camera is of another image size.
        """
        image = read_photo(photo)
        height, width = image.shape[:2]
        camera = intrinsics or Intrinsics.assumed(width, height, self.config.model.canonical_focal)
        if (camera.width, camera.height) != (width, height):
            raise DataError(
                f"the camera is of {camera.width}x{camera.height} images and the photo is "
                f"{width}x{height}; use intrinsics.resized({width}, {height})"
            )
        depth_m, log_spread = predict_maps(self, image, camera, **self._setting())
        if log_spread is None:
            return Prediction(depth_m=depth_m, intrinsics=camera)
        scale = self.config.model.spread_scale
        uncertainty_m = half_width(depth_m, log_spread + np.float32(math.log(scale)))
        return Prediction(depth_m=depth_m, intrinsics=camera, uncertainty_m=uncertainty_m)

    def predict_array(
        self, image: UInt8[np.ndarray, "h w 3"], intrinsics: Intrinsics
    ) -> Float32[np.ndarray, "h w"]:
        """Depth in metres of RGB (0 to 255) from a known camera, at its own size."""
        return predict_metres(self, image, intrinsics, **self._setting())

    def _setting(self) -> Setting:
        return {
            "canvas": self.config.canvas,
            "canonical_focal": self.config.model.canonical_focal,
            "device": next(self.parameters()).device,
        }

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a checkpoint file.

        Raises:
            CheckpointError: It cannot be used.
        """
        return cls(read(path, only_weights=True))


def load(name: str | Path = "transfer", device: str | torch.device = "cpu") -> DepthModel:
    """Load a trained model.

    Args:
        name: Weights that ship (``transfer``), a checkpoint file, or a run folder (its best
            weights).
        device: Where to run it.

    Returns:
        The model, ready to predict.

    Raises:
        CheckpointError: There is no such checkpoint, or it cannot be used.
    """
    return DepthModel.from_file(resolve(str(name))).to(device)


def half_width(
    depth_m: Float32[np.ndarray, "h w"], log_spread: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """Half the width of the interval that holds 80 % of log-depth's Laplace distribution, metres.

    The interval goes from ``depth / k`` to ``depth * k`` with ``k = exp(ln 5 * spread)``.
    """
    half: np.ndarray = depth_m * np.sinh(math.log(5) * np.exp(log_spread))
    return half.astype(np.float32)


def read_photo(photo: Photo) -> UInt8[np.ndarray, "h w 3"]:
    """Any photo as RGB, 0 to 255, the right way up.

    Raises:
        DataError: It is missing, damaged, no image, or an array of another form.
    """
    match photo:
        case np.ndarray():
            if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
                raise DataError(
                    f"the photo is an array of {photo.dtype} and shape {photo.shape}; "
                    "give uint8 RGB of shape (h, w, 3)"
                )
            return photo
        case Tensor():
            if not photo.is_floating_point() or photo.ndim != 3 or photo.shape[0] != 3:
                raise DataError(
                    f"the photo is a tensor of {photo.dtype} and shape {tuple(photo.shape)}; "
                    "give float RGB in [0, 1] of shape (3, h, w)"
                )
            scaled = (photo.detach().cpu().float().clamp(0, 1) * 255).round()
            return scaled.to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
        case Image.Image():
            return _upright(photo, "the photo")
        case bytes():
            return _decode(io.BytesIO(photo), "the photo")
        case _:
            return _decode(Path(photo), str(photo))


def _decode(stream: io.BytesIO | Path, name: str) -> UInt8[np.ndarray, "h w 3"]:
    try:
        with Image.open(stream) as image:
            return _upright(image, name)
    except FileNotFoundError:
        raise DataError(f"{name} does not exist; name a photo") from None
    except UnidentifiedImageError:
        raise DataError(f"{name} is not an image file; name a photo") from None
    except (OSError, Image.DecompressionBombError) as error:
        raise DataError(f"{name} cannot be read ({error}); name another photo") from None


def _upright(image: Image.Image, name: str) -> UInt8[np.ndarray, "h w 3"]:
    try:
        turned = ImageOps.exif_transpose(image)
        if turned.mode.startswith(("I", "F")):  # 16-bit grey: Pillow would clip it at 255
            values = np.asarray(turned, dtype=np.float32)
            turned = Image.fromarray((np.clip(values, 0, 65535) / 257).astype(np.uint8))
        return np.asarray(turned.convert("RGB"), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{name} is damaged ({error}); name another photo") from None
