"""``compare``: the same frames for all, files, refusals."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from depth_unet.model.checkpoint import read, save
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from tests.integration.commandline import (
    FEW_STEPS,
    Outcome,
    assert_refused,
    bytes_below,
    depth_unet,
    evaluate,
    files_below,
    no_pictures,
    results_in,
)


def compare(out: Path, data: Path, *runs: object, options: tuple[object, ...] = ()) -> Outcome:
    """Compare runs."""
    return depth_unet("compare", *runs, "--data", data, "--out", out, *options)


def comparison_in(folder: Path) -> dict[str, Any]:
    """What ``comparison.json`` holds."""
    text = (folder / "comparison.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def other_run(cache: Path, run_folder: Path) -> Path:
    """A run of other loss weights and batches on the same split, in a folder of the same name."""
    out = run_folder.parent / "other" / run_folder.name
    options = ("--holdout", 0.2, "--loss.silog", 0.5)
    assert (
        depth_unet("train", "seed", "--data", cache, "--out", out, *FEW_STEPS, *options).code == 0
    )
    return out


@pytest.fixture(scope="module")
def knows_all(cache: Path, run_folder: Path) -> Path:
    """A run that was trained on every room."""
    out = run_folder.parent / "knows_all"
    options = ("--holdout", "none")
    with no_pictures():
        code = depth_unet("train", "seed", "--data", cache, "--out", out, *FEW_STEPS, *options).code
    assert code == 0
    return out


@pytest.fixture(scope="module")
def compared(run_folder: Path, other_run: Path, cache: Path) -> tuple[Outcome, Path]:
    """Two runs and the first again, on two parts."""
    out = run_folder.parent / "comparison"
    options = ("--split", "unseen", "seen")
    return compare(out, cache, run_folder, other_run, run_folder, options=options), out


def test_compare_writes_and_says_where(compared: tuple[Outcome, Path]) -> None:
    """Page, JSON, curves and pictures are written; the page's path is printed last."""
    outcome, out = compared
    assert (outcome.code, outcome.complaints, outcome.warnings) == (0, [], [])
    assert outcome.out.splitlines()[-1] == f"report: {out / 'comparison.html'}"
    assert "protocol full" in outcome.out.splitlines()[0]
    pictures = {"unseen_side_by_side.png", "seen_side_by_side.png", "loss.png", "validation.png"}
    assert files_below(out) == pictures | {
        *("comparison.html", "comparison.json", "loss.svg", "validation.svg")
    }
    for name in pictures:
        with Image.open(out / name) as picture:
            picture.load()
            assert min(picture.size) > 200
    text = (out / "comparison.html").read_text(encoding="utf-8")
    assert text.count("<img ") == 4
    assert "loss.silog" in text


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_compare_scores_as_evaluate_does(
    compared: tuple[Outcome, Path], run_folder: Path, other_run: Path, cache: Path, tmp_path: Path
) -> None:
    """Scores equal those of ``evaluate``, and differences are between these."""
    found = comparison_in(compared[1])
    names = list(found["runs"])
    assert names[0].endswith("/run")
    assert names[1] == "other/run"
    assert found["engine"].startswith("torch ")
    assert found["engine"] in found["description"]
    assert names[2] == f"{names[0]} (2)"
    for number, folder in enumerate((run_folder, other_run)):
        options = ("--split", "unseen", "seen")
        assert evaluate(folder, cache, tmp_path / str(number), *options).code == 0
    first, second = (results_in(tmp_path / str(number))["splits"] for number in (0, 1))
    for split, size in (("unseen", 12), ("seen", 10)):
        part = found["splits"][split]
        assert (part["num_images"], part["candidates"], part["left_out"]) == (size, size, {})
        assert part["scores"][names[0]] == first[split]
        assert part["scores"][names[1]] == second[split]
        for metric, value in part["differences"][names[1]].items():
            mean = second[split][metric]["mean"] - first[split][metric]["mean"]
            assert value["mean"] == pytest.approx(mean, abs=1e-12)
            assert value["low"] <= value["mean"] <= value["high"]
    assert found["settings"]["loss.silog"] == dict(zip(names, (0.0, 0.5, 0.0), strict=True))


