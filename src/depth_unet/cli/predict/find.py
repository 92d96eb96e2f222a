"""Photos and videos in folders and by patterns, and the files among them that are left out."""

import glob
import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from depth_unet.errors import DataError
from depth_unet.files.walk import files_below, walk
from depth_unet.images.formats import RAW_SUFFIXES, is_photo

VIDEO_SUFFIXES = frozenset(
    (
        *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"),
        *(".mts", ".mxf", ".ogv", ".vob", ".webm", ".wmv", ".y4m"),
    )
)
UNREADABLE = "that cannot be read"
OTHER = "neither photo nor video"
MOST_SUFFIXES = 5  # that a line lists


def is_video(path: Path) -> bool:
    """Whether a file is a video by its ending."""
    return path.suffix.lower() in VIDEO_SUFFIXES


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds inputs, and remembers what it left out.

    Attributes:
        skip_reason: Why the command skips a file, in a few words; empty if it does not.
        left_out: Why a file that was found is no input.
    """

    skip_reason: Callable[[Path], str] = lambda _: ""
    left_out: dict[Path, str] = field(default_factory=dict)

    def in_folder(self, folder: Path) -> Iterator[Path]:
        """The photos and videos in a folder and below; see ``walk``.

        Raises:
            DataError: There are none.
        """
        yield from self._inputs(self._below(folder), f"{folder} holds no photos or videos")

    def by_pattern(self, pattern: str) -> tuple[Path, Iterator[Path]]:
        """The folder that a pattern begins with, and the photos and videos that match.

        ``**`` stands for folders of any depth, as ``walk`` enters them. A folder that matches a
        pattern without ``**`` means all that is in it.

        Raises:
            DataError: There are none.
        """
        parts = Path(pattern).parts
        fixed = len(list(itertools.takewhile(lambda part: not glob.has_magic(part), parts)))
        root = Path(*parts[:fixed])
        found = self._matches(root, parts[fixed:])
        if "**" in parts:
            files = (path for path in found if not _is_folder(path))
        else:
            files = (file for path in found for file in self._below(path))
        return root, self._inputs(files, f"{pattern} matches no photos or videos")

    def describe_left_out(self) -> str:
        """How many files were left out, and why, in one line; empty if there are none."""
        if not self.left_out:
            return ""
        counts = Counter(self.left_out.values())
        reasons = (
            f"{count} {reason}{self._endings() if reason == OTHER else ''}"
            for reason, count in counts.most_common()
        )
        return f"{len(self.left_out)} left out: {', '.join(reasons)}"

    def _inputs(self, files: Iterator[Path], problem: str) -> Iterator[Path]:
        found = False
        for path in sorted(files):
            if reason := self._reason_against(path):
                self.left_out[path.absolute()] = reason
                continue
            found = True
            yield path
        if not found:
            left_out = f" ({text})" if (text := self.describe_left_out()) else ""
            raise DataError(f"{problem}{left_out}; pass files or another folder")

    def _reason_against(self, path: Path) -> str:
        try:
            if not path.is_file():
                return "broken link or special file"
        except OSError:
            return UNREADABLE
        if reason := self.skip_reason(path):
            return reason
        if path.suffix.lower() in RAW_SUFFIXES:
            return "raw photo (convert it first)"
        return "" if is_video(path) or is_photo(path) else OTHER

    def _below(self, path: Path) -> Iterator[Path]:
        return files_below(path, on_error=self._leave_out) if _is_folder(path) else iter((path,))

    def _matches(self, root: Path, parts: Sequence[str]) -> Iterator[Path]:
        """As ``glob``, which would follow a link that leads upwards again and again."""
        if "**" not in parts:
            found = glob.glob(os.path.join(glob.escape(str(root)), *parts))  # noqa: PTH118, PTH207
            yield from map(Path, sorted(found))
            return
        place = parts.index("**")
        rest = parts[place + 1 :] or ["*"]
        for start in self._matches(root, parts[:place]):
            for folder, _ in walk(start, self._leave_out) if _is_folder(start) else ():
                yield from self._matches(folder, rest)

    def _leave_out(self, error: OSError) -> None:
        self.left_out[Path(error.filename).absolute()] = UNREADABLE

    def _endings(self) -> str:
        others = [path for path, reason in self.left_out.items() if reason == OTHER]
        known = sorted({path.suffix.lower() or "no ending" for path in others})
        more = ["..."] if len(known) > MOST_SUFFIXES else []
        return f" ({', '.join(known[:MOST_SUFFIXES] + more)})"


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # as of a link into a folder that cannot be read
        return False
