"""One file that a command is asked to write."""

from collections.abc import Sequence
from pathlib import Path

from depth_unet.errors import ConfigError
from depth_unet.files.atomic import check_writable


def check_new_file(path: Path, endings: Sequence[str], *, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before any work is done.

    Raises:
        ConfigError: It has another ending, or exists and ``overwrite`` is off.
        DataError: Its folder cannot be made or written.
    """
    if path.suffix.lower() not in endings:
        raise ConfigError(f"{path} does not end in {' or '.join(endings)}; choose a name that does")
    if path.exists() and not overwrite:
        raise ConfigError(f"{path} already exists; choose another name, or use --overwrite")
    check_writable(path.parent)
