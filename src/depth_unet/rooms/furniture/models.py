"""Furniture models, and their decoding from the plain arrays of a pack.

Positions are int16 multiples of a step per model (at most 0.5 mm), stored as differences between
vertices. Normals are int8. Texture coordinates are float16, for textured parts only. Textures are
concatenated JPEG files. Corners of triangles count backwards from the newest vertex; 0 is a new
vertex. ``tools/furniture_pack`` writes this format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from depth_unet.rooms.mesh import Vector, face_uv


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelPart:
    """The triangles of a model that share a material.

    Attributes:
        positions_m: Corners, metres; z up, front towards -y, centred over the floor's origin.
        normals: Unit normals of the corners.
        uv: Texture coordinates; without a texture, metres along the faces.
        albedo: Linear red, green and blue; multiplies the texture.
        texture: sRGB picture, or None.
        gloss: Share of light that is reflected at normal incidence.
    """

    positions_m: Float32[np.ndarray, "t 3 3"]
    normals: Float32[np.ndarray, "t 3 3"]
    uv: Float32[np.ndarray, "t 3 2"]
    albedo: Vector
    texture: UInt8[np.ndarray, "k k 3"] | None
    gloss: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelEntry:
    """A model as its library lists it.

    Attributes:
        name: Name in its library, made unique in its pack by a number.
        category: Category in its library: Bedroom, Kitchen, ...
        author: Author as named by its library.
        licence: SPDX name: CC0-1.0 or CC-BY-3.0.
        size_m: Width, depth, height, metres.
        top_m: Height of a surface for small things, metres, or None.
        elevation_m: Height above the floor, metres.
    """

    name: str
    category: str
    author: str
    licence: str
    size_m: tuple[float, float, float]
    top_m: float | None
    elevation_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model(ModelEntry):
    """One model of furniture; its lowest point is at height 0, whatever its elevation.

    Attributes:
        parts: Its triangles by material.
    """

    parts: tuple[ModelPart, ...]


def decode(arrays: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> tuple[Model, ...]:
    """Decode the models of a pack from its arrays and its manifest's ``entries``, in order.

    Raises:
        KeyError: An array or an entry's field is missing.
        ValueError: Manifest and arrays do not match, a texture is not a JPEG file, or a texture
            coordinate is not finite.
    """
    if not np.isfinite(arrays["uv"]).all():
        raise ValueError("some texture coordinates are not finite")
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
    uv = face_uv(positions_m, normals)
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


def _decode_textures(arrays: Mapping[str, Any]) -> list[UInt8[np.ndarray, "k k 3"]]:
    ends = np.cumsum(arrays["texture_lengths"])
    textures = []
    for data in np.split(arrays["texture_bytes"], ends[:-1]):
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError("a texture is not a JPEG file")
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
