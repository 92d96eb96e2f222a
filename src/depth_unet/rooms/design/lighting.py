"""Lighting: daylight, the view through windows, the sun, and ceiling lamps.

Radiance has no absolute unit, because the camera adapts its exposure. The ratios of daylight, lamp
light and sun vary widely, so that each occurs alone and mixed with the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32
from numpy.random import Generator

from depth_unet.rooms.design.finishes import METAL, paint, warm_white
from depth_unet.rooms.design.kinds import RoomKind
from depth_unet.rooms.design.walls import Parts
from depth_unet.rooms.mesh import Material, Mesh, box, strip
from depth_unet.rooms.scene import Light, Sun

BACKDROP_PX = 64
CORNERS_OF_SHADE = 14
NIGHT_SHARE = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Daylight:
    """Light from outside: linear colour, and whether the sun may shine through a window."""

    radiance: tuple[float, float, float]
    sunny: bool


def pick_daylight(rng: Generator) -> Daylight:
    """Pick night, an overcast day or sunshine."""
    if rng.random() < NIGHT_SHARE:
        level = float(rng.uniform(0.02, 0.15))
        return Daylight(radiance=(level * 0.7, level * 0.8, level), sunny=False)
    level = float(rng.uniform(1.0, 6.0))
    red, green, blue = (float(rng.uniform(*span)) for span in ((0.85, 1), (0.95, 1), (0.9, 1.1)))
    return Daylight(
        radiance=(level * red, level * green, level * blue), sunny=bool(rng.random() < 0.5)
    )


def window_light(
    x_m: tuple[float, float],
    z_m: tuple[float, float],
    y_m: float,
    daylight: Daylight,
    rng: Generator,
) -> Light:
    """The light behind a window, in a wall's coordinates."""
    return Light(
        corner_m=np.array([x_m[1], y_m, z_m[0]], np.float32),
        edge_u_m=np.array([x_m[0] - x_m[1], 0, 0], np.float32),
        edge_v_m=np.array([0, 0, z_m[1] - z_m[0]], np.float32),
        radiance=np.array(daylight.radiance, np.float32),
        backdrop=_backdrop(rng),
    )


def pick_sun(daylight: Daylight, windows: Sequence[Light], rng: Generator) -> Sun | None:
    """Pick a sun that shines through one of the windows; None without sunshine."""
    if not daylight.sunny or not windows:
        return None
    window = windows[int(rng.integers(len(windows)))]
    inwards = np.cross(window.edge_u_m, window.edge_v_m)
    inwards /= np.linalg.norm(inwards)
    sideways = window.edge_u_m / np.linalg.norm(window.edge_u_m)
    direction = -inwards + sideways * rng.normal(0, 0.6) + [0, 0, rng.uniform(0.35, 1.2)]
    strength = float(np.mean(daylight.radiance)) * float(rng.uniform(1.5, 5.0))
    return Sun(
        direction=(direction / np.linalg.norm(direction)).astype(np.float32),
        irradiance=(np.array([1, 0.93, 0.82]) * strength).astype(np.float32),
    )


def ceiling_lamps(kind: RoomKind, size_m: tuple[float, float, float], rng: Generator) -> Parts:
    """Make panels or a few lamps at the ceiling; at least one, so that no room is dark."""
    colour = np.array(warm_white(rng))
    if rng.random() < kind.panels:
        return _panels(size_m, 0.4 * colour + 0.6, rng)
    parts = Parts()
    width_m, length_m, height_m = size_m
    along = 0 if width_m > length_m else 1
    num = max(1, round(max(width_m, length_m) / 4.5))
    pendant = rng.random() < 0.4 and height_m > 2.35
    style = int(rng.integers(1 << 30))
    for index in range(num):
        centre = np.array([width_m / 2, length_m / 2]) + rng.uniform(-0.2, 0.2, 2)
        centre[along] = size_m[along] * (index + 0.5) / num + rng.uniform(-0.3, 0.3)
        # All lamps of a room look the same.
        lamp_rng = np.random.default_rng(style)
        lamp = _pendant if pendant else _flush
        parts.add(lamp((float(centre[0]), float(centre[1]), height_m), colour, lamp_rng))
    return parts


def lamp_light(
    centre_m: tuple[float, float, float],
    sides_m: tuple[float, float],
    radiance: np.ndarray,
    *,
    upwards: bool = False,
) -> Light:
    """A horizontal rectangle that shines down or, with ``upwards``, up."""
    (x, y, z), (a, b) = centre_m, sides_m
    edges = np.array([[0, b, 0], [a, 0, 0]], np.float32)
    return Light(
        corner_m=np.array([x - a / 2, y - b / 2, z], np.float32),
        edge_u_m=edges[1] if upwards else edges[0],
        edge_v_m=edges[0] if upwards else edges[1],
        radiance=np.asarray(radiance, np.float32),
    )


def _lamp_shade(
    centre_m: tuple[float, float, float],
    radii_m: tuple[float, float],
    height_m: float,
    material: Material,
) -> Mesh:
    """The side of a truncated cone with a lower and an upper radius, open at both ends."""
    angles = np.linspace(0, 2 * np.pi, CORNERS_OF_SHADE + 1)
    around = np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=-1)
    low = around * radii_m[0] + centre_m
    high = around * radii_m[1] + centre_m + [0, 0, height_m]
    uv = np.stack([angles / 2, np.zeros_like(angles)], axis=-1)
    return Mesh(
        positions_m=strip(low, high),
        normals=strip(around, around),
        uv=strip(uv, uv + np.array([0, 1])),
        material=material,
    )


