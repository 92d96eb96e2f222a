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
from depth_unet.camera.calibration import SMALLEST_SCALE, Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.choices import EDGE
from depth_unet.config.model import CorrelationConfig
from depth_unet.errors import ConfigError, DataError
from depth_unet.figures.picture import depth_picture, show_picture
from depth_unet.files.text import as_path
from depth_unet.images.resize import resize_bilinear
from depth_unet.outputs.cloud import PointCloud, check_limits, drop_edges, drop_uncertain, unproject
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
from depth_unet.outputs.rrd import write_rrd
from depth_unet.predict.known import Known, fit_scale
from depth_unet.predict.measure import Anchor, Measurement, Points, measure, points_at
from depth_unet.predict.spread import half_width


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
        weights: Checksum and name of the weights; see ``Predictor``.
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
    weights: str = ""
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
            TypeError: A pixel is no pair of whole numbers.
        """
        pixels = [start, stop, *(anchor.pixel for anchor in self.anchors)]
        weights = [anchor.weight for anchor in self.anchors]
        points = points_at(pixels, self.depth_m, self.log_spread, self.calibration)
        return measure(points, weights, self.correlation)

    def calibrated(self, *known: Known) -> Self:
        """The prediction, scaled to lengths that are known; see ``fit_scale``.

        Depth, uncertainty, points and ``calibration.depth_scale`` are multiplied by one factor. The
        intervals of ``measure`` take the known lengths as exact; ``uncertainty_m`` does not.

        Raises:
            DataError: As of ``fit_scale``, or the scale is beyond a factor of 100.
        """
        scale, _ = self.fit_scale(*known)
        depth_scale = self.calibration.depth_scale * scale
        if not SMALLEST_SCALE <= depth_scale <= 1 / SMALLEST_SCALE:
            raise DataError(
                f"the known lengths ask for {depth_scale:.3g} times the predicted depth; expected "
                f"{SMALLEST_SCALE:g} to {1 / SMALLEST_SCALE:g}; check pixels and metres"
            )
        anchors = [
            Anchor(pixel, weight / len(known))
            for item in known
            for pixel, weight in item.anchors(self._points(item.pixels))
        ]
        return replace(
            self,
            depth_m=self.depth_m * np.float32(scale),
            calibration=replace(self.calibration, depth_scale=depth_scale, scaled_for=self.weights),
            anchors=tuple(anchors),
        )

    def fit_scale(self, *known: Known) -> tuple[float, list[float]]:
        """The factor on depth that fits known lengths: the geometric mean of true over predicted.

        Returns:
            The factor, and for each known length the true one over that predicted with the
            factor.

        Raises:
            DataError: A pixel is outside the photo, none is given, or two disagree by more than a
                factor of 1.5.
            TypeError: One is no ``Known``.
        """
        return fit_scale(known, self._points)

    def _points(self, pixels: Sequence[tuple[int, int]]) -> Points:
        """What known lengths need: depth and rays, without the spread, which takes the time."""
        return points_at(pixels, self.depth_m, None, self.calibration)

    def metadata(self, photo: str = "") -> DepthMetadata:
        """What output files state about this depth; ``photo`` is the photo's name."""
        return DepthMetadata(
            model=self.model,
            engine=self.engine,
            calibration=self.calibration,
            focal_from=self.focal_from,
            photo=photo,
        )

    def point_cloud(
        self,
        stride: int = 1,
        *,
        edge: float = EDGE,
        max_uncertainty: float | None = None,
        normals: bool = False,
    ) -> PointCloud:
        """Every pixel as a coloured point in metres; lens distortion is removed.

        Args:
            stride: Use every stride-th row and column.
            edge: Leave out pixels around which depth jumps by more than this share, see
                ``drop_edges``. 0 keeps them.
            max_uncertainty: Leave out pixels whose uncertainty is a larger share of their depth.
            normals: Also compute the normal of each point.

        Raises:
            ConfigError: A number is out of range, or ``max_uncertainty`` is given and the network
                predicts no spread.
        """
        uncertainty_m = self.uncertainty_m
        return unproject(
            drop_uncertain(drop_edges(self.depth_m, edge), uncertainty_m, max_uncertainty),
            self.calibration.rays(),
            self.image,
            stride=stride,
            uncertainty_m=uncertainty_m,
            normals=normals,
        )

    def mesh(self, *, edge: float = EDGE, max_uncertainty: float | None = None) -> Mesh:
        """The visible surface, cut where depth jumps; arguments as of ``point_cloud``."""
        kept_m = drop_uncertain(drop_edges(self.depth_m, edge), self.uncertainty_m, max_uncertainty)
        return surface_mesh(kept_m, self.calibration.rays())

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

    def save(
        self,
        path: str | Path,
        photo: str = "",
        *,
        edge: float = EDGE,
        max_uncertainty: float | None = None,
        normals: bool = False,
    ) -> None:
        """Write a file; its ending chooses the format.

        ``.npy`` and ``.pfm`` cannot hold text, so that a JSON file beside them states the unit.

        Args:
            path: ``.png`` (16 bits, millimetres), ``.npy``, ``.npz``, ``.exr``, ``.pfm`` (float32
                metres), ``.json`` (camera and percentiles), ``.ply`` (point cloud), ``.glb``
                (textured mesh), ``.html`` (interactive points) or ``.rrd`` (photo, depth and points
                for Rerun). An existing file is replaced. In text, ``~`` is the home folder.
            photo: The photo's name for the file's metadata.
            edge: As of ``point_cloud``, for points and meshes.
            max_uncertainty: As of ``point_cloud``, for points and meshes.
            normals: As of ``point_cloud``, for ``.ply``.

        Raises:
            ConfigError: The ending is unknown, a library for it is not installed, or as
                ``point_cloud``.
            DataError: The path is a folder, or no point is left.
            TypeError: The path or a number is something else.
        """
        path = as_path(path)
        check_limits(edge, max_uncertainty)
        if path.is_dir():
            raise DataError(f"{path} is a folder; name a file in it")
        suffix = path.suffix.lower()
        if write := _BY_SUFFIX.get(suffix):
            write(self, path, photo)
        elif write_points := _OF_POINTS.get(suffix):
            cloud = self.point_cloud(
                edge=edge,
                max_uncertainty=max_uncertainty,
                normals=normals and suffix == ".ply",
            )
            write_points(self, path, photo, cloud)
        elif suffix == ".glb":
            texts = self.metadata(photo).texts("metres")
            mesh = self.mesh(edge=edge, max_uncertainty=max_uncertainty)
            write_glb(mesh, self.image, path, texts)
        else:
            endings = ", ".join((*_BY_SUFFIX, *_OF_POINTS, ".glb"))
            raise ConfigError(f"cannot write depth as {path.name}; use one of {endings}")


