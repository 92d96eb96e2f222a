"""Furniture packs are plain arrays, small, attributed and complete."""

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from depth_unet.errors import DataError
from depth_unet.rooms.furniture.assets import load_pack, models_for

FOLDER = resources.files("depth_unet.rooms") / "assets"
MAX_BYTES = 3_000_000


def test_pack_is_small_and_plain() -> None:
    """The shipped pack stays under 3 MB and holds no pickled object."""
    path = FOLDER / "cc0.npz"
    with path.open("rb") as stream:
        assert len(stream.read()) < MAX_BYTES
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind in "iuf" for name in arrays.files)


def test_manifest_names_author_and_licence() -> None:
    """Each model has a unique name, an author, and the CC0 licence."""
    models = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["models"]
    assert len(models) >= 125
    assert len({model["name"] for model in models}) == len(models)
    assert all(model["author"] and model["licence"] == "CC0-1.0" for model in models)


def test_models_are_sound() -> None:
    """Sizes are those of the triangles, in metres; normals are unit; textures are pictures."""
    for model in load_pack("cc0"):
        positions = np.concatenate([part.positions_m.reshape(-1, 3) for part in model.parts])
        low, high = positions.min(0), positions.max(0)
        slack = 0.03 * max(model.size_m) + 2e-3
        assert (high - low <= np.array(model.size_m) + slack).all(), model.name
        assert (np.abs(low[:2] + high[:2]) < 0.2 * max(model.size_m)).all(), model.name
        assert -slack < low[2] < 0.7 * model.size_m[2]
        assert 0.005 < max(model.size_m) < 7
        for part in model.parts:
            lengths = np.linalg.norm(part.normals, axis=2)
            assert np.abs(lengths - 1).max() < 1e-4
            assert all(0 <= channel <= 1 for channel in part.albedo)
            assert np.isfinite(part.uv).all()
            assert part.texture is None or part.texture.shape == (128, 128, 3)


def test_shares_are_disjoint() -> None:
    """Every model belongs to one split, about a fifth to the test split."""
    models = load_pack("cc0")
    train, test = (models_for(split, models) for split in ("train", "test"))
    assert len(train) + len(test) == len(models)
    assert not {model.name for model in train} & {model.name for model in test}
    assert 0.1 < len(test) / len(models) < 0.35


def test_missing_pack(tmp_path: Path) -> None:
    """For a folder without a pack, the error gives the command that builds one."""
    with pytest.raises(DataError, match=r"python -m tools\.furniture_pack\.pack"):
        load_pack(tmp_path)


@pytest.mark.parametrize(
    ("name", "words"), [("ATTRIBUTION-full.txt", "lacks ATTRIBUTION"), ("", "build it again")]
)
def test_unusable_pack(name: str, words: str, tmp_path: Path) -> None:
    """A pack without its list of authors, or with a damaged file, is refused in one line."""
    (tmp_path / "full.npz").write_bytes(b"no zip")
    (tmp_path / "full.json").write_text('{"models": []}', encoding="utf-8")
    (tmp_path / "ATTRIBUTION-full.txt").write_text("authors", encoding="utf-8")
    if name:
        (tmp_path / name).unlink()
    with pytest.raises(DataError, match=words):
        load_pack(tmp_path)
