"""``evaluate``: figures, pictures, table, splits and protocols."""

import csv
import itertools
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from depth_unet.config.choices import SplitChoice
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from tests.integration.commandline import (
    Outcome,
    bytes_below,
    depth_unet,
    evaluate,
    files_below,
    results_in,
)
from tests.report.page import Page

METRICS = (
    *("abs_rel", "sq_rel", "rmse", "rmse_log", "log10", "silog"),
    *("delta1", "delta2", "delta3"),
    *("edge_precision_0.25", "edge_precision_0.5", "edge_precision_1"),
    *("edge_recall_0.25", "edge_recall_0.5", "edge_recall_1"),
    *("edge_f1_0.25", "edge_f1_0.5", "edge_f1_1", "edge_f1", "boundary_f1"),
)


@pytest.fixture(scope="module")
def evaluated(run_folder: Path, cache: Path) -> tuple[Outcome, Path]:
    """The default evaluation, with its pictures."""
    out = run_folder.parent / "evaluation"
    return evaluate(run_folder, cache, out), out


def test_evaluate_figures(evaluated: tuple[Outcome, Path]) -> None:
    """metrics.json holds the protocol and every metric's mean within its interval."""
    outcome, out = evaluated
    assert (outcome.code, outcome.complaints, outcome.warnings) == (0, [], [])
    results = results_in(out)
    assert results["protocol"] == "full"  # some frames are not native 640x480
    assert results["num_images"] == {"seen": 10, "unseen": 12, "test": 4}
    assert list(results["splits"]) == ["seen", "unseen", "test"]
    guesses = [scores for split in results["guesses"].values() for scores in split.values()]
    assert len(guesses) == 6
    for scores in (*results["splits"].values(), *guesses):
        assert tuple(scores) == METRICS
        for interval in scores.values():
            assert set(interval) == {"mean", "low", "high"}
            assert 0 <= interval["low"] <= interval["mean"] <= interval["high"]
        assert 0 < scores["delta1"]["mean"] <= scores["delta2"]["mean"] <= 1


