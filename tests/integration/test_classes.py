"""Classes as a second task, from the folder of maps to a file that no longer knows of them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from depth_unet.data.source import PairsSource
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.predict.model import DepthModel
from tests.integration.commandline import assert_refused, depth_unet

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")

MODEL = (  # four levels, so that the decoder has features at 1/8
    *("--model.widths", 8, 16, 32, 32, "--model.blocks", 1, 1, 1, 1, "--model.head-width", 8),
    *("--model.attention-blocks", 0, 0, 1, 1, "--canvas.height", 48, "--canvas.width", 64),
)
TRAIN = ("train", "seed", "--holdout", "none", "--batch-size", 3, "--steps", 3, *MODEL)
CLASSES = ("--model.num-classes", 4, "--loss.semantics", 0.3)


@pytest.fixture
def labelled(pairs: Path, tmp_path: Path) -> Path:
    """A cache whose classes are quarters of the depth's range."""
    source = PairsSource(pairs)
    for index, row in enumerate(source.rows):
        if row.official_split != "test":
            path = (tmp_path / "classes" / row.rgb).with_suffix(".png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((source.read(index).depth_mm // 2500).astype(np.uint8)).save(path)
    out = tmp_path / "labelled"
    prepared = depth_unet("prepare", pairs, out, "--size", "160x120", "--labels", path.parents[2])
    assert prepared.code == 0, prepared.err
    return out


def test_they_are_trained_and_left_out(labelled: Path, tmp_path: Path) -> None:
    """Micro-batches change nothing, and the head has a class each."""
    runs = []
    for size in (1, 3):
        out = tmp_path / f"parts-of-{size}"
        options = ("--data", labelled, "--out", out, "--micro-batch-size", size, *CLASSES)
        outcome = depth_unet(*TRAIN, *options, "--precision", "fp64")
        assert outcome.code == 0, outcome.err
        runs.append(read(out / LAST_NAME))
    one_by_one, at_once = runs
    for name, weight in at_once.weights.items():
        torch.testing.assert_close(one_by_one.weights[name], weight, rtol=1e-9, atol=1e-12)
    head = at_once.weights["semantic_head.weight"]
    assert head.shape[0] == 4
    assert head.any(), "a head that begins at zero has learned nothing"
    told = outcome.err.split("semantics ")[-1].split()[0]
    assert 0 < float(told) < 1.5, "the loss says what it is: ln 4 at first"


def test_export_leaves_them_out(labelled: Path, tmp_path: Path) -> None:
    """The file predicts the same depth without the head, and its config has no classes."""
    out, file = tmp_path / "run", tmp_path / "small.safetensors"
    assert depth_unet(*TRAIN, "--data", labelled, "--out", out, *CLASSES).code == 0
    assert depth_unet("export", out, file, "--precision", "fp32").code == 0
    assert not [name for name in load_file(file) if "semantic" in name]
    photo = next(labelled.glob("test/*/*_rgb.png"))
    before, after = (DepthModel(read(path)).predict(photo) for path in (out / BEST_NAME, file))
    np.testing.assert_allclose(before.depth_m, after.depth_m, rtol=1e-5)

    config = read(file).config
    assert (config.model.num_classes, config.loss.semantics) == (0, 0)


def test_a_run_without_them_goes_on_with_its_weights(labelled: Path, tmp_path: Path) -> None:
    """A run with classes begins another without, whose new network has no such head."""
    first, second = tmp_path / "first", tmp_path / "second"
    assert depth_unet(*TRAIN, "--data", labelled, "--out", first, *CLASSES).code == 0
    outcome = depth_unet(*TRAIN, "--data", labelled, "--out", second, "--init", first)
    assert outcome.code == 0, outcome.err
    told = next(line for line in outcome.err.splitlines() if line.startswith("init:"))
    assert "not used: semantic_head." in told
    assert "not in the weights" not in told
    assert "semantic_head.weight" not in read(second / LAST_NAME).weights


def test_data_without_classes_is_refused(labelled: Path, pairs: Path, tmp_path: Path) -> None:
    """A new run, a search and a run that goes on: the remedy names both options."""
    run = tmp_path / "run"
    for first in (TRAIN, ("search", *TRAIN[1:], "--holdout", 0.3)):
        outcome = depth_unet(*first, "--data", pairs, "--out", run, *CLASSES)
        assert_refused(outcome, "prepare it with --labels FOLDER")
        assert not run.exists()
    assert depth_unet(*TRAIN, "--data", labelled, "--out", run, *CLASSES).code == 0
    outcome = depth_unet("train", "--resume", run, "--data", pairs)
    assert_refused(outcome, "prepare it with --labels FOLDER")
