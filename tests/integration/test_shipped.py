"""The weights in the package: small, what their card says, and what is taken without a name."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import depth_unet
from depth_unet.checkpoint import resolve, shipped
from depth_unet.recipes import RECIPES
from tests.integration.commandline import depth_unet as command

CARD = Path(__file__).parents[2] / "docs" / "models" / "transfer.md"
LARGEST = 22 * 10**6

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


def test_file_is_small_and_in_half_precision() -> None:
    """Below 22 MB, weights in fp16, nothing that only resuming needs."""
    path = resolve("transfer")
    assert path == shipped("transfer")
    assert path.stat().st_size < LARGEST
    tensors = load_file(path)
    assert {t.dtype for name, t in tensors.items() if name.startswith("weights/")} == {
        torch.float16
    }
    assert not [name for name in tensors if name.startswith("state/")]


def test_card_names_this_file() -> None:
    """Its checksum, and its number of parameters."""
    if not CARD.exists():
        pytest.skip("the card is not part of the wheel")
    text = CARD.read_text(encoding="utf-8")
    assert hashlib.sha256(resolve("transfer").read_bytes()).hexdigest() in text
    model = depth_unet.load()
    count = re.search(r"([\d,]+) parameters", text)
    assert count
    assert sum(p.numel() for p in model.parameters()) == int(count[1].replace(",", ""))


def test_weights_are_of_the_recipe() -> None:
    """The settings in the file are those of the recipe, but for what training does not feel."""
    config, recipe = depth_unet.load().config, RECIPES["transfer"]()
    assert (config.loss, config.optim, config.canvas) == (recipe.loss, recipe.optim, recipe.canvas)
    assert config.holdout == "none"


def test_predict_without_a_name(photo: Path, tmp_path: Path) -> None:
    """A photo and nothing else: metres of a room's size, with how far they may be off."""
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
def test_evaluate_reproduces_the_card(nyu_root: Path, tmp_path: Path) -> None:
    """AbsRel, RMSE and delta1 of the card, to .001."""
    out = tmp_path / "evaluation"
    options = ("--split", "test", "--flip", "--out", out)
    assert command("evaluate", "transfer", "--data", nyu_root, *options).code == 0
    lines = (out / "per_image.csv").read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    for name, expected in (("abs_rel", 0.165), ("rmse", 0.557), ("delta1", 0.769)):
        assert np.mean([float(row[name]) for row in rows]) == pytest.approx(expected, abs=1.1e-3)
