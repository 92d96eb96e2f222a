"""Decode a photo of any kind to upright RGB, with the focal length from its Exif data."""

import io
import math
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from depth_unet.arrays import UInt8
from depth_unet.camera.exif import exif_focal_px
from depth_unet.errors import DataError, install_command
from depth_unet.files.damage import as_data_error
from depth_unet.files.fetch import is_url, without_secrets
from depth_unet.images.formats import HEAD_BYTES, is_heif
from depth_unet.images.kinds import Photo, into_memory
from depth_unet.images.white import WHITES, as_8_bits

ORIENTATION = 0x0112
ONE_SCENE = frozenset(("MPO", "PSD"))  # further frames are previews, other views or layers
ROTATED = frozenset(range(2, 9))  # 1 is upright; others are undefined, and Pillow ignores them
HALF_STEP = 0.5 / 255  # by so much may a tensor leave [0, 1]: it still rounds to 0 or 255
ROWS_AT_ONCE = 1024
UPRIGHT_FORMATS = frozenset(("TIFF", "HEIF"))  # their sizes are those of the upright photo
QUARTER_TURNS = frozenset(range(5, 9))
SCALED_FORMATS = frozenset(("JPEG2000", "PPM", "HEIF"))  # their readers scale white to 65535
BITS_PER_SAMPLE = 258  # a tag of TIFF
OTHER_BYTE = {"16L": "16B", "16B": "16L", "16N": "16B" if sys.byteorder == "little" else "16L"}
REMEDY = "use another photo"
_HEIF_LOCK = threading.Lock()
_GIVEN_LOCK = threading.Lock()  # two threads may have the same Pillow image, which decodes once


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedPhoto:
    """A decoded photo.

    Attributes:
        image: RGB, 0 to 255, upright.
        focal_px: Horizontal focal length from the Exif data, pixels; None if not stated.
        rotated: Whether the Exif orientation rotated or mirrored the stored pixels.
        has_more: Whether its file has further frames or pages.
    """

    image: UInt8[np.ndarray, "h w 3"]
    focal_px: float | None = None
    rotated: bool = False
    has_more: bool = False


def read_photo(photo: Photo, name: str = "the photo") -> DecodedPhoto:
    """Decode a photo: the one reader, of prediction and of every data set.

    Args:
        photo: A path (in text, ``~`` is the home folder), a URL (http or https, up to 200 MB in 60
            s), a file that is open for reading bytes, the bytes of an image file, a Pillow image,
            a uint8 array (h w 3), or a float tensor (3 h w) in [0, 1]. The Exif orientation is
            applied; values of more than 8 bits are scaled so that white is 255 (see
            ``as_8_bits``); transparency is dropped; of several frames or pages, the first is used.
        name: What messages call a photo without a path.

    Raises:
        DataError: The photo is missing, damaged, not an image, of values without a known range,
            an array or tensor of another form, HEIF without the library for it, or a URL that
            cannot be downloaded.
        TypeError: The photo is something else.
    """
    match into_memory(photo, name):
        case np.ndarray() as array:
            return DecodedPhoto(image=check_array(array))
        case Image.Image() as image:
            with _GIVEN_LOCK:
                return _decode_upright(image, name)
        case bytes() as data:
            name = without_secrets(photo) if is_url(photo) else name
            return _decode_file(io.BytesIO(data), name)
        case Path() as path:
            return _decode_file(path, str(photo))
        case tensor:
            return DecodedPhoto(image=_from_tensor(tensor))


def read_size(photo: Path | bytes, name: str = "the photo") -> tuple[int, int]:
    """Width and height of the upright photo by its header.

    The tag of a PNG is not known if it follows the pixels: then the size is that of the pixels.

    Raises:
        DataError: The photo is missing, damaged or not an image.
    """
    if isinstance(photo, bytes):
        stream: Path | io.BytesIO = io.BytesIO(photo)
    else:
        stream, name = photo, str(photo)
    with _open(stream, name) as image, as_data_error(name, "is damaged", REMEDY):
        # PNG's own method would decode the pixels.
        orientation = Image.Image.getexif(image).get(ORIENTATION)
        if orientation in QUARTER_TURNS and image.format not in UPRIGHT_FORMATS:
            return image.height, image.width
        return image.size


