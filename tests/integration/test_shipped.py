"""The weights in the package: small, what their card says, and what is taken without a name."""

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import depth_unet
from depth_unet.model.checkpoint import resolve
from depth_unet.model.shipped import shipped_weights
from depth_unet.recipes import RECIPES
from tests.integration.commandline import FEW_STEPS, results_in
from tests.integration.commandline import depth_unet as command

CARDS = Path(__file__).parents[2] / "docs" / "models"
LARGEST = 22 * 10**6
FIGURES = {"transfer": (0.157, 0.543, 0.782), "scratch": (0.255, 0.814, 0.579)}
"""AbsRel, RMSE and delta1 as the cards say."""

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")
both = pytest.mark.parametrize("name", FIGURES)


@both
def test_file_is_small_and_in_half_precision(name: str) -> None:
    """Below 22 MB, weights in fp16, nothing that only resuming needs."""
    path = resolve(name)
    assert path == shipped_weights(name)
    assert path.stat().st_size < LARGEST
    tensors = load_file(path)
    assert {t.dtype for name, t in tensors.items() if name.startswith("weights/")} == {
        torch.float16
    }
    assert not [name for name in tensors if name.startswith("state/")]


@both
def test_card_names_this_file(name: str) -> None:
    """Its checksum, and its number of parameters."""
    if not CARDS.exists():
        pytest.skip("the cards are not part of the wheel")
    text = (CARDS / f"{name}.md").read_text(encoding="utf-8")
    assert hashlib.sha256(resolve(name).read_bytes()).hexdigest() in text
    model = depth_unet.load(name, engine="torch")
    count = re.search(r"([\d,]+) parameters", text)
    assert count
    assert sum(p.numel() for p in model.parameters()) == int(count[1].replace(",", ""))


@both
def test_weights_are_of_the_recipe(name: str) -> None:
    """Losses, network (but for the measured factor on its spread) and canvas are the recipe's."""
    config, recipe = depth_unet.load(name, engine="torch").config, RECIPES[name]()
    model = replace(config.model, spread_scale=recipe.model.spread_scale)
    assert (config.loss, model, config.canvas) == (recipe.loss, recipe.model, recipe.canvas)
    assert config.holdout == "none"


def test_predict_without_a_name(photo: Path, tmp_path: Path) -> None:
    """A photo and nothing else: `transfer`, metres of a room's size and how far they may be off."""
    out = tmp_path / "depth"
    assert command("predict", photo, "--out", out).code == 0
    depth_m = np.load(out / f"{photo.stem}_depth.npy")
    with Image.open(photo) as image:
        assert depth_m.shape == image.size[::-1]
    assert 0.3 < np.median(depth_m) < 10
    answer = depth_unet.load().predict(photo)
    assert answer.uncertainty_m is not None
    assert 0 < np.median(answer.uncertainty_m / answer.depth_m) < 1


@pytest.mark.nyu
@pytest.mark.slow
@both
def test_evaluate_reproduces_the_card(name: str, nyu_root: Path, tmp_path: Path) -> None:
    """AbsRel, RMSE and delta1 of the card, to .001."""
    out = tmp_path / "evaluation"
    options = ("--split", "test", "--flip", "--out", out)
    assert command("evaluate", name, "--data", nyu_root, *options).code == 0
    lines = (out / "per_image.csv").read_text(encoding="utf-8").splitlines()
    columns = lines[0].split(",")
    rows = [dict(zip(columns, line.split(","), strict=True)) for line in lines[1:]]
    for column, expected in zip(("abs_rel", "rmse", "delta1"), FIGURES[name], strict=True):
        assert np.mean([float(row[column]) for row in rows]) == pytest.approx(expected, abs=1.1e-3)


@pytest.fixture
def namesake(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in a folder `transfer` of the working folder, whose network is much smaller."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(run_folder, tmp_path / "transfer"))


@pytest.mark.usefixtures("namesake")
def test_names_in_python() -> None:
    """A shipped name wins over a folder; `./NAME` and a `Path` are the folder."""
    shipped, *others = map(depth_unet.load, ("transfer", "./transfer", Path("transfer")))
    assert shipped.canvas == RECIPES["transfer"]().canvas
    for model in others:
        assert (model.canvas.height, model.canvas.width) == (48, 64)
        assert isinstance(model, depth_unet.DepthModel)


@pytest.mark.usefixtures("namesake")
def test_names_of_predict_and_export(photo: Path) -> None:
    """The same rule on the command line: the engine and the size of the file tell them apart."""
    for name, engine, megabytes in (("transfer", "ONNX Runtime", 17), ("./transfer", "torch", 0)):
        outcome = command("predict", photo, "--weights", name, "--out", "depth", "--overwrite")
        assert f"engine: {engine}" in outcome.err
        assert command("export", name, "weights.safetensors", "--overwrite").code == 0
        assert Path("weights.safetensors").stat().st_size // 10**6 == megabytes


def test_names_of_evaluate_and_compare(namesake: Path, cache: Path) -> None:
    """The same rule: results name the checkpoint, and lie in a folder beside it."""
    options = ("--data", cache, "--split", "test")
    assert command("evaluate", "transfer", *options).code == 0
    assert results_in(Path("evaluation-transfer"))["checkpoint"] == str(shipped_weights("transfer"))
    assert command("evaluate", "./transfer", *options, "--overwrite").code == 0
    assert Path(results_in(namesake / "evaluation")["checkpoint"]).samefile(
        namesake / "best.safetensors"
    )
    assert command("compare", "transfer", "./transfer", *options).code == 0
    compared = json.loads(Path("comparison/comparison.json").read_text(encoding="utf-8"))
    assert set(compared["splits"]["test"]["scores"]) == {"weights/transfer", "transfer"}


@pytest.mark.usefixtures("namesake")
def test_names_of_init(cache: Path) -> None:
    """The same rule: all weights of the folder fit, and those of the shipped network do not."""
    train = ("train", "seed", "--data", cache, *FEW_STEPS, "--holdout", 0.2)
    own = command(*train, "--init", "./transfer", "--out", "own")
    assert re.search(r"init: (\d+) of \1 parameters loaded$", own.err, re.MULTILINE)
    other = command(*train, "--init", "transfer", "--out", "other")
    assert f"{shipped_weights('transfer')} holds a network with encoder" in other.err
