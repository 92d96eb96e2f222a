"""What a furniture model is."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from depth_unet.rooms.mesh import Vector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelPart:
    """The triangles of a model that share a material.

    Attributes:
        positions_m: Corners, metres; z up, front towards -y, centred over the floor's origin.
        normals: Unit normals of the corners.
        uv: Texture coordinates; of a part without texture, metres along the faces.
        albedo: Linear red, green and blue; multiplies the texture.
        texture: sRGB picture, or None.
        gloss: Share of light that is mirrored at right angles.
    """

    positions_m: Float32[np.ndarray, "t 3 3"]
    normals: Float32[np.ndarray, "t 3 3"]
    uv: Float32[np.ndarray, "t 3 2"]
    albedo: Vector
    texture: UInt8[np.ndarray, "k k 3"] | None
    gloss: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """One model of furniture.

    Attributes:
        name: What it is, in words; unique in its pack by a number where needed.
        category: Where the library lists it: Bedroom, Kitchen, ...
        author: Who made it, as the library says.
        licence: CC0-1.0 or CC-BY-3.0.
        size_m: Width, depth, height, metres.
        top_m: Height of the surface that things may stand on, or None.
        elevation_m: Height over the floor at which it hangs; its positions begin at 0.
        parts: Its triangles by material.
    """

    name: str
    category: str
    author: str
    licence: str
    size_m: tuple[float, float, float]
    top_m: float | None
    elevation_m: float
    parts: tuple[ModelPart, ...]
