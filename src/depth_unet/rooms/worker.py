"""Make one room: from its plan to its files."""

import importlib
from pathlib import Path

import numpy as np

from depth_unet.files.atomic import write_bytes
from depth_unet.rooms.options import RoomPlan
from depth_unet.rooms.output import kaggle, pairs
from depth_unet.rooms.output.record import (
    FrameRecord,
    RoomRecord,
    hash_bytes,
    hash_plan,
    write_record,
)
from depth_unet.rooms.scene import Pose
from depth_unet.rooms.shots.shot import RoomShots


def make_room(plan: RoomPlan, out: Path) -> RoomRecord:
    """Render one room and write it below ``out``: the images first, the record last."""
    layout = kaggle if plan.options.kaggle else pairs
    shots = take_shots(plan)
    frames = []
    for number, shot in enumerate(shots.frames):
        names = layout.file_names(plan, shots.kind, number)
        files = layout.encode_pair(plan, shot.photo, shot.depth_mm)
        for name, data in zip(names, files, strict=True):
            write_bytes(out / name, data)
        frames.append(
            FrameRecord(
                rgb=names[0],
                depth=names[1],
                checksums=(hash_bytes(files[0]), hash_bytes(files[1])),
                pose=_matrix(shot.pose),
            )
        )
    record = RoomRecord(
        origin=hash_plan(plan),
        number=plan.number,
        share=plan.split,
        kind=shots.kind,
        size_m=tuple(float(side_m) for side_m in shots.size_m),
        camera_px=shots.intrinsics.values_px,
        frames=tuple(frames),
    )
    write_record(out, record)
    return record


def take_shots(plan: RoomPlan) -> RoomShots:
    """Call ``shots.shooting.take_shots``; the renderer is imported here, for the first room."""
    shooting = importlib.import_module("depth_unet.rooms.shots.shooting")
    shots: RoomShots = shooting.take_shots(plan)
    return shots


def _matrix(pose: Pose) -> tuple[float, ...]:
    columns = (pose.right, pose.down, pose.forward, pose.origin_m)
    return tuple(float(value) for value in np.stack(columns, axis=1).ravel())
