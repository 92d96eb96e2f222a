"""Metric depth of one photo, and the files, points, mesh and picture made from it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from depth_unet.arrays import Float32, UInt8
from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import ConfigError
from depth_unet.figures.picture import depth_picture
from depth_unet.files.text import as_path
from depth_unet.images.resize import resize_bilinear
from depth_unet.outputs.cloud import PointCloud, unproject
from depth_unet.outputs.depth_exr import write_exr
from depth_unet.outputs.depth_write import (
    DepthMetadata,
    write_json,
    write_npy,
    write_npz,
    write_pfm,
    write_png16,
)
from depth_unet.outputs.glb import write_glb
from depth_unet.outputs.mesh import Mesh, surface_mesh
from depth_unet.outputs.plot3d import write_plot3d
from depth_unet.outputs.ply import write_ply


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """Metric depth of one photo.

    Attributes:
        depth_m: Depth along the optical axis, metres, at the photo's size.
        log_spread: Log of the scale of log-depth's Laplace distribution, at the network's size;
            None if the network predicts no spread.
        image: The photo, RGB, 0 to 255.
        calibration: The camera that the depth holds for, with its lens distortion.
        focal_from: Source of the focal length.
        model: Name of the model.
        engine: What ran the network, with its version.
    """

    depth_m: Float32[np.ndarray, "h w"]
    log_spread: Float32[np.ndarray, "h2 w2"] | None = None
    image: UInt8[np.ndarray, "h w 3"]
    calibration: Calibration
    focal_from: str
    model: str
    engine: str

    @property
    def uncertainty_m(self) -> Float32[np.ndarray, "h w"] | None:
        """Half the width of an 80 % interval of depth, metres, at the photo's size.

        None if the network predicts no spread. It does not cover a wrong focal length. It is
        computed at every call.
        """
        if self.log_spread is None:
            return None
        return half_width(self.depth_m, resize_bilinear(self.log_spread, *self.depth_m.shape))

    @property
    def intrinsics(self) -> Intrinsics:
        """The camera that the depth holds for, without its distortion."""
        return self.calibration.intrinsics

    def metadata(self, photo: str = "") -> DepthMetadata:
        """What output files state about this depth; ``photo`` is the photo's name."""
        return DepthMetadata(
            model=self.model,
            engine=self.engine,
            calibration=self.calibration,
            focal_from=self.focal_from,
            photo=photo,
        )

    def point_cloud(self, stride: int = 1) -> PointCloud:
        """Every pixel as a coloured point in metres; lens distortion is removed.

        Args:
            stride: Use every stride-th row and column.
        """
        return unproject(self.depth_m, self.calibration.rays(), self.image, stride=stride)

    def mesh(self) -> Mesh:
        """The visible surface, cut where depth jumps."""
        return surface_mesh(self.depth_m, self.calibration.rays())

    def picture(self, title: str = "") -> Image.Image:
        """Photo and coloured depth side by side, with a colour bar in metres."""
        return depth_picture(self.depth_m, title, photo=self.image)

    def save(self, path: str | Path, photo: str = "") -> None:
        """Write a file; its ending chooses the format.

        ``.npy`` and ``.pfm`` cannot hold text, so that a JSON file beside them states the unit.

        Args:
            path: ``.png`` (16 bits, millimetres), ``.npy``, ``.npz``, ``.exr``, ``.pfm`` (float32
                metres), ``.json`` (camera and percentiles), ``.ply`` (point cloud), ``.glb``
                (textured mesh) or ``.html`` (interactive points). An existing file is replaced.
                In text, ``~`` is the home folder.
            photo: The photo's name for the file's metadata.

        Raises:
            ConfigError: The ending is unknown, or a library for it is not installed.
        """
        path = as_path(path)
        write = _BY_SUFFIX.get(path.suffix.lower())
        if write is None:
            raise ConfigError(
                f"cannot write depth as {path.name}; use one of {', '.join(_BY_SUFFIX)}"
            )
        write(self, path, photo)


def half_width(
    depth_m: Float32[np.ndarray, "h w"], log_spread: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """Half the width of the 80 % interval of log-depth's Laplace distribution, metres.

    The interval runs from ``depth / k`` to ``depth * k`` with ``k = exp(ln 5 * spread)``.
    """
    half: np.ndarray = depth_m * np.sinh(math.log(5) * np.exp(log_spread))
    return half.astype(np.float32)


def spread_of(
    depth_m: Float32[np.ndarray, "h w"], half_width_m: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """The ``log_spread`` that has this half width: the inverse of ``half_width``."""
    log_spread: np.ndarray = np.log(np.arcsinh(half_width_m / depth_m) / math.log(5))
    return log_spread.astype(np.float32)


def _write_ply(prediction: Prediction, path: Path, photo: str) -> None:
    write_ply(prediction.point_cloud(), path, prediction.metadata(photo).line("metres"))


def _write_glb(prediction: Prediction, path: Path, photo: str) -> None:
    texts = prediction.metadata(photo).texts("metres")
    write_glb(prediction.mesh(), prediction.image, path, texts)


def _write_plot3d(prediction: Prediction, path: Path, photo: str) -> None:
    metadata = prediction.metadata(photo)
    title = " · ".join(filter(None, (metadata.photo, "metres", metadata.model)))
    write_plot3d(prediction.point_cloud(), path, title, metadata.line("metres"))


_BY_SUFFIX: dict[str, Callable[[Prediction, Path, str], None]] = {
    ".png": lambda p, path, photo: write_png16(p.depth_m, path, p.metadata(photo)),
    ".npy": lambda p, path, photo: write_npy(p.depth_m, path, p.metadata(photo)),
    ".npz": lambda p, path, photo: write_npz(p.depth_m, path, p.metadata(photo), p.uncertainty_m),
    ".exr": lambda p, path, photo: write_exr(p.depth_m, path, p.metadata(photo)),
    ".pfm": lambda p, path, photo: write_pfm(p.depth_m, path, p.metadata(photo)),
    ".json": lambda p, path, photo: write_json(p.depth_m, path, p.metadata(photo)),
    ".ply": _write_ply,
    ".glb": _write_glb,
    ".html": _write_plot3d,
}
