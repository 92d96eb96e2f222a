"""A small furnished room made by hand, and cameras in it."""

from dataclasses import replace

import numpy as np

from depth_unet.rooms.mesh import Material, Mesh, Vector, box, quad
from depth_unet.rooms.scene import Light, Pose, Scene, Sun

SIZE_M = (4.0, 5.0, 2.6)


def checkerboard() -> np.ndarray:
    """A texture of 256 x 256 with squares of 32."""
    cells = np.add.outer(np.arange(256) // 32, np.arange(256) // 32) % 2
    return np.repeat((90 + 120 * cells).astype(np.uint8)[..., None], 3, axis=2)


def walls(size_m: Vector = SIZE_M) -> list[Mesh]:
    """The six sides of a room, normals inwards; a checkerboard on the floor."""
    x, y, z = size_m
    paint = Material(albedo=(0.75, 0.7, 0.62))
    floor = Material(albedo=(0.8, 0.6, 0.45), texture=checkerboard(), gloss=0.05)
    return [
        quad((0, 0, 0), (x, 0, 0), (0, y, 0), floor),
        quad((0, 0, z), (0, y, 0), (x, 0, 0), Material(albedo=(0.85, 0.85, 0.85))),
        quad((0, 0, 0), (0, 0, z), (x, 0, 0), paint),
        quad((0, y, 0), (x, 0, 0), (0, 0, z), paint),
        quad((0, 0, 0), (0, y, 0), (0, 0, z), paint),
        quad((x, 0, 0), (0, 0, z), (0, y, 0), paint),
    ]


def lamp(size_m: Vector = SIZE_M, radiance: float = 12.0) -> Light:
    """A square lamp of 60 cm under the middle of the ceiling, shining down."""
    x, y, z = size_m
    return Light(
        corner_m=np.array([x / 2 - 0.3, y / 2 - 0.3, z - 0.02], np.float32),
        edge_u_m=np.array([0, 0.6, 0], np.float32),
        edge_v_m=np.array([0.6, 0, 0], np.float32),
        radiance=np.full(3, radiance, np.float32),
    )


def window() -> Light:
    """A pane of 1.2 x 1 m, 10 cm behind where the wall y = 5 m would be, shining inwards."""
    backdrop = np.ones((64, 64, 3), np.float32)
    backdrop[32:] *= 0.3
    return Light(
        corner_m=np.array([1.0, 4.95, 1.0], np.float32),
        edge_u_m=np.array([1.2, 0, 0], np.float32),
        edge_v_m=np.array([0, 0, 1.0], np.float32),
        radiance=np.full(3, 6.0, np.float32),
        backdrop=backdrop,
    )


def box_scene(*, with_window: bool = False) -> Scene:
    """A room with boxes for furniture, a lamp and, if asked, a window with the sun behind it."""
    wood, white = Material(albedo=(0.5, 0.3, 0.15)), Material(albedo=(0.8, 0.8, 0.8), gloss=0.1)
    pieces = [
        box((0.2, 3.6, 0), (1.6, 4.8, 0.5), wood),
        box((2.9, 3.9, 0), (3.9, 4.5, 1.9), white),
        box((1.8, 2.4, 0.68), (2.9, 3.1, 0.72), wood),
        box((2.2, 2.6, 0.72), (2.4, 2.8, 0.95), Material(albedo=(0.7, 0.1, 0.1))),
    ]
    sun = np.array([-0.2, 0.6, 0.5], np.float32)
    return Scene(
        kind="office",
        size_m=SIZE_M,
        meshes=(*walls(), *(replace(piece, is_furniture=True) for piece in pieces)),
        lights=(lamp(), window()) if with_window else (lamp(),),
        sun=Sun(direction=sun / np.linalg.norm(sun), irradiance=np.full(3, 20, np.float32))
        if with_window
        else None,
        footprints_m=np.array(
            [[0.2, 3.6, 1.6, 4.8], [2.9, 3.9, 3.9, 4.5], [1.8, 2.4, 2.9, 3.1]], np.float32
        ),
    )


def pose(
    origin_m: Vector, *, yaw_deg: float = 90.0, pitch_deg: float = 0.0, roll_deg: float = 0.0
) -> Pose:
    """A camera that looks along +x at yaw 0, along +y at yaw 90, up at positive pitch."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)])
    level = np.array([np.sin(yaw), -np.cos(yaw), 0])
    below = np.cross(forward, level)
    right = level * np.cos(roll) + below * np.sin(roll)
    down = np.cross(forward, right)
    return Pose(
        origin_m=np.array(origin_m, np.float32),
        forward=forward.astype(np.float32),
        right=right.astype(np.float32),
        down=down.astype(np.float32),
    )
