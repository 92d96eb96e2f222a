"""A photo in any form as RGB, the right way up, and what its file says of its lens."""

import io
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from depth_unet.camera.exif import focal_px_of
from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.images.grey import grey_as_rgb

Photo = str | Path | bytes | Image.Image | np.ndarray | Tensor
"""A path, an encoded file, a Pillow image, RGB as uint8 (h w 3), or RGB in [0, 1] (3 h w)."""

SUFFIXES = frozenset(
    (".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
)
HEIF_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"))
ORIENTATION = 0x0112
ROWS_AT_ONCE = 1024
REMEDY = "name another photo"
_HEIF_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedPhoto:
    """A photo ready to predict.

    Attributes:
        image: RGB, 0 to 255, the right way up.
        focal_px: Horizontal focal length by the file's Exif data, pixels; None where it says none.
        turned: Whether the file's Exif data had it turned or mirrored.
    """

    image: UInt8[np.ndarray, "h w 3"]
    focal_px: float | None = None
    turned: bool = False


def read_photo(photo: Photo) -> DecodedPhoto:
    """Decode any photo.

    Args:
        photo: A path, bytes of an image file, a Pillow image, a uint8 array (h w 3), or a float
            tensor (3 h w) in [0, 1]. Orientation tags are applied; 16-bit grey is scaled so that
            65535 is white; transparency is left out.

    Raises:
        DataError: It is missing, damaged, no image, an array of another form, or HEIF where the
            library for that is not installed.
    """
    match photo:
        case np.ndarray():
            return DecodedPhoto(image=_checked(photo))
        case Tensor():
            return DecodedPhoto(image=_of_tensor(photo))
        case Image.Image():
            return _upright(photo, "the photo")
        case bytes():
            return _decode(io.BytesIO(photo), "the photo")
        case _:
            return _decode(Path(photo), str(photo))


def _checked(photo: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        raise DataError(
            f"the photo is an array of {photo.dtype} and shape {photo.shape}; "
            "give uint8 RGB of shape (h, w, 3)"
        )
    return photo


def _of_tensor(photo: Tensor) -> UInt8[np.ndarray, "h w 3"]:
    if not photo.is_floating_point() or photo.ndim != 3 or photo.shape[0] != 3 or not photo.numel():
        raise DataError(
            f"the photo is a tensor of {photo.dtype} and shape {tuple(photo.shape)}; "
            "give float RGB in [0, 1] of shape (3, h, w)"
        )
    scaled = (photo.detach().cpu().float().clamp(0, 1) * 255).round()
    return scaled.to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def _decode(stream: io.BytesIO | Path, name: str) -> DecodedPhoto:
    with as_data_error(name, "cannot be read", REMEDY):
        try:
            if _is_heif(stream):
                _understand_heif(name)
            image = Image.open(stream)
        except FileNotFoundError:
            raise DataError(f"{name} does not exist; name a photo") from None
        except UnidentifiedImageError:
            raise DataError(f"{name} is not an image file; name a photo") from None
    with image:
        return _upright(image, name, ours=True)


def _upright(image: Image.Image, name: str, *, ours: bool = False) -> DecodedPhoto:
    """Pixels of an image; one of ours is turned in place, which large photos need no copy for."""
    with as_data_error(name, "is damaged", REMEDY):
        focal_px, orientation = focal_px_of(image), image.getexif().get(ORIENTATION, 1)
        if ours:
            ImageOps.exif_transpose(image, in_place=True)
            turned = image
        else:
            turned = ImageOps.exif_transpose(image)
        if turned.mode.startswith(("I", "F")):  # 16-bit grey: Pillow would clip it at 255
            pixels = grey_as_rgb(np.asarray(turned))
        else:
            pixels = _rgb(turned.convert("RGBA") if turned.mode == "P" else turned)
        return DecodedPhoto(image=pixels, focal_px=focal_px, turned=orientation != 1)


def _rgb(image: Image.Image) -> UInt8[np.ndarray, "h w 3"]:
    """RGB pixels, a band of rows at a time: Pillow makes three copies of what it converts."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, ROWS_AT_ONCE):
        bottom = min(top + ROWS_AT_ONCE, height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, width, bottom)).convert("RGB"))
    return pixels


def _is_heif(stream: io.BytesIO | Path) -> bool:
    """By the first bytes, whatever the file is called."""
    if isinstance(stream, Path):
        with stream.open("rb") as file:
            head = file.read(12)
    else:
        head = stream.getvalue()[:12]
    return head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS


def _understand_heif(name: str) -> None:
    """Teach Pillow to read HEIF; it stays taught."""
    try:
        import pillow_heif  # an extra
    except ImportError:
        raise DataError(
            f"{name} is HEIF and pillow-heif is not installed: pip install 'depth-unet[heif]'"
        ) from None
    with _HEIF_LOCK:
        pillow_heif.register_heif_opener()
