"""Evaluations are read back, those of earlier versions too."""

import csv
import json
from pathlib import Path

import pytest

from depth_unet.errors import DataError
from depth_unet.metrics.depth import METRIC_NAMES
from depth_unet.metrics.edges import EDGE_NAMES
from depth_unet.report.leaderboard.boards import make_boards
from depth_unet.report.leaderboard.read import read_evaluation
from depth_unet.report.leaderboard.render import markdown, page
from tests.report.scores import scored

BEFORE_EDGES = METRIC_NAMES[: -len(EDGE_NAMES)]
RULES = "protocol full: ground truth as it is; average per image, then over images; alignment none"


def write(folder: Path, factor: float, metrics: tuple[str, ...] = METRIC_NAMES) -> Path:
    """An evaluation that holds these metrics."""
    folder.mkdir()
    network = scored(factor)

    def summary(factor: float) -> dict[str, dict[str, float]]:
        found = scored(factor).summary()
        # Another version, or another machine, rounds otherwise.
        off = 1 + 1e-15 * len(metrics)
        return {name: {end: off * x for end, x in found[name].items()} for name in metrics}

    values = {
        "name": folder.name,
        "flip": False,
        "description": f"{folder.name}; {RULES}",
        "dataset": "rooms",
        "num_images": {"test": network.num_images},
        "splits": {"test": summary(factor)},
        "guesses": {"test": {"constant depth": summary(1.6)}},
    }
    (folder / "metrics.json").write_text(json.dumps(values), encoding="utf-8")
    with (folder / "per_image.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("split", "image", *metrics))
        for image, found in network.per_image():
            writer.writerow(("test", image, *(found[name] for name in metrics)))
    return folder


def test_evaluations_from_before_edges(tmp_path: Path) -> None:
    """They share a table with new ones; what they did not measure is –, last, and never bold."""
    old, new = write(tmp_path / "old", 1.05, BEFORE_EDGES), write(tmp_path / "new", 1.3)
    parts = [*read_evaluation(old), *read_evaluation(new)]
    assert list(parts[0].scores) == list(BEFORE_EDGES)
    assert set(parts[0].images["0.png"]) == set(BEFORE_EDGES)
    assert list(parts[1].scores) == list(METRIC_NAMES)
    (board,) = make_boards(parts)
    assert [row.name for row in board.rows] == ["old", "new", "constant depth"]
    first, second, guess = (
        line.strip("| ").split(" | ") for line in markdown([board]).splitlines()[-3:]
    )
    edge_f1 = scored(1.3).summary()["edge_f1"]["mean"]
    assert first[-2:] == ["–", "–"]
    assert second[-3] == f"**{edge_f1:.3f}**"
    assert guess[-2] != "–"
    assert "<td>–<small>" in page([board])
    (by_edges,) = make_boards(parts, "edge_f1")
    assert [row.name for row in by_edges.rows][-1] == "old"
    assert all(row.behind is None for row in by_edges.rows)


def test_only_later_metrics_may_be_missing(tmp_path: Path) -> None:
    """An evaluation without a metric that every version measured is damaged."""
    folder = write(tmp_path / "damaged", 1.1, BEFORE_EDGES[1:])
    with pytest.raises(DataError, match=r"per_image\.csv.*damaged"):
        read_evaluation(folder)
