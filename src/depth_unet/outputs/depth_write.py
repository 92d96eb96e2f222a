"""Depth to files: each states its unit and its model, in itself or in a JSON file beside it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from depth_unet.files.atomic import replacing, write_bytes, write_text
from depth_unet.images.millimetres import as_millimetres
from depth_unet.outputs.depth_exr import write_exr as exr
from depth_unet.outputs.depth_facts import QUANTITY, DepthFacts

COMPRESS_LEVEL = 3  # half the time of 6 for a tenth more bytes
PERCENTILES = (0, 5, 50, 95, 100)
ROWS_AT_ONCE = 512
MOST_PIXELS = 10**6  # beyond, percentiles are of some of them

Depth = Float32[np.ndarray, "h w"]


def write_png16(depth_m: Depth, path: Path, facts: DepthFacts) -> None:
    """Write whole millimetres as 16-bit PNG; what is beyond 65.535 m is a hole, 0.

    Unit, model and camera are text chunks of the file.
    """
    depth_mm = np.empty(depth_m.shape, np.uint16)
    for start in range(0, len(depth_m), ROWS_AT_ONCE):  # large photos: no second copy in doubles
        rows = slice(start, start + ROWS_AT_ONCE)
        depth_mm[rows] = as_millimetres(depth_m[rows])
    write_png(Image.fromarray(depth_mm), path, facts.texts("millimetres; 0 is a hole"))


def write_png(image: Image.Image, path: Path, texts: Mapping[str, str]) -> None:
    """Write a PNG file with text chunks."""
    chunks = PngInfo()
    for key, value in texts.items():
        chunks.add_itxt(key, value)
    with replacing(path) as temporary:
        image.save(temporary, pnginfo=chunks, compress_level=COMPRESS_LEVEL)


def write_npy(depth_m: Depth, path: Path, facts: DepthFacts) -> None:
    """Write float32 metres as NumPy array; ``NAME.npy.json`` beside it states unit and model."""
    write_json(depth_m, beside(path), facts)  # first: a stopped run leaves no array without unit
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, depth_m)


def write_npz(depth_m: Depth, path: Path, facts: DepthFacts, uncertainty_m: Depth | None) -> None:
    """Write depth, uncertainty (where there is one), camera, unit and model as NumPy archive."""
    camera = facts.intrinsics
    matrix = [[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]]
    arrays: dict[str, Any] = {"depth_m": depth_m, "intrinsics_px": np.array(matrix)}
    if facts.coefficients:
        arrays["distortion_coefficients"] = np.array(facts.coefficients)
    if uncertainty_m is not None:
        arrays["uncertainty_m"] = uncertainty_m
    arrays |= {key: np.array(value) for key, value in facts.texts("metres").items()}
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


def write_exr(depth_m: Depth, path: Path, facts: DepthFacts) -> None:
    """Write float32 metres as OpenEXR, channel Z; the header states unit and model.

    Raises:
        ConfigError: OpenEXR is not installed.
    """
    with replacing(path) as temporary:
        exr(depth_m, temporary, facts.texts("metres"), facts.line("metres"))


def write_pfm(depth_m: Depth, path: Path, facts: DepthFacts) -> None:
    """Write float32 metres as portable float map; ``NAME.pfm.json`` states unit and model."""
    write_json(depth_m, beside(path), facts)
    _, encoded = cv2.imencode(".pfm", depth_m)
    write_bytes(path, encoded.tobytes())


def beside(path: Path) -> Path:
    """The JSON file that says what a file without words holds."""
    return path.with_name(f"{path.name}.json")


def write_json(depth_m: Depth, path: Path, facts: DepthFacts) -> None:
    """Write what is known of a depth map, and percentiles of its depth, as JSON.

    Of large maps, percentiles are those of evenly spaced pixels, a million or more.
    """
    step = max(1, math.isqrt(depth_m.size // MOST_PIXELS))
    few_m = depth_m[::step, ::step]
    usable = few_m[np.isfinite(few_m) & (few_m > 0)]
    found = np.percentile(usable, PERCENTILES) if usable.size else []
    values = {
        "quantity": QUANTITY,
        "unit": "metres",
        "model": facts.model,
        "photo": facts.photo,
        "intrinsics": asdict(facts.intrinsics),
        "distortion": {"model": facts.distortion, "coefficients": list(facts.coefficients)},
        "focal_from": facts.focal_from,
        "depth_percentiles_m": {
            str(share): round(float(value), 4)
            for share, value in zip(PERCENTILES, found, strict=False)
        },
    }
    write_text(path, json.dumps(values, indent=1) + "\n")
