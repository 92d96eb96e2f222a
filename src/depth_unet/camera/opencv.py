"""Calibration files of OpenCV's FileStorage (YAML, XML, JSON).

They are not read with OpenCV, whose parser is not safe for untrusted files. ROS's files hold the
same matrices and are parsed with the functions of this module.
"""

import json
import re
from contextlib import suppress
from xml.etree import ElementTree

from depth_unet.camera.calibration import LONGEST_SIDE_PX, Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.plausible import check_inside, check_same_size
from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.files.yaml_text import parse_yaml

MATRIX_NAMES = ("cameramatrix", "k", "intrinsicmatrix", "m1")
COEFFICIENT_NAMES = ("distortioncoefficients", "distcoeffs", "distcoeff", "dist", "d", "d1")
SIZE_NAMES = ("imagesize",)
SIDE_NAMES = (("imagewidth", "imageheight"), ("width", "height"))
MODEL_NAME = "distortionmodel"
FISHEYE_NAME = "fisheyemodel"  # written by OpenCV's example calibration program
FISHEYE_MODELS = ("equidistant", "fisheye")
ANY_SIZE = (1, 1)  # stands for photos that are not known yet; their size is not checked
NAMES = (
    *("camera_matrix", "intrinsic_matrix", "distortion_coefficients", "dist_coeffs", "dist_coeff"),
    *("image_size", "image_width", "image_height", "x_offset", "y_offset", "binning_x"),
    *("binning_y", "predicted_depth_scale"),
)
WRITTEN = {name.replace("_", ""): name for name in NAMES}
"""What messages call a field: named as in ``Fields``, it would not be found in the file."""
MATRIX_TAG = re.compile(r"!!opencv-(?:nd-)?matrix")

Fields = dict[str, object]
"""Values by name, in lower case without underscores: cameraMatrix and camera_matrix are one."""


def opencv_calibration(fields: Fields, size: tuple[int, int] | None = None) -> Calibration:
    """The camera of a FileStorage; the left one of a stereo pair (M1, D1).

    Args:
        fields: The file's content from ``parse_fields``. Four coefficients are read as plumb bob
            unless ``distortion_model`` or ``fisheye_model`` names a fisheye.
        size: Width and height of the photos, used if the file states none.

    Raises:
        DataError: A field is missing, damaged or of another model, or the file states no size and
            is not for photos of ``size``.
    """
    known = (*COEFFICIENT_NAMES, MODEL_NAME)
    strange = [name for name in fields if name.startswith(("distc", "disto")) and name not in known]
    if strange:
        raise DataError(
            f"the file holds the unknown name {strange[0][:40]!r}; the coefficients must be called "
            "distortion_coefficients; rename them"
        )
    stated = size_of(fields)
    intrinsics = intrinsics_of(fields, stated or size)
    if stated is not None:
        check_inside(intrinsics)
    elif size != ANY_SIZE:
        check_same_size(intrinsics)
    coefficients = coefficients_of(fields)
    if not coefficients:
        return Calibration(intrinsics=intrinsics, distortion="none")
    return Calibration(
        intrinsics=intrinsics,
        distortion="fisheye" if _is_fisheye(fields) else "brown",
        coefficients=coefficients,
    )


def parse_fields(text: str) -> Fields:
    """The named values at the top level of a YAML, XML or JSON file.

    Raises:
        DataError: The text is none of these, or not a calibration.
    """
    text = text.strip()
    with as_data_error("the file", "is damaged, or not YAML, XML or JSON", "export it again"):
        if text.startswith("<"):
            found = _parse_xml(text)
        elif text.startswith("{"):
            found = json.loads(text)
        else:
            found = _parse_yaml(text)
        if not isinstance(found, dict):
            raise DataError(
                "the file holds no named values; expected a camera_info of ROS, a FileStorage of "
                "OpenCV or a cameras.txt of COLMAP; export it again"
            )
        return named_values(found)


def named_values(values: dict[object, object]) -> Fields:
    """Values by name, in lower case without underscores."""
    return {field_name(name): value for name, value in values.items()}


def field_name(name: object) -> str:
    """A name as ``Fields`` holds it."""
    return str(name).replace("_", "").lower()


