"""ROS's camera_info: the YAML file of a calibration, or the printed message."""

from depth_unet.camera.calibration import Calibration, Distortion
from depth_unet.camera.opencv import (
    MODEL_NAME,
    Fields,
    coefficients_of,
    intrinsics_of,
    size_of,
    word_of,
)
from depth_unet.errors import DataError

MODELS: dict[str, tuple[Distortion, tuple[int, ...]]] = {
    "plumb_bob": ("brown", (4, 5)),
    "rational_polynomial": ("brown", (8, 12, 14)),
    "equidistant": ("fisheye", (4,)),
}


def is_ros(fields: Fields) -> bool:
    """Whether a file states a distortion model and an image size, as all files of ROS do."""
    return MODEL_NAME in fields and not fields.keys().isdisjoint(("width", "imagewidth"))


def ros_calibration(fields: Fields) -> Calibration:
    """The camera of a camera_info, for photos that are not rectified.

    Args:
        fields: The file's content from ``parse_fields``: camera_matrix and
            distortion_coefficients, or K and D, or k and d. No coefficients means no distortion.

    Raises:
        DataError: A field is missing, damaged or of another model.
    """
    intrinsics, coefficients = intrinsics_of(fields, size_of(fields)), coefficients_of(fields)
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
