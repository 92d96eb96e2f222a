"""The network in torch (eager mode), for every device; it can also be trained further."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Self

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor, nn

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.choices import InferenceChoice
from depth_unet.config.run import Config
from depth_unet.files.checksum import sha256_of
from depth_unet.model.checkpoint import Checkpoint, read
from depth_unet.predict.network import run_network
from depth_unet.predict.predictor import Predictor
from depth_unet.records import DepthOutput

HALF: dict[InferenceChoice, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


class DepthModel(nn.Module, Predictor):
    """A checkpoint's network, run by torch; ``predict`` turns a photo into metric depth.

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
        self.canvas = checkpoint.config.canvas
        self.canonical_focal = checkpoint.config.model.canonical_focal
        self.correlation = checkpoint.config.model.correlation
        self.predicts_spread = checkpoint.config.model.spread
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

    def predict_canvas(
        self, pixels: UInt8[np.ndarray, "h w 3"], camera: Intrinsics
    ) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"] | None]:
        """Depth and spread at the canvas size; see ``Predictor``."""
        depth_m, log_spread = run_network(self, pixels, camera, self.config, self.device)
        if log_spread is not None:
            log_spread += np.float32(math.log(self.config.model.spread_scale))
        return depth_m, log_spread

    @contextmanager
    def shared_by(self, num_threads: int) -> Iterator[Callable[[], None]]:
        """Give each of several threads its share of torch's threads; see ``Predictor``."""
        before = torch.get_num_threads()
        try:
            yield lambda: torch.set_num_threads(max(1, before // num_threads))
        finally:
            torch.set_num_threads(before)  # else new threads would inherit the setting

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return next(self.parameters()).device

    @property
    def engine(self) -> str:
        """Torch's version, the device and the precision."""
        return f"torch {torch.__version__}, {self.device}, {self.precision}"

    @classmethod
    def from_file(cls, path: Path, name: str = "", precision: InferenceChoice = "fp32") -> Self:
        """Load a checkpoint file.

        Raises:
            CheckpointError: The file cannot be used.
        """
        model = cls(read(path, only_weights=True), name, precision)
        model.sha256 = sha256_of(path)
        return model