def intrinsics_of(fields: Fields, size: tuple[int, int] | None) -> Intrinsics:
    """The pinhole camera of a 3x3 matrix.

    Raises:
        DataError: There is no such matrix or no size, or the matrix has entries besides the focal
            lengths and the centre.
    """
    name = _first_of(fields, MATRIX_NAMES)
    if name is None:
        raise DataError(
            "the file holds no camera matrix; expected camera_matrix, cameraMatrix, K, "
            "intrinsic_matrix or M1; rename it"
        )
    if size is None:
        raise DataError(
            "the file states no image size; add image_width and image_height, or pass the size of "
            "the photos"
        )
    values = numbers_of(fields, name)
    if len(values) != 9:
        raise DataError(f"the camera matrix has {len(values)} numbers, not 9; export it again")
    fx_px, skew, cx_px, zero_10, fy_px, cy_px, *last = values
    others = (skew, zero_10, last[0], last[1], last[2] - 1)
    if not all(abs(value) <= 1e-3 for value in others):
        raise DataError(
            f"the camera matrix is {values}; expected fx, 0, cx, 0, fy, cy, 0, 0, 1 (no skew); "
            "calibrate again"
        )
    return Intrinsics.from_values(*size, (fx_px, fy_px, cx_px, cy_px))


def coefficients_of(fields: Fields) -> tuple[float, ...]:
    """The distortion coefficients; none if the file holds none."""
    name = _first_of(fields, COEFFICIENT_NAMES)
    return () if name is None else tuple(numbers_of(fields, name))


def size_of(fields: Fields) -> tuple[int, int] | None:
    """Width and height; None if the file states none.

    Raises:
        DataError: They are not whole numbers of pixels.
    """
    sides = next((names for names in SIDE_NAMES if fields.keys() & set(names)), ())
    name = _first_of(fields, SIZE_NAMES)
    if sides:
        values = [value for name in sides if name in fields for value in numbers_of(fields, name)]
    elif name is not None:
        values = numbers_of(fields, name)
    else:
        return None
    if len(values) != 2 or not all(
        1 <= value <= LONGEST_SIDE_PX and value.is_integer() for value in values
    ):
        raise DataError(
            f"the image size is {values[:4]}; expected width and height from 1 to "
            f"{LONGEST_SIDE_PX} pixels; correct it"
        )
    return int(values[0]), int(values[1])


def numbers_of(fields: Fields, name: str) -> list[float]:
    """The numbers of a matrix, a list, a list of lists or a single number.

    Raises:
        DataError: An entry is not a finite number.
    """
    value = fields[name]
    if isinstance(value, dict):
        value = value.get("data")
    rows = value if isinstance(value, list) else [value]
    items = [item for row in rows for item in (row if isinstance(row, list) else [row])]
    return [_number(item, name) for item in items]


def word_of(fields: Fields, name: str) -> str:
    """A word, without the quotes that XML leaves; empty if there is none."""
    value = fields.get(name)
    return value.strip('"') if isinstance(value, str) else ""


def _number(item: object, name: str) -> float:
    # YAML 1.1 reads 1e-05 as a word, and programs write it.
    if isinstance(item, int | float | str) and not isinstance(item, bool):
        with suppress(ValueError, OverflowError):
            return float(item)
    kind = "nothing" if item is None else f"a {type(item).__name__}"
    shown = repr(item[:40]) if isinstance(item, str) else kind
    raise DataError(f"{WRITTEN.get(name, name)} holds {shown}; expected finite numbers; correct it")


def _first_of(fields: Fields, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in fields), None)


def _is_fisheye(fields: Fields) -> bool:
    return fields.get(FISHEYE_NAME) in (1, "1") or word_of(fields, MODEL_NAME) in FISHEYE_MODELS


def _parse_yaml(text: str) -> object:
    if text.startswith("%YAML:"):  # OpenCV's own header; YAML has a space there
        text = text.partition("\n")[2]
    # ROS ends printed messages with YAML's document separator.
    return parse_yaml(MATRIX_TAG.sub("", text).removesuffix("---"))


def _parse_xml(text: str) -> object:
    if "<!" in text.replace("<!--", ""):
        raise DataError("the file has XML declarations (<!), which are not supported; remove them")
    return {child.tag: _xml_value(child) for child in ElementTree.fromstring(text)}


def _xml_value(element: ElementTree.Element) -> object:
    data = element.find("data")
    words = " ".join((element if data is None else data).itertext()).split()
    return words[0] if len(words) == 1 else words
