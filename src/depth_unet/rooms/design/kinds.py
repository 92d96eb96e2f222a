"""The kinds of rooms: share, size, materials and furniture.

Shares follow the indoor scenes of NYU Depth V2: more than half are bedrooms, kitchens and living
rooms. Classrooms, corridors, libraries and halls provide large depths.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from numpy.random import Generator

Interval = tuple[float, float]
Arrangement = Literal["home", "kitchen", "table", "rows", "aisles", "corridor", "groups", "desks"]
"""How the furniture is arranged: `furnish` handles each case."""

WARM_FLOORS = {"wood": 0.5, "carpet": 0.38, "tile": 0.12}
HARD_FLOORS = {"tile": 0.7, "wood": 0.25, "carpet": 0.05}
OFFICE_FLOORS = {"carpet": 0.55, "tile": 0.25, "wood": 0.2}
HOME_WALLS = {"plaster": 0.76, "wallpaper": 0.15, "grain": 0.04, "brick": 0.03, "stone": 0.02}
TILED_WALLS = {"plaster": 0.5, "tile": 0.45, "wallpaper": 0.05}
PUBLIC_WALLS = {"plaster": 0.87, "brick": 0.05, "concrete": 0.05, "grain": 0.03}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoomKind:
    """One kind of room.

    Attributes:
        name: Name of the kind.
        share: Share of the rooms; all shares sum to 1.
        width_m: Shorter side, lowest and highest.
        length_m: Longer side.
        height_m: Floor to ceiling.
        arrangement: How the furniture is arranged.
        required: Pieces of every room of this kind, placed first.
        optional: Pieces to pick from; a piece listed twice is picked more often.
        num_optional: Fewest and most optional pieces.
        floors: Texture kinds of the floor and their shares.
        walls: Texture kinds of the walls and their shares.
        panels: Share of rooms lit by ceiling panels instead of lamps.
        clutter: Amount of small things, relative to a lived-in room.
        num_doors: Fewest and most doors.
        open_doors: Share of the doors that are open, with a room behind them.
        windows: Shares of no, one, two, ... windows.
    """

    name: str
    share: float
    width_m: Interval
    length_m: Interval
    height_m: Interval = (2.35, 2.8)
    arrangement: Arrangement = "home"
    required: tuple[str, ...] = ()
    optional: tuple[str, ...]
    num_optional: tuple[int, int]
    floors: Mapping[str, float] = field(default_factory=lambda: WARM_FLOORS)
    walls: Mapping[str, float] = field(default_factory=lambda: HOME_WALLS)
    panels: float = 0.05
    clutter: float = 1.0
    num_doors: tuple[int, int] = (1, 2)
    open_doors: float = 0.4
    windows: tuple[float, ...] = (0.2, 0.5, 0.3)


ROOM_KINDS = (
    RoomKind(
        name="bedroom",
        share=0.22,
        width_m=(2.7, 4.2),
        length_m=(3.1, 5.4),
        required=("bed",),
        optional=(
            *("wardrobe", "dresser", "desk", "shelf", "shelf", "cabinet", "armchair", "chair"),
            *("box", "box", "plant", "floor_lamp", "tv_stand", "bedside", "bin", "pouffe"),
            "coat_rack",
        ),
        num_optional=(5, 11),
        clutter=1.2,
    ),
    RoomKind(
        name="living",
        share=0.17,
        width_m=(3.4, 5.2),
        length_m=(4.0, 6.8),
        required=("sofa", "tv_stand"),
        optional=(
            *("sofa", "shelf", "shelf", "cabinet", "armchair", "armchair", "dresser", "plant"),
            *("floor_lamp", "floor_lamp", "piano", "desk", "box", "bin", "ottoman", "pouffe"),
        ),
        num_optional=(6, 12),
        open_doors=0.6,
    ),
    RoomKind(
        name="kitchen",
        share=0.15,
        width_m=(2.3, 3.7),
        length_m=(2.9, 5.2),
        arrangement="kitchen",
        optional=("cabinet", "shelf", "stool", "bin", "bin", "box", "chair", "washer", "plant"),
        num_optional=(2, 6),
        floors=HARD_FLOORS,
        walls=TILED_WALLS,
        panels=0.3,
        clutter=1.5,
        open_doors=0.6,
    ),
    RoomKind(
        name="bathroom",
        share=0.07,
        width_m=(1.8, 2.7),
        length_m=(2.2, 3.6),
        required=("bath", "sink", "toilet"),
        optional=("cabinet", "washer", "bin", "shelf", "stool", "box"),
        num_optional=(2, 5),
        floors=HARD_FLOORS,
        walls=TILED_WALLS,
        panels=0.2,
        windows=(0.55, 0.45),
        num_doors=(1, 1),
    ),
    RoomKind(
        name="dining",
        share=0.09,
        width_m=(2.9, 4.4),
        length_m=(3.4, 5.8),
        arrangement="table",
        optional=(
            *("cabinet", "cabinet", "shelf", "dresser", "plant", "floor_lamp", "chair", "piano"),
        ),
        num_optional=(4, 8),
        open_doors=0.7,
    ),
    RoomKind(
        name="study",
        share=0.07,
        width_m=(2.5, 3.8),
        length_m=(2.9, 4.6),
        required=("desk", "shelf"),
        optional=(
            *("shelf", "shelf", "cabinet", "armchair", "chair", "box", "box", "plant", "bin"),
            *("floor_lamp", "sofa", "dresser", "filing_cabinet"),
        ),
        num_optional=(5, 10),
        clutter=1.4,
    ),
    RoomKind(
        name="office",
        share=0.08,
        width_m=(3.0, 6.0),
        length_m=(3.6, 8.0),
        height_m=(2.5, 3.0),
        arrangement="desks",
        required=("desk",),
        optional=(
            *("shelf", "shelf", "cabinet", "cabinet", "office_chair", "plant", "box", "bin"),
            *("filing_cabinet", "filing_cabinet", "coat_rack", "table"),
        ),
        num_optional=(5, 11),
        floors=OFFICE_FLOORS,
        walls=PUBLIC_WALLS,
        panels=0.85,
        clutter=1.2,
    ),
    RoomKind(
        name="classroom",
        share=0.05,
        width_m=(5.2, 7.5),
        length_m=(6.5, 9.8),
        height_m=(2.6, 3.3),
        arrangement="rows",
        optional=("cabinet", "shelf", "locker", "desk", "bin", "plant", "box", "lectern"),
        num_optional=(3, 7),
        floors=OFFICE_FLOORS,
        walls=PUBLIC_WALLS,
        panels=0.95,
        windows=(0.1, 0.3, 0.3, 0.3),
    ),
    RoomKind(
        name="library",
        share=0.03,
        width_m=(4.5, 7.5),
        length_m=(6.0, 9.8),
        height_m=(2.6, 3.3),
        arrangement="aisles",
        optional=("shelf", "shelf", "shelf", "table", "armchair", "plant", "stool", "box"),
        num_optional=(5, 12),
        floors=OFFICE_FLOORS,
        walls=PUBLIC_WALLS,
        panels=0.85,
    ),
    RoomKind(
        name="corridor",
        share=0.03,
        width_m=(1.4, 2.4),
        length_m=(6.0, 10.0),
        arrangement="corridor",
        optional=(
            *("cabinet", "chair", "plant", "bin", "box", "shelf", "bench", "dresser"),
            *("locker", "locker", "coat_rack"),
        ),
        num_optional=(4, 9),
        floors=OFFICE_FLOORS,
        walls=PUBLIC_WALLS,
        panels=0.8,
        num_doors=(3, 6),
        open_doors=0.35,
        windows=(0.7, 0.3),
    ),
    RoomKind(
        name="hall",
        share=0.04,
        width_m=(5.5, 8.0),
        length_m=(6.5, 10.0),
        height_m=(2.7, 3.6),
        arrangement="groups",
        optional=(
            *("plant", "plant", "shelf", "cabinet", "bench", "floor_lamp", "piano", "box"),
            "sofa",
        ),
        num_optional=(5, 12),
        walls=PUBLIC_WALLS,
        panels=0.6,
        num_doors=(2, 4),
        open_doors=0.6,
        windows=(0.15, 0.25, 0.3, 0.3),
    ),
)


def pick_kind(rng: Generator) -> RoomKind:
    """A random kind of room, by share."""
    return ROOM_KINDS[int(rng.choice(len(ROOM_KINDS), p=[kind.share for kind in ROOM_KINDS]))]


def pick_size(kind: RoomKind, rng: Generator) -> tuple[float, float, float]:
    """Random width (x), length (y) and height (z), metres; either side may be the longer one."""
    width_m, length_m, height_m = (
        float(rng.uniform(*interval)) for interval in (kind.width_m, kind.length_m, kind.height_m)
    )
    sides_m = (width_m, length_m) if rng.random() < 0.5 else (length_m, width_m)
    return *sides_m, height_m


def pick_by_share(shares: Mapping[str, float], rng: Generator) -> str:
    """A random name, by share."""
    return str(rng.choice(list(shares), p=list(shares.values())))
