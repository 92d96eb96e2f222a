"""Depth files; each states unit and model, in itself or in a JSON file beside it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from depth_unet.arrays import Float32, percentiles
from depth_unet.camera.calibration import Calibration
from depth_unet.files.atomic import replacing, write_bytes, write_text
from depth_unet.images.millimetres import as_millimetres

QUANTITY = "depth along the optical axis"
IN_MILLIMETRES = "millimetres; 0 is a hole"
COMPRESS_LEVEL = 1  # half the time of 3 for an eighth more bytes
PERCENTILES = (0, 5, 50, 95, 100)
ROWS_AT_ONCE = 512
MOST_PIXELS = 10**6  # percentiles of larger maps use a part of the pixels

Depth = Float32[np.ndarray, "h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthMetadata:
    """How a depth map was made; its file states this.

    Attributes:
        model: Name of the network.
        engine: What ran the network, with its version.
        calibration: The camera that the depth holds for.
        focal_from: Source of that camera's focal length.
        photo: Name of the photo; may be empty. File names may be any bytes; those that are not
            UTF-8 become ``?``.
    """

    model: str
    engine: str
    calibration: Calibration
    focal_from: str
    photo: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "photo", self.photo.encode("utf-8", "replace").decode())

    def texts(self, unit: str) -> dict[str, str]:
        """Key and text for a file with values in this unit."""
        camera = self.calibration.intrinsics
        focal = f"fx {camera.fx_px:.6g} px, fy {camera.fy_px:.6g} px"
        axis = f"axis at column {camera.cx_px:.6g}, row {camera.cy_px:.6g}"
        size = f"image of {camera.width}x{camera.height}"
        coefficients = (f"{value:.8g}" for value in self.calibration.coefficients)
        return {
            "quantity": QUANTITY,
            "unit": unit,
            "model": self.model,
            "engine": self.engine,
            "camera": f"{focal}, {axis}, {size}",
            "distortion": " ".join((self.calibration.distortion, *coefficients)),
            "focal_from": self.focal_from,
            "depth_scale": f"{self.calibration.depth_scale:.6g}",
        } | ({"photo": self.photo} if self.photo else {})

    def line(self, unit: str) -> str:
        """The same texts on one line."""
        return "; ".join(f"{key}: {value}" for key, value in self.texts(unit).items())


def write_png16(depth_m: Depth, path: Path, metadata: DepthMetadata) -> None:
    """Write whole millimetres as 16-bit PNG; depth beyond 65.535 m becomes a hole, 0."""
    depth_mm = np.empty(depth_m.shape, np.uint16)
    for start in range(0, len(depth_m), ROWS_AT_ONCE):  # large photos: no second copy in doubles
        rows = slice(start, start + ROWS_AT_ONCE)
        depth_mm[rows] = as_millimetres(depth_m[rows])
    write_png(Image.fromarray(depth_mm), path, metadata.texts(IN_MILLIMETRES))


def write_png(image: Image.Image, path: Path, texts: Mapping[str, str]) -> None:
    """Write a PNG file with text chunks."""
    chunks = PngInfo()
    for key, value in texts.items():
        chunks.add_itxt(key, value)
    with replacing(path) as temporary:
        image.save(temporary, pnginfo=chunks, compress_level=COMPRESS_LEVEL)


def write_npy(depth_m: Depth, path: Path, metadata: DepthMetadata) -> None:
    """Write float32 metres as NumPy array; ``NAME.npy.json`` states unit and model."""
    # The JSON file first: an interrupted run leaves no array without its unit.
    write_json(depth_m, json_beside(path), metadata)
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, depth_m)


def write_npz(
    depth_m: Depth, path: Path, metadata: DepthMetadata, uncertainty_m: Depth | None
) -> None:
    """Write depth, uncertainty (if given), camera, unit and model as NumPy archive."""
    camera = metadata.calibration.intrinsics
    matrix = [[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]]
    arrays: dict[str, Any] = {"depth_m": depth_m, "intrinsics_px": np.array(matrix)}
    if metadata.calibration.coefficients:
        arrays["distortion_coefficients"] = np.array(metadata.calibration.coefficients)
    if uncertainty_m is not None:
        arrays["uncertainty_m"] = uncertainty_m
    arrays |= {key: np.array(value) for key, value in metadata.texts("metres").items()}
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


def write_pfm(depth_m: Depth, path: Path, metadata: DepthMetadata) -> None:
    """Write float32 metres as portable float map; ``NAME.pfm.json`` states unit and model."""
    write_json(depth_m, json_beside(path), metadata)
    _, encoded = cv2.imencode(".pfm", depth_m)
    write_bytes(path, encoded.tobytes())


def json_beside(path: Path) -> Path:
    """The JSON file that describes a file without room for text."""
    return path.with_name(f"{path.name}.json")


def write_json(depth_m: Depth, path: Path, metadata: DepthMetadata) -> None:
    """Write camera, model and percentiles of depth as JSON.

    Percentiles of large maps use a million or more evenly spaced pixels.
    """
    step = max(1, math.isqrt(depth_m.size // MOST_PIXELS))
    few_m = depth_m[::step, ::step]
    usable = few_m[np.isfinite(few_m) & (few_m > 0)]
    found = percentiles(usable, PERCENTILES) if usable.size else []
    calibration = metadata.calibration
    values = {
        "quantity": QUANTITY,
        "unit": "metres",
        "model": metadata.model,
        "engine": metadata.engine,
        "photo": metadata.photo,
        "intrinsics": asdict(calibration.intrinsics),
        "distortion": {
            "model": calibration.distortion,
            "coefficients": list(calibration.coefficients),
        },
        "focal_from": metadata.focal_from,
        "depth_scale": calibration.depth_scale,
        "depth_percentiles_m": {
            str(share): round(value, 4) for share, value in zip(PERCENTILES, found, strict=False)
        },
    }
    write_text(path, json.dumps(values, indent=1) + "\n")
