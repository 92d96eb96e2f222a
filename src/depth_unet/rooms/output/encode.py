"""Encodes arrays as image files in memory."""

import cv2
import numpy as np
from jaxtyping import UInt8, UInt16

JPEG_QUALITY = 95


def jpeg_bytes(photo: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """An RGB photo, 0 to 255, as JPEG."""
    return _encode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def png_bytes(
    image: UInt8[np.ndarray, "h w 3"] | UInt8[np.ndarray, "h w"] | UInt16[np.ndarray, "h w"],
) -> bytes:
    """RGB or a single channel as PNG with the bit depth of the array."""
    return _encode(".png", image[..., ::-1] if image.ndim == 3 else image, [])


def _encode(suffix: str, image: np.ndarray, settings: list[int]) -> bytes:
    succeeded, data = cv2.imencode(suffix, np.ascontiguousarray(image), settings)
    assert succeeded
    return data.tobytes()
