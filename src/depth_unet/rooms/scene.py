"""Scenes as data, independent of the renderer: meshes, lights, footprints, camera poses."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from depth_unet.rooms.mesh import Mesh


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Light:
    """A parallelogram that emits light: a lamp, or a window with the sky behind it.

    Attributes:
        corner_m: One corner, metres.
        edge_u_m: One edge from the corner.
        edge_v_m: The other edge. Light is emitted along edge_u x edge_v.
        radiance: Linear red, green and blue.
        backdrop: The view through a window as linear factors on ``radiance``, top row first; None
            for a lamp.
    """

    corner_m: Float32[np.ndarray, "3"]
    edge_u_m: Float32[np.ndarray, "3"]
    edge_v_m: Float32[np.ndarray, "3"]
    radiance: Float32[np.ndarray, "3"]
    backdrop: Float32[np.ndarray, "k k 3"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sun:
    """Sunlight that falls through the windows.

    Attributes:
        direction: Unit vector from the scene to the sun.
        irradiance: Linear red, green and blue on a surface that faces it.
    """

    direction: Float32[np.ndarray, "3"]
    irradiance: Float32[np.ndarray, "3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """One furnished room with its lights.

    Attributes:
        kind: bedroom, kitchen, corridor, ...
        size_m: Width (x), length (y) and height (z); a corner of the floor is (0, 0, 0).
        meshes: Every surface.
        lights: Lamps and windows, at least one.
        sun: Sunlight, or None.
        footprints_m: x0, y0, x1, y1 of everything that stands on the floor.
    """

    kind: str
    size_m: tuple[float, float, float]
    meshes: tuple[Mesh, ...]
    lights: tuple[Light, ...]
    sun: Sun | None
    footprints_m: Float32[np.ndarray, "k 4"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pose:
    """Position of a camera in metres, and its axes as unit vectors; forward is the optical axis."""

    origin_m: Float32[np.ndarray, "3"]
    forward: Float32[np.ndarray, "3"]
    right: Float32[np.ndarray, "3"]
    down: Float32[np.ndarray, "3"]
