"""Builds windows: frame, sill, bars, the light behind, and curtains or blinds in front."""

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.design.finishes import METAL, Finishes, paint
from depth_unet.rooms.design.lighting import Daylight, window_light
from depth_unet.rooms.design.openings import OUTSIDE_M, Opening
from depth_unet.rooms.design.walls import Parts, Span, Wall, frame_boxes
from depth_unet.rooms.furniture.materials import pick_material
from depth_unet.rooms.mesh import Material, Mesh, box, strip
from depth_unet.rooms.textures.pool import TexturePool

PANE_M = -0.13
WINDOW_REACH_M = 0.5


def build_window(
    opening: Opening,
    wall: Wall,
    finishes: Finishes,
    *,
    textures: TexturePool,
    daylight: Daylight,
    rng: Generator,
) -> Parts:
    """Build a window with its light and with curtains or a blind, if any."""
    parts = Parts()
    span = opening.span
    x_m, z_m = (span.left_m, span.right_m), (span.bottom_m, span.top_m)
    width_m = float(rng.uniform(0.03, 0.07))
    meshes = frame_boxes(x_m, z_m, (OUTSIDE_M, 0.02), width_m, finishes.trim)
    sill_m = float(rng.uniform(0.03, 0.12))
    sill = ((x_m[0] - width_m, OUTSIDE_M, z_m[0] - 0.04), (x_m[1] + width_m, sill_m, z_m[0]))
    meshes.append(box(*sill, finishes.trim))
    meshes += _bars(span, finishes.trim, rng)
    dressing, reach_m, low_m = _dressing(span, wall, textures, rng)
    # The light extends 1 cm into the frame on every side, so that no ray passes beside it.
    x_light, z_light = (x_m[0] - 0.01, x_m[1] + 0.01), (z_m[0] - 0.01, z_m[1] + 0.01)
    light = window_light(x_light, z_light, PANE_M, daylight, rng)
    parts.put(wall, meshes + dressing, [light])
    taken = replace(
        span,
        left_m=span.left_m - 0.12,
        right_m=span.right_m + 0.12,
        top_m=span.top_m + 0.2,
        bottom_m=span.bottom_m - 0.06,
        reach_m=WINDOW_REACH_M,
    )
    parts.spans.append(taken)
    if low_m < span.bottom_m - 0.06:
        parts.spans.append(replace(taken, bottom_m=low_m, reach_m=reach_m))
    return parts


def _bars(span: Span, material: Material, rng: Generator) -> list[Mesh]:
    (y0, y1), thick_m = (-0.11, -0.06), float(rng.uniform(0.015, 0.03))
    width_m = span.right_m - span.left_m
    height_m = span.top_m - span.bottom_m
    num = int(rng.integers(1, 4))
    bars = [
        box((x - thick_m, y0, span.bottom_m), (x + thick_m, y1, span.top_m), material)
        for x in span.left_m + width_m * np.arange(num + 1) / num
    ]
    rows = [0.0, 1.0] + ([float(rng.uniform(0.4, 0.7))] if rng.random() < 0.5 else [])
    for row in rows:
        z = span.bottom_m + row * height_m
        bars.append(box((span.left_m, y0, z - thick_m), (span.right_m, y1, z + thick_m), material))
    return bars


def _dressing(
    span: Span, wall: Wall, textures: TexturePool, rng: Generator
) -> tuple[list[Mesh], float, float]:
    """Curtains, a blind or nothing, with their depth into the room and their lowest height."""
    choice = rng.random()
    if choice < 0.45:
        floor_long = rng.random() < 0.5
        low_m = 0.04 if floor_long else max(span.bottom_m - float(rng.uniform(0.1, 0.3)), 0.04)
        fabric = pick_material("fabric", rng, textures)
        top_m = min(span.top_m + 0.15, wall.height_m - 0.03)
        return _curtains(span, (low_m, top_m), wall.length_m, fabric, rng), 0.18, low_m
    if choice < 0.7:
        return _blind(span, rng), 0.0, span.bottom_m
    return [], 0.0, span.bottom_m


def _curtains(
    span: Span, z_m: tuple[float, float], wall_m: float, fabric: Material, rng: Generator
) -> list[Mesh]:
    """Two wavy sheets on a rod."""
    width_m = span.right_m - span.left_m
    share = float(rng.uniform(0.12, 0.4))
    ends = (max(span.left_m - 0.12, 0.01), min(span.right_m + 0.12, wall_m - 0.01))
    rod = box((ends[0], 0.09, z_m[1] - 0.005), (ends[1], 0.11, z_m[1] + 0.015), METAL)
    sheets = [rod, box((ends[0], 0, z_m[1]), (ends[0] + 0.02, 0.1, z_m[1] + 0.01), METAL)]
    for start_m in (ends[0], ends[1] - share * width_m):
        x = np.linspace(0, share * width_m, 49)
        folds = 2 * np.pi * x / rng.uniform(0.08, 0.16) + rng.uniform(0, 6)
        y = 0.1 + rng.uniform(0.02, 0.04) * np.sin(folds)
        sheets.append(_sheet(start_m + x, y, z_m, fabric))
    return sheets


def _sheet(x_m: np.ndarray, y_m: np.ndarray, z_m: tuple[float, float], material: Material) -> Mesh:
    """A vertical sheet over a curve on the floor, facing the room."""
    low = np.stack([x_m, y_m, np.full_like(x_m, z_m[0])], axis=-1)
    high = low + np.array([0, 0, z_m[1] - z_m[0]])
    along = np.gradient(low, axis=0)
    normals = np.stack([-along[:, 1], along[:, 0], np.zeros(len(x_m))], axis=-1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    travelled = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(low, axis=0), axis=1))])
    uv_low = np.stack([-travelled, np.zeros(len(x_m))], axis=-1) / 0.4
    uv_high = uv_low + np.array([0, (z_m[1] - z_m[0]) / 0.4])
    return Mesh(
        positions_m=strip(low, high, leftwards=True),
        normals=strip(normals, normals, leftwards=True),
        uv=strip(uv_low, uv_high, leftwards=True),
        material=material,
    )


def _blind(span: Span, rng: Generator) -> list[Mesh]:
    """A Venetian blind or a roller blind, partly lowered."""
    material = paint(rng, (0.4, 0.85))
    drop_m = (span.top_m - span.bottom_m) * float(rng.uniform(0.15, 0.85))
    x0, x1 = span.left_m + 0.01, span.right_m - 0.01
    if rng.random() < 0.4:
        return [box((x0, -0.05, span.top_m - drop_m), (x1, -0.045, span.top_m), material)]
    return [
        box((x0, -0.05, z - 0.034), (x1, -0.025, z - 0.028), material)
        for z in np.arange(span.top_m, span.top_m - drop_m, -0.05)
    ]
