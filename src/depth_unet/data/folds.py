"""Folds: which rooms are kept apart, written down once so that every experiment has the same."""

import csv
from pathlib import Path

from depth_unet.errors import DataError

COLUMNS = ("room_group", "fold")


def rooms_of_fold(path: Path, fold: str) -> frozenset[str]:
    """The rooms of one fold.

    Args:
        path: A CSV file with the columns ``room_group`` and ``fold``.
        fold: Which fold.

    Raises:
        DataError: The file is missing or has other columns, or there is no such fold.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read as CSV ({error}); name a file with the columns "
            f"{' and '.join(COLUMNS)}"
        ) from None
    if not lines or any(line.get(column) is None for line in lines for column in COLUMNS):
        raise DataError(f"{path} has no lines of {' and '.join(COLUMNS)}; name such a file")
    rooms = frozenset(line["room_group"] for line in lines if line["fold"] == fold)
    if not rooms:
        known = ", ".join(sorted({line["fold"] for line in lines}))
        raise DataError(f"{path} has no fold {fold!r}; choose among {known}")
    return rooms
