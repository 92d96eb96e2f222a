"""Recordings of the Record3D app: an .r3d file, packed or not, or an "EXR + JPG sequence"."""

import functools
import json
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt16

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.decode import in_millimetres
from depth_unet.data.forms.files import Archive, Files, Folder
from depth_unet.data.forms.form_source import Pixels
from depth_unet.data.forms.photo_files import check_is_file, shot_of_files
from depth_unet.data.forms.recording import (
    RecordingForm,
    Shot,
    Stated,
    camera_of_depth,
    keep_confident,
    size_of_depth,
)
from depth_unet.data.layout import OnBad
from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.files.damage import as_data_error, named
from depth_unet.files.walk import is_file
from depth_unet.images.photo import read_photo
from depth_unet.outputs.depth_exr import read_exr

SUFFIXES, PACKED = (".r3d",), "rgbd"
METADATA, EXPORTED = "metadata", "metadata.json"
REMEDY = "export the recording again"
EXR_CHANNELS = ("Z", "R")  # a grey picture has depth in each of R, G and B
Metadata = dict[str, Any]


def is_record3d(path: Path) -> bool:
    """Whether a folder is a recording of the app, unpacked or exported."""
    if (path / PACKED).is_dir():
        return True
    return (path / "rgb").is_dir() and next((path / "depth").glob("*.exr"), None) is not None


def is_part(path: Path) -> bool:
    """Whether a folder has the description of a recording, and of an export one of its folders."""
    exported = is_file(path / EXPORTED) and any((path / name).is_dir() for name in ("rgb", "depth"))
    return exported or is_file(path / METADATA)


def open_record3d(path: Path, stated: Stated, on_bad: OnBad) -> Sequence[Shot]:
    """The frames of a recording; each has a camera of its own.

    Depth is in metres, and is not used where the confidence map says that it is low (0). ``on_bad``
    gets the error of every depth map without photo.

    Raises:
        ConfigError: A library for this export is not installed.
        DataError: The metadata is missing or cannot be used.
    """
    if not path.is_dir():
        return _open_packed(Archive(path, REMEDY), stated, on_bad)
    if (path / PACKED).is_dir() or is_file(path / METADATA):
        return _open_packed(Folder(path), stated, on_bad)
    return _open_exr(path, stated, on_bad)


def _open_packed(files: Files, stated: Stated, on_bad: OnBad) -> Sequence[Shot]:
    _import_lzfse(files.root)
    where = f"{files.root}/{METADATA}"
    metadata = _parse(files.read(METADATA), where)
    names = {number: f"{PACKED}/{number}" for number in _numbers(files.names_in(PACKED), ".depth")}
    kept = [
        (number, name)
        for number, name in names.items()
        if _has_photo(files.has(f"{name}.jpg"), f"{files.root}/{name}.depth", on_bad)
    ]
    size = _depth_size(metadata, files, kept[0][1]) if kept else (0, 0)
    return [
        Shot(
            name=str(number),
            place=f"{files.root}/{name}.depth",
            camera=_camera(metadata, number, size, stated, where),
            read=functools.partial(_read_packed, files, name, size),
            origin=functools.partial(_origin_packed, files, name),
        )
        for number, name in kept
    ]


def _open_exr(path: Path, stated: Stated, on_bad: OnBad) -> Sequence[Shot]:
    file = path / EXPORTED
    check_is_file(file, REMEDY)
    metadata = _parse(file.read_bytes(), str(file))
    folder = Folder(path)
    pairs = list[tuple[int, Path, Path]]()
    for number in _numbers(folder.names_in("depth"), ".exr"):
        depth = path / "depth" / f"{number}.exr"
        names = (f"rgb/{number}.jpg", f"rgb/{number}.png")
        photo = next((path / name for name in names if folder.has(name)), None)
        if _has_photo(photo is not None, str(depth), on_bad):
            assert photo is not None
            pairs.append((number, photo, depth))
    if not pairs:
        return []
    size = size_of_depth(_read_depth, [depth for _, _, depth in pairs])
    return [
        shot_of_files(
            str(number),
            photo,
            depth,
            camera=_camera(metadata, number, size, stated, str(file)),
            read_depth=_read_depth,
        )
        for number, photo, depth in pairs
    ]


