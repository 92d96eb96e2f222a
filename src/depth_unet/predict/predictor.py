"""What every trained network offers, whatever engine runs it: photo in, metric depth out."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, overload

import numpy as np

from depth_unet.arrays import Float32, UInt8
from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.plausible import find_doubt
from depth_unet.config.model import CanvasConfig, CorrelationConfig
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.fetch import is_url
from depth_unet.images.kinds import Photo, check_type
from depth_unet.images.photo import DecodedPhoto, check_array, read_photo
from depth_unet.images.resize import resize_bilinear
from depth_unet.predict.camera import Camera, camera_rule, same_camera, warn_of_other_weights
from depth_unet.predict.canvas import to_canvas
from depth_unet.predict.prediction import Prediction
from depth_unet.predict.threads import photos_in_threads

GIVEN, EXIF = "given by the user", "the photo's Exif data"
ASSUMED = "assumed: the training camera's"


class Predictor(ABC):
    """A trained network; ``predict`` turns a photo into metric depth.

    ``load`` returns one. Several threads may share it.

    Attributes:
        name: Name that output files state.
        canvas: The image size that the network was trained on.
        canonical_focal: Focal length of the training camera, in image widths.
        correlation: How alike the errors at two pixels are, for the intervals of distances.
        predicts_spread: Whether predictions state their uncertainty.
        sha256: Checksum of its checkpoint file, also in files exported from it; may be empty.
        offline: Whether ``predict`` refuses photos at URLs, as ``load`` was asked to.

    Example:
        >>> model = load("transfer")  # doctest: +SKIP
        >>> model.predict("room.jpg").depth_m.shape  # doctest: +SKIP
        (480, 640)
    """

    name: str
    canvas: CanvasConfig
    canonical_focal: float
    correlation: CorrelationConfig
    predicts_spread: bool
    sha256: str = ""
    offline: bool = False

    @property
    def weights(self) -> str:
        """The start of the weights' checksum (of each, if averaged), and their name, or nothing."""
        digits = "+".join(checksum[:12] for checksum in self.sha256.split(", "))
        return f"{digits} {self.name}" if digits else ""

    @property
    @abstractmethod
    def engine(self) -> str:
        """What runs the network, with its version."""

    @abstractmethod
    def predict_canvas(
        self, pixels: UInt8[np.ndarray, "h w 3"], camera: Intrinsics
    ) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"] | None]:
        """Depth of a photo that ``to_canvas`` resized, and its spread.

        Args:
            pixels: RGB, 0 to 255.
            camera: The camera of these pixels.

        Returns:
            Depth, metres, and its ``log_spread`` as in ``Prediction``, or None.
        """

    @abstractmethod
    def shared_by(self, num_threads: int) -> AbstractContextManager[Callable[[], None]]:
        """Let several threads predict at once, so that together they use every core once.

        Args:
            num_threads: How many threads will call ``predict``.

        Returns:
            A context in which they do, with a function that each of them calls first.
        """

    @overload
    def predict(
        self,
        photo: Photo | DecodedPhoto,
        camera: Camera | None = None,
        *,
        fov_deg: float | None = None,
        focal_px: float | None = None,
    ) -> Prediction: ...

    @overload
    def predict(
        self,
        photo: list[Any] | tuple[Any, ...],
        camera: Camera | list[Any] | tuple[Any, ...] | None = None,
        *,
        fov_deg: float | None = None,
        focal_px: float | None = None,
    ) -> list[Prediction]: ...

    def predict(
        self,
        photo: Any,
        camera: Any = None,
        *,
        fov_deg: float | None = None,
        focal_px: float | None = None,
    ) -> Prediction | list[Prediction]:
        """Predict metric depth of one photo, or of each photo in a list, at its own size.

        At most one of ``camera``, ``fov_deg`` and ``focal_px`` is given. Without them, the focal
        length is that of the photo's Exif data, or else the training camera's. Depth is
        proportional to the focal length, so an error in it is an error in depth. An implausible
        camera gives a warning.

        Args:
            photo: A photo as ``read_photo`` takes it, its result, or a list of these. Several
                photos of a list are predicted at once, as fast as ``depth-unet predict`` does.
                All results are in memory, 7 bytes per pixel. Each photo is computed by fewer
                threads than a photo alone, which may change the last bits of depth.
            camera: The photo's camera; for a list, one for all or a list of the same length.
            fov_deg: Field of view across the longer side, degrees.
            focal_px: Horizontal focal length, pixels.

        Returns:
            Depth in metres, and the camera that it holds for; for a list, a list of these.

        Raises:
            ConfigError: Two cameras are given, a number is out of range, or the lists have
                different lengths.
            DataError: The photo cannot be read or may not be downloaded, or the camera has another
                image size. For a list, the message names the first such photo by its index.
            TypeError: The photo, the camera or an element of a list is something else.
        """
        several = isinstance(photo, list | tuple)
        if self.offline and any(map(is_url, photo if several else [photo])):
            raise DataError("a photo is a URL, and offline is set; pass a file")
        if several:
            return self._predict_list(photo, camera, fov_deg, focal_px)
        rule = camera_rule(focal_px, fov_deg, same_camera(camera))
        decoded = photo if isinstance(photo, DecodedPhoto) else read_photo(photo)
        calibration, focal_from = self.resolve_camera(decoded, rule(decoded))
        small = to_canvas(decoded.image, calibration.intrinsics, self.canvas)
        small_m, log_spread = self.predict_canvas(*small)
        depth_m = resize_bilinear(small_m, *decoded.image.shape[:2])
        return Prediction(
            depth_m=depth_m * np.float32(calibration.depth_scale),
            log_spread=log_spread,
            image=decoded.image,
            calibration=calibration,
            focal_from=focal_from,
            model=self.name,
            engine=self.engine,
            weights=self.weights,
            correlation=self.correlation,
        )

    def _predict_list(
        self,
        photos: list[Any] | tuple[Any, ...],
        camera: Any,
        fov_deg: float | None,
        focal_px: float | None,
    ) -> list[Prediction]:
        names = [f"photos[{place}]" for place in range(len(photos))]
        for name, photo in zip(names, photos, strict=True):
            if not isinstance(photo, DecodedPhoto):
                check_type(photo, name)
        cameras = camera if isinstance(camera, list | tuple) else [camera] * len(photos)
        if len(cameras) != len(photos):
            raise ConfigError(
                f"there are {len(photos)} photos and {len(cameras)} cameras; pass one camera for "
                "all photos, or one for each"
            )
        rules = [
            camera_rule(focal_px, fov_deg, same_camera(one, f"camera[{place}]"))
            for place, one in enumerate(cameras)
        ]

        def predict_one(place: int, photo: DecodedPhoto) -> Prediction:
            return self.predict(photo, rules[place](photo))

        predictions = list[Prediction]()
        given = list(zip(names, photos, strict=True))
        with photos_in_threads(self, given, predict_one) as futures:
            for name, future in zip(names, futures, strict=True):
                try:
                    predictions.append(future.result())
                except DataError as error:
                    text = str(error)
                    message = text if text.startswith(name) else f"{name}: {text}"
                    raise DataError(message) from None
        return predictions

    def predict_array(
        self, image: UInt8[np.ndarray, "h w 3"], camera: Intrinsics | Calibration
    ) -> Float32[np.ndarray, "h w"]:
        """Metric depth of an RGB image (0 to 255) with a known camera, at its own size.

        Raises:
            DataError: The image is not uint8 RGB, or the camera has another image size.
        """
        small_m = self.predict_low_resolution(image, camera)
        return resize_bilinear(small_m, *image.shape[:2])

    def predict_low_resolution(
        self, image: UInt8[np.ndarray, "h w 3"], camera: Intrinsics | Calibration
    ) -> Float32[np.ndarray, "h2 w2"]:
        """As ``predict_array``, at the network's canvas size."""
        calibration = camera if isinstance(camera, Calibration) else _pinhole(camera)
        check_array(image)
        _check_size(calibration.intrinsics, image)
        small = to_canvas(image, calibration.intrinsics, self.canvas)
        small_m, _ = self.predict_canvas(*small)
        return small_m * np.float32(calibration.depth_scale)

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
            pinhole = _pinhole(Intrinsics.assumed(width, height, self.canonical_focal))
            return replace(pinhole, focal_assumed=True), ASSUMED
        calibration = camera if isinstance(camera, Calibration) else _pinhole(camera)
        _check_size(calibration.intrinsics, photo.image)
        if doubt := find_doubt(calibration.intrinsics):
            warnings.warn(
                f"the camera is implausible: {doubt}; an error in it is an error in depth; check "
                "the camera",
                stacklevel=3,
            )
        warn_of_other_weights(calibration, self.weights)
        return calibration, ASSUMED if calibration.focal_assumed else GIVEN


def _pinhole(intrinsics: Intrinsics) -> Calibration:
    return Calibration(intrinsics=intrinsics, distortion="none")


def _check_size(camera: Intrinsics, image: UInt8[np.ndarray, "h w 3"]) -> None:
    height, width = image.shape[:2]
    if (camera.width, camera.height) != (width, height):
        raise DataError(
            f"the camera is for images of {camera.width}x{camera.height} pixels and the photo has "
            f"{width}x{height}; pass camera.resized({width}, {height})"
        )
