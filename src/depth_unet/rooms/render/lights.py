"""Lamps, windows and the sun as plain arrays for the kernels."""

from typing import Any, NamedTuple

import cv2
import numpy as np

from depth_unet.rooms.scene import Light, Scene

BACKDROP_TEXELS = 64


class Lights(NamedTuple):
    """Lamps, windows and the sun.

    Attributes:
        corner_m: Float32 (l, 3).
        edge_u_m: Float32 (l, 3).
        edge_v_m: Float32 (l, 3).
        dual_u: Its dot product with an offset from the corner is the coordinate along edge_u.
        dual_v: The same along edge_v.
        normal: Direction of emission, unit vectors, float32 (l, 3).
        area_m2: Float32 (l,).
        centre_m: Float32 (l, 3).
        power: Area times the mean radiance of the three colours, float32 (l,).
        radiance: As seen by a camera, without the backdrop, float32 (l, 3).
        mean_radiance: As it lights the room, including the mean of the backdrop, float32 (l, 3).
        is_window: Windows are visible from both sides, lamps from the front, bool (l,).
        backdrop: The view through windows, float32 (l, k, k, 3).
        sun_direction: Unit vector to the sun, float32 (1, 3).
        sun_irradiance: Zero without a sun, float32 (1, 3).
    """

    corner_m: Any
    edge_u_m: Any
    edge_v_m: Any
    dual_u: Any
    dual_v: Any
    normal: Any
    area_m2: Any
    centre_m: Any
    power: Any
    radiance: Any
    mean_radiance: Any
    is_window: Any
    backdrop: Any
    sun_direction: Any
    sun_irradiance: Any


def collect_lights(scene: Scene) -> Lights:
    """The lights of ``scene`` as arrays."""
    corner, edge_u, edge_v, radiance = (
        np.array([getattr(light, name) for light in scene.lights], np.float32).reshape(-1, 3)
        for name in ("corner_m", "edge_u_m", "edge_v_m", "radiance")
    )
    cross = np.cross(edge_u, edge_v)
    area = np.linalg.norm(cross, axis=1).astype(np.float32)
    normal = (cross / area[:, None]).astype(np.float32)
    backdrop = np.array([_backdrop(light) for light in scene.lights], np.float32)
    backdrop = backdrop.reshape(-1, BACKDROP_TEXELS, BACKDROP_TEXELS, 3)
    mean = (radiance * backdrop.mean(axis=(1, 2))).astype(np.float32)
    sun = scene.sun
    return Lights(
        corner_m=corner,
        edge_u_m=edge_u,
        edge_v_m=edge_v,
        dual_u=(np.cross(edge_v, normal) / area[:, None]).astype(np.float32),
        dual_v=(np.cross(normal, edge_u) / area[:, None]).astype(np.float32),
        normal=normal,
        area_m2=area,
        centre_m=corner + (edge_u + edge_v) / 2,
        power=(area * mean.mean(axis=1)).astype(np.float32),
        radiance=radiance,
        mean_radiance=mean,
        is_window=np.array([light.backdrop is not None for light in scene.lights], np.bool_),
        backdrop=backdrop,
        sun_direction=np.array(sun.direction if sun else (0, 0, 1), np.float32)[None],
        sun_irradiance=np.array(sun.irradiance if sun else (0, 0, 0), np.float32)[None],
    )


def _backdrop(light: Light) -> np.ndarray:
    size = (BACKDROP_TEXELS, BACKDROP_TEXELS)
    if light.backdrop is None:
        return np.ones((*size, 3), np.float32)
    return np.asarray(cv2.resize(light.backdrop, size, interpolation=cv2.INTER_AREA))
