"""Read depth files in metres, whichever program wrote them."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from depth_unet.arrays import Float32
from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.files.walk import is_file
from depth_unet.images.stored import load_as_stored
from depth_unet.outputs.depth_exr import read_exr
from depth_unet.outputs.statement import read_statement

ENDINGS = (".png", ".npy", ".npz", ".exr", ".pfm", ".tif", ".tiff")
ARRAY_NAMES = ("depth_m", "depth", "arr_0")
METRES_PER_UNIT = {
    **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters"), 1e-3),
    **dict.fromkeys(("cm", "centimetre", "centimetres", "centimeter", "centimeters"), 1e-2),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), 1.0),
}


def read_depth_file(path: Path, metres_per_unit: float | None = None) -> Float32[np.ndarray, "h w"]:
    """Read a depth map.

    Args:
        path: 16-bit PNG or TIFF, NumPy array or archive (``depth_m``, ``depth`` or its only
            array), OpenEXR, portable float map, 32-bit TIFF.
        metres_per_unit: Metres per stored count; None: millimetres for integers, else metres.

    Returns:
        Depth, metres, as stored: 0 and non-finite values are holes.

    Raises:
        ConfigError: OpenEXR is not installed.
        DataError: The file is missing, damaged, of another kind, a TIFF with an orientation, or
            not one value per pixel.
    """
    if path.suffix.lower() not in ENDINGS:
        raise DataError(
            f"{path} has the ending {path.suffix or '(none)'}; expected {', '.join(ENDINGS)}"
        )
    if not is_file(path):
        raise DataError(f"{path} is missing; restore it")
    values = _read_array(path)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    elif values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2 or not values.size or values.dtype.kind not in "fiu":
        raise DataError(
            f"{path} holds {values.dtype} of shape {values.shape}; expected one number per pixel"
        )
    if values.dtype == np.uint8:
        raise DataError(f"{path} has 8 bits, as pictures have; expected 16 bits or floats")
    scale = metres_per_unit or (1e-3 if values.dtype.kind in "iu" else 1.0)
    return (values.astype(np.float32) * np.float32(scale)).astype(np.float32)


def read_unit(path: Path) -> float | None:
    """Metres per stored count as the file states it; None if it states no known unit.

    Args:
        path: A depth file. Its unit is the text chunk, archive entry, header attribute or key of
            the JSON file beside it that is called ``unit``, up to the first semicolon.

    Raises:
        ConfigError: OpenEXR is not installed.
        DataError: The file cannot be read.
    """
    with as_data_error(path, "cannot be read", "replace it"):
        text = read_statement(path).get("unit", "").partition(";")[0].strip().lower()
    return METRES_PER_UNIT.get(text)


def _read_array(path: Path) -> np.ndarray:
    if path.suffix.lower() == ".exr":
        return read_exr(path)
    with as_data_error(path, "cannot be read", "replace it"):
        match path.suffix.lower():
            case ".npy":
                with path.open("rb") as stream:  # np.load would take archives, too
                    array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
                return array
            case ".npz":
                return _read_npz(path)
            case ".pfm":
                return _read_pfm(path)
            case _:
                with Image.open(path) as image:
                    return np.asarray(load_as_stored(image, path))


def _read_npz(path: Path) -> np.ndarray:
    # A damaged file that `np.load` opens itself stays open.
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        name = next((name for name in ARRAY_NAMES if name in archive.files), None)
        if name is None and len(archive.files) == 1:
            (name,) = archive.files
        if name is None:
            raise DataError(
                f"{path} holds {', '.join(archive.files) or 'nothing'}; expected an array called "
                "depth_m"
            )
        array: np.ndarray = archive[name]
        return array


def _read_pfm(path: Path) -> np.ndarray:
    values = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise ValueError("not a portable float map")
    return np.asarray(values)
