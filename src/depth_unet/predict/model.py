"""A trained network as one object: photo in, metres out."""

import math
from contextlib import nullcontext
from pathlib import Path
from typing import Literal, Self, TypedDict

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor, nn

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.model import CanvasConfig
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError, DataError
from depth_unet.images.photo import DecodedPhoto, Photo, read_photo
from depth_unet.model.checkpoint import Checkpoint, read, resolve
from depth_unet.predict.canvas import at_size, predict_canvas, predict_metres
from depth_unet.predict.prediction import Prediction
from depth_unet.records import DepthOutput

Precision = Literal["fp32", "bf16", "fp16"]
HALF: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}
GIVEN, EXIF = "given by the user", "the photo's Exif data"
ASSUMED = "assumed: the training camera's"


class Setting(TypedDict):
    """What turns a network's answer into metres, beside the photo and its camera."""

    canvas: CanvasConfig
    canonical_focal: float
    device: torch.device


class DepthModel(nn.Module):
    """A network with the settings that its predictions need.

    Several threads may predict with one model.

    Args:
        checkpoint: Config and weights.
        name: What files say that depth was predicted by.
        precision: Numbers that the network computes with: fp32, or mixed with bf16 or fp16.

    Raises:
        CheckpointError: The weights do not fit the config.

    Example:
        >>> model = load("runs/seed")  # doctest: +SKIP
        >>> model.predict("room.jpg").depth_m.shape  # doctest: +SKIP
        (480, 640)
    """

    def __init__(
        self, checkpoint: Checkpoint, name: str = "", precision: Precision = "fp32"
    ) -> None:
        super().__init__()
        self.precision: Precision = precision
        self.config: Config = checkpoint.config
        self.checkpoint = checkpoint
        self.name = name or f"{checkpoint.config.recipe}, {checkpoint.step} steps"
        self.network = checkpoint.network()
        self.eval()

    def forward(self, image: Tensor, intrinsics_px: Tensor | None = None) -> DepthOutput:
        """Canonical depth of images (b 3 h w, RGB in [0, 1]); see ``UNet``."""
        half = HALF.get(self.precision)
        with torch.autocast(image.device.type, half) if half else nullcontext():
            output = self.network(image, intrinsics_px)
        assert isinstance(output, DepthOutput)
        return output

    def predict(
        self, photo: Photo | DecodedPhoto, camera: Intrinsics | Calibration | None = None
    ) -> Prediction:
        """Predict metric depth of one photo at its own size.

        Args:
            photo: See ``read_photo``; or what it returned.
            camera: The photo's camera. None takes the focal length from the photo's Exif data, or
                else the training camera's (in widths of the longer side); depth is no better than
                this focal length.

        Returns:
            Depth in metres and the camera that it holds for.

        Raises:
            DataError: The photo cannot be read, or the camera is of another image size.
        """
        decoded = photo if isinstance(photo, DecodedPhoto) else read_photo(photo)
        calibration, focal_from = self.camera_of(decoded, camera)
        intrinsics = calibration.intrinsics
        small_m, log_spread = predict_canvas(self, decoded.image, intrinsics, **self._setting())
        if log_spread is not None:
            log_spread += np.float32(math.log(self.config.model.spread_scale))
        return Prediction(
            depth_m=at_size(small_m, *decoded.image.shape[:2]),
            log_spread=log_spread,
            image=decoded.image,
            calibration=calibration,
            focal_from=focal_from,
            model=self.name,
        )

    def predict_array(
        self, image: UInt8[np.ndarray, "h w 3"], intrinsics: Intrinsics
    ) -> Float32[np.ndarray, "h w"]:
        """Depth in metres of RGB (0 to 255) from a known camera, at its own size."""
        return predict_metres(self, image, intrinsics, **self._setting())

    def predict_small(
        self, image: UInt8[np.ndarray, "h w 3"], intrinsics: Intrinsics
    ) -> Float32[np.ndarray, "h2 w2"]:
        """Depth in metres of RGB (0 to 255), at the network's size: what videos steady."""
        depth_m, _ = predict_canvas(self, image, intrinsics, **self._setting())
        return depth_m

    def camera_of(
        self, photo: DecodedPhoto, camera: Intrinsics | Calibration | None = None
    ) -> tuple[Calibration, str]:
        """The camera of a photo, and where its focal length comes from.

        Raises:
            DataError: The camera is of another image size.
        """
        height, width = photo.image.shape[:2]
        if camera is None and photo.focal_px is not None:
            return _without_distortion(Intrinsics.centred(width, height, photo.focal_px)), EXIF
        if camera is None:
            focal = self.config.model.canonical_focal
            return _without_distortion(Intrinsics.assumed(width, height, focal)), ASSUMED
        calibration = camera if isinstance(camera, Calibration) else _without_distortion(camera)
        size = calibration.intrinsics.width, calibration.intrinsics.height
        if size != (width, height):
            raise DataError(
                f"the camera is of {size[0]}x{size[1]} images and the photo is "
                f"{width}x{height}; use camera.resized({width}, {height})"
            )
        return calibration, GIVEN

    def _setting(self) -> Setting:
        return {
            "canvas": self.config.canvas,
            "canonical_focal": self.config.model.canonical_focal,
            "device": next(self.parameters()).device,
        }

    @classmethod
    def from_file(cls, path: Path, name: str = "", precision: Precision = "fp32") -> Self:
        """Read a checkpoint file.

        Raises:
            CheckpointError: It cannot be used.
        """
        return cls(read(path, only_weights=True), name, precision)


def load(
    name: str | Path = "transfer",
    device: str | torch.device = "cpu",
    precision: Precision = "fp32",
) -> DepthModel:
    """Load a trained model.

    Args:
        name: Weights that ship (``transfer``, ``scratch``), a checkpoint file, or a run folder
            (its best weights).
        device: Where to run it.
        precision: Numbers that the network computes with; fp16 needs a GPU.

    Returns:
        The model, ready to predict.

    Raises:
        CheckpointError: There is no such checkpoint, or it cannot be used.
        ConfigError: fp16 without a GPU.
    """
    if precision == "fp16" and torch.device(device).type == "cpu":
        raise ConfigError("precision fp16 needs a GPU, and the device is cpu; choose bf16 or fp32")
    return DepthModel.from_file(resolve(str(name)), f"depth-unet {name}", precision).to(device)


def _without_distortion(intrinsics: Intrinsics) -> Calibration:
    return Calibration(intrinsics=intrinsics, distortion="none")