def test_run_compared_with_itself(compared: tuple[Outcome, Path]) -> None:
    """Every difference is exactly 0, and no photo is called the most different."""
    found = comparison_in(compared[1])
    again = list(found["runs"])[2]
    for part in found["splits"].values():
        for value in part["differences"][again].values():
            assert value == {"mean": 0, "low": 0, "high": 0, "verdict": "no difference"}
    text = (compared[1] / "comparison.html").read_text(encoding="utf-8")
    assert f"show no difference between “{again}” and “{next(iter(found['runs']))}”" in text


def test_compare_reads_the_curves(compared: tuple[Outcome, Path], run_folder: Path) -> None:
    """Curves come from metrics.csv: the last validation is that of the last checkpoint."""
    found = comparison_in(compared[1])
    last = read(run_folder / LAST_NAME)
    name, other, _ = found["runs"]
    for tag, value in last.metrics.items():
        curve = found["curves"][name][tag]
        assert curve["steps"][-1] == last.step
        assert curve["images_seen"][-1] == 4 * last.step
        assert curve["values"][-1] == pytest.approx(value, rel=1e-6)
    assert "loss/silog" in found["curves"][other]
    assert "loss/silog" not in found["curves"][name]


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_frames_that_one_run_knows_are_left_out(
    run_folder: Path, knows_all: Path, cache: Path, tmp_path: Path
) -> None:
    """Without a frame that is new to both runs, compare refuses; test frames are new."""
    refused = compare(tmp_path / "out", cache, run_folder, knows_all)
    words = (
        "split unseen",
        "knows_all was trained on 12 of 12, or on other frames of their rooms",
        "--split",
    )
    assert_refused(refused, *words)
    assert not (tmp_path / "out").exists()
    last = run_folder / LAST_NAME
    outcome = compare(
        tmp_path / "out", cache, last, knows_all, options=("--split", "all", "--flip")
    )
    assert outcome.code == 0
    found = comparison_in(tmp_path / "out")
    part = found["splits"]["all"]
    assert part["num_images"] == 4  # the test frames
    assert part["left_out"] == {"run/last": 60, "knows_all": 72}
    assert found["flip"] is True
    verdicts = {value["verdict"] for value in part["differences"]["knows_all"].values()}
    assert verdicts == {"no difference"}  # of four photos


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_a_run_on_several_data_sets_knows_its_frames(
    run_folder: Path, knows_all: Path, cache: Path, tmp_path: Path
) -> None:
    """Frames that a run was trained on as part of a mixture are ruled out."""
    checkpoint = read(knows_all / BEST_NAME)
    for split, names in checkpoint.splits.items():
        checkpoint.splits[split] = [f"elsewhere/{name}" for name in names]
    (tmp_path / "mixed").mkdir()
    save(tmp_path / "mixed" / BEST_NAME, checkpoint)
    refused = compare(tmp_path / "out", cache, run_folder, tmp_path / "mixed")
    assert_refused(refused, "mixed was trained on 12 of 12, or on other frames of their rooms")


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_checkpoint_without_metrics_has_no_curves(
    run_folder: Path, cache: Path, tmp_path: Path
) -> None:
    """A checkpoint without its run folder is compared without curves; a line states this."""
    copy = tmp_path / "copied" / BEST_NAME
    copy.parent.mkdir()
    shutil.copyfile(run_folder / BEST_NAME, copy)
    outcome = compare(tmp_path / "out", cache, copy, copy)
    assert outcome.code == 0
    assert "No curves for “copied”, “copied (2)”" in outcome.out
    assert not list((tmp_path / "out").glob("*.svg"))


def test_compare_needs_two_runs_that_exist(run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """No run, a single run or a missing run: one line, and nothing is written."""
    out = tmp_path / "out"
    assert_refused(compare(out, cache), "no run was named", "at least two")
    assert_refused(compare(out, cache, run_folder), f"({run_folder})", "at least two")
    assert_refused(compare(out, cache, run_folder, tmp_path / "no"), "no does not exist", "name")
    assert not out.exists()


@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_compare_does_not_replace_a_comparison(
    compared: tuple[Outcome, Path], run_folder: Path, cache: Path, tmp_path: Path
) -> None:
    """An existing comparison is kept; with --overwrite it is replaced."""
    out = tmp_path / "out"
    shutil.copytree(compared[1], out)
    before = bytes_below(out)
    refused = compare(out, cache, run_folder, run_folder)
    assert_refused(refused, "comparison.json already exists", "--overwrite")
    assert bytes_below(out) == before
    assert compare(out, cache, run_folder, run_folder, options=("--overwrite",)).code == 0
    assert list(comparison_in(out)["splits"]) == ["unseen"]
