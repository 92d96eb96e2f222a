"""A trained network as one object: photo in, metric depth out."""

import math
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Self

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor, nn

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.plausible import find_doubt
from depth_unet.config.choices import InferenceChoice
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.text import as_path
from depth_unet.images.photo import DecodedPhoto, Photo, check_array, read_photo
from depth_unet.images.resize import resize_bilinear
from depth_unet.model.checkpoint import Checkpoint, read, resolve
from depth_unet.predict.canvas import predict_canvas, predict_metres
from depth_unet.predict.prediction import Prediction
from depth_unet.records import DepthOutput

HALF: dict[InferenceChoice, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}
GIVEN, EXIF = "given by the user", "the photo's Exif data"
ASSUMED = "assumed: the training camera's"


class DepthModel(nn.Module):
    """A trained network; ``predict`` turns a photo into metric depth.

    Several threads may share one model.

    Args:
        checkpoint: Config and weights.
        name: Name that output files state.
        precision: fp32, or mixed precision with bf16 or fp16.

    Raises:
        CheckpointError: The weights do not fit the config.

    Example:
        >>> model = load("runs/seed")  # doctest: +SKIP
        >>> model.predict("room.jpg").depth_m.shape  # doctest: +SKIP
        (480, 640)
    """

    def __init__(
        self, checkpoint: Checkpoint, name: str = "", precision: InferenceChoice = "fp32"
    ) -> None:
        super().__init__()
        self.precision: InferenceChoice = precision
        self.config: Config = checkpoint.config
        self.checkpoint = checkpoint
        self.name = name or f"{checkpoint.config.recipe}, {checkpoint.step} steps"
        self.network = checkpoint.network()
        self.eval()

    def forward(self, image: Tensor, intrinsics_px: Tensor | None = None) -> DepthOutput:
        """The network's raw output, canonical depth; call ``predict`` for metres.

        Args:
            image: RGB in [0, 1], b 3 h w.
            intrinsics_px: fx, fy, cx, cy in pixels of these images, b 4.
        """
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
            photo: A photo as ``read_photo`` takes it, or its result.
            camera: The photo's camera. None uses the focal length from the photo's Exif data, or
                else the training camera's. Depth is proportional to the focal length, so an error
                in it is an error in depth. An implausible camera gives a warning.

        Returns:
            Depth in metres, and the camera that it holds for.

        Raises:
            DataError: The photo cannot be read, or the camera has another image size.
        """
        decoded = photo if isinstance(photo, DecodedPhoto) else read_photo(photo)
        calibration, focal_from = self.resolve_camera(decoded, camera)
        intrinsics = calibration.intrinsics
        small_m, log_spread = predict_canvas(
            self, decoded.image, intrinsics, self.config, self.device
        )
        if log_spread is not None:
            log_spread += np.float32(math.log(self.config.model.spread_scale))
        return Prediction(
            depth_m=resize_bilinear(small_m, *decoded.image.shape[:2]),
            log_spread=log_spread,
            image=decoded.image,
            calibration=calibration,
            focal_from=focal_from,
            model=self.name,
        )

    def predict_array(
        self, image: UInt8[np.ndarray, "h w 3"], intrinsics: Intrinsics
    ) -> Float32[np.ndarray, "h w"]:
        """Metric depth of an RGB image (0 to 255) with a known camera, at its own size.

        Raises:
            DataError: The image is not uint8 RGB, or the camera has another image size.
        """
        check_array(image)
        _check_size(intrinsics, image)
        return predict_metres(self, image, intrinsics, self.config, self.device)

    def predict_low_resolution(
        self, image: UInt8[np.ndarray, "h w 3"], intrinsics: Intrinsics
    ) -> Float32[np.ndarray, "h2 w2"]:
        """As ``predict_array``, at the network's canvas size."""
        check_array(image)
        _check_size(intrinsics, image)
        depth_m, _ = predict_canvas(self, image, intrinsics, self.config, self.device)
        return depth_m

    def resolve_camera(
        self, photo: DecodedPhoto, camera: Intrinsics | Calibration | None = None
    ) -> tuple[Calibration, str]:
        """The camera that ``predict`` uses for a photo, and the source of its focal length.

        Raises:
            DataError: The camera has another image size.
        """
        height, width = photo.image.shape[:2]
        if camera is None and photo.focal_px is not None:
            return _pinhole(Intrinsics.centred(width, height, photo.focal_px)), EXIF
        if camera is None:
            focal = self.config.model.canonical_focal
            return _pinhole(Intrinsics.assumed(width, height, focal)), ASSUMED
        calibration = camera if isinstance(camera, Calibration) else _pinhole(camera)
        _check_size(calibration.intrinsics, photo.image)
        if doubt := find_doubt(calibration.intrinsics):
            warnings.warn(
                f"the camera is implausible: {doubt}; an error in it is an error in depth; check "
                "the camera",
                stacklevel=3,
            )
        return calibration, GIVEN

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return next(self.parameters()).device

    @classmethod
    def from_file(cls, path: Path, name: str = "", precision: InferenceChoice = "fp32") -> Self:
        """Load a checkpoint file.

        Raises:
            CheckpointError: The file cannot be used.
        """
        return cls(read(path, only_weights=True), name, precision)


def load(
    name: str | Path = "transfer",
    device: str | torch.device = "cpu",
    precision: InferenceChoice = "fp32",
) -> DepthModel:
    """Load a trained model.

    Args:
        name: Included weights (``transfer`` or ``scratch``), a checkpoint file, or a run folder
            (its best weights). In text, ``~`` is the home folder.
        device: Where the network runs.
        precision: fp32, or mixed precision with bf16 or fp16; fp16 needs a GPU.

    Returns:
        The model in evaluation mode.

    Raises:
        CheckpointError: There is no such checkpoint, or it cannot be used.
        ConfigError: fp16 on the CPU.
    """
    if precision == "fp16" and torch.device(device).type == "cpu":
        raise ConfigError("precision fp16 needs a GPU, but the device is cpu; use bf16 or fp32")
    path = resolve(str(as_path(name)))
    return DepthModel.from_file(path, f"depth-unet {name}", precision).to(device)


def _pinhole(intrinsics: Intrinsics) -> Calibration:
    return Calibration(intrinsics=intrinsics, distortion="none")


def _check_size(camera: Intrinsics, image: UInt8[np.ndarray, "h w 3"]) -> None:
    height, width = image.shape[:2]
    if (camera.width, camera.height) != (width, height):
        raise DataError(
            f"the camera is for images of {camera.width}x{camera.height} pixels and the photo has "
            f"{width}x{height}; pass camera.resized({width}, {height})"
        )