def _panels(size_m: tuple[float, float, float], colour: np.ndarray, rng: Generator) -> Parts:
    """A grid of flat panels or strips, at least one."""
    width_m, length_m, height_m = size_m
    sides = ((0.6, 0.6), (1.2, 0.3), (0.3, 1.2), (0.15, 1.5))[int(rng.integers(4))]
    spacing_m = float(rng.uniform(1.8, 2.8))
    radiance = colour * rng.uniform(5, 16)
    parts, housing = Parts(), paint(rng, (0.5, 0.85))
    for i in range(num_x := max(1, round(width_m / spacing_m))):
        for j in range(num_y := max(1, round(length_m / spacing_m))):
            x, y = width_m * (i + 0.5) / num_x, length_m * (j + 0.5) / num_y
            a, b = sides[0] / 2 + 0.02, sides[1] / 2 + 0.02
            parts.meshes.append(
                box((x - a, y - b, height_m - 0.03), (x + a, y + b, height_m + 0.02), housing)
            )
            parts.lights.append(lamp_light((x, y, height_m - 0.032), sides, radiance))
    return parts


def _flush(place_m: tuple[float, float, float], colour: np.ndarray, rng: Generator) -> Parts:
    """A square lamp against the ceiling."""
    (x, y, z), side_m = place_m, float(rng.uniform(0.22, 0.45))
    low_m = z - float(rng.uniform(0.05, 0.12))
    half_m = side_m / 2 + 0.015
    housing = paint(rng, (0.3, 0.85))
    return Parts(
        meshes=[box((x - half_m, y - half_m, low_m), (x + half_m, y + half_m, z + 0.02), housing)],
        lights=[lamp_light((x, y, low_m - 0.004), (side_m, side_m), colour * rng.uniform(12, 40))],
    )


def _pendant(place_m: tuple[float, float, float], colour: np.ndarray, rng: Generator) -> Parts:
    """A lamp shade on a cord; it shines down and up."""
    x, y, ceiling_m = place_m
    radius_m, height_m = float(rng.uniform(0.14, 0.3)), float(rng.uniform(0.14, 0.3))
    low_m = max(ceiling_m - height_m - float(rng.uniform(0.15, 0.6)), 1.85)
    upper_m = radius_m * float(rng.uniform(0.35, 1.0))
    side_m, upper_side_m = radius_m * 1.2, upper_m * 1.1
    top_m = low_m + height_m
    cord = box((x - 0.006, y - 0.006, top_m - 0.03), (x + 0.006, y + 0.006, ceiling_m), METAL)
    radiance = colour * float(rng.uniform(0.7, 2.2)) / side_m**2
    return Parts(
        meshes=[cord, _lamp_shade((x, y, low_m), (radius_m, upper_m), height_m, paint(rng))],
        lights=[
            lamp_light((x, y, low_m + 0.02), (side_m, side_m), radiance),
            lamp_light(
                (x, y, top_m - 0.02), (upper_side_m, upper_side_m), radiance * 0.5, upwards=True
            ),
        ],
    )


def _backdrop(rng: Generator) -> Float32[np.ndarray, "k k 3"]:
    """A blurred view outside: sky, trees or houses below a rough horizon; linear, sky about 2."""
    rows = np.linspace(0, 1, BACKDROP_PX)[:, None, None]
    noise = _soft_noise(rng, int(rng.integers(4, 14)))[..., None]
    sky = np.array([rng.uniform(0.55, 0.95), rng.uniform(0.75, 0.95), 1.0]) * (1.1 - 0.3 * rows)
    green = np.array([rng.uniform(0.08, 0.4), rng.uniform(0.12, 0.4), rng.uniform(0.05, 0.3)])
    ground = green * (1 + 0.35 * _soft_noise(rng, 20)[..., None])
    blend = 1 / (1 + np.exp(-(rows - rng.uniform(0.0, 0.8) + 0.08 * noise) * 20))
    picture = sky * (1 - blend) + ground * blend
    if rng.random() < 0.5:
        _add_houses(picture, rng)
    return np.clip(2.2 * picture, 0.02, 3.0).astype(np.float32)


def _soft_noise(rng: Generator, num_cells: int) -> np.ndarray:
    coarse = rng.normal(size=(num_cells, num_cells)).astype(np.float32)
    return cv2.resize(coarse, (BACKDROP_PX, BACKDROP_PX), interpolation=cv2.INTER_CUBIC)


def _add_houses(picture: np.ndarray, rng: Generator) -> None:
    for _ in range(int(rng.integers(1, 4))):
        left, width = int(rng.integers(-10, 50)), int(rng.integers(12, 40))
        top, colour = int(rng.integers(4, 40)), rng.uniform(0.15, 0.7) * rng.uniform(0.8, 1, 3)
        columns = slice(max(left, 0), max(left, 0) + width)
        picture[top:, columns] = colour
        picture[top + 3 :: 9, columns][:, 2::6] = colour * 0.35
        picture[top + 4 :: 9, columns][:, 2::6] = colour * 0.35
        picture[top + 4 :: 9, columns][:, 3::6] = colour * 0.35
