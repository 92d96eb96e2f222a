"""Casts rays into a scene with Embree, on one thread."""

from typing import NamedTuple

import numpy as np
from embreex.mesh_construction import TriangleMesh  # type: ignore[import-untyped]
from embreex.rtcore_scene import EmbreeScene  # type: ignore[import-untyped]
from jaxtyping import Bool, Float32, Int32

from depth_unet.rooms.render.lights import collect_lights
from depth_unet.rooms.render.scene_arrays import flatten
from depth_unet.rooms.scene import Scene


class Hits(NamedTuple):
    """The nearest surface along each ray.

    Attributes:
        triangle: Row of the triangle, -1 if the ray leaves the scene.
        u: Weight of the triangle's second corner.
        v: Weight of the third.
        distance: In multiples of the ray's direction vector; 1e37 if nothing is hit.
        normal: Normal of the triangle's plane, with any length and sign.
    """

    triangle: Int32[np.ndarray, " n"]
    u: Float32[np.ndarray, " n"]
    v: Float32[np.ndarray, " n"]
    distance: Float32[np.ndarray, " n"]
    normal: Float32[np.ndarray, "n 3"]


class Caster:
    """A scene prepared for ray casting. Rays hit triangles only; lights are tested separately."""

    def __init__(self, scene: Scene) -> None:
        self.arrays = flatten(scene)
        self.lights = collect_lights(scene)
        vertices = self.arrays.positions_m.reshape(-1, 3)
        corners = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
        self._tree = EmbreeScene()
        self._mesh = TriangleMesh(self._tree, vertices, corners)

    def nearest(
        self, origins_m: Float32[np.ndarray, "n 3"], directions: Float32[np.ndarray, "n 3"]
    ) -> Hits:
        """The first surface on each ray; directions may have any length."""
        found = self._tree.run(origins_m, directions, output=1)
        return Hits(found["primID"], found["u"], found["v"], found["tfar"], found["Ng"])

    def occluded(
        self,
        origins_m: Float32[np.ndarray, "n 3"],
        directions: Float32[np.ndarray, "n 3"],
        distances: Float32[np.ndarray, " n"],
    ) -> Bool[np.ndarray, " n"]:
        """Whether each ray hits anything before ``distances``, multiples of its direction."""
        if not len(origins_m):
            return np.zeros(0, np.bool_)
        found = self._tree.run(origins_m, directions, dists=distances, query="OCCLUDED")
        return np.asarray(found >= 0)
