"""The furniture of a room: models where the pack has some, shapes elsewhere."""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.furniture.assets import load_pack, models_for
from depth_unet.rooms.furniture.finish import pick_material
from depth_unet.rooms.furniture.models import Model, ModelPart
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.furniture.shapes import SMALL, make_shape
from depth_unet.rooms.furniture.sorting import kinds_of, top_of
from depth_unet.rooms.mesh import Material, Mesh, join_meshes, rotation
from depth_unet.rooms.options import Furniture, Share
from depth_unet.rooms.textures.texture import TexturePool

MODEL_SHARE = 0.9
"""How often a model is used if the pack has many of a kind; shapes vary more."""
FEW = 0.8
"""Raises the share of shapes if models are few: with one model, to half."""
SMALL_MODEL_SHARE = 0.6
SCALE = (0.93, 1.08)
BRIGHTNESS = (0.75, 1.15)
REPAINT_SHARE = 0.25
"""How often a plain part of a model gets a texture of the pool."""
REPAINTS = ("grain", "fabric", "plaster")
TEXTURE_M = 0.6
MAX_ALBEDO = 0.9
CUPBOARDS_PER_RUN = (2, 5)


class Catalogue:
    """Draws furniture for rooms of one share: models of a pack, and shapes.

    Raises:
        DataError: The pack is missing.
    """

    def __init__(self, furniture: Furniture, share: Share) -> None:
        self.furniture = furniture
        self.textures = TexturePool(share)
        self._models = {} if furniture == "boxes" else _models_by_kind(furniture, share)

    def piece(self, kind: str, rng: Generator) -> Piece:
        """One piece of a kind of ``shapes.MAKERS``; the same state of ``rng`` gives the same piece.

        Raises:
            ConfigError: There is no such kind.
        """
        return self._model_or_shape(kind, kind, MODEL_SHARE, rng)

    def small(self, rng: Generator) -> Piece:
        """One small thing that stands on a top."""
        shape = SMALL[int(rng.integers(len(SMALL)))]
        return self._model_or_shape("small", shape, SMALL_MODEL_SHARE, rng)

    def _model_or_shape(self, kind: str, shape: str, share: float, rng: Generator) -> Piece:
        models = self._models.get(kind, ())
        if models and rng.uniform() < share * len(models) / (len(models) + FEW):
            model = models[int(rng.integers(len(models)))]
            piece = _vary_model(model, kind, rng, self.textures)
            return _run(piece, rng) if kind == "counter" else piece
        return make_shape(shape, rng, self.textures)


@cache
def _models_by_kind(furniture: Furniture, share: Share) -> dict[str, tuple[Model, ...]]:
    """The models of one share by kind."""
    assert furniture != "boxes"
    groups: dict[str, tuple[Model, ...]] = {}
    for model in models_for(share, load_pack(furniture)):
        for kind in kinds_of(model):
            groups[kind] = (*groups.get(kind, ()), model)
    return groups


def _vary_model(model: Model, kind: str, rng: Generator, textures: TexturePool) -> Piece:
    """A model with random changes of size, brightness and materials."""
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


def _run(piece: Piece, rng: Generator) -> Piece:
    """Kitchen cupboards side by side: a model is one cupboard wide."""
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
