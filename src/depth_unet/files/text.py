"""Text that users wrote: files with or without a byte order mark, and paths with ``~``."""

import codecs
import os
from pathlib import Path


def decode_text(data: bytes, errors: str = "strict") -> str:
    """UTF-8 as text without its byte order mark, or UTF-16 that begins with one.

    Excel writes the former, ``>`` of Windows PowerShell the latter.

    Line endings stay as they are.

    Args:
        data: The bytes.
        errors: What happens to bytes that are not UTF-8, as in ``bytes.decode``.

    Raises:
        UnicodeDecodeError: The bytes are neither.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors)
    return data.decode("utf-8-sig", errors)


def read_text(path: Path) -> str:
    """The text of a file; see ``decode_text``.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: It is neither UTF-8 nor UTF-16 with a byte order mark.
    """
    return decode_text(path.read_bytes())


def expand_home(text: str) -> str:
    """Replace ``~`` or ``~user`` at the start of a path by the home folder, where there is one."""
    return os.path.expanduser(text)  # noqa: PTH111  # not every text is a path


def as_path(path: str | os.PathLike[str]) -> Path:
    """The path that a user gave: ``~`` in text is the home folder; a ``Path`` stays as it is.

    ``Path("~")`` is a folder of that name, as everywhere in Python; ``predict`` may have found it.

    Raises:
        TypeError: It is neither text nor a path.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"the path is of type {type(path).__name__}; expected text or a path")
    return Path(expand_home(path) if isinstance(path, str) else path)
