"""Models as plain arrays, small: the format of ``cc0.npz``.

Positions are int16 in a step of the model's own (at most 0.5 mm), as differences from vertex to
vertex; normals int8; texture coordinates float16, none where there is no texture; textures are
JPEG files one after another. A triangle's corners are numbered backwards from the newest vertex:
0 is a vertex that comes up for the first time.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float16, Float32, Int, Int16, UInt8

from depth_unet.rooms.furniture.models import Model, ModelPart

MAX_STEP_M = 5e-4
STEPS_PER_MODEL = 2000
FAR_UV = 128.0  # Beyond, 16 bits are too coarse to tell texels apart.
MOST_UV = 1024.0
Arrays = dict[str, Any]


def encode(models: Sequence[Model], textures: Sequence[bytes], texture_of: Sequence[int]) -> Arrays:
    """Arrays of ``models``.

    Args:
        models: What to store; their names and authors go into the manifest.
        textures: JPEG files.
        texture_of: For every part of every model in order, its texture's number or -1.
    """
    rows: dict[str, list[Any]] = {name: [] for name in _ROWS}
    for model in models:
        step_m = min(MAX_STEP_M, max(model.size_m) / STEPS_PER_MODEL)
        rows["model_step_m"].append(step_m)
        rows["model_parts"].append(len(model.parts))
        for part in model.parts:
            positions, normals, uv, back = _indexed(part, step_m)
            rows["positions"].append(np.diff(positions, axis=0, prepend=np.int16(0)))
            rows["normals"].append(normals)
            rows["uv"].append(uv if part.texture is not None else uv[:0])
            rows["corners"].append(back)
            rows["part_vertices"].append(len(positions))
            rows["part_triangles"].append(len(back) // 3)
            rows["part_albedo"].append(part.albedo)
            rows["part_gloss"].append(part.gloss)
    arrays = {
        name: np.concatenate(values) if name in _JOINED else np.array(values, _ROWS[name])
        for name, values in rows.items()
    }
    arrays["part_texture"] = np.array(texture_of, np.int16)
    arrays["texture_bytes"] = np.frombuffer(b"".join(textures), np.uint8)
    arrays["texture_lengths"] = np.array([len(texture) for texture in textures], np.int32)
    # One column after another compresses better than one vertex after another.
    return {name: np.asfortranarray(array) for name, array in arrays.items()}


def decode(arrays: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> tuple[Model, ...]:
    """Models of arrays that ``encode`` made and of the manifest's ``entries``, in its order.

    Raises:
        KeyError: An array or an entry's field is missing.
        ValueError: The manifest does not belong to the arrays, a texture is no picture, or a
            texture coordinate is not finite.
    """
    if not np.isfinite(arrays["uv"]).all():
        raise ValueError("texture coordinates that are not finite")
    if len(entries) != len(arrays["model_parts"]):
        raise ValueError(f"{len(entries)} names for {len(arrays['model_parts'])} models")
    textures = _decode_textures(arrays)
    owner = np.repeat(np.arange(len(entries)), arrays["model_parts"])
    cursor = {"vertices": 0, "corners": 0, "uv": 0}
    parts: list[list[ModelPart]] = [[] for _ in entries]
    for number, model in enumerate(owner):
        part = _decode_part(arrays, number, float(arrays["model_step_m"][model]), textures, cursor)
        parts[model].append(part)
    return tuple(_model(entry, found) for entry, found in zip(entries, parts, strict=True))


_ROWS: dict[str, Any] = {
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
_JOINED = ("positions", "normals", "uv", "corners")


def _indexed(
    part: ModelPart, step_m: float
) -> tuple[Int16[np.ndarray, "v 3"], Any, Any, Int16[np.ndarray, " c"]]:
    """Vertices in the order in which they come up, and the corners' numbers counted back."""
    positions = np.round(part.positions_m.reshape(-1, 3) / step_m).astype(np.int16)
    normals = np.round(part.normals.reshape(-1, 3) * 127).astype(np.int8)
    uv = _storable(part.uv).reshape(-1, 2)
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


def _storable(uv: Float32[np.ndarray, "t 3 2"]) -> Float16[np.ndarray, "t 3 2"]:
    """Texture coordinates as 16-bit floats.

    Textures repeat, so coordinates far out are moved back by whole repetitions, a triangle at a
    time; some models have coordinates beyond 65,504, which would become infinite.
    """
    uv = np.nan_to_num(uv, posinf=0, neginf=0)
    far = np.abs(uv).max(axis=(1, 2), keepdims=True) > FAR_UV
    wrapped = np.where(far, uv - np.floor(uv.min(axis=1, keepdims=True)), uv)
    return np.asarray(np.clip(wrapped, -MOST_UV, MOST_UV), np.float16)


def _decode_part(
    arrays: Mapping[str, Any],
    number: int,
    step_m: float,
    textures: Sequence[UInt8[np.ndarray, "k k 3"]],
    cursor: dict[str, int],
) -> ModelPart:
    num_vertices = int(arrays["part_vertices"][number])
    num_corners = 3 * int(arrays["part_triangles"][number])
    here = slice(cursor["vertices"], cursor["vertices"] + num_vertices)
    back = arrays["corners"][cursor["corners"] : cursor["corners"] + num_corners].astype(np.int64)
    numbers = np.cumsum(back == 0) - (back == 0) - back
    steps = np.cumsum(arrays["positions"][here], axis=0, dtype=np.int16)
    positions_m = (steps * np.float32(step_m))[numbers].reshape(-1, 3, 3)
    normals = arrays["normals"][here].astype(np.float32)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    normals = normals[numbers].reshape(-1, 3, 3)
    texture = int(arrays["part_texture"][number])
    uv = _face_uv(positions_m, normals)
    if texture >= 0:
        stored = arrays["uv"][cursor["uv"] : cursor["uv"] + num_vertices].astype(np.float32)
        uv = stored[numbers].reshape(-1, 3, 2)
        cursor["uv"] += num_vertices
    cursor["vertices"] += num_vertices
    cursor["corners"] += num_corners
    red, green, blue = (float(value) for value in arrays["part_albedo"][number])
    return ModelPart(
        positions_m=positions_m,
        normals=normals,
        uv=uv,
        albedo=(red, green, blue),
        texture=textures[texture] if texture >= 0 else None,
        gloss=float(arrays["part_gloss"][number]),
    )


def _face_uv(
    positions_m: Float32[np.ndarray, "t 3 3"], normals: Float32[np.ndarray, "t 3 3"]
) -> Float32[np.ndarray, "t 3 2"]:
    """Metres along the two axes that each triangle faces least."""
    axis = np.abs(normals.mean(1)).argmax(1)
    shown: Int[np.ndarray, "t 2"] = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    return np.take_along_axis(positions_m, shown[:, None], 2)


def _decode_textures(arrays: Mapping[str, Any]) -> list[UInt8[np.ndarray, "k k 3"]]:
    ends = np.cumsum(arrays["texture_lengths"])
    textures = []
    for data in np.split(arrays["texture_bytes"], ends[:-1]):
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError("a texture is no JPEG picture")
        texture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.uint8)
        texture.setflags(write=False)
        textures.append(texture)
    return textures


def _model(entry: Mapping[str, Any], parts: Sequence[ModelPart]) -> Model:
    width, depth, height = (float(side) for side in entry["size_m"])
    return Model(
        name=entry["name"],
        category=entry["category"],
        author=entry["author"],
        licence=entry["licence"],
        size_m=(width, depth, height),
        top_m=entry["top_m"],
        elevation_m=entry["elevation_m"],
        parts=tuple(parts),
    )