def check_array(photo: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
    """Return an array that is a photo.

    Raises:
        DataError: It is not uint8 RGB.
    """
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        raise DataError(
            f"the photo is an array of {photo.dtype} and shape {photo.shape}; "
            "expected uint8 RGB of shape (h, w, 3)"
        )
    return photo


def _from_tensor(photo: Any) -> UInt8[np.ndarray, "h w 3"]:
    if not photo.is_floating_point() or photo.ndim != 3 or photo.shape[0] != 3 or not photo.numel():
        raise DataError(
            f"the photo is a tensor of {photo.dtype} and shape {tuple(photo.shape)}; "
            "expected float RGB in [0, 1] of shape (3, h, w)"
        )
    values = photo.detach().cpu().float().numpy()
    low, high = float(values.min()), float(values.max())
    if not -HALF_STEP <= low <= high <= 1 + HALF_STEP:  # false for NaN, too
        found = "that holds NaN" if math.isnan(low) else f"with values from {low:.4g} to {high:.4g}"
        raise DataError(
            f"the photo is a tensor {found}; expected RGB in [0, 1]; divide 0 to 255 by 255, undo "
            "a normalisation, and clamp what resampling leaves beyond"
        )
    scaled = np.rint(values.clip(0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(scaled.transpose(1, 2, 0))


def _decode_file(stream: io.BytesIO | Path, name: str) -> DecodedPhoto:
    with _open(stream, name) as image:
        low_tiles = _low_tiles(image)
        photo = _decode_upright(image, name, in_place=True)
    if not low_tiles or photo.image.max(initial=0) > WHITES[-2] >> 8:
        return photo
    if low_tiles[0].args[0].startswith("LA"):  # which Pillow cannot decode
        raise DataError(
            f"{name} has 16-bit grey with transparency and values below {WHITES[-2] + 1}, so that "
            "white is not known; save it without transparency"
        )
    with _open(stream, name) as image:  # white has fewer than 16 bits
        image.tile = low_tiles
        low = _decode_upright(image, name, in_place=True).image
    return replace(photo, image=as_8_bits(photo.image * np.uint16(256) + low, name))


def _open(stream: io.BytesIO | Path, name: str) -> ImageFile.ImageFile:
    if isinstance(stream, Path) and stream.is_dir():
        raise DataError(f"{name} is a folder; name a photo in it")
    with as_data_error(name, "cannot be read", REMEDY):
        try:
            if is_heif(_head(stream)):
                _register_heif(name)
            image = Image.open(stream)
        except FileNotFoundError:
            raise DataError(f"{name} does not exist; check its name and folder") from None
        except UnidentifiedImageError:
            raise DataError(f"{name} is not an image file; {REMEDY}") from None
    image.filename = ""  # Pillow would map a TIFF's pixels with the sides of the upright photo
    return image


def _decode_upright(image: Image.Image, name: str, *, in_place: bool = False) -> DecodedPhoto:
    """Decode an open image; in place, a large photo needs no second copy."""
    with as_data_error(name, "is damaged", REMEDY):
        focal_px, rotated = exif_focal_px(image), _orientation(image) in ROTATED
        white = _stated_white(image)
        upright = image if in_place else ImageOps.exif_transpose(image)
        has_more = image.format not in ONE_SCENE and getattr(image, "is_animated", False)
        if in_place:
            ImageOps.exif_transpose(image, in_place=True)
        is_grey = upright.mode.startswith(("I", "F"))  # Pillow would clip it at 255
        if is_grey:
            pixels = np.asarray(upright)
        else:
            pixels = _as_rgb(upright.convert("RGBA") if upright.mode == "P" else upright)
    if is_grey:
        pixels = np.repeat(as_8_bits(pixels, name, white)[..., None], 3, axis=2)
    return DecodedPhoto(image=pixels, focal_px=focal_px, rotated=rotated, has_more=has_more)


def _stated_white(image: Image.Image) -> int | None:
    """The value of white in grey of more than 8 bits, if the file states it."""
    if image.mode == "F":
        return None
    if image.format in SCALED_FORMATS:
        return WHITES[-1]
    (bits, *_) = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (16,))
    return 2**bits - 1 if 8 < bits < 16 else None


def _low_tiles(image: ImageFile.ImageFile) -> list[Any]:
    """Tiles that decode the low byte of 16-bit colours, of which Pillow keeps the high one.

    Empty if the file has none.
    """
    tiles = []
    for tile in image.tile if image.format in ("PNG", "TIFF") else ():
        raw, *others = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        bands, _, order = str(raw).partition(";")
        if order not in OTHER_BYTE or image.mode.startswith("I"):
            return []
        tiles.append(tile._replace(args=(f"{bands};{OTHER_BYTE[order]}", *others)))
    return tiles


def _orientation(image: Image.Image) -> object:
    """The Exif orientation that was stored; pillow-heif has applied it already."""
    return image.info.get("original_orientation") or image.getexif().get(ORIENTATION)


def _as_rgb(image: Image.Image) -> UInt8[np.ndarray, "h w 3"]:
    """RGB pixels, converted in bands of rows because Pillow makes three copies of its input."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, ROWS_AT_ONCE):
        bottom = min(top + ROWS_AT_ONCE, height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, width, bottom)).convert("RGB"))
    return pixels


def _head(stream: io.BytesIO | Path) -> bytes:
    if isinstance(stream, Path):
        with stream.open("rb") as file:
            return file.read(HEAD_BYTES)
    return stream.getvalue()[:HEAD_BYTES]


def _register_heif(name: str) -> None:
    """Let Pillow read HEIF from now on."""
    try:
        import pillow_heif
    except ImportError:
        raise DataError(
            f"{name} is HEIF, and pillow-heif is not installed: {install_command('pillow-heif')}"
        ) from None
    with _HEIF_LOCK:
        pillow_heif.register_heif_opener()
