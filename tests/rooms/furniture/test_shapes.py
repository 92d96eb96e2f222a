"""Simple shapes have the right sizes and closed surfaces, and depend only on the seed."""

import numpy as np
import pytest

from depth_unet.errors import ConfigError
from depth_unet.rooms.furniture.piece import Piece, assemble, block
from depth_unet.rooms.furniture.shapes import MAKERS, SMALL, make_shape
from depth_unet.rooms.furniture.solids import cushion, cylinder, lathe, round_profile
from depth_unet.rooms.mesh import Material, Mesh
from depth_unet.rooms.textures.pool import TexturePool

TEXTURES = TexturePool("train", per_kind=2)
PLAIN = Material()
SIZES_M = {
    "bed": ((0.85, 2.0), (1.9, 2.3), (0.7, 1.3)),
    "chair": ((0.35, 0.6), (0.35, 0.6), (0.75, 1.1)),
    "counter": ((0.95, 2.9), (0.55, 0.7), (0.85, 0.95)),
    "desk": ((0.95, 1.9), (0.55, 0.9), (0.7, 0.78)),
    "fridge": ((0.5, 0.9), (0.55, 0.8), (1.35, 2.0)),
    "school_desk": ((0.6, 1.5), (0.45, 0.65), (0.65, 0.8)),
    "shelf": ((0.55, 1.4), (0.2, 0.45), (0.95, 2.15)),
    "sofa": ((1.3, 2.4), (0.7, 1.0), (0.65, 1.05)),
    "table": ((0.85, 2.0), (0.65, 1.0), (0.68, 0.8)),
    "toilet": ((0.3, 0.45), (0.6, 0.8), (0.65, 0.9)),
    "wardrobe": ((0.75, 1.9), (0.45, 0.7), (1.75, 2.3)),
}
"""Width, depth and height as shops list them."""


def _draw(kind: str, seed: int) -> Piece:
    return make_shape(kind, np.random.default_rng(seed), TEXTURES)


def _positions_m(piece: Piece) -> np.ndarray:
    return np.concatenate([mesh.positions_m.reshape(-1, 3) for mesh in piece.meshes])


def _volume_m3(mesh: Mesh) -> float:
    a, b, c = np.moveaxis(mesh.positions_m.astype(np.float64), 1, 0)
    return float((np.cross(a, b) * c).sum() / 6)


@pytest.mark.parametrize("kind", MAKERS)
def test_same_seed_same_piece(kind: str) -> None:
    """A piece is a function of the generator's state, bit for bit."""
    first, second = _draw(kind, 5), _draw(kind, 5)
    assert first.size_m == second.size_m
    for mesh, twin in zip(first.meshes, second.meshes, strict=True):
        assert np.array_equal(mesh.positions_m, twin.positions_m)
        assert np.array_equal(mesh.uv, twin.uv)
        assert mesh.material.albedo == twin.material.albedo


@pytest.mark.parametrize("kind", MAKERS)
def test_size_is_that_of_the_meshes(kind: str) -> None:
    """A piece is centred, stands on the floor, and fills its stated size."""
    for seed in range(3):
        piece = _draw(kind, seed)
        low, high = _positions_m(piece).min(0), _positions_m(piece).max(0)
        assert high - low == pytest.approx(piece.size_m, abs=1e-4)
        assert (low + high)[:2] == pytest.approx([0, 0], abs=1e-4)
        assert low[2] == pytest.approx(0, abs=1e-3)
        assert piece.top_m is None or 0 < piece.top_m <= high[2] + 1e-3
        assert all(mesh.is_furniture for mesh in piece.meshes)


@pytest.mark.parametrize("kind", MAKERS)
def test_normals_are_unit_and_face_outwards(kind: str) -> None:
    """Normals have length 1 and lie on the side that the winding shows."""
    for seed in range(3):
        for mesh in _draw(kind, seed).meshes:
            lengths = np.linalg.norm(mesh.normals, axis=2)
            assert lengths == pytest.approx(np.ones_like(lengths), abs=1e-4)
            edges = mesh.positions_m[:, 1:] - mesh.positions_m[:, :1]
            faces = np.cross(edges[:, 0], edges[:, 1])
            assert (np.einsum("tk,tk->t", faces, mesh.normals.mean(1)) > 0).all()
            assert np.isfinite(mesh.uv).all()


