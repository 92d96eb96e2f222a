"""A furnished room that is drawn by intersecting rays with planes, and its camera."""

from dataclasses import dataclass

import numpy as np
import pytest

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics

COLOURS = np.array(
    [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0), (0, 200, 200), (200, 0, 200)], np.uint8
)


def pinhole_rays(intrinsics: Intrinsics) -> np.ndarray:
    """Rays of a camera without distortion."""
    return Calibration(intrinsics=intrinsics, distortion="none").rays()


@dataclass(frozen=True, kw_only=True)
class Room:
    """A photo of an empty box, each side in its colour, with exact depth.

    Attributes:
        depth_m: Depth, h w, metres.
        rays: Directions of the pixels, h w 2.
        image: RGB, h w 3; the colour identifies the side.
        normals: Of the six sides, out of the room, in the axes of the camera, 6 3.
        distances_m: From the camera to each side, 6.
    """

    depth_m: np.ndarray
    rays: np.ndarray
    image: np.ndarray
    normals: np.ndarray
    distances_m: np.ndarray


@pytest.fixture
def room() -> Room:
    """A room of 4.0 x 2.5 x 5.2 m seen at an angle: floor, ceiling and three walls are in view."""
    rays = pinhole_rays(Intrinsics.centred(320, 240, 190.0))
    normals = _turned(yaw_deg=25.0, pitch_deg=4.0)
    normals = np.concatenate((normals, -normals))
    distances_m = np.array([1.6, 1.1, 3.9, 2.4, 1.4, 1.3])
    directions = np.concatenate((rays, np.ones((*rays.shape[:2], 1))), axis=-1)
    approach = directions @ normals.T
    reach = np.where(approach > 0, distances_m / np.maximum(approach, 1e-9), np.inf)
    return Room(
        depth_m=reach.min(axis=-1).astype(np.float32),
        rays=rays,
        image=COLOURS[reach.argmin(axis=-1)],
        normals=normals,
        distances_m=distances_m,
    )


def _turned(yaw_deg: float, pitch_deg: float) -> np.ndarray:
    """The axes right, down and forward of a room, as rows, in those of a camera in it."""
    yaw, pitch = np.radians((yaw_deg, pitch_deg))
    around_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    around_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    turned: np.ndarray = around_y @ around_x
    return turned
