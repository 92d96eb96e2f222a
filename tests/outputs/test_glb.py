"""GLB: metres, triangles, photo and metadata are read back; the room stands upright."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from depth_unet.errors import DataError
from depth_unet.outputs.glb import write_glb
from depth_unet.outputs.mesh import Mesh, surface_mesh
from tests.outputs.conftest import Room

EXTRAS = {"unit": "metres", "model": "a model"}


def read(path: Path) -> tuple[trimesh.Trimesh, dict[str, Any]]:
    """The one surface of a file, and its JSON."""
    scene = trimesh.load_scene(path)
    (surface,) = scene.geometry.values()
    assert isinstance(surface, trimesh.Trimesh)
    data = path.read_bytes()
    return surface, json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])


@pytest.fixture
def written(room: Room, tmp_path: Path) -> tuple[Mesh, Path]:
    """The room's mesh and its file."""
    mesh, path = surface_mesh(room.depth_m, room.rays), tmp_path / "deep" / "room.glb"
    write_glb(mesh, room.image, path, EXTRAS)
    return mesh, path


def test_vertices_are_metres_upright(written: tuple[Mesh, Path]) -> None:
    """Right stays, up is y and back is z; no vertex is moved, merged or lost, and no face."""
    mesh, path = written
    surface, _ = read(path)
    upright_m = mesh.vertices_m * np.array((1, -1, -1), np.float32)
    np.testing.assert_array_equal(surface.vertices.astype(np.float32), upright_m)
    np.testing.assert_array_equal(surface.faces, mesh.faces)
    assert list(path.parent.iterdir()) == [path]


def test_triangles_show_their_front(written: tuple[Mesh, Path]) -> None:
    """Seen from the camera, at the origin, every triangle is anticlockwise."""
    surface, _ = read(written[1])
    assert ((surface.face_normals * surface.triangles_center).sum(axis=1) < 0).all()


def test_the_photo_lies_where_it_was_taken(room: Room, written: tuple[Mesh, Path]) -> None:
    """The texture at a vertex has the colour of the pixel that the vertex was."""
    mesh, path = written
    surface, tree = read(path)
    texture = np.asarray(surface.visual.material.baseColorTexture.convert("RGB")).astype(int)
    assert texture.shape == room.image.shape
    height, width, _ = texture.shape
    across, up = surface.visual.uv.T
    columns, rows = (across * width).astype(int), ((1 - up) * height).astype(int)
    np.testing.assert_array_equal(
        np.stack((columns, rows), axis=-1), (mesh.uv * (width, height)).astype(int)
    )
    difference = np.abs(texture[rows, columns] - room.image[rows, columns])
    assert np.percentile(difference, 95) < 10  # JPEG blurs colours along the edges
    assert tree["images"][0]["mimeType"] == "image/jpeg"


def test_extras_are_kept(written: tuple[Mesh, Path]) -> None:
    """Unit and model stand with the scene."""
    assert read(written[1])[1]["scenes"][0]["extras"] == EXTRAS
    metadata = trimesh.load_scene(written[1]).metadata
    assert {name: metadata[name] for name in EXTRAS} == EXTRAS


def test_the_material_needs_no_light(written: tuple[Mesh, Path]) -> None:
    """Unlit, rough, not metallic, and seen from both sides."""
    _, tree = read(written[1])
    (material,) = tree["materials"]
    assert material["doubleSided"] is True
    assert material["extensions"] == {"KHR_materials_unlit": {}}
    assert tree["extensionsUsed"] == ["KHR_materials_unlit"]
    surface = material["pbrMetallicRoughness"]
    assert (surface["metallicFactor"], surface["roughnessFactor"]) == (0.0, 1.0)
    assert set(tree["meshes"][0]["primitives"][0]["attributes"]) == {"POSITION", "TEXCOORD_0"}


@pytest.mark.parametrize(
    ("size", "expected"), [((1200, 3000), (819, 2048)), ((3000, 10), (2048, 7)), ((5, 9), (5, 9))]
)
def test_the_texture_has_at_most_2048_pixels(
    size: tuple[int, int], expected: tuple[int, int], tmp_path: Path
) -> None:
    """A larger photo is made smaller in its own shape, a smaller one is left."""
    depth_m = np.ones((2, 2), np.float32)
    mesh = surface_mesh(depth_m, np.indices((2, 2)).T.astype(np.float64))
    write_glb(mesh, np.zeros((*size, 3), np.uint8), tmp_path / "room.glb", {})
    surface, _ = read(tmp_path / "room.glb")
    assert surface.visual.material.baseColorTexture.size == expected[::-1]


def test_a_mesh_without_triangles_is_refused(tmp_path: Path) -> None:
    """A mesh without triangles is refused, because viewers cannot open it."""
    mesh = surface_mesh(np.zeros((2, 2), np.float32), np.zeros((2, 2, 2)))
    with pytest.raises(DataError, match=r"no triangle to write to .*room\.glb; a mesh needs"):
        write_glb(mesh, np.zeros((2, 2, 3), np.uint8), tmp_path / "room.glb", {})
    assert not list(tmp_path.iterdir())
