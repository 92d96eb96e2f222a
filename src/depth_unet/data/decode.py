"""Decode maps of depth and classes, as stored; every defect raises a ``DataError`` of one line."""

import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8, UInt16
from PIL import Image, UnidentifiedImageError

from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.images.millimetres import LARGEST_MM, MILLIMETRES_PER_METRE, as_millimetres
from depth_unet.images.photo import read_photo, read_size
from depth_unet.images.stored import load_as_stored

LEAVE_OUT = "leave it out with `depth-unet prepare --skip-bad`"
NO_DEPTH = "has no valid depth"
UNIT_REMEDY = (
    "correct depth_unit in dataset.json (mm, cm, m or metres per count), or give another --form"
)


def in_millimetres(depth_m: np.ndarray, where: object) -> UInt16[np.ndarray, "h w"]:
    """Depth in metres as ``as_millimetres`` stores it.

    Raises:
        DataError: There is depth, and all of it is beyond what can be stored.
    """
    depth_mm = as_millimetres(depth_m)
    if depth_mm.any():
        return depth_mm
    found_m = depth_m[np.isfinite(depth_m) & (depth_m > 0)]
    if found_m.size:
        raise DataError(
            f"{where} {NO_DEPTH}: it would be {span(found_m)}, not between "
            f"{1 / MILLIMETRES_PER_METRE:g} and {LARGEST_MM / MILLIMETRES_PER_METRE:g} m; "
            f"{UNIT_REMEDY}"
        )
    return depth_mm


def span(depth_m: np.ndarray) -> str:
    """The smallest and the largest of some depths, metres."""
    return f"{depth_m.min():.3g} to {depth_m.max():.3g} m"


def read_depth(
    path: Path,
    metres_per_unit: float,
    data: bytes | None = None,
    *,
    bits: Literal[8, 16] = 16,
) -> UInt16[np.ndarray, "h w"]:
    """Decode a depth map.

    Args:
        path: A single-channel image.
        metres_per_unit: Metres per count.
        data: The content of a file in an archive; the path is then used in messages only.
        bits: Bits per pixel that the file must have.

    Returns:
        Depth, millimetres, rounded; 0 marks a hole, which a negative value or one above 65.535 m
        becomes.
    """
    with _open(path, data) as image:
        _check_depth_mode(image, path, bits)
        counts = np.asarray(load_as_stored(image, path))
    if metres_per_unit * MILLIMETRES_PER_METRE == 1 and counts.dtype.itemsize == 2:
        return counts.astype(np.uint16)
    return in_millimetres(counts.astype(np.float64) * metres_per_unit, path)


def read_labels(path: Path) -> UInt8[np.ndarray, "h w"]:
    """Decode a map of classes: an 8-bit grey image, or the indices of one with a palette."""
    with _open(path) as image:
        _check_labels_mode(image, path)
        return np.array(load_as_stored(image, path), dtype=np.uint8)


def check_headers(rgb: Path, depth: Path) -> tuple[int, int]:
    """Check format and size of a pair from the files' headers; return width and height."""
    with _open(depth) as depth_map:
        _check_depth_mode(depth_map, depth)
        _check_size(rgb, depth_map.size, depth)
        return depth_map.size


def check_labels_header(labels: Path, rgb: Path) -> None:
    """Check mode and size of a map of classes by its header; size only if the photo is a file."""
    with _open(labels) as image:
        _check_labels_mode(image, labels)
        if rgb.is_file():
            _check_size(rgb, image.size, labels)


def check_sizes(rgb_size: Any, map_size: Any, rgb: str, where: str, *, rotated: bool) -> None:
    """Refuse an upright photo and a map of different (width, height).

    Args:
        rgb_size: Size of the photo.
        map_size: Size of its depth map or its classes.
        rgb: The photo, for messages.
        where: The map's file, for messages.
        rotated: Whether the Exif orientation rotated the photo.
    """
    if tuple(rgb_size) == tuple(map_size):
        return
    cause = "a photo and its maps must have the same size"
    if rotated and tuple(rgb_size) == tuple(map_size)[::-1]:
        cause = (
            "the photo's Exif orientation turns it by a quarter, and the map was made for the "
            "pixels before: turn the map the same way, or remove the tag"
        )
    raise DataError(
        f"{rgb} is {rgb_size[0]}x{rgb_size[1]} and {where} is {map_size[0]}x{map_size[1]}; {cause}"
    )


def _check_size(rgb: Path, map_size: tuple[int, int], where: Path) -> None:
    """Compare by the header; decode a photo of another size, whose tag may follow its pixels."""
    if read_size(rgb) != map_size:
        photo = read_photo(rgb)
        size = photo.image.shape[1::-1]
        check_sizes(size, map_size, str(rgb), str(where), rotated=photo.rotated)


def _check_labels_mode(image: Image.Image, path: Path) -> None:
    if image.mode not in ("L", "P"):
        raise DataError(
            f"{path} has colour mode {image.mode}; classes must be an 8-bit PNG of one channel"
        )


def _check_depth_mode(image: Image.Image, path: Path, bits: Literal[8, 16] = 16) -> None:
    if bits == 8:
        if image.mode != "L":
            raise DataError(
                f"{path} has colour mode {image.mode}; training depth of this form must be "
                "a single-channel 8-bit PNG"
            )
        return
    if image.mode == "L":
        raise DataError(
            f"{path} is an 8-bit image; depth must be a 16-bit PNG (8-bit depth is usually scaled: "
            "convert it to millimetres first)"
        )
    if not image.mode.startswith("I"):
        raise DataError(
            f"{path} has colour mode {image.mode}; depth must be a single-channel 16-bit PNG"
        )


def _open(path: Path, data: bytes | None = None) -> Image.Image:
    with as_data_error(path, "cannot be read", "replace it"):
        try:
            return Image.open(path if data is None else io.BytesIO(data))
        except FileNotFoundError:
            raise DataError(f"{path} is missing; restore it, or {LEAVE_OUT}") from None
        except UnidentifiedImageError:
            raise DataError(f"{path} is not an image file; replace it") from None
