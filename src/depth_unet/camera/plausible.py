"""Cameras that cannot be meant, and those that are unlikely."""

import math

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import DataError

LEAST_FOV_DEG, MOST_FOV_DEG = 5.0, 150.0
MOST_STRETCH = 2.0  # fx / fy; anamorphic lenses reach 2
FAR = 0.2  # distance of the principal point from the middle, in sides of the image
ASPECT_TOLERANCE = 0.01
OTHER_SIZE = 0.1  # the same where a file states no size and the photo's is taken


def check_inside(camera: Intrinsics) -> None:
    """Refuse a camera of a full sensor whose principal point is not inside the image.

    Raises:
        DataError: It is on the border or outside.
    """
    inside = 0 < camera.cx_px < camera.width - 1 and 0 < camera.cy_px < camera.height - 1
    if not inside:
        raise DataError(
            f"the principal point {_point(camera)} is not inside the image of "
            f"{camera.width}x{camera.height} pixels; expected it near the middle; correct the "
            "principal point or the image size"
        )


def check_same_size(camera: Intrinsics) -> None:
    """Refuse photos that a calibration without an image size cannot be meant for.

    Args:
        camera: The calibration, taken to be for photos of this size.

    Raises:
        DataError: The principal point is not near the middle of the photos.
    """
    if _offset(camera) > OTHER_SIZE:
        raise DataError(
            f"the file states no image size, and its principal point {_point(camera)} is not near "
            f"the middle of a photo of {camera.width}x{camera.height} pixels; add image_width and "
            "image_height of the photos that were calibrated"
        )


def check_aspect(camera: Intrinsics, width: int, height: int, remedy: str) -> None:
    """Refuse photos that a camera would have to be stretched for.

    Args:
        camera: A camera for photos of any size.
        width: Columns of the photos, pixels.
        height: Rows of the photos, pixels.
        remedy: What to do.

    Raises:
        DataError: The aspect ratios differ by more than 1 %: the photos are crops or rotated.
    """
    if not has_aspect(camera, width, height):
        raise DataError(
            f"the calibration is for photos of {camera.width}x{camera.height} pixels and the photo "
            f"has {width}x{height}; the aspect ratio must be the same; {remedy}"
        )


def has_aspect(camera: Intrinsics, width: int, height: int) -> bool:
    """Whether photos of this size have a camera's aspect ratio, within 1 %."""
    wide, high = width * camera.height, height * camera.width
    return abs(wide - high) <= ASPECT_TOLERANCE * high


def find_doubt(camera: Intrinsics) -> str:
    """What is unlikely about a camera, as a clause; empty if it is plausible."""
    extent = max(camera.width / camera.fx_px, camera.height / camera.fy_px)
    fov_deg = math.degrees(2 * math.atan(extent / 2))
    if not LEAST_FOV_DEG <= fov_deg <= MOST_FOV_DEG:
        return (
            f"its field of view is {fov_deg:.3g} degrees; expected {LEAST_FOV_DEG:g} to "
            f"{MOST_FOV_DEG:g}, and focal lengths in pixels, not millimetres"
        )
    if not 1 / MOST_STRETCH <= camera.fx_px / camera.fy_px <= MOST_STRETCH:
        return (
            f"its focal lengths are {camera.fx_px:.5g} and {camera.fy_px:.5g} pixels; expected "
            "nearly equal ones"
        )
    if _offset(camera) > FAR:
        return (
            f"its principal point {_point(camera)} is far from the middle of the "
            f"{camera.width}x{camera.height} pixels, as only that of a crop can be"
        )
    return ""


def _offset(camera: Intrinsics) -> float:
    """Distance of the principal point from the middle, in sides of the image; the larger one."""
    return max(
        abs((camera.cx_px + 0.5) / camera.width - 0.5),
        abs((camera.cy_px + 0.5) / camera.height - 0.5),
    )


def _point(camera: Intrinsics) -> str:
    return f"({camera.cx_px:g}, {camera.cy_px:g})"
