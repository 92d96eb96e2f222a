"""Point clouds as binary PLY files, which every point cloud viewer opens."""

from pathlib import Path

import numpy as np

from depth_unet.arrays import Shaped
from depth_unet.files.atomic import replacing
from depth_unet.outputs.cloud import PointCloud

_NAMES = {"<f4": "float", "|u1": "uchar"}


def write_ply(cloud: PointCloud, path: Path, comment: str) -> None:
    """Write points, colours and what else the cloud has as binary little-endian PLY.

    The axes stay as they are in ``cloud``: x right, y down, z forward, metres. MeshLab and Open3D
    know normals as nx, ny and nz; MeshLab shows ``confidence`` as the quality of the points.

    Args:
        cloud: The points; there may be none.
        path: The file to write; missing parent folders are made. An existing file is replaced.
        comment: A line for the header, such as unit and model. White space becomes one space, and
            characters outside ASCII become ``?``.

    Raises:
        DataError: A parent of ``path`` is a regular file, or the folder cannot be made.
    """
    columns = dict(zip("xyz", cloud.points_m.T, strict=True))
    if cloud.normals is not None:
        columns |= zip(("nx", "ny", "nz"), cloud.normals.T, strict=True)
    columns |= zip(("red", "green", "blue"), cloud.colours.T, strict=True)
    if cloud.confidence is not None:
        columns["confidence"] = cloud.confidence
    kinds = [(name, column.dtype.newbyteorder("<")) for name, column in columns.items()]
    points = np.empty(len(cloud.points_m), dtype=kinds)
    for name, column in columns.items():
        points[name] = column
    with replacing(path) as temporary, temporary.open("wb") as stream:
        stream.write(_header(points, comment))
        points.tofile(stream)


def _header(points: Shaped[np.ndarray, " n"], comment: str) -> bytes:
    # trimesh writes a fixed comment and cannot add another.
    lines = (
        "ply",
        "format binary_little_endian 1.0",
        f"comment {_as_ascii(comment)}",
        f"element vertex {len(points)}",
        *(f"property {_NAMES[points[name].dtype.str]} {name}" for name in points.dtype.names or ()),
        "end_header",
    )
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _as_ascii(text: str) -> str:
    return "".join(
        character if character.isascii() and character.isprintable() else "?"
        for character in " ".join(text.split())
    )
