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


def refuse_foreign(path: Path, *, is_own: bool) -> None:
    """Refuse to replace an existing file that a command did not write.

    Raises:
        ConfigError: The file is another one.
    """
    if not is_own:
        raise ConfigError(
            f"{path} was not written by depth-unet and is never replaced; choose another name"
        )
