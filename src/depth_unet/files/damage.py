"""Errors of libraries that parse files, as one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from depth_unet.errors import ConfigError, DataError, is_out_of_memory

MOST_LENGTH = 300


@contextmanager
def as_data_error(
    where: object, problem: str = "is damaged", remedy: str = "download it again"
) -> Iterator[None]:
    """Raise errors of the block as ``DataError``, except our own and a lack of memory.

    For calls of libraries that parse a file only: their errors for damaged files are undocumented
    and have no common base.

    Args:
        where: File and row.
        problem: What is wrong, as the message puts it.
        remedy: What to do.
    """
    try:
        yield
    except (ConfigError, DataError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise DataError(f"{where} {problem} ({one_line(error)}); {remedy}") from None


@contextmanager
def named(where: object) -> Iterator[None]:
    """Put file and row in front of a ``DataError`` of the block, which does not know them."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{where}: {error}") from None


def one_line(error: BaseException) -> str:
    """The first line of an error's message; the error's type if it has none."""
    message = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return message[:MOST_LENGTH] or type(error).__name__
