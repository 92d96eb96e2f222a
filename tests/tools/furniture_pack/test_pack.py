"""Building a pack: OBJ files become plain arrays that look like the originals."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_unet.errors import DataError
from depth_unet.rooms.furniture.assets import CC0_NAMES, load_pack
from depth_unet.rooms.furniture.models import ModelPart
from tools.furniture_pack import pack
from tools.furniture_pack.decimate import decimate
from tools.furniture_pack.difference import visible_difference
from tools.furniture_pack.encode import to_half_uv
from tools.furniture_pack.library import CATALOGUE_NAME
from tools.furniture_pack.wavefront import read_wavefront
from tools.furniture_pack.welding import Surface, corner_normals, weld

OBJ = """mtllib chest.mtl
v 0 0 0
v 2 0 0
v 2 1 0
v 0 1 0
v 0 0 4
v 2 0 4
v 2 1 4
v 0 1 4
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl wood
f 5/1 6/2 7/3 8/4
usemtl rest
f 1 4 3 2
f 1 2 6 5
f 4 8 7 3
f 1 5 8 4
f 2 3 7 6
"""
MTL = """newmtl wood
Kd 1 1 1
map_Kd wood.png
newmtl rest
Kd 0.5 0.5 0.5
Ks 0.2 0.2 0.2
newmtl glass
Kd 1 1 1
d 0.1
"""
PROPERTIES = """name#1=Bed
category#1=Bedroom
model#1=/chest/chest.obj
width#1=100
depth#1=200
height#1=50
dropOnTopElevation#1=45.5
creator#1=Ren\\u00e9
name#2=Tree
category#2=Exterior
model#2=/chest/chest.obj
width#2=100
depth#2=100
height#2=100
creator#2=Nobody
"""


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    """A folder with a library of one chest and one tree."""
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:, :, 2] = 200
    path = tmp_path / "libraries" / "BlendSwap-CC-0.sh3f"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(CATALOGUE_NAME, PROPERTIES)
        archive.writestr("chest/chest.obj", OBJ)
        archive.writestr("chest/chest.mtl", MTL)
        archive.writestr("chest/wood.png", cv2.imencode(".png", picture)[1].tobytes())
    return path.parent


def _ball(num_sides: int = 48) -> Surface:
    turn = np.linspace(-np.pi, np.pi, num_sides + 1)[None]
    rise = np.linspace(-np.pi / 2, np.pi / 2, num_sides // 2 + 1)[:, None]
    x, y = np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn)
    grid = np.stack([x, y, np.broadcast_to(np.sin(rise), x.shape)], axis=-1)
    quads = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=2)
    corners = quads.reshape(-1, 4, 3)[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3, 3)
    return weld(corners, corners[..., :2], (corners[:, 0, 2] > 0).astype(np.int64))


def _num_open_edges(surface: Surface) -> int:
    ends = np.concatenate([surface.triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    return int((np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)[1] != 2).sum())


def test_build_reads_what_a_library_holds(
    libraries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model comes back in metres, z up, front towards -y, with its texture and its author."""
    monkeypatch.setattr(pack, "LICENCES", {"BlendSwap-CC-0": "CC0-1.0"})
    line = pack.build(libraries, tmp_path / "pack")
    assert line.startswith("1 models, 12 triangles, 1 textures")
    (model,) = load_pack(tmp_path / "pack")
    assert (model.name, model.author, model.licence) == ("Bed", "René", "CC0-1.0")
    assert model.size_m == pytest.approx((1.0, 2.0, 0.5))
    assert model.top_m == pytest.approx(0.455)
    front, rest = model.parts
    if front.texture is None:
        front, rest = rest, front
    assert front.texture is not None
    assert np.abs(front.texture.astype(int) - [200, 0, 0]).max() < 12
    assert front.positions_m[..., 1] == pytest.approx(np.full((2, 3), -1.0), abs=1e-3)
    assert front.normals == pytest.approx(np.broadcast_to([0, -1, 0], (2, 3, 3)), abs=0.01)
    assert rest.albedo == pytest.approx([0.2140] * 3, abs=2e-3)
    assert rest.gloss == pytest.approx(0.03, abs=1e-3)
    corners = rest.positions_m.reshape(-1, 3)
    assert corners.min(0) == pytest.approx([-0.5, -1, 0], abs=1e-3)
    assert corners.max(0) == pytest.approx([0.5, 1, 0.5], abs=1e-3)
    assert "Bed, by René, CC0-1.0" in (tmp_path / "pack" / "ATTRIBUTION-full.txt").read_text(
        "utf-8"
    )


