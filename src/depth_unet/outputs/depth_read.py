"""Depth from files, of this program or another, in metres."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32
from PIL import Image

from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.outputs.depth_exr import read_exr

ENDINGS = (".png", ".npy", ".npz", ".exr", ".pfm", ".tif", ".tiff")
ARRAY_NAMES = ("depth_m", "depth", "arr_0")


def read_depth_file(path: Path, metres_per_unit: float | None = None) -> Float32[np.ndarray, "h w"]:
    """Read a depth map.

    Args:
        path: 16-bit PNG or TIFF, NumPy array or archive (``depth_m``, ``depth`` or its only
            array), OpenEXR, portable float map, 32-bit TIFF.
        metres_per_unit: Metres per count; None: millimetres for whole numbers, else metres.

    Returns:
        Depth, metres, as stored: 0 and values that are not finite are holes.

    Raises:
        ConfigError: OpenEXR is not installed.
        DataError: It is missing, damaged, of another kind, or not one value per pixel.
    """
    if path.suffix.lower() not in ENDINGS:
        raise DataError(f"{path} ends in {path.suffix or 'nothing'}; give {', '.join(ENDINGS)}")
    if not path.is_file():
        raise DataError(f"{path} is missing; predict it again")
    values = _values(path)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    elif values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2 or not values.size or values.dtype.kind not in "fiu":
        raise DataError(
            f"{path} holds {values.dtype} of shape {values.shape}; one number per pixel is expected"
        )
    if values.dtype == np.uint8:
        raise DataError(f"{path} has 8 bits, a picture rather than depth; give 16 bits or floats")
    scale = metres_per_unit or (1e-3 if values.dtype.kind in "iu" else 1.0)
    return (values.astype(np.float32) * np.float32(scale)).astype(np.float32)


def _values(path: Path) -> np.ndarray:
    if path.suffix.lower() == ".exr":
        return read_exr(path)
    with as_data_error(path, "cannot be read", "replace it"):
        match path.suffix.lower():
            case ".npy":
                array: np.ndarray = np.load(path, allow_pickle=False)
                return array
            case ".npz":
                return _of_archive(path)
            case ".pfm":
                return _of_pfm(path)
            case _:
                with Image.open(path) as image:
                    return np.asarray(image)


def _of_archive(path: Path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as archive:
        name = next((name for name in ARRAY_NAMES if name in archive.files), None)
        if name is None and len(archive.files) == 1:
            (name,) = archive.files
        if name is None:
            raise DataError(
                f"{path} holds {', '.join(archive.files) or 'nothing'}; an array called depth_m "
                "is expected"
            )
        array: np.ndarray = archive[name]
        return array


def _of_pfm(path: Path) -> np.ndarray:
    values = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise ValueError("no portable float map")
    return np.asarray(values)
