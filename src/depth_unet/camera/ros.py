"""ROS's camera_info: the YAML file of a calibration, or the printed message."""

from dataclasses import replace

from depth_unet.camera.calibration import LONGEST_SIDE_PX, Calibration, Distortion
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.opencv import (
    MODEL_NAME,
    Fields,
    coefficients_of,
    intrinsics_of,
    named_values,
    numbers_of,
    size_of,
    word_of,
)
from depth_unet.camera.plausible import check_inside
from depth_unet.errors import DataError

MODELS: dict[str, tuple[Distortion, tuple[int, ...]]] = {
    "plumb_bob": ("brown", (4, 5)),
    "rational_polynomial": ("brown", (8, 12, 14)),
    "equidistant": ("fisheye", (4,)),
}
ROI = "roi"
REGION_NAMES = ("xoffset", "yoffset", "width", "height")
BINNING_NAMES = ("binningx", "binningy")


def is_ros(fields: Fields) -> bool:
    """Whether a file states a distortion model and an image size, as all files of ROS do."""
    return MODEL_NAME in fields and not fields.keys().isdisjoint(("width", "imagewidth"))


def ros_calibration(fields: Fields, size: tuple[int, int] | None = None) -> Calibration:
    """The camera of a camera_info, for photos that are not rectified.

    The matrix holds for the full sensor. The photos show the region of interest (roi), reduced by
    binning. do_rectify concerns rectified photos only.

    Args:
        fields: The file's content from ``parse_fields``: camera_matrix and
            distortion_coefficients, or K and D, or k and d. No coefficients means no distortion.
        size: Width and height of the photos.

    Raises:
        DataError: A field is missing, damaged or of another model, or the photos show the full
            sensor although there is a region of interest.
    """
    sensor = intrinsics_of(fields, size_of(fields))
    check_inside(sensor)
    intrinsics = _binned(_region(sensor, fields, size), fields)
    coefficients = coefficients_of(fields)
    if not coefficients:
        return Calibration(intrinsics=intrinsics, distortion="none")
    name = word_of(fields, MODEL_NAME)
    if name not in MODELS:
        raise DataError(
            f"distortion_model is {name[:40]!r}; expected one of {', '.join(MODELS)}; calibrate "
            "with one of these"
        )
    distortion, counts = MODELS[name]
    if len(coefficients) not in counts:
        raise DataError(
            f"distortion_model {name} has {len(coefficients)} coefficients; expected "
            f"{' or '.join(map(str, counts))}; export the file again"
        )
    return Calibration(intrinsics=intrinsics, distortion=distortion, coefficients=coefficients)


def _region(sensor: Intrinsics, fields: Fields, size: tuple[int, int] | None) -> Intrinsics:
    """The camera of the region of interest, in pixels of the sensor."""
    if ROI not in fields:
        return sensor
    values = fields[ROI]
    if not isinstance(values, dict):
        raise DataError(
            "roi is not a region; expected x_offset, y_offset, width and height; correct it"
        )
    region = named_values(values)
    left, top, width, height = (_whole(region, name) for name in REGION_NAMES)
    if (left, top, width, height) == (0, 0, 0, 0):  # ROS's default: the full sensor
        return sensor
    if not (width and height and left + width <= sensor.width and top + height <= sensor.height):
        raise DataError(
            f"roi is {width}x{height} pixels at column {left} and row {top}; expected a region of "
            f"the image of {sensor.width}x{sensor.height}; correct it"
        )
    full = sensor.width, sensor.height
    if size == full != (width, height):
        raise DataError(
            f"roi is {width}x{height} pixels, but the photo has all {full[0]}x{full[1]} of the "
            "sensor; remove roi from the file, or use photos of the region"
        )
    return sensor.cropped(left, top, width, height)


def _binned(camera: Intrinsics, fields: Fields) -> Intrinsics:
    """The camera after binning, which drops the last pixels of an incomplete bin."""
    # ROS counts 0 as 1.
    bins_x, bins_y = (max(1, _whole(fields, name)) for name in BINNING_NAMES)
    width, height = camera.width // bins_x, camera.height // bins_y
    if not (width and height):
        raise DataError(
            f"binning is {bins_x}x{bins_y} and the image has {camera.width}x{camera.height} "
            "pixels; correct it"
        )
    return replace(camera, width=width * bins_x, height=height * bins_y).resized(width, height)


def _whole(fields: Fields, name: str) -> int:
    """A number of pixels; 0 if it is not stated."""
    values = numbers_of(fields, name) if name in fields else [0.0]
    if len(values) != 1 or not (0 <= values[0] <= LONGEST_SIDE_PX and values[0].is_integer()):
        raise DataError(
            f"{name} is {values[:4]}; expected a whole number from 0 to {LONGEST_SIDE_PX}; "
            "correct it"
        )
    return int(values[0])
