"""Furniture of every kind built from simple shapes, for kinds without a model."""

from collections.abc import Callable

from numpy.random import Generator

from depth_unet.errors import ConfigError
from depth_unet.rooms.furniture import decor, kitchen_bath, seats, storage, tables, tabletop
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.textures.pool import TexturePool

Maker = Callable[[Generator, TexturePool], Piece]

_ON_FLOOR: tuple[Maker, ...] = (
    *(seats.armchair, seats.bench, seats.chair, seats.office_chair, seats.pouffe, seats.sofa),
    *(seats.stool, tables.bed, tables.bedside, tables.bunk_bed, tables.coffee_table, tables.desk),
    *(tables.ottoman, tables.round_table, tables.school_desk, tables.table, storage.cabinet),
    *(storage.dresser, storage.filing_cabinet, storage.locker, storage.shelf, storage.tv_stand),
    *(storage.wardrobe, kitchen_bath.bath, kitchen_bath.counter, kitchen_bath.fridge),
    *(kitchen_bath.kitchen_sink, kitchen_bath.shower, kitchen_bath.sink, kitchen_bath.stove),
    *(kitchen_bath.toilet, kitchen_bath.washer, storage.coat_rack, decor.floor_lamp),
    *(tables.lectern, decor.piano, decor.plant, decor.radiator),
)
_ON_TOPS: tuple[Maker, ...] = (
    *(tabletop.book_pile, tabletop.book_row, tabletop.bottle, tabletop.bowl, tabletop.carton),
    *(tabletop.clock, tabletop.cup, tabletop.kettle, tabletop.laptop, tabletop.microwave),
    *(tabletop.monitor, tabletop.papers, tabletop.photo, tabletop.potted_plant),
    *(tabletop.table_lamp, tabletop.vase),
)
MAKERS = {maker.__name__: maker for maker in _ON_FLOOR + _ON_TOPS}
MAKERS |= {"bin": decor.waste_bin, "box": storage.crate}
"""By kind. The kind is the name of the function, but for bins and boxes."""
SMALL = tuple(maker.__name__ for maker in _ON_TOPS)
"""Kinds that stand on tops. Their order decides which one a random number picks."""


def make_shape(kind: str, rng: Generator, textures: TexturePool) -> Piece:
    """One piece of a kind of ``MAKERS``; the same state of ``rng`` gives the same piece.

    Raises:
        ConfigError: There is no such kind.
    """
    if kind not in MAKERS:
        raise ConfigError(f"there is no furniture {kind!r}; choose one of {', '.join(MAKERS)}")
    return MAKERS[kind](rng, textures)