def _read_packed(files: Files, name: str, size: tuple[int, int]) -> Pixels:
    width, height = size
    where = f"{files.root}/{name}"
    values = _unpack(files, f"{name}.depth", np.dtype("<f4"))
    if values.size != width * height:
        raise DataError(f"{where}.depth has {values.size} values, not {width}x{height}; {REMEDY}")
    depth_mm = in_millimetres(values.reshape(height, width), f"{where}.depth")
    if files.has(f"{name}.conf"):
        confidence = _unpack(files, f"{name}.conf", np.dtype(np.uint8))
        if confidence.size == depth_mm.size:
            confidence = confidence.reshape(depth_mm.shape)
        depth_mm = keep_confident(depth_mm, confidence, f"{where}.conf")
    return read_photo(files.read(f"{name}.jpg"), f"{where}.jpg"), depth_mm


def _origin_packed(files: Files, name: str) -> str:
    names = (f"{name}.jpg", f"{name}.depth", f"{name}.conf")
    return " ".join(files.origin(part) for part in names if files.has(part))


def _read_depth(depth: Path) -> UInt16[np.ndarray, "h w"]:
    return in_millimetres(read_exr(depth, EXR_CHANNELS), depth)


def _unpack(files: Files, name: str, dtype: np.dtype[Any]) -> np.ndarray:
    lzfse = _import_lzfse(files.root)
    with as_data_error(f"{files.root}/{name}", remedy=REMEDY):
        values: np.ndarray = np.frombuffer(lzfse.decompress(files.read(name)), dtype)
        return values


def _import_lzfse(path: Path) -> Any:
    try:
        import lzfse  # an extra
    except ImportError:
        raise ConfigError(
            f"{path} is compressed by LZFSE, and lzfse is not installed; run: "
            f"{install_command('lzfse')}, or export the recording as EXR + JPG sequence"
        ) from None
    return lzfse


def _has_photo(found: bool, depth: str, on_bad: OnBad) -> bool:
    if not found:
        on_bad(DataError(f"{depth} has no photo; {REMEDY}"))
    return found


def _numbers(names: Collection[str], suffix: str) -> list[int]:
    stems = (name.removesuffix(suffix) for name in names if name.endswith(suffix))
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def _parse(data: bytes, where: str) -> Metadata:
    with as_data_error(where, "is not JSON", REMEDY):
        metadata = json.loads(data)
        if not isinstance(metadata, dict):
            raise TypeError("it is no object")
        return metadata


def _depth_size(metadata: Metadata, files: Files, first: str) -> tuple[int, int]:
    """Width and height of depth as stated, or of the photo's shape for as many values."""
    with as_data_error(f"{files.root}/{METADATA}", "states no sizes", REMEDY):
        if metadata.get("dw") and metadata.get("dh"):
            return int(metadata["dw"]), int(metadata["dh"])
        count = _unpack(files, f"{first}.depth", np.dtype("<f4")).size
        width = round(math.sqrt(count * metadata["w"] / metadata["h"]))
        return width, count // width


def _camera(
    metadata: Metadata, number: int, size: tuple[int, int], stated: Stated, where: str
) -> Intrinsics:
    """The camera of a frame, in pixels of its depth map: its own, or the one of all frames."""
    if stated.camera is not None:
        return camera_of_depth(stated.camera, size, where)
    with as_data_error(where, "states no camera", REMEDY):
        own = metadata.get("perFrameIntrinsicCoeffs") or []
        if number < len(own):
            fx_px, fy_px, cx_px, cy_px = map(float, own[number])
        else:
            matrix = np.array(metadata["K"], np.float64).reshape(3, 3)
            if matrix[2, :2].any():  # columns first
                matrix = matrix.T
            fx_px, fy_px, cx_px, cy_px = map(float, (*matrix.diagonal()[:2], *matrix[:2, 2]))
        width, height = int(metadata["w"]), int(metadata["h"])
        with named(where):
            camera = Intrinsics.from_values(width, height, (fx_px, fy_px, cx_px, cy_px))
    return camera_of_depth(camera, size, where)


RECORD3D = RecordingForm(
    suffixes=SUFFIXES,
    is_folder=is_record3d,
    is_part=is_part,
    open_one=open_record3d,
    has_unit=True,
)
