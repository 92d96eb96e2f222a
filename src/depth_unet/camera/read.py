"""Read a camera calibration of ROS, OpenCV or COLMAP."""

from pathlib import Path

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.colmap import colmap_calibration, is_colmap
from depth_unet.camera.opencv import opencv_calibration, parse_fields
from depth_unet.camera.plausible import check_aspect
from depth_unet.camera.ros import is_ros, ros_calibration
from depth_unet.errors import DataError
from depth_unet.files.text import decode_text

LARGEST_BYTES = 1_000_000


def read_calibration(path: Path, size: tuple[int, int] | None = None) -> Calibration:
    """Read a calibration file: ROS's camera_info, OpenCV's FileStorage or COLMAP's cameras.txt.

    Args:
        path: The file; its kind is recognised by its content.
        size: Width and height of the photos, used if the file states none.

    Returns:
        The calibration at the size that the file states; of its region of interest, if it has one.

    Raises:
        DataError: The file is missing, damaged, too large or of another kind, no size is known, or
            the photos do not show the file's region of interest.
    """
    text = _text(path)
    try:
        if is_colmap(text):
            return colmap_calibration(text)
        fields = parse_fields(text)
        read = ros_calibration if is_ros(fields) else opencv_calibration
        return read(fields, size)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def scale_calibration(calibration: Calibration, width: int, height: int) -> Calibration:
    """Scale a calibration to photos of the same camera at another size.

    Args:
        calibration: A calibration with the photos' aspect ratio, within 1 %.
        width: Columns of the photos, pixels.
        height: Rows of the photos, pixels.

    Raises:
        DataError: The photos have another aspect ratio, for example because they were cropped.
    """
    remedy = "use photos that are neither cropped nor rotated, or calibrate at their size"
    check_aspect(calibration.intrinsics, width, height, remedy)
    return calibration.resized(width, height)


def _text(path: Path) -> str:
    if not path.is_file():
        raise DataError(f"{path} is not a file; pass a calibration file")
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); make it readable") from None
    if len(data) > LARGEST_BYTES:
        raise DataError(
            f"{path} is larger than {LARGEST_BYTES} bytes; a calibration has a few thousand; pass "
            "a calibration file"
        )
    try:
        return decode_text(data)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error.reason}); export it again") from None
