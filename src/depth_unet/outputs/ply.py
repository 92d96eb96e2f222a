"""Point clouds as binary PLY files, which every point cloud viewer opens."""

from pathlib import Path

import numpy as np

from depth_unet.files.atomic import replacing
from depth_unet.outputs.cloud import PointCloud

_POINT = np.dtype(
    [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("red", "u1"), ("green", "u1"), ("blue", "u1")]
)
_NAMES = {"<f4": "float", "|u1": "uchar"}


def write_ply(cloud: PointCloud, path: Path, comment: str) -> None:
    """Write points and colours as binary little-endian PLY.

    The axes stay as they are in ``cloud``: x right, y down, z forward, metres.

    Args:
        cloud: The points; there may be none.
        path: The file to write; missing parent folders are made. An existing file is replaced.
        comment: A line for the header, such as unit and model. White space becomes one space, and
            characters outside ASCII become ``?``.

    Raises:
        DataError: A parent of ``path`` is a regular file, or the folder cannot be made.
    """
    points = np.empty(len(cloud.points_m), dtype=_POINT)
    for axis, name in enumerate("xyz"):
        points[name] = cloud.points_m[:, axis]
    for channel, name in enumerate(("red", "green", "blue")):
        points[name] = cloud.colours[:, channel]
    with replacing(path) as temporary, temporary.open("wb") as stream:
        stream.write(_header(len(points), comment))
        points.tofile(stream)


def _header(num_points: int, comment: str) -> bytes:
    # trimesh writes a fixed comment and cannot add another.
    lines = (
        "ply",
        "format binary_little_endian 1.0",
        f"comment {_as_ascii(comment)}",
        f"element vertex {num_points}",
        *(f"property {_NAMES[_POINT[name].str]} {name}" for name in _POINT.names or ()),
        "end_header",
    )
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _as_ascii(text: str) -> str:
    return "".join(
        character if character.isascii() and character.isprintable() else "?"
        for character in " ".join(text.split())
    )
