"""Furniture without assets: every kind, made of simple bodies by a random generator."""

from collections.abc import Callable

import numpy as np

from depth_unet.errors import ConfigError
from depth_unet.rooms.furniture import decor as shapes_decor
from depth_unet.rooms.furniture import seats as shapes_seats
from depth_unet.rooms.furniture import small as shapes_small
from depth_unet.rooms.furniture import storage as shapes_storage
from depth_unet.rooms.furniture import tables as shapes_tables
from depth_unet.rooms.furniture import wet as shapes_wet
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.textures.texture import TexturePool

Maker = Callable[[np.random.Generator, TexturePool], Piece]

_STANDING: dict[str, Maker] = {
    "armchair": shapes_seats.armchair,
    "bath": shapes_wet.bath,
    "bed": shapes_tables.bed,
    "bedside": shapes_tables.bedside,
    "bench": shapes_seats.bench,
    "bin": shapes_decor.bin_,
    "box": shapes_storage.crate,
    "bunk_bed": shapes_tables.bunk_bed,
    "cabinet": shapes_storage.cabinet,
    "chair": shapes_seats.chair,
    "coat_rack": shapes_decor.coat_rack,
    "coffee_table": shapes_tables.coffee_table,
    "counter": shapes_wet.counter,
    "desk": shapes_tables.desk,
    "dresser": shapes_storage.dresser,
    "filing_cabinet": shapes_storage.filing_cabinet,
    "floor_lamp": shapes_decor.floor_lamp,
    "fridge": shapes_wet.fridge,
    "kitchen_sink": shapes_wet.kitchen_sink,
    "lectern": shapes_decor.lectern,
    "locker": shapes_storage.locker,
    "office_chair": shapes_seats.office_chair,
    "ottoman": shapes_tables.ottoman,
    "piano": shapes_decor.piano,
    "plant": shapes_decor.plant,
    "pouffe": shapes_seats.pouffe,
    "radiator": shapes_decor.radiator,
    "round_table": shapes_tables.round_table,
    "school_desk": shapes_tables.school_desk,
    "shelf": shapes_storage.shelf,
    "shower": shapes_wet.shower,
    "sink": shapes_wet.sink,
    "sofa": shapes_seats.sofa,
    "stool": shapes_seats.stool,
    "stove": shapes_wet.stove,
    "table": shapes_tables.table,
    "toilet": shapes_wet.toilet,
    "tv_stand": shapes_storage.tv_stand,
    "wardrobe": shapes_storage.wardrobe,
    "washer": shapes_wet.washer,
}
_HANGING: dict[str, Maker] = {
    "blackboard": shapes_decor.blackboard,
    "mirror": shapes_decor.mirror,
    "picture": shapes_decor.picture,
    "pinboard": shapes_decor.pinboard,
    "wall_cabinet": shapes_wet.wall_cabinet,
}
_SMALL: dict[str, Maker] = {
    "book_pile": shapes_small.book_pile,
    "book_row": shapes_small.book_row,
    "bottle": shapes_small.bottle,
    "bowl": shapes_small.bowl,
    "carton": shapes_small.carton,
    "clock": shapes_small.clock,
    "cup": shapes_small.cup,
    "kettle": shapes_small.kettle,
    "laptop": shapes_small.laptop,
    "microwave": shapes_small.microwave,
    "monitor": shapes_small.monitor,
    "papers": shapes_small.papers,
    "photo": shapes_small.photo,
    "potted_plant": shapes_small.potted_plant,
    "table_lamp": shapes_small.table_lamp,
    "vase": shapes_small.vase,
}
_MAKERS = _STANDING | _HANGING | _SMALL
STANDING = tuple(_STANDING)
"""Kinds that stand on the floor."""
HANGING = tuple(_HANGING)
"""Kinds that hang on a wall: ``elevation_m`` above the floor, their back against it."""
SMALL = tuple(_SMALL)
"""Kinds that stand on tops."""
KINDS = tuple(_MAKERS)


def make_shape(kind: str, rng: np.random.Generator, textures: TexturePool) -> Piece:
    """Draw one piece of furniture.

    Args:
        kind: One of ``KINDS``.
        rng: The same state gives the same piece.
        textures: What its materials come from.

    Raises:
        ConfigError: There is no such kind.
    """
    if kind not in _MAKERS:
        raise ConfigError(f"there is no furniture {kind!r}; choose one of {', '.join(KINDS)}")
    return _MAKERS[kind](rng, textures)
