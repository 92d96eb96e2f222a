"""Camera poses on free floor, at hand height: random candidates, and walks."""

import numpy as np
from jaxtyping import Float
from numpy.random import Generator

from depth_unet.rooms.scene import Pose, Scene
from depth_unet.rooms.shots.paths import is_free, path, points_along

MARGINS_M = (0.22, 0.15, 0.08, 0.02)
"""Distances from walls and furniture, tried in turn until enough places are free."""
WALL_MARGIN_M = 0.1
"""Additional distance from walls: shelves and curtains stick out from them."""
DRAWS = 40
HEIGHT_M = (1.38, 0.22, 0.8, 1.8)
"""Height of the camera: mean, standard deviation, lowest, highest."""
HEADROOM_M = 0.3
PITCH_DEG = (-13.0, 10.0, -45.0, 15.0)
ROLL_DEG = 2.0
AIM_RAD = 0.35
FURNITURE_SHARE = 0.6
"""Share of cameras that look at a piece of furniture; the others look anywhere."""
STEP_M = 0.03
"""Mean distance per frame of a walk: 0.9 m/s at 30 frames per second."""
AHEAD_M = 1.2
"""On a walk the camera looks at the point of the path this far ahead."""
TURN_DEG = 2.5
"""Fastest turn per frame of a walk."""


def draw_candidates(scene: Scene, num: int, rng: Generator) -> list[Pose]:
    """Random poses on free floor: height 0.8 to 1.8 m, pitch N(-13°, 10°), roll N(0, 2°)."""
    places_m = draw_free_places(scene, num, rng)
    targets_m = _targets(scene, num, rng)
    poses = []
    for place_m, target_m in zip(places_m, targets_m, strict=True):
        aim = target_m - place_m
        yaw = float(np.arctan2(aim[1], aim[0]) + rng.normal(0, AIM_RAD))
        mean, deviation, low, high = PITCH_DEG
        pitch = np.deg2rad(np.clip(rng.normal(mean, deviation), low, high))
        roll = np.deg2rad(rng.normal(0, ROLL_DEG))
        poses.append(pose_at((*place_m, draw_height(scene, rng)), yaw, float(pitch), float(roll)))
    return poses


def walk(scene: Scene, num_frames: int, rng: Generator) -> list[Pose]:
    """Poses of a hand-held camera on a smooth path through the room, around the furniture.

    Between frames it moves about 0.03 m and turns about 1°, at most 2.5°.
    """
    fine_m = path(scene, num_frames * STEP_M * 1.5 + AHEAD_M, rng)
    pace = np.clip(1 + 0.35 * _slow_noise(num_frames, 45, rng), 0.3, 1.7)
    distance_m = np.cumsum(pace) * STEP_M
    places_m = points_along(fine_m, distance_m)
    yaw_rad = _follow(places_m, points_along(fine_m, distance_m + AHEAD_M), rng)
    pitch_deg = rng.normal(-11, 4) + 4 * _slow_noise(num_frames, 60, rng)
    roll_deg = rng.normal(0, 1) + 0.7 * _slow_noise(num_frames, 20, rng)
    height_m = draw_height(scene, rng)
    bob_m = 0.008 * np.sin(distance_m / 0.7 * 2 * np.pi) + 0.01 * _slow_noise(num_frames, 40, rng)
    return [
        pose_at((float(x), float(y), height_m + float(bob)), float(yaw), float(pitch), float(roll))
        for (x, y), bob, yaw, pitch, roll in zip(
            places_m, bob_m, yaw_rad, np.deg2rad(pitch_deg), np.deg2rad(roll_deg), strict=True
        )
    ]


def pose_at(
    origin_m: tuple[float, float, float], yaw_rad: float, pitch_rad: float, roll_rad: float
) -> Pose:
    """The pose at a position with the given angles.

    Yaw is counter-clockwise from x, seen from above; positive pitch looks up; positive roll turns
    the camera clockwise.
    """
    flat = np.cos(pitch_rad)
    forward = np.array([np.cos(yaw_rad) * flat, np.sin(yaw_rad) * flat, np.sin(pitch_rad)])
    level = np.array([np.sin(yaw_rad), -np.cos(yaw_rad), 0.0])
    below = np.cross(forward, level)
    right = level * np.cos(roll_rad) + below * np.sin(roll_rad)
    return Pose(
        origin_m=np.array(origin_m, np.float32),
        forward=forward.astype(np.float32),
        right=right.astype(np.float32),
        down=np.cross(forward, right).astype(np.float32),
    )


def draw_height(scene: Scene, rng: Generator) -> float:
    """Random height of a hand-held camera, metres."""
    mean, deviation, low, high = HEIGHT_M
    highest_m = min(high, scene.size_m[2] - HEADROOM_M)
    return float(np.clip(rng.normal(mean, deviation), low, highest_m))


def draw_free_places(scene: Scene, num: int, rng: Generator) -> Float[np.ndarray, "n 2"]:
    """Random places on free floor, at the largest margin that gives enough places."""
    found = np.zeros((0, 2))
    room = np.array(scene.size_m[:2])
    for margin_m in MARGINS_M:
        edge_m = min(margin_m + WALL_MARGIN_M, float(room.min()) / 2 - 0.05)
        places = edge_m + rng.random((num * DRAWS, 2)) * (room - 2 * edge_m)
        found = np.concatenate([found, places[is_free(scene, places, margin_m)]])
        if len(found) >= num:
            return found[:num]
    if len(found) == 0:
        found = room[None] / 2
    return found[rng.integers(len(found), size=num)]


def _targets(scene: Scene, num: int, rng: Generator) -> Float[np.ndarray, "n 2"]:
    """Random points on the floor to look at: the centre of a footprint, or anywhere."""
    anywhere = rng.uniform(0.1, 0.9, (num, 2)) * scene.size_m[:2]
    if len(scene.footprints_m) == 0:
        return anywhere
    boxes = scene.footprints_m[rng.integers(len(scene.footprints_m), size=num)]
    middles = (boxes[:, :2] + boxes[:, 2:]).astype(np.float64) / 2
    return np.where(rng.random((num, 1)) < FURNITURE_SHARE, middles, anywhere)


def _follow(
    places_m: Float[np.ndarray, "f 2"], ahead_m: Float[np.ndarray, "f 2"], rng: Generator
) -> Float[np.ndarray, " f"]:
    """Yaw of a camera that looks ahead and around; the turning rate is limited."""
    aim = ahead_m - places_m
    wanted = np.arctan2(aim[:, 1], aim[:, 0]) + 0.45 * _slow_noise(len(places_m), 70, rng)
    yaw, rate = float(wanted[0]), 0.0
    yaws = []
    for target in wanted:
        error = (target - yaw + np.pi) % (2 * np.pi) - np.pi
        fastest = np.deg2rad(TURN_DEG)
        rate = 0.85 * rate + 0.15 * float(np.clip(0.06 * error, -fastest, fastest))
        yaw += rate
        yaws.append(yaw)
    return np.array(yaws)


def _slow_noise(num: int, period: float, rng: Generator) -> Float[np.ndarray, " n"]:
    """Smooth noise of unit variance that changes within about ``period`` frames."""
    frames = np.arange(num)[:, None]
    frequencies = rng.uniform(0.3, 1.0, 4) / period
    phases = rng.uniform(0, 2 * np.pi, 4)
    waves = np.sin(2 * np.pi * frequencies * frames + phases)
    return np.asarray(waves.sum(axis=1) / np.sqrt(2))
