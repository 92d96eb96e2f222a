"""Text that users wrote, with or without a byte order mark."""

from pathlib import Path


def decode_text(data: bytes, errors: str = "strict") -> str:
    """UTF-8 as text without its byte order mark, which Excel and PowerShell write.

    Line endings stay as they are.

    Args:
        data: The bytes.
        errors: What happens to bytes that are not UTF-8, as in ``bytes.decode``.

    Raises:
        UnicodeDecodeError: The bytes are not UTF-8.
    """
    return data.decode("utf-8-sig", errors)


def read_text(path: Path) -> str:
    """The text of a file; see ``decode_text``.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    return decode_text(path.read_bytes())
