"""Frames brought to one size, with their cameras: cropped to its aspect ratio, then resized.

A frame that is wider or higher than the target loses its margins and is never squeezed: prediction
keeps aspect ratios, so training must keep them, too.
"""

import math

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.source import Frame
from depth_unet.images.resize import resize_depth, resize_image, resize_labels


def centre_crop(height: int, width: int, new_height: int, new_width: int) -> tuple[slice, slice]:
    """Rows and columns of the largest centred crop with the aspect ratio of the new size.

    The crop is exact to half a pixel, and the whole image where the aspect ratios agree.
    """
    rows = min(height, max(1, round(width * new_height / new_width)))
    columns = min(width, max(1, round(height * new_width / new_height)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)


def fit_frame(frame: Frame, height: int, width: int) -> Frame:
    """The frame, cropped and resized."""
    camera = frame.intrinsics
    rows, columns = centre_crop(camera.height, camera.width, height, width)
    labels = frame.labels
    return Frame(
        image=resize_image(frame.image[rows, columns], height, width),
        depth_mm=resize_depth(frame.depth_mm[rows, columns], height, width),
        intrinsics=fit_camera(camera, height, width),
        border_px=fit_border(frame.border_px, camera, height, width),
        labels=None if labels is None else resize_labels(labels[rows, columns], height, width),
    )


def fit_border(border_px: int, camera: Intrinsics, height: int, width: int) -> int:
    """Width of a frame's border after ``fit_frame``, rounded up; ``camera`` is the one before."""
    if not border_px:
        return 0
    rows, columns = centre_crop(camera.height, camera.width, height, width)
    scale: float = max(height / (rows.stop - rows.start), width / (columns.stop - columns.start))
    return math.ceil(border_px * scale)


def fit_camera(camera: Intrinsics, height: int, width: int) -> Intrinsics:
    """The camera after ``fit_frame``."""
    rows, columns = centre_crop(camera.height, camera.width, height, width)
    part = camera.cropped(
        columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
    )
    return part.resized(width, height)


def crop_border(frame: Frame) -> Frame:
    """The part of the frame that shows the scene."""
    border = frame.border_px
    if not border:
        return frame
    inside = (slice(border, -border), slice(border, -border))
    height, width = frame.depth_mm.shape
    return Frame(
        image=frame.image[inside],
        depth_mm=frame.depth_mm[inside],
        intrinsics=frame.intrinsics.cropped(
            border, border, width - 2 * border, height - 2 * border
        ),
        labels=None if frame.labels is None else frame.labels[inside],
    )
