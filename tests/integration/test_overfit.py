"""It learns: a few pairs are learnt by heart."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from examples.box_rooms import write_box_rooms
from tests.integration.commandline import TINY_MODEL, UNCHANGED, Outcome, depth_unet

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")

# Every photo as it is, all of them in every step, averages that keep up.
BY_HEART = (
    *("--fraction", 1, "--holdout", "none", "--micro-batch-size", 0),
    *("--optim.weight-decay", 0, "--optim.ema", 0.9, *UNCHANGED),
)


def scores_of(run: Path, data: Path, out: Path) -> dict[str, Any]:
    """Means over all frames, of the network and of one depth for every pixel."""
    code = depth_unet("evaluate", run, "--data", data, "--out", out, "--split", "all").code
    assert code == 0
    results = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    network, guess = results["splits"]["all"], results["guesses"]["all"]["constant depth"]
    return {
        "network": {name: interval["mean"] for name, interval in network.items()},
        "guess": {name: interval["mean"] for name, interval in guess.items()},
    }


def losses_of(outcome: Outcome) -> list[float]:
    """The total loss at every report."""
    return [float(value) for value in re.findall(r"^step \d+ .* total (\S+)", outcome.err, re.M)]


def test_tiny_network_learns_four_pairs(tmp_path: Path) -> None:
    """In 120 steps the loss falls to a sixth, and AbsRel to a fifth of the best constant's."""
    data, run = tmp_path / "data", tmp_path / "run"
    write_box_rooms(data, rooms=2, frames=2, size=(64, 48))
    outcome = depth_unet(
        *("train", "seed", "--data", data, "--out", run, *BY_HEART, *TINY_MODEL),
        *("--steps", 120, "--batch-size", 4, "--log-every", 1, "--validate-every", 120),
        *("--optim.lr", 3e-3),
    )
    assert outcome.code == 0
    losses = losses_of(outcome)
    assert len(losses) == 120
    assert losses[-1] < losses[0] / 6
    scores = scores_of(run, data, tmp_path / "evaluation")
    assert scores["network"]["abs_rel"] < scores["guess"]["abs_rel"] / 5
    assert scores["network"]["delta1"] > 0.95


@pytest.mark.slow
@pytest.mark.nyu
def test_network_learns_eight_real_pairs(nyu_root: Path, tmp_path: Path) -> None:
    """The seed recipe's network learns eight NYU pairs by heart: delta1 above .99."""
    data, cache, run = tmp_path / "data", tmp_path / "cache", tmp_path / "run"
    with (nyu_root / "index.csv").open(encoding="utf-8", newline="") as stream:
        lines = [line for line in csv.DictReader(stream) if line["official_split"] == "train"]
    lines = lines[:: len(lines) // 8][:8]
    for name in [line[kind] for line in lines for kind in ("rgb", "depth")] + ["dataset.json"]:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(nyu_root / name, data / name)
    with (data / "index.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    # With its border, so that the frames that are scored are those that were trained on.
    facts = json.loads((data / "dataset.json").read_text(encoding="utf-8")) | {"border_px": 0}
    (data / "dataset.json").write_text(json.dumps(facts), encoding="utf-8")
    assert depth_unet("prepare", data, cache, "--size", "128x96").code == 0
    outcome = depth_unet(
        *("train", "seed", "--data", cache, "--out", run, *BY_HEART),
        *("--steps", 700, "--batch-size", 8, "--validate-every", 700, "--optim.lr", 1e-3),
    )
    assert outcome.code == 0
    scores = scores_of(run, cache, tmp_path / "evaluation")
    assert scores["guess"]["delta1"] < 0.5
    assert scores["network"]["delta1"] > 0.99
