"""The catalogue has every kind in every pack, and keeps the two splits separate."""

import numpy as np
import pytest

from depth_unet.errors import ConfigError
from depth_unet.rooms.furniture.assets import load_pack
from depth_unet.rooms.furniture.catalogue import Catalogue
from depth_unet.rooms.furniture.model_kinds import KIND_NAMES, kinds_of
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.furniture.shapes import MAKERS, SMALL
from depth_unet.rooms.options import Furniture, Split

PACKS: tuple[Furniture, ...] = ("cc0", "boxes")
SPLITS: tuple[Split, ...] = ("train", "test")
STANDING = [kind for kind in MAKERS if kind not in SMALL]
MODEL_NAMES = {model.name for model in load_pack("cc0")}


def _bytes(piece: Piece) -> bytes:
    return b"".join(mesh.positions_m.tobytes() + mesh.uv.tobytes() for mesh in piece.meshes)


@pytest.mark.parametrize("furniture", PACKS)
@pytest.mark.parametrize("kind", STANDING)
def test_every_kind_is_there(furniture: Furniture, kind: str) -> None:
    """Every kind gives a piece of plausible size that depends only on the seed."""
    catalogue = Catalogue(furniture, "train")
    for seed in range(4):
        piece, twin = (catalogue.pick(kind, np.random.default_rng(seed)) for _ in range(2))
        assert _bytes(piece) == _bytes(twin)
        assert all(mesh.is_furniture for mesh in piece.meshes)
        assert 0.1 < max(piece.size_m) < 4.2
        low = min(float(mesh.positions_m[..., 2].min()) for mesh in piece.meshes)
        assert low == pytest.approx(0, abs=0.05)
        assert all(max(mesh.material.albedo) <= 1 for mesh in piece.meshes)


def test_models_and_shapes_are_mixed() -> None:
    """Chairs are models or shapes; without a pack they are shapes."""
    names = {"cc0": set[str](), "boxes": set[str]()}
    for furniture in PACKS:
        catalogue = Catalogue(furniture, "train")
        for seed in range(24):
            names[furniture].add(catalogue.pick("chair", np.random.default_rng(seed)).name)
    assert names["boxes"] == {"chair"}
    assert names["cc0"] & MODEL_NAMES
    assert "chair" in names["cc0"]


def test_shares_have_no_model_in_common() -> None:
    """No model of the training rooms is used in test rooms."""
    names = []
    for share in SPLITS:
        catalogue, rng = Catalogue("cc0", share), np.random.default_rng(1)
        pieces = [catalogue.pick_small(rng) for _ in range(30)]
        pieces += [catalogue.pick(kind, rng) for kind in STANDING for _ in range(3)]
        names.append({piece.name for piece in pieces} & MODEL_NAMES)
    assert names[0]
    assert names[1]
    assert not names[0] & names[1]


def test_small_things_are_small() -> None:
    """Things for tops are smaller than a top."""
    for furniture in PACKS:
        catalogue, rng = Catalogue(furniture, "train"), np.random.default_rng(2)
        assert all(max(catalogue.pick_small(rng).size_m) < 0.8 for _ in range(30))


def test_counters_are_runs() -> None:
    """Kitchen cupboards stand side by side, and their stated size is that of the run."""
    catalogue = Catalogue("cc0", "train")
    for seed in range(12):
        piece = catalogue.pick("counter", np.random.default_rng(seed))
        points = np.concatenate([mesh.positions_m.reshape(-1, 3) for mesh in piece.meshes])
        assert np.ptp(points[:, 0]) == pytest.approx(piece.size_m[0], abs=0.06)
        assert piece.size_m[0] >= 0.95


def test_sorting_knows_only_kinds_of_shapes() -> None:
    """Every kind of a model has a shape too; most models of the pack are used."""
    assert set(KIND_NAMES) <= set(STANDING)
    used = [model for model in load_pack("cc0") if kinds_of(model)]
    assert len(used) > 0.6 * len(load_pack("cc0"))


def test_unknown_kind() -> None:
    """An unknown kind is refused."""
    with pytest.raises(ConfigError, match="choose one of"):
        Catalogue("boxes", "train").pick("throne", np.random.default_rng(0))
