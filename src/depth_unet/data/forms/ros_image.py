"""Photos and depth maps in messages of ROS."""

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt16

from depth_unet.data.decode import in_millimetres, read_depth
from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.images.photo import DecodedPhoto, read_photo

REMEDY = "record it again"
# Type of a channel, number of channels, and how OpenCV makes RGB of it.
PHOTOS: dict[str, tuple[str, int, int | None]] = {
    "rgb8": ("u1", 3, None),
    "bgr8": ("u1", 3, cv2.COLOR_BGR2RGB),
    "8UC3": ("u1", 3, cv2.COLOR_BGR2RGB),
    "rgba8": ("u1", 4, cv2.COLOR_RGBA2RGB),
    "bgra8": ("u1", 4, cv2.COLOR_BGRA2RGB),
    "mono8": ("u1", 1, cv2.COLOR_GRAY2RGB),
    "yuv422": ("u1", 2, cv2.COLOR_YUV2RGB_UYVY),
    "uyvy": ("u1", 2, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": ("u1", 2, cv2.COLOR_YUV2RGB_YUY2),
    "yuyv": ("u1", 2, cv2.COLOR_YUV2RGB_YUY2),
}
DEPTHS = {"16UC1": "u2", "mono16": "u2", "32FC1": "f4"}
COMPRESSED, RVL = "compressedDepth", "rvl"
QUANTISED = struct.Struct("<iff")  # the head of a compressed depth map: kind and two parameters


def photo_of(message: Any, where: str) -> DecodedPhoto:
    """The photo of an Image or CompressedImage.

    Raises:
        DataError: It is damaged, or its encoding is not one of a photo.
    """
    if not hasattr(message, "encoding"):
        return read_photo(message.data.tobytes(), where)
    if message.encoding not in PHOTOS:
        raise DataError(
            f"{where} has the encoding {message.encoding!r}, of which no photo is made; record "
            f"one of {', '.join(PHOTOS)}"
        )
    kind, channels, conversion = PHOTOS[message.encoding]
    pixels = _pixels(message, kind, channels, where)
    if conversion is not None:
        with as_data_error(where, remedy=REMEDY):
            pixels = np.asarray(cv2.cvtColor(pixels, conversion))
    return DecodedPhoto(image=np.ascontiguousarray(pixels, np.uint8))


def depth_of(message: Any, metres_per_unit: float, where: str) -> UInt16[np.ndarray, "h w"]:
    """The depth map of an Image or CompressedImage, millimetres; 0 is a hole.

    Args:
        message: The message.
        metres_per_unit: Metres per count of whole numbers; floats are metres.
        where: Bag, topic and time, for messages.

    Raises:
        DataError: It is damaged, or its encoding is not one of depth.
    """
    if hasattr(message, "encoding"):
        encoding, values = message.encoding, None
    else:
        encoding, _, form = (part.strip() for part in message.format.partition(";"))
        values = _decompress(message, encoding, form, where)
    if encoding not in DEPTHS:
        raise DataError(
            f"{where} has the encoding {encoding!r}; depth must be one of {', '.join(DEPTHS)}: "
            "record the depth image, not a picture of it"
        )
    if values is None:
        values = _pixels(message, DEPTHS[encoding], 1, where)
    scale = metres_per_unit if values.dtype.kind == "u" else 1.0
    return in_millimetres(values.astype(np.float64) * scale, where)


def _pixels(message: Any, kind: str, channels: int, where: str) -> np.ndarray:
    """The rows of an Image without what fills them up."""
    dtype = np.dtype(kind).newbyteorder(">" if message.is_bigendian else "<")
    length = message.width * channels * dtype.itemsize
    data = np.ascontiguousarray(message.data).view(np.uint8)
    if not length or message.step < length or data.size < message.height * message.step:
        raise DataError(
            f"{where} has {data.size} bytes for {message.width}x{message.height} pixels; {REMEDY}"
        )
    rows = data[: message.height * message.step].reshape(message.height, message.step)
    values = np.ascontiguousarray(rows[:, :length]).view(dtype).astype(np.dtype(kind))
    shape = (message.height, message.width, channels)
    return values.reshape(shape[:2] if channels == 1 else shape)


def _decompress(message: Any, encoding: str, form: str, where: str) -> np.ndarray:
    """A depth map that is stored as a PNG file; floats are quantised by their inverse."""
    data = message.data.tobytes()
    if RVL in form.lower().split():
        raise DataError(
            f"{where} is compressed by RVL, which is not read; record {COMPRESSED} with the format "
            "png, or the image without compression"
        )
    if COMPRESSED not in form:
        return read_depth(Path(where), 1e-3, data)
    if len(data) <= QUANTISED.size:
        raise DataError(f"{where} has {len(data)} bytes, too few for a depth map; {REMEDY}")
    _, factor, offset = QUANTISED.unpack(data[: QUANTISED.size])
    counts = read_depth(Path(where), 1e-3, data[QUANTISED.size :])
    if encoding != "32FC1":
        return counts
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0, factor / (counts - np.float64(offset)), 0).astype(np.float32)
