"""Furniture without models: every kind, built of simple shapes by a random generator."""

from collections.abc import Callable

from numpy.random import Generator

from depth_unet.errors import ConfigError
from depth_unet.rooms.furniture import decor, seats, small, storage, tables, wet
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.textures.texture import TexturePool

Maker = Callable[[Generator, TexturePool], Piece]

_STANDING: dict[str, Maker] = {
    "armchair": seats.armchair,
    "bath": wet.bath,
    "bed": tables.bed,
    "bedside": tables.bedside,
    "bench": seats.bench,
    "bin": decor.bin_,
    "box": storage.crate,
    "bunk_bed": tables.bunk_bed,
    "cabinet": storage.cabinet,
    "chair": seats.chair,
    "coat_rack": decor.coat_rack,
    "coffee_table": tables.coffee_table,
    "counter": wet.counter,
    "desk": tables.desk,
    "dresser": storage.dresser,
    "filing_cabinet": storage.filing_cabinet,
    "floor_lamp": decor.floor_lamp,
    "fridge": wet.fridge,
    "kitchen_sink": wet.kitchen_sink,
    "lectern": decor.lectern,
    "locker": storage.locker,
    "office_chair": seats.office_chair,
    "ottoman": tables.ottoman,
    "piano": decor.piano,
    "plant": decor.plant,
    "pouffe": seats.pouffe,
    "radiator": decor.radiator,
    "round_table": tables.round_table,
    "school_desk": tables.school_desk,
    "shelf": storage.shelf,
    "shower": wet.shower,
    "sink": wet.sink,
    "sofa": seats.sofa,
    "stool": seats.stool,
    "stove": wet.stove,
    "table": tables.table,
    "toilet": wet.toilet,
    "tv_stand": storage.tv_stand,
    "wardrobe": storage.wardrobe,
    "washer": wet.washer,
}
_SMALL: dict[str, Maker] = {
    "book_pile": small.book_pile,
    "book_row": small.book_row,
    "bottle": small.bottle,
    "bowl": small.bowl,
    "carton": small.carton,
    "clock": small.clock,
    "cup": small.cup,
    "kettle": small.kettle,
    "laptop": small.laptop,
    "microwave": small.microwave,
    "monitor": small.monitor,
    "papers": small.papers,
    "photo": small.photo,
    "potted_plant": small.potted_plant,
    "table_lamp": small.table_lamp,
    "vase": small.vase,
}
MAKERS = _STANDING | _SMALL
SMALL = tuple(_SMALL)
"""Kinds that stand on tops; the others stand on the floor."""


def make_shape(kind: str, rng: Generator, textures: TexturePool) -> Piece:
    """Draw one piece of furniture.

    Args:
        kind: One of ``MAKERS``.
        rng: The same state gives the same piece.
        textures: What its materials come from.

    Raises:
        ConfigError: There is no such kind.
    """
    if kind not in MAKERS:
        raise ConfigError(f"there is no furniture {kind!r}; choose one of {', '.join(MAKERS)}")
    return MAKERS[kind](rng, textures)
