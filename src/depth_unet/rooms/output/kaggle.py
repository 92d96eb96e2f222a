"""Rooms in the layout of Kaggle's ``soumikrakshit/nyu-depth-v2``, including its quirks.

``data/nyu2_train.csv`` and ``data/nyu2_test.csv`` have no header and list ``photo,depth`` with the
prefix ``data/``. Training depth has 8 bits, and 255 is 10 m; test depth has 16 bits, in
millimetres. Photos have a white frame, like those of the Kinect. Intrinsics are NYU's and are not
stored.
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16

from depth_unet.files.atomic import write_text
from depth_unet.rooms.options import RoomPlan, Split
from depth_unet.rooms.output.encode import jpeg_bytes, png_bytes
from depth_unet.rooms.output.record import RoomRecord

FOLDERS = ("data/nyu2_train", "data/nyu2_test")
LIST_NAMES = ("data/nyu2_train.csv", "data/nyu2_test.csv")
MILLIMETRES_OF_255 = 10_000
BORDER = 8 / 640
"""Width of the white frame as a share of the longer side."""


def file_names(plan: RoomPlan, kind: str, frame: int) -> tuple[str, str]:
    """Paths of photo and depth map, relative to the folder that holds ``data``."""
    if plan.split == "test":
        stem = f"data/nyu2_test/{plan.first_test_image + frame:05d}"
        return f"{stem}_colors.png", f"{stem}_depth.png"
    stem = f"data/nyu2_train/{kind}_{plan.number:04d}_out/{frame + 1}"
    return f"{stem}.jpg", f"{stem}.png"


def encode_pair(
    plan: RoomPlan, photo: UInt8[np.ndarray, "h w 3"], depth_mm: UInt16[np.ndarray, "h w"]
) -> tuple[bytes, bytes]:
    """The contents of the photo file and the depth file."""
    framed = add_border(photo)
    if plan.split == "test":
        return png_bytes(framed), png_bytes(depth_mm)
    return jpeg_bytes(framed), png_bytes(to_eight_bits(depth_mm))


def to_eight_bits(depth_mm: UInt16[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """Depth as training files store it: 255 is 10 m or more, 0 is a hole."""
    counts = np.rint(depth_mm.astype(np.float64) * (255 / MILLIMETRES_OF_255))
    return np.clip(counts, 0, 255).astype(np.uint8)


def add_border(photo: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """The photo with a white frame, 8 pixels wide at 640x480."""
    border_px = max(1, round(BORDER * max(photo.shape)))
    framed = np.full_like(photo, 255)
    inner = (slice(border_px, -border_px),) * 2
    framed[inner] = photo[inner]
    return framed


def write_lists(out: Path, records: Iterable[RoomRecord]) -> None:
    """Write the list of test images, then the list of training images."""
    lines: dict[Split, list[tuple[str, str]]] = {"test": [], "train": []}
    for record in records:
        lines[record.share] += [(frame.rgb, frame.depth) for frame in record.frames]
    for split, pairs in lines.items():
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(pairs)
        write_text(out / f"data/nyu2_{split}.csv", text.getvalue())
