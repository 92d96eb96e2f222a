"""Whatever a library says of a damaged file, in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from depth_unet.errors import ConfigError, DataError

MOST_WORDS = 300


@contextmanager
def told_as_damage(
    where: object, says: str = "is damaged", remedy: str = "download it again"
) -> Iterator[None]:
    """Raise every error of the block as a data error; ours pass as they are.

    For calls of libraries that parse a file, and for nothing else: what they raise for damaged
    ones has no common base and is written down nowhere.

    Args:
        where: File and row.
        says: What is said of it.
        remedy: What to do.

    Raises:
        DataError: The block raised something.
    """
    try:
        yield
    except (ConfigError, DataError):
        raise
    except Exception as error:
        raise DataError(f"{where} {says} ({one_line(error)}); {remedy}") from None


def one_line(error: BaseException) -> str:
    """The first line of what an error says; its kind where it says nothing."""
    words = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return words[:MOST_WORDS] or type(error).__name__
