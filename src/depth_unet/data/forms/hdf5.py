"""Open and read HDF5 files; a damaged file raises a ``DataError``."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.files.damage import as_data_error

MOST_BYTES = 2**31  # of one array that is read at once; a damaged header may claim any size


def open_hdf5(file: Path | io.BytesIO, where: str) -> Any:
    """An open file, by its path or content; ``where`` names it in messages.

    Raises:
        ConfigError: h5py is not installed.
        DataError: The file is damaged, or a folder.
    """
    try:
        import h5py  # an extra
    except ImportError:
        raise ConfigError(
            f"{where} is HDF5 and h5py is not installed; run: {install_command('h5py')}"
        ) from None
    if isinstance(file, Path) and file.is_dir():
        raise DataError(f"{where} is a folder, not an HDF5 file; name the file")
    with as_data_error(where, "cannot be read as HDF5"):
        return h5py.File(file, "r")


def find_array(stored: Any, name: str, where: str) -> Any:
    """A stored array of numbers, not read yet.

    Raises:
        DataError: No array has that name, or its numbers are in another file.
    """
    import h5py  # an extra

    with as_data_error(where):
        found = find_stored(stored, name, where)
        if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "fiu":
            held = ", ".join(sorted(stored)) or "nothing"
            raise DataError(
                f"{where} has no numbers called {name} (it holds {held}); name another file"
            )
        return check_stored_here(found, where)


def find_stored(stored: Any, name: str, where: str) -> Any | None:
    """What an open file holds under a name; None: nothing. Links are refused.

    Raises:
        DataError: It is damaged, or a link, which can name any file of the system.
    """
    import h5py  # an extra

    with as_data_error(where):
        links, key = stored.id.links, name.encode()
        if not links.exists(key):
            return None
        if links.get_info(key).type != h5py.h5l.TYPE_HARD:
            raise DataError(
                f"{where} has a link as {name}; name a file that holds its numbers itself"
            )
        return stored[name]


def referenced_arrays(references: Any, stored: Any, where: str) -> Iterator[Any]:
    """The arrays of an open file that a stored array of references names.

    Raises:
        DataError: It holds something else, or numbers are in another file.
    """
    import h5py  # an extra

    if check_stored_here(references, where).dtype != h5py.ref_dtype:
        raise DataError(f"{where} has no references as {references.name}; download it again")
    for reference in np.asarray(references).reshape(-1):
        yield check_stored_here(stored[reference], where)


def check_stored_here(array: Any, where: str) -> Any:
    """The array; a ``DataError`` if its numbers are in another file: any file can be named."""
    if array.external or array.is_virtual:
        raise DataError(
            f"{where} has {array.name} in another file; name a file that holds its numbers itself"
        )
    return array


def read_array(array: Any, where: str) -> np.ndarray:
    """The numbers of a stored array; a ``DataError`` if they are damaged or too many."""
    with as_data_error(where):
        if array.size * array.dtype.itemsize > MOST_BYTES:
            raise DataError(f"{where} has an array of {array.shape}, too large; download it again")
        return np.asarray(array)
