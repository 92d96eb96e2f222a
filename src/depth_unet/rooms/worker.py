"""One room from its plan to its files. Rendering is loaded when the first room is made."""

import importlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depth_unet.errors import ConfigError
from depth_unet.files.atomic import write_bytes
from depth_unet.rooms.options import RoomPlan
from depth_unet.rooms.output import kaggle, pairs
from depth_unet.rooms.output.record import (
    FrameRecord,
    RoomRecord,
    checksum_of,
    origin_of,
    write_record,
)
from depth_unet.rooms.scene import Pose
from depth_unet.rooms.shots.shot import RoomShots

INSTALL = "pip install 'depth-unet[rooms]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomTask:
    """What a process is given.

    Attributes:
        plan: The room.
        out: The folder of the set.
    """

    plan: RoomPlan
    out: Path


def make_room(task: RoomTask) -> RoomRecord:
    """Render one room and write it: its images first, its record last.

    Raises:
        ConfigError: The libraries that render are not installed.
    """
    plan, out = task.plan, task.out
    form = kaggle if plan.options.kaggle else pairs
    shots = take_shots(plan)
    frames = []
    for number, shot in enumerate(shots.frames):
        names = form.names_of(plan, shots.kind, number)
        files = form.encoded(plan, shot.photo, shot.depth_mm)
        for name, data in zip(names, files, strict=True):
            write_bytes(out / name, data)
        frames.append(
            FrameRecord(
                rgb=names[0],
                depth=names[1],
                checksums=(checksum_of(files[0]), checksum_of(files[1])),
                pose=_matrix(shot.pose),
            )
        )
    record = RoomRecord(
        origin=origin_of(plan),
        number=plan.number,
        share=plan.share,
        kind=shots.kind,
        size_m=tuple(float(side_m) for side_m in shots.size_m),
        camera_px=shots.intrinsics.values_px,
        frames=tuple(frames),
    )
    write_record(out, record)
    return record


def take_shots(plan: RoomPlan) -> RoomShots:
    """Photos and depth of one room, by ``depth_unet.rooms.shots.shooting``.

    Raises:
        ConfigError: The libraries that render are not installed, or do not load.
    """
    try:
        shooting = importlib.import_module("depth_unet.rooms.shots.shooting")
    except ImportError as error:
        raise ConfigError(f"rooms cannot be rendered ({error}); install them: {INSTALL}") from None
    shots: RoomShots = shooting.take_shots(plan)
    return shots


def _matrix(pose: Pose) -> tuple[float, ...]:
    columns = (pose.right, pose.down, pose.forward, pose.origin_m)
    return tuple(float(value) for value in np.stack(columns, axis=1).ravel())
