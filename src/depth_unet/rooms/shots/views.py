"""Choose camera views by casting a few rays per candidate pose, before rendering.

A view is unusable if one plane, such as a bare wall, fills more than 70 % of it, if more than 4 %
of the rays leave the room, or if something is right in front of the lens. Usable views are ranked:
the median depth should be close to one drawn from NYU's distribution, nothing should be too near,
and furniture should be visible.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32
from numpy.random import Generator

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.rooms.render import kernels
from depth_unet.rooms.render.casting import Caster
from depth_unet.rooms.render.render import pixel_rays
from depth_unet.rooms.scene import Pose, Scene
from depth_unet.rooms.shots.poses import draw_candidates

PROBE_WIDTH, PROBE_HEIGHT = 20, 15
CANDIDATES_PER_VIEW = 24
MEDIAN_DEPTH_M, MEDIAN_DEPTH_SPREAD = 2.75, 0.36  # Lognormal, as in NYU.
NEAR_DEPTH_M, NEAR_DEPTH_SPREAD = 1.2, 0.3
LARGEST_PLANE_SHARE = 0.7
LARGEST_EMPTY_SHARE = 0.04
LEAST_NEAR_DEPTH_M = 0.5
PLANE_STEP_M, NORMAL_STEP = 0.05, 0.1  # Surfaces within one step count as one plane.
ENOUGH_FURNITURE = 0.5
SAME_PLACE_M, SAME_COSINE = 0.6, 0.9  # Closer views than this count as the same.


class Probe(NamedTuple):
    """What a view would show: median and 5th percentile of depth, and three shares of rays."""

    median_m: float
    near_m: float
    furniture: float
    empty: float  # Rays that hit nothing.
    plane: float  # Rays that hit the largest plane.


def choose_views(
    scene: Scene, caster: Caster, num: int, rng: Generator, intrinsics: Intrinsics
) -> list[Pose]:
    """Up to ``num`` poses with usable views of the room; fewer if too few views are usable.

    ``caster`` holds the same room as ``scene``.
    """
    poses = draw_candidates(scene, CANDIDATES_PER_VIEW * num, rng)
    targets_m = np.exp(rng.normal(np.log(MEDIAN_DEPTH_M), MEDIAN_DEPTH_SPREAD, num))
    nearest_m = np.exp(rng.normal(np.log(NEAR_DEPTH_M), NEAR_DEPTH_SPREAD, num))
    probes = [probe(caster, pose, intrinsics) for pose in poses]
    usable = [(pose, found) for pose, found in zip(poses, probes, strict=True) if is_usable(found)]
    chosen = list[Pose]()
    for target_m, near_m in zip(targets_m, nearest_m, strict=True):
        if not usable:
            break
        costs = [
            _cost(found, target_m, near_m) + _similarity(pose, chosen) for pose, found in usable
        ]
        chosen.append(usable.pop(int(np.argmin(costs)))[0])
    return chosen


def probe(caster: Caster, pose: Pose, intrinsics: Intrinsics) -> Probe:
    """Cast 20 x 15 rays over the image and summarise what they hit."""
    rays = pixel_rays(pose, intrinsics.resized(PROBE_WIDTH, PROBE_HEIGHT))
    origins_m = np.tile(np.asarray(pose.origin_m, np.float32), (len(rays), 1))
    hits = caster.nearest(origins_m, rays)
    depth_m = kernels.depth_of(origins_m, rays, hits.distance, caster.lights)
    seen = depth_m > 0
    if not seen.any():
        return Probe(0.0, 0.0, 0.0, 1.0, 0.0)
    furniture = caster.arrays.is_furniture[hits.triangle] & (hits.triangle >= 0)
    return Probe(
        median_m=float(np.median(depth_m[seen])),
        near_m=float(np.percentile(depth_m[seen], 5)),
        furniture=float(furniture.mean()),
        empty=float(1 - seen.mean()),
        plane=_largest_plane(hits.normal, origins_m + rays * depth_m[:, None]),
    )


def is_usable(found: Probe) -> bool:
    """Whether a view is not blank, not blocked, and shows no gap in the room."""
    return (
        found.plane <= LARGEST_PLANE_SHARE
        and found.empty <= LARGEST_EMPTY_SHARE
        and found.near_m >= LEAST_NEAR_DEPTH_M
    )


def _largest_plane(
    normals: Float32[np.ndarray, "n 3"], positions_m: Float32[np.ndarray, "n 3"]
) -> float:
    units = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
    offsets_m = (units * positions_m).sum(axis=1, keepdims=True)
    # Walls at round positions must not lie on the border between two steps.
    steps = np.floor(offsets_m / PLANE_STEP_M + 0.271)
    planes = np.concatenate([np.rint(units / NORMAL_STEP), steps], axis=1)
    counts = np.unique(planes, axis=0, return_counts=True)[1]
    return float(counts.max() / len(normals))


def _cost(found: Probe, target_m: float, near_m: float) -> float:
    off_target = 2 * abs(np.log(found.median_m / target_m))
    too_near = 2 * max(0.0, float(np.log(max(near_m, 0.6) / found.near_m)))
    return float(off_target + too_near - 1.4 * min(found.furniture, ENOUGH_FURNITURE))


def _similarity(pose: Pose, chosen: list[Pose]) -> float:
    """1 if a chosen view is nearly the same, else 0."""
    return float(
        any(
            np.linalg.norm(pose.origin_m - other.origin_m) < SAME_PLACE_M
            and pose.forward @ other.forward > SAME_COSINE
            for other in chosen
        )
    )
