"""A scene depends only on its seed."""

from functools import cache

import numpy as np
import pytest

from depth_unet.rooms.design.compose import make_scene
from depth_unet.rooms.design.kinds import ROOM_KINDS, pick_kind, pick_size
from depth_unet.rooms.scene import Scene

SEEDS = range(4)


@pytest.mark.parametrize("seed", [3, 11])
def test_same_seed_same_scene(seed: int) -> None:
    """The same seed gives the same scene, bit for bit."""
    first, second = (make_scene(seed, furniture="boxes", split="train") for _ in range(2))
    assert first.kind == second.kind
    assert first.size_m == second.size_m
    np.testing.assert_array_equal(first.footprints_m, second.footprints_m)
    _assert_same_meshes(first, second)
    _assert_same_lights(first, second)


def test_seeds_differ() -> None:
    """Another seed gives another room."""
    sizes_m = {scene.size_m for scene in _scenes()}
    assert len(sizes_m) == len(SEEDS)


def test_shares_have_no_texture_in_common() -> None:
    """The same seed in the other split uses other textures."""
    train, test = (make_scene(2, furniture="boxes", split=split) for split in ("train", "test"))
    pictures = [
        {
            mesh.material.texture.tobytes()
            for mesh in scene.meshes
            if mesh.material.texture is not None
        }
        for scene in (train, test)
    ]
    assert not pictures[0] & pictures[1]


def test_scene_is_well_formed() -> None:
    """Every mesh is finite, with unit normals; furniture is marked; footprints are rectangles."""
    for scene in _scenes():
        for mesh in scene.meshes:
            assert np.isfinite(mesh.positions_m).all()
            assert np.isfinite(mesh.uv).all()
            np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=-1), 1, atol=1e-3)
        assert any(mesh.is_furniture for mesh in scene.meshes)
        assert any(not mesh.is_furniture for mesh in scene.meshes)
        assert np.all(scene.footprints_m[:, 2:] > scene.footprints_m[:, :2])


def test_floor_is_left() -> None:
    """At least a third of the floor stays free for a camera."""
    for scene in _scenes():
        x0, y0, x1, y1 = scene.footprints_m.T
        assert float(((x1 - x0) * (y1 - y0)).sum()) < 0.67 * scene.size_m[0] * scene.size_m[1]


def test_every_kind_occurs() -> None:
    """Kinds are drawn by their shares, sizes within their bounds."""
    rng = np.random.default_rng(0)
    drawn = [pick_kind(rng) for _ in range(3000)]
    for kind in ROOM_KINDS:
        share = sum(other is kind for other in drawn) / len(drawn)
        assert share == pytest.approx(kind.share, abs=0.03)
        width_m, length_m, height_m = pick_size(kind, rng)
        low_m, high_m = sorted((width_m, length_m))
        assert kind.width_m[0] <= low_m
        assert high_m <= kind.length_m[1]
        assert kind.height_m[0] <= height_m <= kind.height_m[1]


@cache
def _scenes() -> list[Scene]:
    return [make_scene(seed, furniture="boxes", split="train") for seed in SEEDS]


def _assert_same_meshes(first: Scene, second: Scene) -> None:
    for mesh, other in zip(first.meshes, second.meshes, strict=True):
        assert mesh.positions_m.tobytes() == other.positions_m.tobytes()
        assert mesh.normals.tobytes() == other.normals.tobytes()
        assert mesh.uv.tobytes() == other.uv.tobytes()
        assert mesh.material.albedo == other.material.albedo
        assert mesh.material.gloss == other.material.gloss
        assert mesh.material.texture is other.material.texture


def _assert_same_lights(first: Scene, second: Scene) -> None:
    assert (first.sun is None) == (second.sun is None)
    for light, other in zip(first.lights, second.lights, strict=True):
        assert light.corner_m.tobytes() == other.corner_m.tobytes()
        assert light.radiance.tobytes() == other.radiance.tobytes()
        assert (light.backdrop is None) == (other.backdrop is None)
        if light.backdrop is not None and other.backdrop is not None:
            assert light.backdrop.tobytes() == other.backdrop.tobytes()
