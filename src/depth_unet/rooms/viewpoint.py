"""Where cameras stand: single views and walks, on free floor, at the height of a hand.

Nothing here sees the room; `views` chooses among candidates by what they would show.
"""

import numpy as np
from jaxtyping import Float

from depth_unet.rooms.scene import Pose, Scene

MARGINS_M = (0.22, 0.15, 0.08, 0.02)
"""Distance from walls and furniture, the next one where a room is too full for the first."""
WALL_MARGIN_M = 0.1
"""Walls are kept off this much farther: shelves and curtains stand out from them."""
DRAWS = 40
HEIGHT_M = (1.38, 0.22, 0.8, 1.8)
"""Mean, standard deviation, lowest and highest."""
HEADROOM_M = 0.3
PITCH_DEG = (-13.0, 10.0, -45.0, 15.0)
ROLL_DEG = 2.0
AIM_RAD = 0.35
FURNITURE_SHARE = 0.6
"""So many look at a piece of furniture, the others at any place in the room."""


def candidates(scene: Scene, num: int, rng: np.random.Generator) -> list[Pose]:
    """Draw cameras on free floor that look into the room.

    Args:
        scene: The room.
        num: How many.
        rng: Source of the draws.

    Returns:
        ``num`` poses: height 0.8 to 1.8 m, pitch N(-13°, 10°), roll N(0, 2°).
    """
    places_m = free_places(scene, num, rng)
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


def pose_at(
    origin_m: tuple[float, float, float], yaw_rad: float, pitch_rad: float, roll_rad: float
) -> Pose:
    """A camera at a place.

    Args:
        origin_m: Its centre.
        yaw_rad: Direction in plan, counter-clockwise from x.
        pitch_rad: Upwards.
        roll_rad: About the optical axis; positive turns the camera clockwise.
    """
    forward = np.array(
        [
            np.cos(yaw_rad) * np.cos(pitch_rad),
            np.sin(yaw_rad) * np.cos(pitch_rad),
            np.sin(pitch_rad),
        ]
    )
    level = np.array([np.sin(yaw_rad), -np.cos(yaw_rad), 0.0])
    below = np.cross(forward, level)
    right = level * np.cos(roll_rad) + below * np.sin(roll_rad)
    return Pose(
        origin_m=np.array(origin_m, np.float32),
        forward=forward.astype(np.float32),
        right=right.astype(np.float32),
        down=np.cross(forward, right).astype(np.float32),
    )


def draw_height(scene: Scene, rng: np.random.Generator) -> float:
    """Height of a camera that a person holds, metres."""
    mean, deviation, low, high = HEIGHT_M
    highest_m = min(high, scene.size_m[2] - HEADROOM_M)
    return float(np.clip(rng.normal(mean, deviation), low, highest_m))


def free_places(scene: Scene, num: int, rng: np.random.Generator) -> Float[np.ndarray, "n 2"]:
    """Draw places on the free floor, with the largest margin at which there are enough."""
    found = np.zeros((0, 2))
    for margin_m in MARGINS_M:
        room = np.array(scene.size_m[:2])
        edge_m = min(margin_m + WALL_MARGIN_M, float(room.min()) / 2 - 0.05)
        places = edge_m + rng.random((num * DRAWS, 2)) * (room - 2 * edge_m)
        found = np.concatenate([found, places[is_free(scene, places, margin_m)]])
        if len(found) >= num:
            return found[:num]
    if len(found) == 0:
        found = room[None] / 2
    return found[rng.integers(len(found), size=num)]


def is_free(scene: Scene, places_m: Float[np.ndarray, "n 2"], margin_m: float) -> np.ndarray:
    """Whether places on the floor are farther than a margin from every footprint."""
    x, y = places_m[:, :1], places_m[:, 1:]
    x0, y0, x1, y1 = scene.footprints_m.astype(np.float64).T
    beside = (x < x0 - margin_m) | (x > x1 + margin_m) | (y < y0 - margin_m) | (y > y1 + margin_m)
    return np.asarray(beside.all(axis=1))


def _targets(scene: Scene, num: int, rng: np.random.Generator) -> Float[np.ndarray, "n 2"]:
    """What cameras look at, in plan: the middle of a piece of furniture or any place."""
    anywhere = rng.uniform(0.1, 0.9, (num, 2)) * scene.size_m[:2]
    if len(scene.footprints_m) == 0:
        return anywhere
    boxes = scene.footprints_m[rng.integers(len(scene.footprints_m), size=num)]
    middles = (boxes[:, :2] + boxes[:, 2:]).astype(np.float64) / 2
    return np.where(rng.random((num, 1)) < FURNITURE_SHARE, middles, anywhere)
