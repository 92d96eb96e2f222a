"""ROS's camera_info: the YAML file of a calibration, or the message as it is printed."""

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
    """Whether a file names a model of distortion and states a size, as ROS's all do."""
    return MODEL_NAME in fields and not fields.keys().isdisjoint(("width", "imagewidth"))


def ros_calibration(fields: Fields) -> Calibration:
    """The camera of a camera_info, for photos as the camera took them (not rectified ones).

    Args:
        fields: The file's content, of ``fields_of``: camera_matrix and distortion_coefficients,
            or K and D, or k and d. Without coefficients there is no distortion.

    Raises:
        DataError: Something is missing, damaged or of another model.
    """
    intrinsics, coefficients = intrinsics_of(fields, size_of(fields)), coefficients_of(fields)
    if not coefficients:
        return Calibration(intrinsics=intrinsics, distortion="none")
    name = word_of(fields, MODEL_NAME)
    if name not in MODELS:
        raise DataError(
            f"distortion_model is {name[:40]!r}; one of {', '.join(MODELS)} is expected; calibrate "
            "with one of these"
        )
    distortion, counts = MODELS[name]
    if len(coefficients) not in counts:
        raise DataError(
            f"distortion_model {name} has {len(coefficients)} coefficients; "
            f"{' or '.join(map(str, counts))} are expected; export the file again"
        )
    return Calibration(intrinsics=intrinsics, distortion=distortion, coefficients=coefficients)
