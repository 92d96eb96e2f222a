"""Metric depth of one photo, and the files, points, mesh and picture made from it."""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from depth_unet.arrays import Float32, UInt8
from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.model import CorrelationConfig
from depth_unet.errors import ConfigError, DataError
from depth_unet.figures.picture import depth_picture, show_picture
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
from depth_unet.predict.known import Known, mean_scale
from depth_unet.predict.measure import Anchor, Measurement, Pixel, Points, measure

LOG_HALF = math.log(5)  # half of the 80 % interval of a Laplace distribution of scale 1


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
        correlation: How alike the errors at two pixels are, for the intervals of distances.
        anchors: The pixels that fixed the scale, if ``calibrated`` did.
    """

    depth_m: Float32[np.ndarray, "h w"]
    log_spread: Float32[np.ndarray, "h2 w2"] | None = None
    image: UInt8[np.ndarray, "h w 3"]
    calibration: Calibration
    focal_from: str
    model: str
    engine: str
    correlation: CorrelationConfig = field(default_factory=CorrelationConfig)
    anchors: tuple[Anchor, ...] = ()

    def __repr__(self) -> str:
        height, width = self.depth_m.shape
        near_m, far_m = self.depth_m.min(initial=math.inf), self.depth_m.max(initial=0)
        return (
            f"Prediction({width}x{height}, depth {near_m:.2f} to {far_m:.2f} m, focal length "
            f"{self.intrinsics.fx_px:.1f} px ({self.focal_from}), {self.model})"
        )

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

    def measure(self, start: tuple[int, int], stop: tuple[int, int]) -> Measurement:
        """The distance between the points that two pixels show, with its 80 % interval.

        The interval covers the network's errors, not a wrong focal length.

        Args:
            start: Column and row of a pixel of the upright photo; 0, 0 is the first one.
            stop: Those of another.

        Raises:
            DataError: A pixel is outside the photo, or the lens shows nothing there.
        """
        pixels = [Pixel(*start), Pixel(*stop), *(anchor.pixel for anchor in self.anchors)]
        weights = [anchor.weight for anchor in self.anchors]
        return measure(self._points(pixels), weights, self.correlation)

    def calibrated(self, *known: Known) -> Self:
        """The prediction, scaled to lengths that are known; see ``fit_scale``.

        Depth, uncertainty, points and ``calibration.depth_scale`` are multiplied by one factor.

        Raises:
            DataError: As of ``fit_scale``, or the scale is beyond a factor of 100.
        """
        scale, _ = self.fit_scale(*known)
        anchors = [
            Anchor(pixel, weight / len(known))
            for item in known
            for pixel, weight in item.anchors(self._points(item.pixels))
        ]
        return replace(
            self,
            depth_m=self.depth_m * np.float32(scale),
            calibration=replace(self.calibration, depth_scale=self.calibration.depth_scale * scale),
            anchors=tuple(anchors),
        )

    def fit_scale(self, *known: Known) -> tuple[float, list[float]]:
        """The factor on depth that fits known lengths best: of the mean log ratio.

        Returns:
            The factor, and for each known length the true one over that predicted with the
            factor.

        Raises:
            DataError: A pixel is outside the photo, none is given, or two disagree by more than a
                factor of 1.5.
        """
        ratios = [item.log_ratio(self._points(item.pixels)) for item in known]
        scale = mean_scale(known, ratios)
        return scale, [math.exp(ratio) / scale for ratio in ratios]

    def _points(self, pixels: Sequence[tuple[int, int]]) -> Points:
        """What is predicted at some pixels.

        Raises:
            DataError: A pixel is outside the photo, or the lens shows nothing there.
        """
        height, width = self.depth_m.shape
        places = [Pixel(*pixel) for pixel in pixels]
        for x, y in places:
            if not (0 <= x < width and 0 <= y < height):
                raise DataError(
                    f"the point {x},{y} is outside the photo of {width}x{height} pixels; give x "
                    f"from 0 to {width - 1} and y from 0 to {height - 1}"
                )
        columns, rows = np.array(places).T
        rays = self.calibration.rays_at(np.array(places, float))
        for place, ray in zip(places, rays, strict=True):
            if np.isnan(ray).any():
                raise DataError(
                    f"the lens shows nothing at the point {place}; choose one nearer to the middle"
                )
        log_half = None
        if self.log_spread is not None:
            spread = resize_bilinear(self.log_spread, height, width)[rows, columns]
            log_half = LOG_HALF * np.exp(spread, dtype=np.float64)
        return Points(
            pixels=places,
            longer_side=max(height, width),
            depth_m=self.depth_m[rows, columns].astype(np.float64),
            rays=rays,
            log_half=log_half,
        )

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

    def _repr_png_(self) -> bytes:
        """The picture, which notebooks show for a prediction."""
        stream = io.BytesIO()
        self.picture().save(stream, "png")
        return stream.getvalue()

    def show(self) -> None:
        """Show the picture: in a notebook below the cell, elsewhere in the system's viewer.

        Raises:
            ConfigError: The system has no viewer that Pillow knows.
        """
        show_picture(self.picture())

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
    half: np.ndarray = depth_m * np.sinh(LOG_HALF * np.exp(log_spread))
    return half.astype(np.float32)


def spread_of(
    depth_m: Float32[np.ndarray, "h w"], half_width_m: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """The ``log_spread`` that has this half width: the inverse of ``half_width``."""
    log_spread: np.ndarray = np.log(np.arcsinh(half_width_m / depth_m) / LOG_HALF)
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
