"""The one place that opens HDF5 files, and knows how they can be wrong."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from depth_unet.errors import ConfigError, DataError
from depth_unet.files.damage import told_as_damage

MOST_BYTES = 2**31  # of one array that is read at once; a header may say anything


def check_installed(root: Path) -> None:
    """Refuse HDF5 files where they cannot be read.

    Raises:
        ConfigError: h5py is not installed.
    """
    try:
        import h5py  # noqa: F401  # an extra
    except ImportError:
        raise ConfigError(
            f"{root} holds HDF5 and h5py is not installed: pip install 'depth-unet[data]'"
        ) from None


def opened(file: Path | io.BytesIO, where: str) -> Any:
    """An open file.

    Args:
        file: Its path, or its content.
        where: What it is, for messages.

    Raises:
        ConfigError: h5py is not installed.
        DataError: It is damaged.
    """
    check_installed(Path(where))
    import h5py  # an extra

    with told_as_damage(where, "cannot be read as HDF5"):
        return h5py.File(file, "r")


def dataset(stored: Any, name: str, where: str) -> Any:
    """A stored array of numbers, not read yet.

    Raises:
        DataError: There is none of that name, or it holds something else.
    """
    import h5py  # an extra

    with told_as_damage(where):
        found = stored.get(name)
        if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "fiu":
            held = ", ".join(sorted(stored)) or "nothing"
            raise DataError(
                f"{where} has no numbers called {name} (it holds {held}); name another file"
            )
    return found


def values(array: Any, where: str) -> np.ndarray:
    """The numbers of a stored array.

    Raises:
        DataError: They are damaged, or more than a frame can have.
    """
    with told_as_damage(where):
        if array.size * array.dtype.itemsize > MOST_BYTES:
            raise DataError(f"{where} holds an array of {array.shape}, which is no frame")
        return np.asarray(array)
