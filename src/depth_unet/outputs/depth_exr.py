"""OpenEXR files: the one place that imports the library (extra ``exr``)."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from depth_unet.errors import ConfigError, DataError
from depth_unet.files.damage import as_data_error

CHANNEL = "Z"  # the name that compositing programs look for


def write_exr(
    depth_m: Float32[np.ndarray, "h w"], path: Path, texts: dict[str, str], comment: str
) -> None:
    """Write float32 metres as channel Z, compressed without loss.

    Args:
        depth_m: Depth, metres.
        path: The file, written in place.
        texts: Attributes of the header.
        comment: Its comment.

    Raises:
        ConfigError: OpenEXR is not installed.
        OSError: It could not be written.
    """
    library = _library(path)
    header = {
        "compression": library.ZIP_COMPRESSION,
        "type": library.scanlineimage,
        "comments": comment,
        **texts,
    }
    with library.File(header, {CHANNEL: np.ascontiguousarray(depth_m)}) as file:
        try:
            file.write(str(path))
        except RuntimeError as error:  # a full disk, for one
            raise OSError(f"{str(error).splitlines()[0]}") from None


def read_exr(path: Path) -> Float32[np.ndarray, "h w"]:
    """Read channel Z, or the only one that there is.

    Raises:
        ConfigError: OpenEXR is not installed.
        DataError: It is damaged, or has several channels of which none is Z.
    """
    library = _library(path)
    with (
        as_data_error(path, "cannot be read as OpenEXR", "replace it"),
        library.File(str(path), separate_channels=True) as file,
    ):
        pixels = {name: channel.pixels for name, channel in file.channels().items()}
    if CHANNEL not in pixels and len(pixels) != 1:
        raise DataError(
            f"{path} has the channels {', '.join(pixels) or '(none)'}; depth is expected in "
            f"{CHANNEL}, or in a single one"
        )
    values = pixels.get(CHANNEL)
    if values is None:
        (values,) = pixels.values()
    depth: np.ndarray = np.asarray(values, dtype=np.float32)
    return depth


def read_exr_text(path: Path, key: str) -> str:
    """What an attribute of the header says; empty where there is none.

    Raises:
        ConfigError: OpenEXR is not installed.
        DataError: The file is damaged.
    """
    library = _library(path)
    with (
        as_data_error(path, "cannot be read as OpenEXR", "replace it"),
        library.File(str(path), header_only=True) as file,
    ):
        return str(file.header().get(key, ""))


def _library(path: Path) -> Any:
    try:
        import OpenEXR  # an extra
    except ImportError:
        raise ConfigError(
            f"{path}: OpenEXR is not installed: pip install 'depth-unet[exr]'"
        ) from None
    return OpenEXR
