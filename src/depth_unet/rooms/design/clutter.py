"""Clutter: small things on furniture and on the floor, and rugs.

A thing stands only where the surface below it is level, so that nothing floats above a curved or
stepped top or sinks into it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Float32
from numpy.random import Generator

from depth_unet.rooms.design.floorplan import (
    FloorPlan,
    Placed,
    bounds_of,
    footprint_of,
    overlap,
    triangles_over,
)
from depth_unet.rooms.design.kinds import RoomKind
from depth_unet.rooms.design.walls import Rectangle
from depth_unet.rooms.furniture.catalogue import Catalogue
from depth_unet.rooms.furniture.materials import pick_material
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.mesh import Mesh, box, rotation
from depth_unet.rooms.textures.pool import TexturePool

LEVEL_M = 0.004
"""Largest height difference of the surface below a thing."""
HIGHEST_M = 2.1
"""Higher tops stay empty."""
PER_M2 = 9.0
"""Attempts per square metre of top at clutter 1; about half succeed."""
CARRIERS = ("wardrobe", "fridge", "shelf", "cabinet", "dresser", "bedside", "tv_stand", "washer")
"""Kinds that carry things even if the height of their top is unknown."""
SEATS = ("chair", "office_chair", "armchair", "stool", "sofa", "bench", "toilet", "bath")
"""Kinds that rarely carry things."""
RUG_M = 0.006
"""Thickness. Furniture stands in the rug instead of on it, which is not visible."""
RUG_SHARE = 0.5
ON_FLOOR = ("box", "box", "bin", "stool", "book_pile", "papers", "carton")
ON_TOPS = {
    "desk": ("monitor", "laptop", "papers", "book_row", "book_pile", "table_lamp", "cup", "photo"),
    "school_desk": ("papers", "book_pile", "laptop", "bottle"),
    "table": ("bowl", "cup", "papers", "vase", "bottle", "book_pile", "laptop"),
    "counter": ("microwave", "kettle", "bottle", "bowl", "cup", "carton", "bottle"),
    "kitchen_sink": ("bottle", "cup", "bowl", "kettle"),
    "stove": ("kettle", "bowl"),
    "fridge": ("carton", "bowl", "potted_plant"),
    "bedside": ("table_lamp", "clock", "photo", "book_pile", "cup"),
    "coffee_table": ("vase", "bowl", "book_pile", "papers", "cup"),
    "tv_stand": ("photo", "vase", "clock", "book_pile"),
    "dresser": ("photo", "table_lamp", "vase", "carton", "potted_plant", "clock"),
    "cabinet": ("photo", "vase", "potted_plant", "book_row", "carton", "table_lamp"),
    "shelf": ("carton", "book_pile", "potted_plant", "vase", "photo"),
    "wardrobe": ("carton", "carton", "book_pile"),
    "sink": ("bottle", "cup"),
    "washer": ("bottle", "carton"),
}
"""Typical things on each kind of furniture; other small things occur too."""
TYPICAL_SHARE = 0.7
FACING = ("monitor", "laptop", "microwave", "photo", "clock", "book_row")
"""Things that face the same way as their carrier."""
SINGLE = ("monitor", "microwave", "laptop", "table_lamp")
"""Each carrier has at most one of these things."""


def put_on_tops(
    plan: FloorPlan, kind: RoomKind, catalogue: Catalogue, rng: Generator
) -> list[Placed]:
    """Put small things on every piece of furniture that can carry them."""
    things: list[Placed] = []
    level = kind.clutter * float(rng.uniform(0.4, 1.5))
    for carrier in plan.placed:
        carries = carrier.piece.top_m is not None or carrier.kind in CARRIERS
        if not carries or (carrier.kind in SEATS and rng.random() < 0.8):
            continue
        x0, y0, x1, y1 = carrier.footprint_m
        num = int(rng.poisson(level * PER_M2 * (x1 - x0) * (y1 - y0)) + rng.integers(0, 3))
        things += _cover_top(carrier, min(num, 14), catalogue, rng)
    return things


def put_on_floor(plan: FloorPlan, kind: RoomKind, catalogue: Catalogue, rng: Generator) -> None:
    """Add small things to the plan on free floor, mostly near the walls."""
    area_m2 = plan.size_m[0] * plan.size_m[1]
    for _ in range(min(int(rng.poisson(0.25 * kind.clutter * area_m2)), 9)):
        name = str(rng.choice(ON_FLOOR)) if rng.random() < 0.85 else "thing"
        piece = catalogue.pick_small(rng) if name == "thing" else catalogue.pick(name, rng)
        for _ in range(6):
            centre = rng.beta(0.5, 0.5, 2) * plan.size_m[:2]
            matrix = rotation(float(rng.uniform(0, 2 * np.pi)), (*centre, 0.0))
            footprint_m = footprint_of(piece, matrix)
            if plan.fits(footprint_m):
                plan.placed.append(
                    Placed(kind=name, piece=piece, matrix=matrix, footprint_m=footprint_m)
                )
                break


def make_rugs(plan: FloorPlan, textures: TexturePool, rng: Generator) -> list[Mesh]:
    """Make up to two rugs, anywhere on the floor."""
    meshes = []
    for index in range(2):
        if rng.random() > RUG_SHARE / (index + 1):
            continue
        sides_m = rng.uniform(0.6, 1.0, 2) * [1.4, 2.4] if rng.random() < 0.6 else (0.6, 0.95)
        width_m, length_m = (float(side) for side in sides_m)
        rug = pick_material("rug" if rng.random() < 0.7 else "fabric", rng, textures)
        low, high = (-width_m / 2, -length_m / 2, 0.0005), (width_m / 2, length_m / 2, RUG_M)
        half_m = max(width_m, length_m) / 2 + 0.1
        room = np.array(plan.size_m[:2])
        if min(room) < 2 * half_m:
            continue
        centre = half_m + rng.random(2) * (room - 2 * half_m)
        angle = int(rng.integers(2)) * np.pi / 2 + float(rng.normal(0, 0.06))
        height_m = 0.001 * index
        mesh = box(low, high, rug, 0.6).transform(rotation(angle, (*centre, height_m)))
        meshes.append(replace(mesh, is_furniture=True))
    return meshes


def height_below(
    triangles_m: Float32[np.ndarray, "t 3 3"], points_m: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, " n"]:
    """Height of the highest triangle over each point (x, y), metres; -inf if there is none."""
    a, b, c = (triangles_m[:, index].astype(np.float64) for index in range(3))
    edge_b, edge_c = b - a, c - a
    area = edge_b[:, 0] * edge_c[:, 1] - edge_b[:, 1] * edge_c[:, 0]
    steep = np.abs(area) < 1e-10
    area = np.where(steep, 1.0, area)
    offset = points_m[:, None] - a[None, :, :2]
    share_b = (offset[..., 0] * edge_c[:, 1] - offset[..., 1] * edge_c[:, 0]) / area
    share_c = (edge_b[:, 0] * offset[..., 1] - edge_b[:, 1] * offset[..., 0]) / area
    inside = (share_b >= 0) & (share_c >= 0) & (share_b + share_c <= 1) & ~steep
    heights = a[:, 2] + share_b * edge_b[:, 2] + share_c * edge_c[:, 2]
    highest: np.ndarray = np.max(np.where(inside, heights, -np.inf), axis=1, initial=-np.inf)
    return highest


def _cover_top(carrier: Placed, num: int, catalogue: Catalogue, rng: Generator) -> list[Placed]:
    """Put up to ``num`` things on one piece."""
    low, high = bounds_of(carrier.piece.meshes)
    things: list[Placed] = []
    typical = list(ON_TOPS.get(carrier.kind, ()))
    for _ in range(num):
        name = str(rng.choice(typical)) if typical and rng.random() < TYPICAL_SHARE else "thing"
        piece = catalogue.pick_small(rng) if name == "thing" else catalogue.pick(name, rng)
        if name in SINGLE:
            typical.remove(name)
        straight = name in FACING or rng.random() < 0.3
        for _ in range(3):
            local = rng.uniform(low[:2], high[:2])
            angle = float(rng.normal(0, 0.15) if straight else rng.uniform(0, 6.28))
            matrix = carrier.matrix @ rotation(angle, (*local, 0.0))
            thing = _rest_on(carrier, piece, matrix, things)
            if thing is not None:
                things.append(thing)
                break
    return things


def _rest_on(
    carrier: Placed, piece: Piece, matrix: Float32[np.ndarray, "4 4"], others: Sequence[Placed]
) -> Placed | None:
    """Lower a thing onto its carrier; None if the top is not level or already occupied."""
    footprint_m = footprint_of(piece, matrix)
    if any(overlap(footprint_m, other.footprint_m, 0.0) for other in others):
        return None
    triangles_m = triangles_over(carrier.triangles_m, footprint_m)
    if len(triangles_m) == 0:
        return None
    heights = height_below(triangles_m, _grid(footprint_m))
    top_m = float(heights.max())
    if not np.isfinite(heights).all() or heights.min() < top_m - LEVEL_M or top_m > HIGHEST_M:
        return None
    shift_m = top_m - float(bounds_of(piece.meshes)[0][2]) + 0.0005
    resting = rotation(0.0, (0.0, 0.0, shift_m)) @ matrix
    return Placed(
        kind="thing", piece=piece, matrix=resting.astype(np.float32), footprint_m=footprint_m
    )


def _grid(box_m: Rectangle, num: int = 5) -> Float[np.ndarray, "n 2"]:
    shares = np.linspace(0.02, 0.98, num)
    x = box_m[0] + shares * (box_m[2] - box_m[0])
    y = box_m[1] + shares * (box_m[3] - box_m[1])
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
