"""The camera that a user states for photos, or its focal length, or its field of view."""

import warnings
from collections.abc import Callable

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.checks import check_number
from depth_unet.errors import ConfigError
from depth_unet.images.photo import DecodedPhoto

Camera = Intrinsics | Calibration
CameraFor = Callable[[DecodedPhoto], Camera | None]
"""The camera of a photo; None if none is stated."""
NAMES = ("focal_px", "fov_deg", "camera")


def camera_rule(
    focal_px: float | None,
    fov_deg: float | None,
    camera: CameraFor | None,
    names: tuple[str, str, str] = NAMES,
) -> CameraFor:
    """The camera of each photo, from the one value of the three that is not None.

    Args:
        focal_px: Horizontal focal length, pixels.
        fov_deg: Field of view across the longer side, degrees.
        camera: The camera of each photo.
        names: What messages call the three.

    Raises:
        ConfigError: Two are given, or a number is out of range.
        TypeError: A number is something else.
    """
    values = dict(zip(names, (focal_px, fov_deg, camera), strict=True))
    given = [name for name, value in values.items() if value is not None]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} both state the camera; use one of them")
    if focal_px is not None:
        fx_px = check_number(names[0], focal_px, "[0.1, 1000000]")
        return lambda photo: Intrinsics.centred(*_size(photo), fx_px)
    if fov_deg is not None:
        angle_deg = check_number(names[1], fov_deg, "[0.1, 179.9]")
        return lambda photo: Intrinsics.from_fov(*_size(photo), angle_deg)
    return camera or (lambda _: None)


def same_camera(camera: Camera | None, name: str = NAMES[2]) -> CameraFor | None:
    """The rule that a photo has this camera; None for None.

    Raises:
        TypeError: It is no camera.
    """
    if camera is None:
        return None
    if not isinstance(camera, Camera):
        raise TypeError(
            f"{name} is of type {type(camera).__name__}; expected Intrinsics or Calibration, or "
            "for a list of photos, a list of these"
        )
    return lambda _: camera


def is_for_other_weights(camera: Calibration, weights: str) -> bool:
    """Whether the depth scale of a camera was measured with other weights than these.

    Args:
        camera: The camera.
        weights: As of ``Predictor.weights``; the checksum decides, so that a copy of a file is the
            same weights.
    """
    theirs, ours = (text.partition(" ")[0] for text in (camera.scaled_for, weights))
    return bool(theirs and ours) and theirs != ours


def warn_of_other_weights(camera: Calibration, weights: str) -> None:
    """Warn of a camera whose depth scale was measured with other weights than these."""
    if is_for_other_weights(camera, weights):
        warnings.warn(
            f"the camera's depth scale was measured with the weights {camera.scaled_for}, and "
            f"these are {weights}, whose depth may be off by another factor; measure it with "
            "--known",
            stacklevel=4,
        )


def _size(photo: DecodedPhoto) -> tuple[int, int]:
    height, width = photo.image.shape[:2]
    return width, height
