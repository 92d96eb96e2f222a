"""The camera that the command line states for its photos."""

import math
from collections.abc import Callable
from pathlib import Path

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.cli.arguments.predict import CameraArguments
from depth_unet.config.checks import check_range
from depth_unet.errors import ConfigError, DataError
from depth_unet.images.photo import DecodedPhoto

CameraFor = Callable[[DecodedPhoto], Intrinsics | Calibration | None]
"""The camera of a photo; None if the command line states none."""


def camera_from_options(arguments: CameraArguments) -> CameraFor:
    """The camera that ``--focal-px``, ``--fov`` or ``--camera`` states.

    Raises:
        ConfigError: Two options are given, or a value is out of range.
        DataError: The calibration file cannot be used.
    """
    values = {
        "--focal-px": arguments.focal_px,
        "--fov": arguments.fov,
        "--camera": arguments.camera,
    }
    given = [name for name, value in values.items() if value is not None]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} both state the camera; use one of them")
    if arguments.focal_px is not None:
        return _from_focal_length(arguments.focal_px)
    if arguments.fov is not None:
        return _from_field_of_view(arguments.fov)
    if arguments.camera is not None:
        return _from_file(arguments.camera)
    return lambda _: None


def _from_focal_length(focal_px: float) -> CameraFor:
    check_range("--focal-px", focal_px, "[0.1, 1000000]")
    return lambda photo: Intrinsics.centred(*_size(photo), focal_px)


def _from_field_of_view(fov_deg: float) -> CameraFor:
    check_range("--fov", fov_deg, "[0.1, 179.9]")
    half = math.tan(math.radians(fov_deg) / 2)
    return lambda photo: Intrinsics.centred(*_size(photo), max(_size(photo)) / (2 * half))


def _from_file(path: Path) -> CameraFor:
    # Reading YAML takes long to import.
    from depth_unet.camera.opencv import ANY_SIZE  # noqa: PLC0415
    from depth_unet.camera.read import read_calibration, scale_calibration  # noqa: PLC0415

    read_calibration(path, ANY_SIZE)  # reports a bad file before any work is done

    def camera_for(photo: DecodedPhoto) -> Calibration:
        calibration = read_calibration(path, _size(photo))
        if photo.rotated and not calibration.is_symmetric:
            raise DataError(
                "the photo is rotated by its Exif data, but --camera describes the unrotated "
                "sensor; save rotated photos and calibrate with them, or use --focal-px"
            )
        return scale_calibration(calibration, *_size(photo))

    return camera_for


def _size(photo: DecodedPhoto) -> tuple[int, int]:
    height, width = photo.image.shape[:2]
    return width, height