@pytest.mark.parametrize("kind", SIZES_M)
def test_sizes_are_plausible(kind: str) -> None:
    """Furniture has the sizes that shops list."""
    for seed in range(6):
        for side_m, (low_m, high_m) in zip(_draw(kind, seed).size_m, SIZES_M[kind], strict=True):
            assert low_m <= side_m <= high_m


def test_small_things_fit_on_tops() -> None:
    """Things for tops are 1 to 65 cm wide and have at most a few thousand triangles."""
    for kind in SMALL:
        for seed in range(6):
            piece = _draw(kind, seed)
            assert 0.01 < max(piece.size_m) < 0.75, kind
            assert sum(len(mesh.positions_m) for mesh in piece.meshes) < 4000


def test_unknown_kind() -> None:
    """An unknown kind is refused, and the known ones are listed."""
    with pytest.raises(ConfigError, match="choose one of armchair"):
        make_shape("throne", np.random.default_rng(0), TEXTURES)


def _num_open_edges(mesh: Mesh) -> int:
    """Edges that are not shared by exactly two triangles; corners at one place are one."""
    places = np.round(mesh.positions_m.reshape(-1, 3) / 1e-5).astype(np.int64)
    corners = np.unique(places, axis=0, return_inverse=True)[1].reshape(-1, 3)
    edges = np.concatenate([corners[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    return int((np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)[1] != 2).sum())


@pytest.mark.parametrize("hardness", [0.06, 0.08, 0.1, 0.15, 0.25, 0.35, 0.6, 1.0])
def test_cushions_have_no_slit(hardness: float) -> None:
    """Its surface is closed at both poles and at the seam, for every hardness."""
    assert _num_open_edges(cushion((0, 0, 0), (2, 0.9, 0.2), PLAIN, hardness=hardness)) == 0


def test_bodies_are_closed() -> None:
    """A closed body's volume, from its surface alone, is that of the formula."""
    assert _volume_m3(block((1, 2, 3), (0.2, 0.3, 0.5), PLAIN)) == pytest.approx(0.03, rel=1e-4)
    sides = 64
    prism = sides / 2 * np.sin(2 * np.pi / sides) * 0.3**2 * 0.5
    round_body = cylinder((1, 2, 3), 0.3, 0.5, PLAIN, num_sides=sides)
    assert _volume_m3(round_body) == pytest.approx(prism, rel=1e-3)
    ball = cushion((0, 0, 0), (1, 1, 1), PLAIN, hardness=1.0, num_sides=64)
    assert _volume_m3(ball) == pytest.approx(np.pi / 6, rel=1e-2)
    brick = cushion((0, 0, 0), (1, 1, 1), PLAIN, hardness=0.02, num_sides=64)
    assert 0.85 < _volume_m3(brick) < 1


def test_oval_lathe_faces_outwards() -> None:
    """Normals of a squashed cone are perpendicular to its surface."""
    cone = lathe([(0.4, 0), (0.1, 0.6)], PLAIN, num_sides=48, squash_y=0.5)
    edges = cone.positions_m[:, 1:] - cone.positions_m[:, :1]
    faces = np.cross(edges[:, 0], edges[:, 1])
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    assert (np.einsum("tk,tck->tc", faces, cone.normals) > 0.9).all()


def test_rounded_keeps_its_ends() -> None:
    """Corners are cut, the two ends stay, nothing leaves the profile's span."""
    profile = [(0.0, 0.0), (0.3, 0.0), (0.1, 0.5), (0.0, 0.5)]
    smooth = round_profile(profile)
    assert (smooth[0], smooth[-1]) == (profile[0], profile[-1])
    assert all(0 <= radius <= 0.3 and 0 <= height <= 0.5 for radius, height in smooth)


def test_assembled_joins_by_material() -> None:
    """Meshes of one material become one; the piece is moved over the origin."""
    other = Material(gloss=0.1)
    parts = [block((5, 5, 0), (1, 1, 1), PLAIN), block((6, 5, 0), (1, 1, 1), other)]
    piece = assemble("pair", [*parts, block((5, 5, 1), (1, 1, 1), PLAIN)], 2.0)
    assert [len(mesh.positions_m) for mesh in piece.meshes] == [24, 12]
    assert piece.size_m == pytest.approx((2, 1, 2))
    assert _positions_m(piece)[:, 0].min() == pytest.approx(-1)
