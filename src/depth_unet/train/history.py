"""The figures of a run, step by step: written to ``metrics.csv``, and read back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from depth_unet.files.atomic import naming, write_text

METRICS_NAME = "metrics.csv"
HEADER = "step,name,value\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One figure over a run.

    Attributes:
        steps: Optimiser steps taken when it was recorded, rising.
        values: The figure at each of them.
    """

    steps: tuple[int, ...]
    values: tuple[float, ...]


class MetricsFile:
    """Appends figures to ``metrics.csv``, one line each: step, name and value at full precision.

    A line counts once its line break is written, so a killed run loses one line at most.

    Args:
        run: The run folder.
        start_step: Steps already taken. Later lines are removed: the steps are taken again.
    """

    def __init__(self, run: Path, start_step: int) -> None:
        self.path = run / METRICS_NAME
        kept = [row for row in _rows(self.path) if row[0] <= start_step]
        write_text(self.path, HEADER + _lines(kept))

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Add the figures of one step."""
        lines = _lines((step, name, float(value)) for name, value in values.items())
        with naming(self.path), self.path.open("a", encoding="utf-8") as stream:
            stream.write(lines)


def read_history(run: Path) -> dict[str, Curve]:
    """Every figure that a run recorded, by names such as ``loss/mae`` and ``unseen/abs_rel``.

    A folder without ``metrics.csv`` has none; damaged lines are left out.
    """
    points: dict[str, list[tuple[int, float]]] = {}
    for step, name, value in _rows(run / METRICS_NAME):
        points.setdefault(name, []).append((step, value))
    curves = {}
    for name, pairs in points.items():
        steps, values = zip(*pairs, strict=True)
        curves[name] = Curve(steps=steps, values=values)
    return curves


def _rows(path: Path) -> Iterator[tuple[int, str, float]]:
    if not path.is_file():
        return
    whole = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")[0]
    for line in whole.split("\n"):
        try:
            step, name, value = line.split(",")
            yield int(step), name, float(value)
        except ValueError:  # the header, or a damaged line
            continue


def _lines(rows: Iterable[tuple[int, str, float]]) -> str:
    return "".join(f"{step},{name},{value!r}\n" for step, name, value in rows)