def test_evaluate_per_image(evaluated: tuple[Outcome, Path], run_folder: Path) -> None:
    """per_image.csv has a line for every frame, and its means are those of metrics.json."""
    results = results_in(evaluated[1])
    with (evaluated[1] / "per_image.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        lines = list(reader)
        assert tuple(reader.fieldnames or ()) == ("split", "image", *METRICS)
    splits = read(run_folder / BEST_NAME).splits
    for split, scores in results["splits"].items():
        ours = [line for line in lines if line["split"] == split]
        assert sorted(line["image"] for line in ours) == sorted(splits[split])
        for name in METRICS:
            mean = sum(float(line[name]) for line in ours) / len(ours)
            assert mean == pytest.approx(scores[name]["mean"], rel=1e-4)


def test_evaluate_pictures(evaluated: tuple[Outcome, Path]) -> None:
    """A panel and three pairs of surfaces for every split, all of them readable."""
    pictures = {path.name for path in evaluated[1].glob("*.png")}
    kinds = ("panel", "best_3d", "median_3d", "worst_3d")
    splits = ("seen", "unseen", "test")
    assert pictures == {f"{split}_{kind}.png" for split, kind in itertools.product(splits, kinds)}
    for name in pictures:
        with Image.open(evaluated[1] / name) as picture:
            picture.load()
            assert min(picture.size) > 100
            assert np.asarray(picture.convert("L")).std() > 5  # something is drawn
    assert files_below(evaluated[1]) == pictures | {
        *("report.html", "metrics.json", "per_image.csv")
    }


def test_evaluate_report(evaluated: tuple[Outcome, Path]) -> None:
    """The page names the training data and holds every picture; its path is printed last."""
    outcome, out = evaluated
    assert outcome.out.splitlines()[-1] == f"report: {out / 'report.html'}"
    text = (out / "report.html").read_text(encoding="utf-8")
    assert text.count("<img ") == text.count("data:image/webp;base64,") == 12
    words = Page(text).text
    assert "50 photos of 10 rooms of the data set “box rooms”: 4 steps of 4 photos" in words
    assert "are synthetic" in words
    for scores in results_in(out)["splits"].values():
        assert f"{100 * scores['abs_rel']['mean']:.1f}\N{NO-BREAK SPACE}%" in text


def test_evaluate_table(evaluated: tuple[Outcome, Path]) -> None:
    """The table names the protocol, and shows each split beside both guesses, to 3 decimals."""
    outcome, out = evaluated
    assert "protocol full" in outcome.out.splitlines()[0]
    results = results_in(out)
    rows = [line.replace("│", " ").split() for line in outcome.out.splitlines() if "│" in line]
    assert len(rows) == 9
    for row, split in zip(rows[::3], ("seen", "unseen", "test"), strict=True):
        assert row[0] == split
        interval = results["splits"][split]["abs_rel"]
        place = row.index("network") + 1
        assert row[place : place + 3] == [
            f"{interval['mean']:.3f}",
            f"[{interval['low']:.3f},",
            f"{interval['high']:.3f}]",
        ]
    for start_, words in ((1, "constant depth"), (2, "mean depth per pixel")):
        assert all(" ".join(row).startswith(words) for row in rows[start_::3])


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_evaluate_does_not_replace_results(
    evaluated: tuple[Outcome, Path],
    run_folder: Path,
    cache: Path,
    tmp_path: Path,
) -> None:
    """Results that are there are kept; with --overwrite they are replaced."""
    out = tmp_path / "evaluation"
    shutil.copytree(evaluated[1], out)
    before = bytes_below(out)
    refused = evaluate(run_folder, cache, out, "--split", "seen")
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert bytes_below(out) == before
    assert evaluate(run_folder, cache, out, "--split", "seen", "--overwrite").code == 0
    assert list(results_in(out)["splits"]) == ["seen"]


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_evaluate_writes_beside_the_checkpoint(
    run_folder: Path, cache: Path, tmp_path: Path
) -> None:
    """Without --out the results lie in RUN/evaluation; a file's, in the file's folder."""
    run = tmp_path / "run"
    shutil.copytree(run_folder, run)
    for name in (run, run / LAST_NAME):
        assert depth_unet("evaluate", name, "--data", cache, "--split", "seen").code == 0
        used = BEST_NAME if name == run else LAST_NAME
        assert results_in(run / "evaluation")["checkpoint"] == str(run / used)
        shutil.rmtree(run / "evaluation")


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_evaluate_splits(run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """Every split can be asked for by name; ``all`` is every row of the data set."""
    sizes = {"train": 50, "seen": 10, "unseen": 12, "test": 4, "all": 76}
    assert set(sizes) == set(SplitChoice.__args__)
    assert evaluate(run_folder, cache, tmp_path, "--split", *sizes).code == 0
    results = results_in(tmp_path)
    assert results["num_images"] == sizes
    assert list(results["splits"]) == list(sizes)
    with (tmp_path / "per_image.csv").open(encoding="utf-8", newline="") as stream:
        named: dict[str, set[str]] = {}
        for line in csv.DictReader(stream):
            named.setdefault(line["split"], set()).add(line["image"])
    parts = [named[name] for name in ("train", "seen", "unseen", "test")]
    assert set.union(*parts) == named["all"]
    assert not any(one & other for one, other in itertools.combinations(parts, 2))


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_evaluate_on_the_files(
    run_folder: Path, box_rooms: Path, cache: Path, tmp_path: Path
) -> None:
    """Test frames score the same from the folder of files and from its cache."""
    for name, data in (("files", box_rooms), ("cache", cache)):
        assert evaluate(run_folder, data, tmp_path / name, "--split", "test").code == 0
    ours, theirs = (results_in(tmp_path / name) for name in ("files", "cache"))
    assert ours["splits"] == theirs["splits"]


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_default_protocol(run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """Native frames of NYU's camera are scored by nyu-eigen, anything else by full."""
    nyu = tmp_path / "nyu"
    shutil.copytree(cache, nyu)
    info = json.loads((nyu / "dataset.json").read_text(encoding="utf-8"))
    info["intrinsics"] |= {"fx_px": 518.857901, "fy_px": 519.469611}
    (nyu / "dataset.json").write_text(json.dumps(info), encoding="utf-8")
    for data, split, name in (
        (nyu, "test", "nyu-eigen"),
        (nyu, "seen", "full"),
        (cache, "test", "full"),
    ):
        out = tmp_path / f"{data.name}_{split}"
        outcome = evaluate(run_folder, data, out, "--split", split)
        assert results_in(out)["protocol"] == name
        assert f"protocol {name}" in outcome.out


@pytest.mark.usefixtures("unchecked", "without_pictures")
@pytest.mark.parametrize("protocol", ["nyu-eigen", "densedepth"])
def test_protocol_needs_native_frames(
    run_folder: Path, cache: Path, tmp_path: Path, protocol: str
) -> None:
    """A protocol of 640x480 refuses other ground truth, and nothing is written."""
    out = tmp_path / "evaluation"
    refused = evaluate(run_folder, cache, out, "--split", "seen", "--protocol", protocol)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert "640x480" in refused.complaints[0]
    assert not out.exists()


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_densedepth(run_folder: Path, box_rooms: Path, tmp_path: Path) -> None:
    """Protocol densedepth refuses holes; on filled depth it averages with the mirror image."""
    filled = tmp_path / "filled"
    shutil.copytree(box_rooms, filled)
    options = ("--split", "test", "--protocol", "densedepth")
    refused = evaluate(run_folder, filled, tmp_path / "evaluation", *options)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    for path in filled.glob("test/*/*_depth.png"):
        depth_mm = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        depth_mm[depth_mm == 0] = 1500
        cv2.imwrite(str(path), depth_mm)
    assert evaluate(run_folder, filled, tmp_path / "evaluation", *options).code == 0
    results = results_in(tmp_path / "evaluation")
    assert (results["protocol"], results["flip"]) == ("densedepth", True)
    assert "flip averaging on" in results["description"]
    assert results["engine"].startswith("torch ")
    assert results["engine"] in results["description"]


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_flip_and_alignment(run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """Flip and alignment change the scores and are stated; aligned errors are not larger."""
    figures = {}
    for name, options in {
        "plain": (),
        "flip": ("--flip",),
        "fitted": ("--align", "scale_shift"),
        "logs": ("--align", "log_scale_shift"),
    }.items():
        outcome = evaluate(run_folder, cache, tmp_path / name, "--split", "test", *options)
        results = results_in(tmp_path / name)
        figures[name] = {
            metric: interval["mean"] for metric, interval in results["splits"]["test"].items()
        }
        assert results["flip"] is (name == "flip")
        assert results["alignment"] == (options[1] if "--align" in options else "none")
        assert f"flip averaging {'on' if name == 'flip' else 'off'}" in outcome.out
    assert figures["flip"]["rmse"] != figures["plain"]["rmse"]
    assert figures["fitted"]["rmse"] < figures["plain"]["rmse"]
    assert figures["logs"]["rmse_log"] < figures["plain"]["rmse_log"]
