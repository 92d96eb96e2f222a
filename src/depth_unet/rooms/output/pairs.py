"""Rooms in the pairs layout: JPEG photos, depth in millimetres, intrinsics in every row."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16

from depth_unet.data.info import INFO_NAME, DatasetInfo, Shard, write_info
from depth_unet.data.layout import INDEX_NAME, PairRow, write_index
from depth_unet.rooms.options import WHOLE, RoomPlan, RoomsOptions
from depth_unet.rooms.output.encode import jpeg_bytes, png_bytes
from depth_unet.rooms.output.record import RoomRecord, hash_set

FOLDERS = ("train", "test")
LIST_NAMES = (INDEX_NAME, INFO_NAME)


def file_names(plan: RoomPlan, kind: str, frame: int) -> tuple[str, str]:  # noqa: ARG001  # as in kaggle
    """Paths of photo and depth map, relative to the folder of the set."""
    stem = f"{plan.split}/{_room_name(plan.options.seed, plan.number)}/{frame:04d}"
    return f"{stem}.jpg", f"{stem}.png"


def encode_pair(
    plan: RoomPlan,  # noqa: ARG001  # as in kaggle, where the split decides
    photo: UInt8[np.ndarray, "h w 3"],
    depth_mm: UInt16[np.ndarray, "h w"],
) -> tuple[bytes, bytes]:
    """The contents of the photo file and the depth file."""
    return jpeg_bytes(photo), png_bytes(depth_mm)


def write_lists(out: Path, options: RoomsOptions, records: Iterable[RoomRecord]) -> None:
    """Write the data set's description, then its index."""
    text = f"{options.shard} of {hash_set(options)}"
    shard = None if options.shard == WHOLE else Shard.parse(text)
    write_info(out, DatasetInfo(name=f"synthetic rooms of seed {options.seed}", shard=shard))
    write_index(
        out,
        (
            PairRow(
                rgb=frame.rgb,
                depth=frame.depth,
                official_split=record.share,
                room_group=_room_name(options.seed, record.number),
                camera_px=record.camera_px,
            )
            for record in records
            for frame in record.frames
        ),
    )


def _room_name(seed: int, number: int) -> str:
    """The seed is part of the name, so that rooms of two sets have different names in a run."""
    return f"room_{seed}_{number:06d}"