def _write_plot3d(prediction: Prediction, path: Path, photo: str, cloud: PointCloud) -> None:
    metadata = prediction.metadata(photo)
    title = " · ".join(filter(None, (metadata.photo, "metres", metadata.model)))
    write_plot3d(cloud, path, title, metadata.line("metres"))


_BY_SUFFIX: dict[str, Callable[[Prediction, Path, str], None]] = {
    ".png": lambda p, path, photo: write_png16(p.depth_m, path, p.metadata(photo)),
    ".npy": lambda p, path, photo: write_npy(p.depth_m, path, p.metadata(photo)),
    ".npz": lambda p, path, photo: write_npz(p.depth_m, path, p.metadata(photo), p.uncertainty_m),
    ".exr": lambda p, path, photo: write_exr(p.depth_m, path, p.metadata(photo)),
    ".pfm": lambda p, path, photo: write_pfm(p.depth_m, path, p.metadata(photo)),
    ".json": lambda p, path, photo: write_json(p.depth_m, path, p.metadata(photo)),
}
_OF_POINTS: dict[str, Callable[[Prediction, Path, str, PointCloud], None]] = {
    ".ply": lambda p, path, photo, cloud: write_ply(cloud, path, p.metadata(photo).line("metres")),
    ".html": _write_plot3d,
    ".rrd": lambda p, path, photo, cloud: write_rrd(
        p.image, p.depth_m, cloud, path, p.metadata(photo), uncertainty_m=p.uncertainty_m
    ),
}
