"""Every kind of depth file that can be read back, by its ending."""

from collections.abc import Callable
from functools import partial
from typing import Any

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.outputs.depth_exr import write_exr
from depth_unet.outputs.depth_write import (
    DepthMetadata,
    write_npy,
    write_npz,
    write_pfm,
    write_png16,
)

METADATA = DepthMetadata(
    model="test network, ä",
    engine="test engine 1.0",
    calibration=Calibration(intrinsics=Intrinsics.centred(40, 30, 32.5), distortion="none"),
    focal_from="assumed",
    photo="room.jpg",
)
WRITERS: dict[str, Callable[..., Any]] = {
    ".png": write_png16,
    ".npy": write_npy,
    ".npz": partial(write_npz, uncertainty_m=None),
    ".exr": write_exr,
    ".pfm": write_pfm,
}
