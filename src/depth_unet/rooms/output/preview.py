"""A contact sheet: photos beside their depth, evenly picked from a set of rooms."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8, UInt16

from depth_unet.files.atomic import write_bytes
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.images.resize import resize_depth, resize_image
from depth_unet.rooms.output.encode import png_bytes
from depth_unet.rooms.output.kaggle import MILLIMETRES_OF_255
from depth_unet.rooms.output.record import FrameRecord, RoomRecord

MOST_PAIRS = 24
PAIRS_PER_ROW = 3
TILE_PX = 240
GAP_PX = 6
NEAREST_M, FARTHEST_M = 0.5, 10.0
HOLE_GREY = 160


def write_preview(out: Path, records: Sequence[RoomRecord], path: Path) -> None:
    """Draw up to 24 images of a finished set, each beside its depth.

    Args:
        out: The folder of the set.
        records: Its rooms.
        path: The PNG to write.
    """
    frames = [frame for record in records for frame in record.frames]
    picked = np.unique(np.linspace(0, len(frames) - 1, MOST_PAIRS).round().astype(int))
    tiles = [_tile(out, frames[index]) for index in picked]
    write_bytes(path, png_bytes(sheet(tiles)))


def sheet(tiles: Sequence[UInt8[np.ndarray, "h w 3"]]) -> UInt8[np.ndarray, "height width 3"]:
    """Tiles of one size in rows of three on white."""
    height, width = tiles[0].shape[:2]
    columns = min(PAIRS_PER_ROW, len(tiles))
    rows = -(-len(tiles) // columns)
    shape = (rows * (height + GAP_PX) + GAP_PX, columns * (width + GAP_PX) + GAP_PX, 3)
    page = np.full(shape, 255, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        top, left = GAP_PX + row * (height + GAP_PX), GAP_PX + column * (width + GAP_PX)
        page[top : top + height, left : left + width] = tile
    return page


def coloured(depth_mm: UInt16[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """Depth in colour: near is bright, far is dark, evenly in log-depth from 0.5 to 10 m.

    One range for all images, so that a corridor looks deeper than a bathroom. Holes are grey.
    """
    depth_m = np.clip(depth_mm / MILLIMETRES_PER_METRE, NEAREST_M, FARTHEST_M)
    unit = np.log(depth_m / NEAREST_M) / np.log(FARTHEST_M / NEAREST_M)
    shades = np.rint(255 * (1 - unit)).astype(np.uint8)
    picture = np.asarray(cv2.applyColorMap(shades, cv2.COLORMAP_MAGMA)[..., ::-1])
    return np.where((depth_mm == 0)[..., None], HOLE_GREY, picture).astype(np.uint8)


def _tile(out: Path, frame: FrameRecord) -> UInt8[np.ndarray, "h w 3"]:
    photo = cv2.imread(str(out / frame.rgb), cv2.IMREAD_COLOR)
    counts = cv2.imread(str(out / frame.depth), cv2.IMREAD_UNCHANGED)
    assert photo is not None
    assert counts is not None
    scale = MILLIMETRES_OF_255 / 255 if counts.dtype == np.uint8 else 1
    depth_mm = np.rint(counts * scale).astype(np.uint16)
    height, width = depth_mm.shape
    shrink = TILE_PX / max(height, width)
    size = max(1, round(height * shrink)), max(1, round(width * shrink))
    shown = resize_image(np.ascontiguousarray(photo[..., ::-1]), *size)
    return np.concatenate([shown, coloured(resize_depth(depth_mm, *size))], axis=1)
