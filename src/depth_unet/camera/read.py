"""Read a camera calibration of ROS, OpenCV or COLMAP."""

from dataclasses import replace
from pathlib import Path

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.colmap import colmap_calibration, is_colmap
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.opencv import (
    Fields,
    field_name,
    numbers_of,
    opencv_calibration,
    parse_fields,
    word_of,
)
from depth_unet.camera.plausible import check_aspect, has_aspect
from depth_unet.camera.ros import is_ros, ros_calibration
from depth_unet.camera.write import FOCAL_ASSUMED, SCALE, SCALED_FOR
from depth_unet.errors import DataError
from depth_unet.files.damage import named
from depth_unet.files.text import decode_text

LARGEST_BYTES = 1_000_000
MOST_LETTERS = 200  # of the name of weights


def read_calibration(path: Path, size: tuple[int, int] | None = None) -> Calibration:
    """Read a calibration file: ROS's camera_info, OpenCV's FileStorage or COLMAP's cameras.txt.

    Args:
        path: The file; its kind is recognised by its content.
        size: Width and height of the photos, used if the file states none.

    Returns:
        The calibration at the size that the file states; of its region of interest, if it has one.
        Its depth scale, the weights of that and whether the focal length is assumed are those that
        ``write_calibration`` adds; in other files, the scale is 1.

    Raises:
        DataError: The file is missing, damaged, too large or of another kind, no size is known, or
            the photos do not show the file's region of interest.
    """
    text = _text(path)
    with named(path):
        if is_colmap(text):
            return colmap_calibration(text)
        fields = parse_fields(text)
        read = ros_calibration if is_ros(fields) else opencv_calibration
        return _with_own_fields(read(fields, size), fields)


def is_own_calibration(path: Path) -> bool:
    """Whether ``write_calibration`` wrote a file: others do not state ``predicted_depth_scale``."""
    try:
        return field_name(SCALE) in parse_fields(_text(path))
    except DataError:
        return False


def scale_calibration(calibration: Calibration, width: int, height: int) -> Calibration:
    """Scale a calibration to photos of the same camera at another size.

    Args:
        calibration: A calibration with the photos' aspect ratio, within 1 %. A symmetric one may
            be for landscape photos and these in portrait format, or the other way round.
        width: Columns of the photos, pixels.
        height: Rows of the photos, pixels.

    Raises:
        DataError: The photos have another aspect ratio, for example because they were cropped.
    """
    camera = calibration.intrinsics
    turned = Intrinsics.centred(camera.height, camera.width, camera.fx_px)
    is_turned = has_aspect(turned, width, height) and not has_aspect(camera, width, height)
    if is_turned and calibration.is_symmetric:
        calibration = replace(calibration, intrinsics=turned)
    remedy = "use photos that are neither cropped nor rotated, or calibrate at their size"
    check_aspect(calibration.intrinsics, width, height, remedy)
    return calibration.resized(width, height)


def _with_own_fields(calibration: Calibration, fields: Fields) -> Calibration:
    values = numbers_of(fields, field_name(SCALE)) if field_name(SCALE) in fields else [1.0]
    if len(values) != 1:
        raise DataError(f"{SCALE} has {len(values)} numbers, not 1; correct it")
    weights = word_of(fields, field_name(SCALED_FOR))[:MOST_LETTERS]
    return replace(
        calibration,
        depth_scale=values[0],
        scaled_for="".join(letter if letter.isprintable() else "?" for letter in weights),
        focal_assumed=fields.get(field_name(FOCAL_ASSUMED)) is True,
    )


def _text(path: Path) -> str:
    if path == Path():
        raise DataError("the name of the calibration file is empty, or a folder; pass a file")
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
