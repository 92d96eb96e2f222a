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

from depth_unet.cameras.exif import focal_px_of
from depth_unet.damage import told_as_damage
from depth_unet.errors import ConfigError, DataError

Photo = str | Path | bytes | Image.Image | np.ndarray | Tensor
"""A path, an encoded file, a Pillow image, RGB as uint8 (h w 3), or RGB in [0, 1] (3 h w)."""

SUFFIXES = frozenset(
    (".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
)
HEIF_SUFFIXES = frozenset((".heic", ".heif"))
ROWS_AT_ONCE = 1024
REMEDY = "name another photo"
_HEIF_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedPhoto:
    """A photo ready to predict.

    Attributes:
        image: RGB, 0 to 255, the right way up.
        focal_px: Horizontal focal length by the file's Exif data, pixels; None where it says none.
    """

    image: UInt8[np.ndarray, "h w 3"]
    focal_px: float | None = None


def read_photo(photo: Photo) -> DecodedPhoto:
    """Decode any photo.

    Args:
        photo: A path, bytes of an image file, a Pillow image, a uint8 array (h w 3), or a float
            tensor (3 h w) in [0, 1]. Orientation tags are applied; 16-bit grey is scaled so that
            65535 is white; transparency is left out.

    Raises:
        DataError: It is missing, damaged, no image, or an array of another form.
        ConfigError: It is HEIF, and the library for that is not installed.
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
            path = Path(photo)
            if path.suffix.lower() in HEIF_SUFFIXES:
                _understand_heif(path)
            return _decode(path, str(photo))


def _checked(photo: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        raise DataError(
            f"the photo is an array of {photo.dtype} and shape {photo.shape}; "
            "give uint8 RGB of shape (h, w, 3)"
        )
    return photo


def _of_tensor(photo: Tensor) -> UInt8[np.ndarray, "h w 3"]:
    if not photo.is_floating_point() or photo.ndim != 3 or photo.shape[0] != 3:
        raise DataError(
            f"the photo is a tensor of {photo.dtype} and shape {tuple(photo.shape)}; "
            "give float RGB in [0, 1] of shape (3, h, w)"
        )
    scaled = (photo.detach().cpu().float().clamp(0, 1) * 255).round()
    return scaled.to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def _decode(stream: io.BytesIO | Path, name: str) -> DecodedPhoto:
    with told_as_damage(name, "cannot be read", REMEDY):
        try:
            image = Image.open(stream)
        except FileNotFoundError:
            raise DataError(f"{name} does not exist; name a photo") from None
        except UnidentifiedImageError:
            raise DataError(f"{name} is not an image file; name a photo") from None
    with image:
        return _upright(image, name, ours=True)


def _upright(image: Image.Image, name: str, *, ours: bool = False) -> DecodedPhoto:
    """Pixels of an image; one of ours is turned in place, which large photos need no copy for."""
    with told_as_damage(name, "is damaged", REMEDY):
        focal_px = focal_px_of(image)
        if ours:
            ImageOps.exif_transpose(image, in_place=True)
            turned = image
        else:
            turned = ImageOps.exif_transpose(image)
        if turned.mode.startswith(("I", "F")):  # 16-bit grey: Pillow would clip it at 255
            values = np.asarray(turned, dtype=np.float32)
            turned = Image.fromarray((np.clip(values, 0, 65535) / 257).astype(np.uint8))
        return DecodedPhoto(image=_rgb(turned), focal_px=focal_px)


def _rgb(image: Image.Image) -> UInt8[np.ndarray, "h w 3"]:
    """RGB pixels, a band of rows at a time: Pillow makes three copies of what it converts."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, ROWS_AT_ONCE):
        bottom = min(top + ROWS_AT_ONCE, height)
        pixels[top:bottom] = image.crop((0, top, width, bottom)).convert("RGB")
    return pixels


def _understand_heif(path: Path) -> None:
    """Teach Pillow to read HEIF; it stays taught."""
    try:
        import pillow_heif  # an extra
    except ImportError:
        raise ConfigError(
            f"{path} is HEIF and pillow-heif is not installed: pip install 'depth-unet[heif]'"
        ) from None
    with _HEIF_LOCK:
        pillow_heif.register_heif_opener()
