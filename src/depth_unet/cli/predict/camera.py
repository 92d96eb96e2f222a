"""The camera that the command line states for its photos."""

from functools import partial
from pathlib import Path

from depth_unet.camera.calibration import Calibration
from depth_unet.cli.arguments.predict import CameraArguments
from depth_unet.errors import DataError
from depth_unet.images.photo import DecodedPhoto
from depth_unet.predict.camera import CameraFor, camera_rule


def camera_from_options(arguments: CameraArguments) -> CameraFor:
    """The camera that ``--focal-px``, ``--fov`` or ``--camera`` states.

    Raises:
        ConfigError: Two options are given, or a value is out of range.
        DataError: The calibration file cannot be used.
    """
    path = arguments.camera
    names = ("--focal-px", "--fov", "--camera")
    from_file = None if path is None else partial(_from_file, path)
    rule = camera_rule(arguments.focal_px, arguments.fov, from_file, names)
    if path is not None:
        _check_file(path)
    return rule


def _check_file(path: Path) -> None:
    """Report a bad file before any work is done."""
    # Reading YAML takes long to import.
    from depth_unet.camera.opencv import ANY_SIZE  # noqa: PLC0415
    from depth_unet.camera.read import read_calibration  # noqa: PLC0415

    read_calibration(path, ANY_SIZE)


def _from_file(path: Path, photo: DecodedPhoto) -> Calibration:
    from depth_unet.camera.read import read_calibration, scale_calibration  # noqa: PLC0415

    height, width = photo.image.shape[:2]
    calibration = read_calibration(path, (width, height))
    if photo.rotated and not calibration.is_symmetric:
        raise DataError(
            "the photo is rotated by its Exif data, but --camera describes the unrotated "
            "sensor; save rotated photos and calibrate with them, or use --focal-px"
        )
    return scale_calibration(calibration, width, height)
