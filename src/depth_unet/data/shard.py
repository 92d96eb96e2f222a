"""Which part of a data set a folder holds, as dataset.json states it."""

import re
from typing import NamedTuple

_TEXT = re.compile(r"(\d{1,7})/(\d{1,7}) of (\w+)")


class Shard(NamedTuple):
    """One part of a data set.

    Attributes:
        number: From 1 to ``total``.
        total: Number of parts.
        whole: Name that all parts of the data set have in common.
    """

    number: int
    total: int
    whole: str

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read ``I/N of NAME``.

        Raises:
            ValueError: The text has another form, or I is not from 1 to N.
        """
        found = _TEXT.fullmatch(text)
        shard = cls(int(found[1]), int(found[2]), found[3]) if found else cls(0, 0, "")
        if not 1 <= shard.number <= shard.total:
            raise ValueError(f"shard is {text!r}; write I/N of NAME with I from 1 to N")
        return shard

    def __str__(self) -> str:
        """``I/N of NAME``."""
        return f"{self.number}/{self.total} of {self.whole}"
