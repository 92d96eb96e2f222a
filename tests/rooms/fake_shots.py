"""Rooms without a renderer, for tests of files, processes and folders.

``python -m tests.rooms.fake_shots rooms OUT ...`` runs the command with such rooms.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.rooms import generate, worker
from depth_unet.rooms.options import RoomPlan
from depth_unet.rooms.output.record import RoomRecord
from depth_unet.rooms.scene import Pose
from depth_unet.rooms.shots.shot import RoomShots, Shot

KINDS = ("bedroom", "kitchen", "corridor")
ROOM_S = 0.05
made: list[int] = []
"""Numbers of the rooms made in this process."""


def take_shots(plan: RoomPlan) -> RoomShots:
    """Noise photos with a ramp as depth, different for every room and frame."""
    width, height = plan.options.width, plan.options.height
    frames = []
    for number in range(plan.num_frames):
        rng = np.random.default_rng([plan.options.seed, plan.number, number])
        axes = np.eye(3, dtype=np.float32)
        pose = Pose(
            origin_m=rng.uniform(0, 3, 3).astype(np.float32),
            right=axes[0],
            down=-axes[2],
            forward=axes[1],
        )
        ramp_mm = np.linspace(500, 3000 + 1000 * number, width) + plan.number
        depth_mm = np.broadcast_to(ramp_mm, (height, width)).astype(np.uint16)
        photo = rng.integers(0, 256, (height, width, 3), np.uint8)
        frames.append(Shot(photo=photo, depth_mm=depth_mm, pose=pose))
    return RoomShots(
        kind=KINDS[plan.number % len(KINDS)],
        size_m=(3.0, 4.0, 2.5),
        intrinsics=Intrinsics.centred(width, height, 0.8 * width),
        frames=tuple(frames),
    )


def make_room(plan: RoomPlan, out: Path) -> RoomRecord:
    """Like ``worker.make_room``, but with fake shots, also in worker processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "take_shots", take_shots)
        made.append(plan.number)
        return worker.make_room(plan, out)


def make_room_slowly(plan: RoomPlan, out: Path) -> RoomRecord:
    """Like ``make_room``, as slow as a small rendered room."""
    time.sleep(ROOM_S)
    return make_room(plan, out)


if __name__ == "__main__":
    from depth_unet.cli.main import main

    generate.make_room = make_room_slowly
    sys.exit(main())
