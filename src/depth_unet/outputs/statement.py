"""What files state about themselves: unit, model, and whether ``predict`` wrote them."""

import html
import json
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from depth_unet.errors import ConfigError, DataError
from depth_unet.files.damage import as_data_error
from depth_unet.files.text import read_text
from depth_unet.outputs.depth_exr import read_exr_texts
from depth_unet.outputs.depth_write import QUANTITY, json_beside

NEEDED = ("quantity", "unit")  # of an archive, whose other entries may be large
HEAD_BYTES = 4096  # of a page or point cloud, which hold the statement
MOST_BYTES = 2**20  # of a description; ours have a few thousand
GLB_HEAD = struct.Struct("<4s8xI4s")  # signature; version and length; length and type of a chunk
DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)">')
RRD_APPLICATION = "depth-unet predict"
"""By this application, recordings are known as ours; it stands in their head, uncompressed."""
COMMENT = re.compile(r"^comment (.*)$", re.MULTILINE)


def is_own(path: Path) -> bool:
    """Whether ``predict`` or ``Prediction.save`` wrote a file, whatever its name."""
    return bool(read_own(path))


def read_own(path: Path) -> dict[str, str]:
    """The statement of a file that we wrote; empty for others.

    Damaged files, and those that need a missing library, count as others.
    """
    try:
        with as_data_error(path):
            return only_own(read_statement(path)) if path.is_file() else {}
    except (ConfigError, DataError):
        return {}


def only_own(statement: dict[str, str]) -> dict[str, str]:
    """A statement if it is ours, that is, of depth along the optical axis; else an empty one."""
    return statement if statement.get("quantity") == QUANTITY else {}


def read_statement(path: Path) -> dict[str, str]:
    """Key and text of the text chunks, archive entries, header or JSON that describe a file.

    The JSON is the file itself or, for formats without room for text, the file beside it.

    Raises:
        ConfigError: OpenEXR is not installed.
        Exception: The file cannot be read; each library raises its own errors.
    """
    read = _BY_SUFFIX.get(path.suffix.lower())
    return _of_json(json_beside(path)) if read is None else read(path)


def parse_line(text: str) -> dict[str, str]:
    """The texts of ``DepthMetadata.line``; of several with one key, the first."""
    parts = [part.partition(": ") for part in text.split("; ")]
    return {key: value for key, _, value in reversed(parts)}


def _of_png(path: Path) -> dict[str, str]:
    with Image.open(path) as image:
        return _texts(image.info)


def _of_npz(path: Path) -> dict[str, str]:
    # NumPy leaves a damaged file open that it opened itself.
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        return {key: str(archive[key]) for key in NEEDED if key in archive.files}


def _of_ply(path: Path) -> dict[str, str]:
    found = COMMENT.search(_head(path).partition("end_header")[0])
    return parse_line(found[1]) if found else {}


def _of_html(path: Path) -> dict[str, str]:
    found = DESCRIPTION.search(_head(path))
    return parse_line(html.unescape(found[1])) if found else {}


def _of_rrd(path: Path) -> dict[str, str]:
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    name = RRD_APPLICATION.encode()
    is_ours = head[:4] == b"RRF2" and bytes((len(name),)) + name in head
    return {"quantity": QUANTITY} if is_ours else {}


def _of_glb(path: Path) -> dict[str, str]:
    with path.open("rb") as stream:
        signature, size, kind = GLB_HEAD.unpack(stream.read(GLB_HEAD.size))
        if (signature, kind) != (b"glTF", b"JSON") or size > MOST_BYTES:
            return {}
        tree = json.loads(stream.read(size))
    return _texts(tree["scenes"][0]["extras"])


def _of_json(path: Path) -> dict[str, str]:
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        return {}
    values = json.loads(read_text(path))
    return _texts(values) if isinstance(values, dict) else {}


def _texts(values: Mapping[Any, object]) -> dict[str, str]:
    return {key: value for key, value in values.items() if isinstance(value, str)}


def _head(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(HEAD_BYTES).decode("utf-8", "replace")


_BY_SUFFIX: dict[str, Callable[[Path], dict[str, str]]] = {
    ".png": _of_png,
    ".npz": _of_npz,
    ".exr": read_exr_texts,
    ".ply": _of_ply,
    ".glb": _of_glb,
    ".html": _of_html,
    ".json": _of_json,
    ".rrd": _of_rrd,
}
