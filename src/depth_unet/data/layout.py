"""The pairs layout: a folder with ``index.csv`` and images.

``index.csv`` has a header row with ``rgb,depth`` and optionally ``official_split``,
``room_group`` and ``fx_px,fy_px,cx_px,cy_px``; other columns are ignored. Paths are relative to
the folder. Depth is a 16-bit PNG in the unit of ``dataset.json`` (default: millimetres); 0 marks
a hole.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from depth_unet.errors import DataError
from depth_unet.files.atomic import replacing
from depth_unet.files.text import read_text

INDEX_NAME = "index.csv"
RECORDS_NAME = "records"  # folder of rendered sets, with a file for each finished room
ELSEWHERE = re.compile(r"/|[a-z]:|[a-z][a-z0-9+.-]*://", re.IGNORECASE)  # the root, a drive, a URL
CAMERA_COLUMNS = ("fx_px", "fy_px", "cx_px", "cy_px")
OnBad = Callable[[DataError], None]
"""Called with the error of a bad line; it may raise the error, or return to skip the line."""
Line = TypeVar("Line")


def refuse(error: DataError) -> None:
    """Raise the error: no line may be bad."""
    raise error


def check_path(name: str, where: str) -> str:
    """A listed path, with forward slashes; ``where`` begins the message.

    Raises:
        DataError: It is empty, absolute, or points outside its folder.
    """
    text = name.strip().replace("\\", "/")
    parts = _parts(text)
    if not parts or ELSEWHERE.match(text) or ".." in parts:
        raise DataError(f"{where} is {name!r}; write a path inside the data set")
    return text


def plain_name(name: str) -> str:
    """A relative path without empty parts: ``./a//b`` is ``a/b``."""
    return "/".join(_parts(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """One line of the index.

    Attributes:
        rgb: Path of the photo, relative to the folder, with forward slashes.
        depth: Path of the depth map, in the same form.
        official_split: ``train``, ``test`` or empty.
        room_group: Name of the room, or empty; frames of one room are never in two splits.
        camera_px: fx, fy, cx, cy in pixels of the photo; None: the data set's camera.
    """

    rgb: str
    depth: str
    official_split: str = ""
    room_group: str = ""
    camera_px: tuple[float, float, float, float] | None = None


def read_index(
    root: Path, on_bad: OnBad = refuse, check: Callable[[PairRow, str], None] | None = None
) -> list[PairRow]:
    """Read ``index.csv`` of the folder ``root``.

    Args:
        root: The folder.
        on_bad: Called with the error of every bad line.
        check: Called with every row, and its file and line; raises an error if the row is bad.

    Raises:
        DataError: The index is missing, is not a UTF-8 CSV file, lacks a column, or has a bad line
            or a photo twice.
    """
    path = root / INDEX_NAME

    def parse(line: dict[Any, Any], where: str) -> PairRow:
        row = _parse_row(line, where)
        if check is not None:
            check(row, where)
        return row

    try:
        text = read_text(path)
        rows = collect_rows(_lines(text, path), parse, on_bad)
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            f"{path} is missing; name a folder in the pairs layout or one made by "
            "`depth-unet prepare`"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a UTF-8 CSV file ({error}); save it as one") from None
    if not rows:
        raise DataError(f"{path} lists no pairs; it needs at least one line under the header")
    return rows


def collect_rows(
    lines: Iterable[tuple[str, Line]], parse: Callable[[Line, str], PairRow], on_bad: OnBad
) -> list[PairRow]:
    """Parse lines into rows; no photo may be listed twice.

    Args:
        lines: Every line with its file and number, for messages.
        parse: Makes a row of a line and its place, or raises a ``DataError``.
        on_bad: Called with the error of every bad line.

    Raises:
        DataError: All lines are bad: the first one's.
    """
    rows, places, bad = list[PairRow](), dict[str, str](), list[DataError]()
    for where, line in lines:
        try:
            row = parse(line, where)
            first = places.setdefault(plain_name(row.rgb), where)
            if first != where:
                raise DataError(f"{where}: {row.rgb!r} is also in {first}; list every photo once")
        except DataError as error:
            bad.append(error)
            on_bad(error)
        else:
            rows.append(row)
    if bad and not rows:
        raise bad[0]
    return rows


def write_index(root: Path, rows: Iterable[PairRow]) -> None:
    """Write ``index.csv`` into the folder ``root``."""
    with (
        replacing(root / INDEX_NAME) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("rgb", "depth", "official_split", "room_group", *CAMERA_COLUMNS))
        for row in rows:
            camera = row.camera_px or ("", "", "", "")
            writer.writerow((row.rgb, row.depth, row.official_split, row.room_group, *camera))


def _lines(text: str, path: Path) -> Iterator[tuple[str, dict[Any, Any]]]:
    if "\0" in text:
        raise DataError(f"{path} is not a UTF-8 CSV file (it holds NUL bytes); save it as one")
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    missing = {"rgb", "depth"} - set(reader.fieldnames or ())
    if missing:
        raise DataError(
            f"{path} has columns {', '.join(reader.fieldnames or ()) or '(none)'}; "
            f"add {' and '.join(sorted(missing))}"
        )
    for line in reader:
        yield f"{path}, line {reader.line_num}", line


def _parse_row(line: dict[Any, Any], where: str) -> PairRow:
    line.pop(None, None)  # cells beyond the header
    values = {key: (value or "").strip() for key, value in line.items()}
    rgb, depth = (check_path(values[column], f"{where}: {column}") for column in ("rgb", "depth"))
    split = values.get("official_split", "").lower()
    if split not in ("train", "test", ""):
        raise DataError(
            f"{where}: official_split is {values['official_split']!r}; "
            "write train or test, or leave it empty"
        )
    return PairRow(
        rgb=rgb,
        depth=depth,
        official_split=split,
        room_group=values.get("room_group", ""),
        camera_px=_parse_camera(values, where),
    )


def _parse_camera(values: dict[str, str], where: str) -> tuple[float, float, float, float] | None:
    texts = [values.get(column, "") for column in CAMERA_COLUMNS]
    if not any(texts):
        return None
    try:
        fx_px, fy_px, cx_px, cy_px = (float(text) for text in texts)
    except ValueError:
        fx_px = fy_px = cx_px = cy_px = math.nan
    if not (0 < fx_px < math.inf and 0 < fy_px < math.inf and math.isfinite(cx_px + cy_px)):
        raise DataError(
            f"{where}: {', '.join(CAMERA_COLUMNS)} are {', '.join(texts)}; "
            "give four numbers with positive focal lengths, or leave all four empty"
        )
    return fx_px, fy_px, cx_px, cy_px


def _parts(name: str) -> list[str]:
    """As ``PurePosixPath.parts`` of a relative path, four times as fast: indices are long."""
    return [part for part in name.split("/") if part not in ("", ".")]
