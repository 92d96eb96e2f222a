"""OpenEXR files; the only module that imports the optional library."""

from pathlib import Path
from typing import Any

import numpy as np

from depth_unet.arrays import Float32
from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.files.atomic import replacing
from depth_unet.files.damage import as_data_error
from depth_unet.outputs.depth_write import DepthMetadata

CHANNEL = "Z"  # the name that compositing programs look for


def write_exr(depth_m: Float32[np.ndarray, "h w"], path: Path, metadata: DepthMetadata) -> None:
    """Write float32 metres as channel Z, lossless; the header states unit and model.

    Raises:
        ConfigError: OpenEXR is not installed.
        OSError: The file could not be written.
    """
    library = _import_library(path)
    header = {
        "compression": library.ZIP_COMPRESSION,
        "type": library.scanlineimage,
        "comments": metadata.line("metres"),
        **metadata.texts("metres"),
    }
    channels = {CHANNEL: np.ascontiguousarray(depth_m)}
    with replacing(path) as temporary, library.File(header, channels) as file:
        try:
            file.write(str(temporary))
        except RuntimeError as error:  # for example a full disk
            raise OSError(f"{str(error).splitlines()[0]}") from None


def read_exr(path: Path, channels: tuple[str, ...] = (CHANNEL,)) -> Float32[np.ndarray, "h w"]:
    """Read depth.

    Args:
        path: The file.
        channels: Names of the channel, the first one that exists is read; or else the only one.

    Raises:
        ConfigError: OpenEXR is not installed.
        DataError: The file is damaged, or has several channels of other names.
    """
    library = _import_library(path)
    with (
        as_data_error(path, "cannot be read as OpenEXR", "replace it"),
        library.File(str(path), separate_channels=True) as file,
    ):
        pixels = {name: channel.pixels for name, channel in file.channels().items()}
    name = next((name for name in channels if name in pixels), None)
    if name is None and len(pixels) == 1:
        (name,) = pixels
    if name is None:
        raise DataError(
            f"{path} has the channels {', '.join(pixels) or '(none)'}; expected depth in "
            f"{CHANNEL} or in a single channel"
        )
    depth: np.ndarray = np.asarray(pixels[name], dtype=np.float32)
    return depth


def read_exr_texts(path: Path) -> dict[str, str]:
    """The attributes of the header that are text.

    Raises:
        ConfigError: OpenEXR is not installed.
        DataError: The file is damaged.
    """
    library = _import_library(path)
    with (
        as_data_error(path, "cannot be read as OpenEXR", "replace it"),
        library.File(str(path), header_only=True) as file,
    ):
        return {key: value for key, value in file.header().items() if isinstance(value, str)}


def _import_library(path: Path) -> Any:
    try:
        import OpenEXR
    except ImportError:
        raise ConfigError(
            f"{path}: OpenEXR is not installed: {install_command('openexr')}"
        ) from None
    return OpenEXR
