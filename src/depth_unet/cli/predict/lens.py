"""The camera of the photos to predict, as the command line names it."""

import math
from collections.abc import Callable

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.read import fitted, read_calibration
from depth_unet.cli.arguments import PredictArguments
from depth_unet.errors import ConfigError, DataError
from depth_unet.images.photo import DecodedPhoto

Lens = Callable[[DecodedPhoto], Intrinsics | Calibration | None]
"""The camera of a photo; None where nothing was named for it."""


def lens_of(arguments: PredictArguments) -> Lens:
    """The camera that the options name.

    Raises:
        ConfigError: They name two, or one that cannot be.
        DataError: The camera's file cannot be used.
    """
    given = {
        "--focal-px": arguments.focal_px,
        "--fov": arguments.fov,
        "--camera": arguments.camera,
    }
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise ConfigError(f"{' and '.join(named)} both name the camera; give one of them")
    if arguments.focal_px is not None:
        return _by_focal_length(arguments.focal_px)
    if arguments.fov is not None:
        return _by_field_of_view(arguments.fov)
    if arguments.camera is not None:
        return _by_file(arguments)
    return lambda _: None


def _by_focal_length(focal_px: float) -> Lens:
    if not 0 < focal_px < math.inf:
        raise ConfigError(f"--focal-px is {focal_px}; give a positive focal length")
    return lambda photo: Intrinsics.centred(*_size(photo), focal_px)


def _by_field_of_view(fov_deg: float) -> Lens:
    if not 0 < fov_deg < 180:
        raise ConfigError(f"--fov is {fov_deg}; give degrees between 0 and 180")
    half = math.tan(math.radians(fov_deg) / 2)
    return lambda photo: Intrinsics.centred(*_size(photo), max(_size(photo)) / (2 * half))


def _by_file(arguments: PredictArguments) -> Lens:
    path = arguments.camera
    assert path is not None
    read_calibration(path, (1, 1))  # what is wrong with it is said before anything is done

    def lens(photo: DecodedPhoto) -> Calibration:
        if photo.turned:
            raise DataError(
                "its file has it turned, and --camera is of the sensor's own pixels; save it "
                "turned, with a calibration of turned photos, or give --focal-px"
            )
        return fitted(read_calibration(path, _size(photo)), *_size(photo))

    return lens


def _size(photo: DecodedPhoto) -> tuple[int, int]:
    height, width = photo.image.shape[:2]
    return width, height