def test_cc0_pack_is_the_one_that_ships(libraries: Path, tmp_path: Path) -> None:
    """``--cc0`` writes the two files of the shipped pack, which needs no attribution."""
    pack.build(libraries, tmp_path / "pack", cc0=True)
    assert {path.name for path in (tmp_path / "pack").iterdir()} == set(CC0_NAMES)


def test_far_texture_coordinates_are_stored_by_whole_repetitions() -> None:
    """Texture coordinates too large for 16 bits stay finite and show the same texture."""
    corners = np.array([[[0, 0], [0.5, 0], [0.5, 0.25]]], np.float32)
    part = ModelPart(
        positions_m=np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0]]], np.float32),
        normals=np.tile(np.float32([0, 0, 1]), (1, 3, 1)),
        uv=corners + np.float32([70_000, -90_000]),
        albedo=(1.0, 1.0, 1.0),
        texture=np.zeros((4, 4, 3), np.uint8),
        gloss=0.0,
    )
    assert to_half_uv(part.uv).tolist() == corners.tolist()
    assert np.isfinite(to_half_uv(np.full((1, 3, 2), np.inf, np.float32))).all()


def test_build_names_a_missing_library(tmp_path: Path) -> None:
    """If the libraries are not installed, the error gives the command that installs them."""
    with pytest.raises(DataError, match="apt-get install sweethome3d-furniture"):
        pack.build(tmp_path, tmp_path / "pack")


def test_wavefront_refuses_nonsense(tmp_path: Path) -> None:
    """A file without faces, or with faces of missing points, is refused."""
    path = tmp_path / "bad.obj"
    for text in ("v 0 0 0\n", "v 0 0 0\nf 1 2 3\n", "v 0 0 zero\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match="not a Wavefront file"):
            read_wavefront(path)


def test_decimation_opens_no_hole() -> None:
    """A ball of two materials stays closed and round with a quarter of its triangles."""
    ball = _ball()
    assert _num_open_edges(ball) == 0
    simple = decimate(ball, len(ball.triangles) // 4)
    assert len(simple.triangles) <= len(ball.triangles) // 4
    assert _num_open_edges(simple) == 0
    radii = np.linalg.norm(simple.points_m[np.unique(simple.triangles)], axis=1)
    assert np.abs(radii - 1).max() < 0.06
    border = simple.points_m[simple.triangles[simple.part == 1]][..., 2]
    assert border.min() > -0.1
    assert visible_difference(ball, simple) < 0.1
    assert visible_difference(ball, ball) == 0


def test_decimation_follows_the_texture() -> None:
    """On a flat sheet with a linear map, texture coordinates stay those of the map."""
    steps = np.linspace(0, 1, 13)
    x, y = np.meshgrid(steps, steps)
    grid = np.stack([x, y, 0 * x], axis=-1)
    quads = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=2)
    corners = quads.reshape(-1, 4, 3)[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3, 3)
    sheet = weld(corners, 3 * corners[..., :2] + 1, np.zeros(len(corners), np.int64))
    simple = decimate(sheet, 20)
    points = simple.points_m[simple.triangles]
    assert len(simple.triangles) <= 20
    assert simple.uv == pytest.approx(3 * points[..., :2] + 1, abs=1e-6)
    area = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])[:, 2].sum() / 2
    assert area == pytest.approx(1, abs=1e-3)


def test_a_lost_part_is_noticed() -> None:
    """A model without one side differs visibly from the original."""
    ball = _ball()
    kept = ball.points_m[ball.triangles][..., 2].mean(1) < 0.5
    torn = Surface(
        points_m=ball.points_m,
        triangles=ball.triangles[kept],
        uv=ball.uv[kept],
        part=ball.part[kept],
    )
    assert visible_difference(ball, torn) > 0.2


def test_creases_stay_sharp() -> None:
    """Normals are smooth over a ball and those of the faces on a box."""
    ball = _ball()
    points = ball.points_m[ball.triangles]
    unit = points / np.linalg.norm(points, axis=2, keepdims=True)
    assert ((corner_normals(ball) * unit).sum(2) > 0.99).all()
    low, high = np.eye(3), np.ones((3, 3))
    bent = weld(
        np.array([[[0, 0, 0], low[0], low[1]], [[0, 0, 0], low[2], low[0]]]),
        np.zeros((2, 3, 2)),
        np.zeros(2, np.int64),
    )
    normals = corner_normals(bent)
    assert normals[0] == pytest.approx(np.broadcast_to([0, 0, 1], (3, 3)) * high)
    assert normals[1] == pytest.approx(np.broadcast_to([0, 1, 0], (3, 3)) * high)
