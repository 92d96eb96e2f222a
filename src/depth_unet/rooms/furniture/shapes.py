"""Furniture without models: every kind, built of simple shapes by a random generator."""

from collections.abc import Callable

from numpy.random import Generator

from depth_unet.errors import ConfigError
from depth_unet.rooms.furniture import decor, seats, small, storage, tables, wet
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.textures.texture import TexturePool

Maker = Callable[[Generator, TexturePool], Piece]

_STANDING: tuple[Maker, ...] = (
    *(seats.armchair, seats.bench, seats.chair, seats.office_chair, seats.pouffe, seats.sofa),
    *(seats.stool, tables.bed, tables.bedside, tables.bunk_bed, tables.coffee_table, tables.desk),
    *(tables.ottoman, tables.round_table, tables.school_desk, tables.table, storage.cabinet),
    *(storage.dresser, storage.filing_cabinet, storage.locker, storage.shelf, storage.tv_stand),
    *(storage.wardrobe, wet.bath, wet.counter, wet.fridge, wet.kitchen_sink, wet.shower, wet.sink),
    *(wet.stove, wet.toilet, wet.washer, storage.coat_rack, decor.floor_lamp, tables.lectern),
    *(decor.piano, decor.plant, decor.radiator),
)
_ON_TOPS: tuple[Maker, ...] = (
    *(small.book_pile, small.book_row, small.bottle, small.bowl, small.carton, small.clock),
    *(small.cup, small.kettle, small.laptop, small.microwave, small.monitor, small.papers),
    *(small.photo, small.potted_plant, small.table_lamp, small.vase),
)
MAKERS = {maker.__name__: maker for maker in _STANDING + _ON_TOPS}
MAKERS |= {"bin": decor.waste_bin, "box": storage.crate}
"""By kind, which is the name of the function with two exceptions."""
SMALL = tuple(maker.__name__ for maker in _ON_TOPS)
"""Kinds that stand on tops, in the order in which they are drawn; the others stand on the floor."""


def make_shape(kind: str, rng: Generator, textures: TexturePool) -> Piece:
    """One piece of a kind of ``MAKERS``; the same state of ``rng`` gives the same piece.

    Raises:
        ConfigError: There is no such kind.
    """
    if kind not in MAKERS:
        raise ConfigError(f"there is no furniture {kind!r}; choose one of {', '.join(MAKERS)}")
    return MAKERS[kind](rng, textures)
