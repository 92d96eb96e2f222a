"""``predict``: which points and triangles it writes, and what it states about them."""

from pathlib import Path

import numpy as np
import trimesh

from depth_unet.predict.load import load
from tests.integration.commandline import assert_refused, predict

OPTIONS = ("--fov", 60)


def points_of(path: Path) -> np.ndarray:
    """All properties of the points of a PLY file."""
    points: np.ndarray = trimesh.load(path).metadata["_ply_raw"]["vertex"]["data"]
    return points


def test_confidence_and_normals(photo: Path, tmp_path: Path) -> None:
    """Weights that predict uncertainty give confidence; normals come on request."""
    weights = Path("transfer")
    options = ("--save", "ply", "--edge", 0, *OPTIONS)
    assert predict(weights, tmp_path / "a", photo, *options).code == 0
    points = points_of(tmp_path / "a" / "room_points.ply")
    prediction = load("transfer").predict(photo)
    share = (prediction.uncertainty_m / prediction.depth_m).ravel()
    np.testing.assert_allclose(points["confidence"].ravel(), 1 / (1 + share), rtol=1e-3)
    assert "nx" not in (points.dtype.names or ())
    outcome = predict(weights, tmp_path / "b", photo, "--save", "ply", "--normals", *OPTIONS)
    assert outcome.code == 0
    points = points_of(tmp_path / "b" / "room_points.ply")
    normals, places_m = (
        np.stack([points[name].ravel() for name in names], axis=1)
        for names in (("nx", "ny", "nz"), "xyz")
    )
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    assert ((normals * places_m).sum(axis=1) <= 0).all()


def test_uncertain_points_are_left_out(photo: Path, tmp_path: Path) -> None:
    """No point is less sure than asked for; with half of them left, the mesh has holes, too."""
    prediction = load("transfer").predict(photo)
    share = float(np.median(prediction.uncertainty_m / prediction.depth_m))
    for name, more in (("all", ()), ("sure", ("--max-uncertainty", share))):
        options = ("--save", "ply", "glb", *OPTIONS, *more)
        assert predict(Path("transfer"), tmp_path / name, photo, *options).code == 0
    everything, sure = (points_of(tmp_path / n / "room_points.ply") for n in ("all", "sure"))
    assert 0.4 < len(sure) / len(everything) < 0.6
    assert sure["confidence"].min() >= 1 / (1 + share) - 1e-5
    whole, cut = (
        sum(len(mesh.faces) for mesh in trimesh.load(path).geometry.values())
        for path in (tmp_path / n / "room_mesh.glb" for n in ("all", "sure"))
    )
    assert 0 < cut < 0.6 * whole


def test_edges_are_left_out(photo: Path, tmp_path: Path) -> None:
    """With ``--edge 0`` every pixel is a point; a jump out of range is refused before any work."""
    kept = []
    for edge in (0, 0.05):
        out = tmp_path / str(edge)
        options = ("--save", "ply", "glb", *OPTIONS, "--edge", edge)
        assert predict(Path("transfer"), out, photo, *options).code == 0
        meshes = trimesh.load(out / "room_mesh.glb").geometry.values()
        kept.append(
            (len(points_of(out / "room_points.ply")), sum(len(mesh.faces) for mesh in meshes))
        )
    assert kept[0][0] == load("transfer").predict(photo).depth_m.size
    assert kept[1] < kept[0]
    assert kept[1][1] < kept[0][1]
    outcome = predict(Path("transfer"), tmp_path / "no", photo, *OPTIONS, "--edge", -0.1)
    assert_refused(outcome, "--edge is -0.1", "[0, 1000]")


def test_weights_without_uncertainty(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """The limit is refused in one line, before any work."""
    options = ("--save", "ply", *OPTIONS, "--max-uncertainty", 0.3)
    outcome = predict(run_folder, tmp_path / "depth", photo, *options)
    assert_refused(outcome, "--max-uncertainty", "predicts no uncertainty", "--model.spread")
    assert not list((tmp_path / "depth").glob("*"))
