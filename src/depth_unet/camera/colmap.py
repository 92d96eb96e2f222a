"""COLMAP's cameras.txt: one line per camera with its model and parameters."""

from depth_unet.camera.calibration import Calibration, Distortion
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.plausible import check_inside
from depth_unet.errors import DataError

CENTRE_PX = 0.5  # COLMAP's first pixel centre; ours is 0.
MOST_DIGITS = 6  # more than any photo's width has
FIELDS_BEFORE = 4  # CAMERA_ID, MODEL, WIDTH, HEIGHT

# Distortion, number of focal lengths, number of coefficients.
MODELS: dict[str, tuple[Distortion, int, int]] = {
    "SIMPLE_PINHOLE": ("none", 1, 0),
    "PINHOLE": ("none", 2, 0),
    "SIMPLE_RADIAL": ("brown", 1, 1),
    "RADIAL": ("brown", 1, 2),
    "OPENCV": ("brown", 2, 4),
    "FULL_OPENCV": ("brown", 2, 8),
    "OPENCV_FISHEYE": ("fisheye", 2, 4),
}


def is_colmap(text: str) -> bool:
    """Whether the first line that is no comment starts with a number and a name in capitals."""
    words = next(iter(_lines(text)), [])
    return len(words) > 1 and words[0].isdecimal() and words[1].replace("_", "").isupper()


def colmap_calibration(text: str) -> Calibration:
    """The camera of a cameras.txt.

    Args:
        text: The file's content: one camera, or several that are equal except for their number.

    Raises:
        DataError: A line is damaged or of another model, or the cameras differ.
    """
    lines = _lines(text)
    if not lines:
        raise DataError(
            "expected a line `CAMERA_ID MODEL WIDTH HEIGHT PARAMS` and found none; export it again"
        )
    cameras = [_camera(words) for words in lines]
    others = sum(camera != cameras[0] for camera in cameras)
    if others:
        raise DataError(
            f"{others} of {len(cameras)} cameras differ from the first; expected one camera; "
            "keep one line"
        )
    return cameras[0]


def _lines(text: str) -> list[list[str]]:
    lines = (line.split() for line in text.splitlines())
    return [words for words in lines if words and not words[0].startswith("#")]


def _camera(words: list[str]) -> Calibration:
    shown = " ".join(words)[:80]
    if len(words) < FIELDS_BEFORE or words[1] not in MODELS:
        raise DataError(
            f"line {shown!r} has an unknown model; expected one of {', '.join(MODELS)}; undistort "
            "the photos, or calibrate with one of these"
        )
    distortion, num_focals, num_coefficients = MODELS[words[1]]
    expected = num_focals + 2 + num_coefficients
    try:
        width, height = (_side(word) for word in words[2:4])
        values = [float(word) for word in words[FIELDS_BEFORE:]]
    except ValueError:
        raise DataError(
            f"line {shown!r} is not `CAMERA_ID MODEL WIDTH HEIGHT` and numbers; correct it"
        ) from None
    if len(values) != expected:
        raise DataError(
            f"line {shown!r} has {len(values)} parameters; {words[1]} has {expected}; correct it"
        )
    cx_px, cy_px = values[num_focals : num_focals + 2]
    coefficients = tuple(values[num_focals + 2 :])
    if distortion == "brown":
        coefficients += (0.0,) * (4 - num_coefficients)
    intrinsics = Intrinsics(
        width=width,
        height=height,
        fx_px=values[0],
        fy_px=values[num_focals - 1],
        cx_px=cx_px - CENTRE_PX,
        cy_px=cy_px - CENTRE_PX,
    )
    check_inside(intrinsics)
    return Calibration(intrinsics=intrinsics, distortion=distortion, coefficients=coefficients)


def _side(word: str) -> int:
    if len(word) > MOST_DIGITS:
        raise ValueError
    return int(word)
