"""``prepare`` and ``train``: what they write, refuse and say."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from depth_unet.config.values import from_dict
from depth_unet.data.blocks import Content
from depth_unet.data.source import PairsSource
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.recipes import RECIPES
from depth_unet.train.folder import CONFIG_NAME
from depth_unet.train.history import METRICS_NAME, Curve, read_history
from tests.integration.commandline import (
    FEW_STEPS,
    bytes_below,
    depth_unet,
    evaluate,
    files_below,
    results_in,
)
from tests.integration.short_run import assert_same, assert_same_weights


def test_prepare(cache: Path, box_rooms: Path) -> None:
    """It leaves blocks with their sidecars, the test frames as they were, and nothing else."""
    tests = {
        f"test/{path.relative_to(box_rooms / 'test').as_posix()}"
        for path in (box_rooms / "test").rglob("*")
    }
    blocks = {"00000.rgb.npy", "00000.depth.npy", "00000.json"}
    assert files_below(cache) == tests | {f"blocks/{name}" for name in blocks} | {
        *("index.csv", "dataset.json", "cache.json", "blocks", "test")
    }
    for name in tests:
        if name.endswith(".png"):
            assert (cache / name).read_bytes() == (box_rooms / name).read_bytes()


def test_prepare_again(box_rooms: Path, cache: Path, tmp_path: Path) -> None:
    """The same command again changes nothing; another size needs --overwrite."""
    out = tmp_path / "cache"
    shutil.copytree(cache, out)
    before = bytes_below(out)
    assert depth_unet("prepare", box_rooms, out, "--size", "160x120").code == 0
    assert bytes_below(out) == before
    refused = depth_unet("prepare", box_rooms, out, "--size", "64x48")
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert "--overwrite" in refused.complaints[0]
    assert bytes_below(out) == before
    assert depth_unet("prepare", box_rooms, out, "--size", "64x48", "--overwrite").code == 0
    assert np.load(out / "blocks" / "00000.rgb.npy", mmap_mode="r").shape == (72, 48, 64, 3)


def test_prepare_goes_on(box_rooms: Path, cache: Path, tmp_path: Path) -> None:
    """Without its manifest or with a block lost, a cache is completed by the same command."""
    out = tmp_path / "cache"
    shutil.copytree(cache, out)
    before = bytes_below(out)
    for name in ("cache.json", "blocks/00000.rgb.npy"):
        (out / name).unlink()
        refused = depth_unet("train", "seed", "--data", out, "--out", tmp_path / "run")
        assert (refused.code, len(refused.complaints)) == (2, 1)
        if name == "cache.json":  # as an interrupted run leaves it: with its claim
            request = Content(PairsSource(box_rooms), (120, 160)).request
            (out / "preparing.json").write_text(json.dumps({"request": request}))
        assert depth_unet("prepare", box_rooms, out, "--size", "160x120").code == 0
        assert bytes_below(out) == before


def test_train(run_folder: Path) -> None:
    """It leaves both checkpoints, its figures and its config, and nothing half-written."""
    assert files_below(run_folder) == {BEST_NAME, LAST_NAME, METRICS_NAME, CONFIG_NAME}
    last, best = read(run_folder / LAST_NAME), read(run_folder / BEST_NAME)
    assert last.step == 4
    assert last.state
    assert not best.state
    assert best.metrics["unseen/abs_rel"] > 0
    assert from_dict(yaml.safe_load((run_folder / CONFIG_NAME).read_text())) == last.config
    curves = read_history(run_folder)
    assert {name: curve.values[-1] for name, curve in curves.items() if "seen" in name} == (
        last.metrics
    )
    assert set(curves["loss/total"].steps) == {4}
    sizes = {name: len(frames) for name, frames in last.splits.items()}
    assert sizes == {"train": 50, "seen": 10, "unseen": 12, "test": 4}


def test_config_begins_the_same_run(cache: Path, run_folder: Path, tmp_path: Path) -> None:
    """``config.yaml`` of a run gives the same losses, validations and weights."""
    out = tmp_path / "again"
    given = ("--config", run_folder / CONFIG_NAME, "--data", cache, "--out", out)
    outcome = depth_unet("train", *given, "--log-every", 1)
    assert outcome.code == 0, outcome.err
    assert {*read_history(out)["loss/total"].steps} == {1, 2, 3, 4}  # the option counts
    assert_same_weights(out / LAST_NAME, run_folder / LAST_NAME)
    assert depth_unet("train", *given, "--overwrite").code == 0
    one, other = (yaml.safe_load((run / CONFIG_NAME).read_text()) for run in (out, run_folder))
    assert one == other
    assert_same(out / LAST_NAME, run_folder / LAST_NAME)
    assert _losses(out) == _losses(run_folder)


def _losses(run: Path) -> dict[str, Curve]:
    return {name: curve for name, curve in read_history(run).items() if "run/" not in name}


def test_train_says_what_it_does(cache: Path, tmp_path: Path) -> None:
    """One line before, one per report and validation, three after; the last is a command."""
    outcome = depth_unet(
        *("train", "seed", "--data", cache, "--out", tmp_path / "run", "--holdout", 0.2),
        *("--log-every", 1, *FEW_STEPS),
    )
    lines = [line for line in outcome.err.splitlines() if not line.startswith("ep")]
    assert outcome.code == 0
    assert lines[0] == (
        "seed: 50 training frames, 10 seen, 12 unseen, 4 test; 2 steps of 2 images at 64x48, fp32"
    )
    beginnings = ("step 1 epoch 1: mae ", "step 2 epoch 1: mae ", "step 2 seen", "step 2 unseen")
    for line, beginning in zip(lines[1:5], beginnings, strict=True):
        assert line.startswith(beginning)
        assert " nan" not in line
    assert re.fullmatch(r"memory: measured peak \d\.\d\d GB", lines[5])
    assert lines[6:] == [
        f"wrote {tmp_path}/run/best.safetensors and {tmp_path}/run/last.safetensors",
        f"next: depth-unet evaluate {tmp_path}/run --data {cache}",
    ]


@pytest.mark.usefixtures("without_pictures")
def test_train_does_not_replace_a_run(cache: Path, run_folder: Path, tmp_path: Path) -> None:
    """A run that is there is kept; with --overwrite it is replaced."""
    out = tmp_path / "run"
    shutil.copytree(run_folder, out)
    before = bytes_below(out)
    command = ("train", "seed", "--data", cache, "--out", out, *FEW_STEPS)
    refused = depth_unet(*command)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert "--overwrite" in refused.complaints[0]
    assert bytes_below(out) == before
    assert depth_unet(*command, "--overwrite").code == 0
    assert read(out / LAST_NAME).step == read(out / BEST_NAME).step == 2
    assert {curve.steps for curve in read_history(out).values()} == {(2,)}


@pytest.mark.usefixtures("without_pictures")
def test_train_on_files(box_rooms: Path, cache: Path, tmp_path: Path) -> None:
    """A folder of files has the splits of its cache, and trains without being prepared."""
    for name, data in (("files", box_rooms), ("cache", cache)):
        command = ("train", "seed", "--data", data, "--out", tmp_path / name, *FEW_STEPS)
        assert depth_unet(*command).code == 0
    ours, theirs = (read(tmp_path / name / LAST_NAME) for name in ("files", "cache"))
    assert ours.splits == theirs.splits
    assert (ours.step, set(ours.weights)) == (2, set(theirs.weights))


@pytest.mark.usefixtures("without_pictures")
def test_train_on_all_rooms(cache: Path, tmp_path: Path) -> None:
    """With --holdout none nothing is seen or unseen, and best is the last average."""
    out = tmp_path / "run"
    command = ("train", "seed", "--data", cache, "--out", out, "--holdout", "none", *FEW_STEPS)
    assert depth_unet(*command, "--validate-every", 1).code == 0
    last, best = read(out / LAST_NAME), read(out / BEST_NAME)
    assert {name: len(frames) for name, frames in last.splits.items()} == {
        "train": 72,
        "seen": 0,
        "unseen": 0,
        "test": 4,
    }
    assert best.step == last.step == 2
    assert all(torch.equal(best.weights[name], last.weights[name]) for name in last.weights)
    assert any(
        not torch.equal(value, last.state[f"network/{name}"])
        for name, value in best.weights.items()
    )
    refused = evaluate(out, cache, tmp_path / "evaluation", "--split", "unseen")
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert evaluate(out, cache, tmp_path / "evaluation").code == 0
    assert list(results_in(tmp_path / "evaluation")["splits"]) == ["test"]


@pytest.mark.usefixtures("without_pictures")
def test_train_options_reach_the_run(cache: Path, tmp_path: Path) -> None:
    """Every option, short or dotted, is in the checkpoint's config; the rest is the recipe's."""
    out = tmp_path / "run"
    options = ("--seed", 3, "--optim.lr", 0.004, "--loss.silog", 0.5, "--augment.zoom", 1.1)
    assert (
        depth_unet("train", "seed", "--data", cache, "--out", out, *FEW_STEPS, *options).code == 0
    )
    config, recipe = read(out / LAST_NAME).config, RECIPES["seed"]()
    assert (config.seed, config.optim.lr, config.loss.silog) == (3, 0.004, 0.5)
    assert (config.augment.zoom, config.model.widths) == (1.1, (8, 16, 32))
    assert (config.recipe, config.optim.betas) == ("seed", recipe.optim.betas)
    assert config.augment.rotation_deg == recipe.augment.rotation_deg


@pytest.mark.usefixtures("without_pictures")
def test_few_rooms_are_warned_about(cache: Path, tmp_path: Path) -> None:
    """A share that leaves fewer than eight rooms is trained on, with one line of warning."""
    out = tmp_path / "run"
    outcome = depth_unet(
        "train", "seed", "--data", cache, "--out", out, *FEW_STEPS, "--fraction", 0.1
    )
    assert (outcome.code, len(outcome.warnings)) == (0, 1)
    assert "rooms" in outcome.warnings[0]


@pytest.mark.usefixtures("without_pictures")
def test_too_far_for_the_network_is_warned_about(box_rooms: Path, tmp_path: Path) -> None:
    """A data set that reaches beyond the network is trained on, with one line of warning."""
    pairs, out = tmp_path / "pairs", tmp_path / "run"
    shutil.copytree(box_rooms, pairs)
    facts = json.loads((pairs / "dataset.json").read_text()) | {"max_depth_m": 20}
    (pairs / "dataset.json").write_text(json.dumps(facts))
    outcome = depth_unet("train", "seed", "--data", pairs, "--out", out, *FEW_STEPS)
    assert (outcome.code, len(outcome.warnings)) == (0, 1)
    assert "to 20 m" in outcome.warnings[0]
    assert "--model.max-depth-m" in outcome.warnings[0]
    options = ("--model.max-depth-m", 20, "--loss.ssim-terms.data-range-m", 20, "--overwrite")
    fitting = depth_unet("train", "seed", "--data", pairs, "--out", out, *FEW_STEPS, *options)
    assert (fitting.code, fitting.warnings) == (0, [])


@pytest.mark.usefixtures("without_pictures")
def test_device_is_chosen(cache: Path, tmp_path: Path) -> None:
    """Training takes the device that was asked for; one that is not there is refused at once."""
    out = tmp_path / "run"
    run = ("train", "seed", "--data", cache, "--out", out, *FEW_STEPS, "--device")
    absent = "mps" if torch.cuda.is_available() else "cuda"
    refused = depth_unet(*run, absent)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert not out.exists()
    assert depth_unet(*run, "cpu").code == 0


def test_begin_with_weights(cache: Path, run_folder: Path, tmp_path: Path) -> None:
    """A run of another run's weights starts where that one ended: a tiny step hardly moves it."""
    outcome = depth_unet(
        *("train", "seed", "--data", cache, "--out", tmp_path / "run", *FEW_STEPS),
        *("--steps", 1, "--optim.lr", 1e-9, "--init", run_folder),
    )
    assert outcome.code == 0
    assert "parameters loaded" in outcome.err
    assert read(tmp_path / "run" / BEST_NAME).origin.startswith(f"{run_folder.name}/{BEST_NAME}")
    first, second = read(run_folder / BEST_NAME).weights, read(tmp_path / "run" / LAST_NAME).weights
    for name, weight in first.items():
        torch.testing.assert_close(second[name], weight, atol=1e-6, rtol=0)


@pytest.mark.parametrize("init", ["missing", "cache"])
def test_begin_with_no_weights(cache: Path, tmp_path: Path, init: str) -> None:
    """What is no checkpoint is refused in one line, and no run is begun."""
    path = cache if init == "cache" else tmp_path / "missing"
    outcome = depth_unet(
        "train", "seed", "--data", cache, "--out", tmp_path / "run", "--init", path
    )
    assert (outcome.code, len(outcome.complaints)) == (2, 1)
    assert not (tmp_path / "run").exists()


def test_begin_with_weights_that_know_the_answers(
    cache: Path, run_folder: Path, tmp_path: Path
) -> None:
    """Weights of another split, and of another network, are used with a warning each."""
    outcome = depth_unet(
        *("train", "seed", "--data", cache, "--out", tmp_path / "run", *FEW_STEPS, "--steps", 1),
        *("--seed", 5, "--holdout", 0.5, "--model.max-depth-m", 9, "--init", run_folder),
    )
    assert outcome.code == 0
    assert any("will look too good" in line for line in outcome.warnings)
    assert any("max_depth_m 10.0" in line for line in outcome.warnings)
