"""Write a camera calibration as camera_info of ROS, which ``read_calibration`` reads back."""

from pathlib import Path

import yaml

from depth_unet.camera.calibration import Calibration
from depth_unet.files.atomic import write_text

HEADER = """\
# A camera, in the form of ROS's camera_info. depth-unet multiplies the depth that it predicts for
# photos of this camera by predicted_depth_scale.
"""
SCALE = "predicted_depth_scale"
SCALED_FOR = "predicted_depth_scale_weights"
FOCAL_ASSUMED = "focal_length_assumed"
BROWN_NAMES = {4: "plumb_bob", 5: "plumb_bob"}  # more coefficients: rational_polynomial


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Write a calibration; numbers are written so that reading gives the identical ones.

    A camera without distortion is written with five coefficients of 0, as ROS does.

    Args:
        calibration: The camera.
        path: The file to write (YAML); an existing one is replaced.

    Raises:
        DataError: The folder cannot be made or written.
    """
    camera = calibration.intrinsics
    fx_px, fy_px, cx_px, cy_px = camera.values_px
    coefficients = calibration.coefficients or (0.0,) * 5
    name = BROWN_NAMES.get(len(coefficients), "rational_polynomial")
    fields = {
        "image_width": camera.width,
        "image_height": camera.height,
        "camera_name": "camera",
        "camera_matrix": _matrix(3, (fx_px, 0, cx_px, 0, fy_px, cy_px, 0, 0, 1)),
        "distortion_model": "equidistant" if calibration.distortion == "fisheye" else name,
        "distortion_coefficients": _matrix(1, coefficients),
        "rectification_matrix": _matrix(3, (1, 0, 0, 0, 1, 0, 0, 0, 1)),
        "projection_matrix": _matrix(3, (fx_px, 0, cx_px, 0, 0, fy_px, cy_px, 0, 0, 0, 1, 0)),
        SCALE: calibration.depth_scale,
    }
    if calibration.scaled_for:
        fields[SCALED_FOR] = calibration.scaled_for
    if calibration.focal_assumed:
        fields[FOCAL_ASSUMED] = True
    write_text(path, HEADER + yaml.safe_dump(fields, sort_keys=False, default_flow_style=None))


def _matrix(rows: int, values: tuple[float, ...]) -> dict[str, object]:
    data = [float(value) for value in values]
    return {"rows": rows, "cols": len(data) // rows, "data": data}
