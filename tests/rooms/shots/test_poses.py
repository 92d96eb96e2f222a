"""Cameras are upright, on free floor, and move like a hand-held camera."""

from functools import cache

import numpy as np
import pytest

from depth_unet.rooms.design.compose import make_scene
from depth_unet.rooms.scene import Pose, Scene
from depth_unet.rooms.shots.paths import is_free
from depth_unet.rooms.shots.poses import draw_candidates, pose_at, walk

SEEDS = range(5)
NUM = 60
each_seed = pytest.mark.parametrize("seed", SEEDS)


@each_seed
def test_candidates_stand_on_free_floor(seed: int) -> None:
    """Candidates are inside the room, outside all footprints, 0.8 to 1.8 m high."""
    scene = _scene(seed)
    places_m = _origins(draw_candidates(scene, NUM, np.random.default_rng(seed)))
    assert len(places_m) == NUM
    assert is_free(scene, places_m[:, :2], 0.0).all()
    assert np.all(places_m[:, :2] > 0.05)
    assert np.all(places_m[:, :2] < np.array(scene.size_m[:2]) - 0.05)
    assert places_m[:, 2].min() >= 0.8 - 1e-6
    assert places_m[:, 2].max() <= 1.8 + 1e-6


def test_pitch_and_roll_are_as_drawn() -> None:
    """Pitch is N(-13°, 10°), roll N(0°, 2°)."""
    poses = [
        pose
        for seed in SEEDS
        for pose in draw_candidates(_scene(seed), 200, np.random.default_rng(seed))
    ]
    pitch = np.rad2deg(np.arcsin([pose.forward[2] for pose in poses]))
    roll = np.rad2deg(np.arcsin([pose.right[2] for pose in poses]))
    assert pitch.mean() == pytest.approx(-13, abs=1)
    assert pitch.std() == pytest.approx(10, abs=1)
    assert roll.mean() == pytest.approx(0, abs=0.3)
    assert roll.std() == pytest.approx(2, abs=0.3)


def test_pose_is_a_right_handed_frame() -> None:
    """Right x down is forward; the down axis of a level camera is the down of the room."""
    pose = pose_at((1.0, 2.0, 1.5), 0.7, -0.2, 0.1)
    frame = np.stack([pose.right, pose.down, pose.forward])
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(frame) == pytest.approx(1, abs=1e-6)
    level = pose_at((0.0, 0.0, 1.0), 0.0, 0.0, 0.0)
    np.testing.assert_allclose(level.forward, [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(level.right, [0, -1, 0], atol=1e-6)
    np.testing.assert_allclose(level.down, [0, 0, -1], atol=1e-6)


@each_seed
def test_walk_is_smooth_and_free(seed: int) -> None:
    """A walk takes about 3 cm and 1° per frame, at most 6 cm and 4°, always on free floor."""
    scene = _scene(seed)
    poses = walk(scene, 150, np.random.default_rng(seed))
    places_m = _origins(poses)
    steps_m = np.linalg.norm(np.diff(places_m, axis=0), axis=1)
    forward = np.array([pose.forward for pose in poses], np.float64)
    cosines = np.clip((forward[1:] * forward[:-1]).sum(axis=1), -1, 1)
    turns_deg = np.rad2deg(np.arccos(cosines))
    assert len(poses) == 150
    assert is_free(scene, places_m[:, :2], 0.0).all()
    assert 0.015 < steps_m.mean() < 0.045
    assert steps_m.max() < 0.06
    assert 0.2 < turns_deg.mean() < 2.0
    assert turns_deg.max() < 4.0


def test_same_generator_same_poses() -> None:
    """The same state of the generator gives the same cameras."""
    scene = _scene(1)
    for make in (draw_candidates, walk):
        first, second = (make(scene, 20, np.random.default_rng(5)) for _ in range(2))
        np.testing.assert_array_equal(_origins(first), _origins(second))


def test_walk_in_a_full_room() -> None:
    """A walk has all its frames even if no floor is free."""
    scene = _scene(0)
    full = Scene(
        kind="cellar",
        size_m=scene.size_m,
        meshes=scene.meshes,
        lights=scene.lights,
        sun=None,
        footprints_m=np.array([[0, 0, *scene.size_m[:2]]], np.float32),
    )
    assert len(walk(full, 5, np.random.default_rng(0))) == 5
    assert len(draw_candidates(full, 5, np.random.default_rng(0))) == 5


def _origins(poses: list[Pose]) -> np.ndarray:
    return np.array([pose.origin_m for pose in poses], np.float64)


@cache
def _scene(seed: int) -> Scene:
    return make_scene(seed, furniture="boxes", split="train")
