"""``Prediction``: what is uncertain can be left out of points and meshes."""

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import ConfigError, DataError
from depth_unet.predict.prediction import Prediction
from depth_unet.predict.spread import spread_of

HEIGHT, WIDTH = 24, 32


def wall(*, spread: bool = True) -> Prediction:
    """A wall at 2 m; the half width is 0.1 m in the left half of the photo and 1 m in the right."""
    depth_m = np.full((HEIGHT, WIDTH), 2.0, np.float32)
    half_m = np.where(np.arange(WIDTH) < WIDTH // 2, 0.1, 1.0).astype(np.float32)
    return Prediction(
        depth_m=depth_m,
        log_spread=spread_of(depth_m, np.tile(half_m, (HEIGHT, 1))) if spread else None,
        image=np.full((HEIGHT, WIDTH, 3), 128, np.uint8),
        calibration=Calibration(
            intrinsics=Intrinsics.centred(WIDTH, HEIGHT, 30.0), distortion="none"
        ),
        focal_from="given",
        model="test network",
        engine="test engine",
    )


def test_uncertain_points_are_left_out() -> None:
    """Only the right half of the wall is too uncertain; the others keep their confidence."""
    whole, left = wall().point_cloud(), wall().point_cloud(max_uncertainty=0.2)
    assert len(whole.points_m) == HEIGHT * WIDTH
    assert len(left.points_m) == HEIGHT * WIDTH // 2
    assert (left.points_m[:, 0] < 0).all()
    assert left.confidence is not None
    np.testing.assert_allclose(left.confidence, 2 / 2.1, rtol=1e-5)
    assert len(wall().point_cloud(max_uncertainty=0.51).points_m) == HEIGHT * WIDTH


def test_meshes_are_cut_where_depth_is_uncertain() -> None:
    """The mesh ends with the left half."""
    whole, left = wall().mesh(), wall().mesh(max_uncertainty=0.2)
    assert len(whole.faces) == 2 * (HEIGHT - 1) * (WIDTH - 1)
    assert len(left.faces) == 2 * (HEIGHT - 1) * (WIDTH // 2 - 1)
    assert (left.vertices_m[:, 0] < 0).all()


def test_files_of_points(tmp_path: Path) -> None:
    """``save`` leaves out the same points, and writes normals where they are asked for."""
    wall().save(tmp_path / "a.ply", max_uncertainty=0.2, normals=True)
    vertices = trimesh.load(tmp_path / "a.ply").metadata["_ply_raw"]["vertex"]["data"]
    assert len(vertices) == HEIGHT * WIDTH // 2
    np.testing.assert_allclose(vertices["nz"].ravel(), -1, atol=1e-5)
    np.testing.assert_allclose(vertices["confidence"].ravel(), 2 / 2.1, rtol=1e-5)
    wall().save(tmp_path / "a.glb", max_uncertainty=0.2)
    (mesh,) = trimesh.load(tmp_path / "a.glb").geometry.values()
    assert len(mesh.faces) == 2 * (HEIGHT - 1) * (WIDTH // 2 - 1)
    wall().save(tmp_path / "a.html", max_uncertainty=0.2)
    wall().save(tmp_path / "b.html")
    colours = [(tmp_path / name).read_text().count("#808080") for name in ("a.html", "b.html")]
    assert colours == [HEIGHT * WIDTH // 2, HEIGHT * WIDTH]


def test_edges_are_left_out(tmp_path: Path) -> None:
    """Points and triangles beside a jump are left out unless ``edge`` is 0; depth stays whole."""
    depth_m = np.where(np.arange(WIDTH) < WIDTH // 2, 2.0, 3.0).astype(np.float32)
    step = replace(wall(), depth_m=np.tile(depth_m, (HEIGHT, 1)))
    assert len(step.point_cloud().points_m) == HEIGHT * (WIDTH - 2)
    assert len(step.point_cloud(edge=0).points_m) == HEIGHT * WIDTH
    assert len(step.point_cloud(edge=0.6).points_m) == HEIGHT * WIDTH
    left, right = WIDTH // 2 - 1, WIDTH - WIDTH // 2 - 1
    assert len(step.mesh().faces) == 2 * (HEIGHT - 1) * (left + right - 2)
    for edge, width in ((0.2, WIDTH - 2), (0.0, WIDTH)):
        step.save(tmp_path / "a.ply", edge=edge)
        header = (tmp_path / "a.ply").read_bytes()[:2000]
        assert f"element vertex {HEIGHT * width}\n".encode() in header
    step.save(tmp_path / "a.npy")
    assert (np.load(tmp_path / "a.npy") == step.depth_m).all()


def test_limits_that_leave_no_point(tmp_path: Path) -> None:
    """No file of points is written, and the message names the limit."""
    for name in ("a.ply", "a.glb"):
        with pytest.raises(DataError, match=r"max_uncertainty 0.01 leaves no point, .* has 0.05;"):
            wall().save(tmp_path / name, max_uncertainty=0.01)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": None}, "the path is of type NoneType; expected text or a path"),
        ({"path": 5}, "the path is of type int"),
        ({"path": io.BytesIO()}, "the path is of type BytesIO"),
        ({"path": "x.ply", "edge": "a"}, "edge is of type str; expected a number"),
        ({"path": "x.npy", "edge": True}, "edge is of type bool; expected a number"),
        ({"path": "x.npy", "edge": -1}, "edge is -1"),
        ({"path": "x.npy", "edge": math.nan}, "edge is nan"),
        ({"path": "x.npy", "max_uncertainty": 0}, "max_uncertainty is 0"),
        ({"path": "x.glb", "max_uncertainty": "a"}, "max_uncertainty is of type str"),
        ({"stride": "a"}, "stride is of type str; expected a whole number"),
        ({"stride": 1.5}, "stride is of type float"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], words: str) -> None:
    """Every format refuses them, by their name."""
    use = wall().save if "path" in arguments else wall().point_cloud
    with pytest.raises((TypeError, ConfigError), match=f"^{words}"):
        use(**arguments)


def test_folders_are_no_files(tmp_path: Path) -> None:
    """A folder is not replaced by a file."""
    (tmp_path / "a.npy").mkdir()
    with pytest.raises(DataError, match=r"a\.npy is a folder"):
        wall().save(tmp_path / "a.npy")


def test_without_a_spread(tmp_path: Path) -> None:
    """A PLY file has no confidence; a limit of uncertainty is refused in one line."""
    wall(spread=False).save(tmp_path / "a.ply")
    assert b"confidence" not in (tmp_path / "a.ply").read_bytes()
    for use in (wall(spread=False).point_cloud, wall(spread=False).mesh):
        with pytest.raises(ConfigError, match=r"predicts no uncertainty .* --model\.spread"):
            use(max_uncertainty=0.2)
