"""Find the depth file of each frame in a folder, by name or by number."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from depth_unet.errors import DataError
from depth_unet.files.walk import files_below
from depth_unet.outputs.statement import read_own

PREFERRED = (".npy", ".npz", ".exr", ".pfm", ".tif", ".tiff", ".png")
"""Of several files of one frame the first is used: floats before whole millimetres."""
DEPTH_SUFFIX = "_depth"
NUMBERED = re.compile(r"\D*(\d+)\D*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The depth files of a data set."""

    files: Mapping[str, Path]
    """The depth file of every frame, by the photo's path within the data set."""
    extra: tuple[Path, ...] = ()
    """Depth files that belong to no frame of the data set."""


def list_files(folder: Path) -> dict[str, Path]:
    """Depth files in a folder and below, by path without the ending and without ``_depth``.

    Hidden files and the pictures that ``predict`` writes are skipped. Of several files with the
    same path, the one that comes first in ``PREFERRED`` is used.

    Raises:
        DataError: The folder does not exist, or it holds no depth file.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; name the one that holds a depth file per photo")
    found: dict[str, Path] = {}
    paths = [path for path in files_below(folder) if path.suffix.lower() in PREFERRED]
    for path in sorted(paths, key=lambda path: (PREFERRED.index(path.suffix.lower()), path)):
        if not _is_picture(path):
            key = path.relative_to(folder).with_suffix("").as_posix().removesuffix(DEPTH_SUFFIX)
            found.setdefault(key, path)
    if not found:
        raise DataError(
            f"{folder} holds no depth file; expected one of {', '.join(PREFERRED)} per photo"
        )
    return dict(sorted(found.items()))


def match_names(files: Mapping[str, Path], wanted: Sequence[str], known: Sequence[str]) -> Matched:
    """Match files to frames by name.

    A file belongs to a frame if its path equals the photo's path or the end of it, with or without
    the photo's ending: ``scene/0001`` and ``0001`` both match ``test/scene/0001.jpg``. The longest
    match is used, and a name that matches several of the wanted frames matches none.

    Args:
        files: As ``list_files`` returns them.
        wanted: Photos to find depth for, by path within the data set.
        known: All photos of the data set; files of photos that are not wanted are not ``extra``.

    Raises:
        DataError: A frame has no file, or only one whose name matches several frames.
    """
    ends: dict[str, set[str]] = defaultdict(set)
    for name in wanted:
        for end in _ends(name):
            ends[end].add(name)
    taken: dict[str, Path] = {}
    ambiguous: dict[str, str] = {}
    for name in wanted:
        matching = [end for end in _ends(name) if end in files]
        key = next((end for end in matching if len(ends[end]) == 1), None)
        if key is not None:
            taken[name] = files[key]
        elif matching:
            ambiguous[name] = matching[0]
    _require_all(taken, ambiguous, wanted, next(iter(files.values())))
    of_known = {end for name in known for end in _ends(name)}
    extra = tuple(path for key, path in files.items() if key not in of_known)
    return Matched(files=taken, extra=extra)


def match_order(files: Mapping[str, Path], wanted: Sequence[str]) -> Matched:
    """Match files to frames by order: numbers without a gap, from 0 or 1.

    Args:
        files: As ``list_files`` returns them; each name holds one number (``0``, ``00017_pred``).
        wanted: Photos in the order of the split.

    Raises:
        DataError: A name holds no number or several, a number is missing or repeated, or there are
            more or fewer files than frames.
    """
    numbered: dict[int, Path] = {}
    for key, path in files.items():
        found = NUMBERED.fullmatch(PurePosixPath(key).name)
        if found is None:
            raise DataError(
                f"the name of {path} does not contain exactly one number; rename or move the file"
            )
        other = numbered.setdefault(int(found[1]), path)
        if other != path:
            raise DataError(f"{path} and {other} have the same number; remove one of them")
    if len(numbered) != len(wanted):
        raise DataError(
            f"there are {len(numbered)} numbered depth files for {len(wanted)} frames; --by order "
            "needs one file per frame"
        )
    numbers = sorted(numbered)
    first, last = numbers[0], numbers[-1]
    if first not in (0, 1) or last - first != len(numbers) - 1:
        gap = next((n for n in range(first, last) if n not in numbered), None)
        missing = f"number {gap} is missing" if gap is not None else f"the first is {first}"
        raise DataError(f"depth files must be numbered from 0 or 1 without a gap, but {missing}")
    ordered = (numbered[number] for number in numbers)
    return Matched(files=dict(zip(wanted, ordered, strict=True)))


def _require_all(
    taken: Mapping[str, Path], ambiguous: Mapping[str, str], wanted: Sequence[str], example: Path
) -> None:
    if ambiguous:
        name, end = next(iter(ambiguous.items()))
        raise DataError(
            f"the depth file {end} matches {name} and other frames; store the files in the folders "
            "of the data set"
        )
    missing = [name for name in wanted if name not in taken]
    if missing:
        stem = PurePosixPath(missing[0]).with_suffix("")
        raise DataError(
            f"{len(missing)} of {len(wanted)} frames have no depth file, such as {missing[0]}; "
            f"write {stem}{example.suffix} or {stem.name}{example.suffix} for it, choose another "
            "--split, or match numbered files with --by order"
        )


def _is_picture(path: Path) -> bool:
    """Whether a file is a picture that ``predict`` drew; PNG files hold depth in millimetres."""
    return path.suffix.lower() == ".png" and read_own(path).get("unit") == "metres"


def _ends(name: str) -> list[str]:
    """Names that match a photo, longest first: with its ending and without."""
    parts = PurePosixPath(name).parts
    tails = [PurePosixPath(*parts[start:]) for start in range(len(parts))]
    return [end for tail in tails for end in (str(tail), str(tail.with_suffix("")))]
