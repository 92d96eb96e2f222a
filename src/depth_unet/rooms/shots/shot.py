"""Images of a room before encoding. This module does not load the renderer."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8, UInt16

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.rooms.scene import Pose


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """One image.

    Attributes:
        photo: RGB, 0 to 255.
        depth_mm: Depth along the optical axis, millimetres; 0 marks a hole.
        pose: Pose of the camera.
    """

    photo: UInt8[np.ndarray, "h w 3"]
    depth_mm: UInt16[np.ndarray, "h w"]
    pose: Pose


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoomShots:
    """The images of one room, all from one camera."""

    kind: str
    size_m: tuple[float, float, float]
    intrinsics: Intrinsics
    frames: tuple[Shot, ...]
