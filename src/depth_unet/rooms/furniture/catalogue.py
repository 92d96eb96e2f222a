"""Picks furniture: models where the pack has some, simple shapes for the rest."""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.furniture.assets import load_pack, models_for
from depth_unet.rooms.furniture.materials import pick_material
from depth_unet.rooms.furniture.model_kinds import kinds_of, top_of
from depth_unet.rooms.furniture.models import Model, ModelPart
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.furniture.shapes import SMALL, make_shape
from depth_unet.rooms.mesh import Material, Mesh, join_meshes, rotation
from depth_unet.rooms.options import Furniture, Split
from depth_unet.rooms.textures.pool import TexturePool

MODEL_SHARE = 0.9
"""Share of models, rather than shapes, if the pack has many models of a kind."""
FEW_MODELS = 0.8
"""Raises the share of shapes if there are few models: with one model, to about half."""
SMALL_MODEL_SHARE = 0.6
SCALE = (0.93, 1.08)
BRIGHTNESS = (0.75, 1.15)
REPAINT_SHARE = 0.25
"""Share of untextured parts that get a texture from the pool."""
REPAINTS = ("grain", "fabric", "plaster")
TEXTURE_M = 0.6
MAX_ALBEDO = 0.9
CUPBOARDS_PER_RUN = (2, 5)


class Catalogue:
    """Picks furniture for rooms of one split: models of a pack, and shapes.

    Raises:
        DataError: The pack is missing or damaged.
    """

    def __init__(self, furniture: Furniture, split: Split) -> None:
        self.textures = TexturePool(split)
        self._models = {} if furniture == "boxes" else _models_by_kind(furniture, split)

    def pick(self, kind: str, rng: Generator) -> Piece:
        """Pick a piece of a kind of ``shapes.MAKERS``; it depends only on the state of ``rng``.

        Raises:
            ConfigError: There is no such kind.
        """
        return self._model_or_shape(kind, kind, MODEL_SHARE, rng)

    def pick_small(self, rng: Generator) -> Piece:
        """Pick a small thing that stands on a top."""
        shape = SMALL[int(rng.integers(len(SMALL)))]
        return self._model_or_shape("small", shape, SMALL_MODEL_SHARE, rng)

    def _model_or_shape(self, kind: str, shape: str, share: float, rng: Generator) -> Piece:
        models = self._models.get(kind, ())
        if models and rng.uniform() < share * len(models) / (len(models) + FEW_MODELS):
            model = models[int(rng.integers(len(models)))]
            piece = _vary_model(model, kind, rng, self.textures)
            return _repeat_cupboard(piece, rng) if kind == "counter" else piece
        return make_shape(shape, rng, self.textures)


@cache
def _models_by_kind(furniture: Furniture, split: Split) -> dict[str, tuple[Model, ...]]:
    """The models of one split by kind."""
    assert furniture != "boxes"
    groups: dict[str, tuple[Model, ...]] = {}
    for model in models_for(split, load_pack(furniture)):
        for kind in kinds_of(model):
            groups[kind] = (*groups.get(kind, ()), model)
    return groups


def _vary_model(model: Model, kind: str, rng: Generator, textures: TexturePool) -> Piece:
    """A model with randomly changed size, brightness and materials."""
    scale = np.float32(rng.uniform(*SCALE))
    brightness = float(rng.uniform(*BRIGHTNESS))
    meshes = []
    for part in model.parts:
        is_repainted = part.texture is None and rng.uniform() < REPAINT_SHARE
        cover = pick_material(str(rng.choice(REPAINTS)), rng, textures) if is_repainted else None
        uv = part.uv * (scale / np.float32(TEXTURE_M)) if part.texture is None else part.uv
        meshes.append(
            Mesh(
                positions_m=part.positions_m * scale,
                normals=part.normals,
                uv=uv,
                material=_material(part, cover, brightness),
                is_furniture=True,
            )
        )
    width, depth, height = (side * float(scale) for side in model.size_m)
    top_m = top_of(model, kind)
    return Piece(
        name=model.name,
        size_m=(width, depth, height),
        top_m=None if top_m is None else top_m * float(scale),
        meshes=tuple(meshes),
    )


def _repeat_cupboard(piece: Piece, rng: Generator) -> Piece:
    """A row of kitchen cupboards, because a model is only one cupboard wide."""
    num = int(rng.integers(*CUPBOARDS_PER_RUN))
    width_m = piece.size_m[0]
    shifts = [rotation(0, ((index - (num - 1) / 2) * width_m, 0, 0)) for index in range(num)]
    return replace(
        piece,
        size_m=(num * width_m, *piece.size_m[1:]),
        meshes=tuple(
            join_meshes([mesh.transform(shift) for shift in shifts]) for mesh in piece.meshes
        ),
    )


def _material(part: ModelPart, cover: Material | None, brightness: float) -> Material:
    if cover is not None:
        return replace(cover, gloss=part.gloss)
    red, green, blue = (min(channel * brightness, MAX_ALBEDO) for channel in part.albedo)
    return Material(albedo=(red, green, blue), texture=part.texture, gloss=part.gloss)
