"""Encodes models as the arrays of a pack; ``depth_unet.rooms.furniture.models`` decodes them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float16, Float32, Int16

from depth_unet.rooms.furniture.models import Model, ModelPart

MAX_STEP_M = 5e-4
STEPS_PER_MODEL = 2000
FAR_UV = 128.0  # Above this, 16 bits are too coarse to distinguish texels.
MOST_UV = 1024.0
TYPES: dict[str, Any] = {
    "model_step_m": np.float32,
    "model_parts": np.int16,
    "positions": np.int16,
    "normals": np.int8,
    "uv": np.float16,
    "corners": np.int16,
    "part_vertices": np.int32,
    "part_triangles": np.int32,
    "part_albedo": np.float16,
    "part_gloss": np.float16,
}
JOINED = ("positions", "normals", "uv", "corners")


def encode(
    models: Sequence[Model], textures: Sequence[bytes], texture_of: Sequence[int]
) -> dict[str, Any]:
    """The arrays of a pack.

    Args:
        models: Its models; the manifest holds their names and authors.
        textures: JPEG files.
        texture_of: For every part of every model in order, the number of its texture, or -1.
    """
    rows: dict[str, list[Any]] = {name: [] for name in TYPES}
    for model in models:
        step_m = min(MAX_STEP_M, max(model.size_m) / STEPS_PER_MODEL)
        rows["model_step_m"].append(step_m)
        rows["model_parts"].append(len(model.parts))
        for part in model.parts:
            positions, normals, uv, back = _index_vertices(part, step_m)
            rows["positions"].append(np.diff(positions, axis=0, prepend=np.int16(0)))
            rows["normals"].append(normals)
            rows["uv"].append(uv if part.texture is not None else uv[:0])
            rows["corners"].append(back)
            rows["part_vertices"].append(len(positions))
            rows["part_triangles"].append(len(back) // 3)
            rows["part_albedo"].append(part.albedo)
            rows["part_gloss"].append(part.gloss)
    arrays = {
        name: np.concatenate(values) if name in JOINED else np.array(values, TYPES[name])
        for name, values in rows.items()
    }
    arrays["part_texture"] = np.array(texture_of, np.int16)
    arrays["texture_bytes"] = np.frombuffer(b"".join(textures), np.uint8)
    arrays["texture_lengths"] = np.array([len(texture) for texture in textures], np.int32)
    # One column after another compresses better than one vertex after another.
    return {name: np.asfortranarray(array) for name, array in arrays.items()}


def _index_vertices(
    part: ModelPart, step_m: float
) -> tuple[Int16[np.ndarray, "v 3"], Any, Any, Int16[np.ndarray, " c"]]:
    """Vertices in the order of their first use, and the corners' numbers counted backwards."""
    positions = np.round(part.positions_m.reshape(-1, 3) / step_m).astype(np.int16)
    normals = np.round(part.normals.reshape(-1, 3) * 127).astype(np.int8)
    uv = to_half_uv(part.uv).reshape(-1, 2)
    if part.texture is None:
        uv = np.zeros_like(uv)
    keys = np.concatenate([positions, normals, uv.view(np.int16)], axis=1)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    numbers = rank[inverse.reshape(-1)]
    first = first[order]
    known = np.maximum.accumulate(np.concatenate([[-1], numbers[:-1]])) + 1
    back = (known - numbers).astype(np.int16)
    return positions[first], normals[first], uv[first], back


def to_half_uv(uv: Float32[np.ndarray, "t 3 2"]) -> Float16[np.ndarray, "t 3 2"]:
    """Texture coordinates as 16-bit floats.

    Textures repeat, so triangles with distant coordinates are moved by whole repetitions; some
    models have coordinates beyond 65,504, which would become infinite.
    """
    uv = np.nan_to_num(uv, posinf=0, neginf=0)
    far = np.abs(uv).max(axis=(1, 2), keepdims=True) > FAR_UV
    wrapped = np.where(far, uv - np.floor(uv.min(axis=1, keepdims=True)), uv)
    return np.asarray(np.clip(wrapped, -MOST_UV, MOST_UV), np.float16)
