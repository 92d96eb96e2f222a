"""Micro-batches and processes change nothing: the gradient is that of one large batch."""

from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file
from torch import Tensor

from depth_unet.camera.canonical import depth_per_canonical
from depth_unet.config.loss import LossConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.model.unet import UNet
from depth_unet.records import Batch
from depth_unet.train.step import BatchGradient
from tests.integration.commandline import free_port, start
from tests.integration.two_processes import (
    ALL_TERMS,
    NUM_IMAGES,
    SHARES,
    TERMS,
    gradients_of,
    make_batch,
    make_config,
    make_network,
)

RTOL = 1e-6
SPLITS = {
    "sixteen of 1": [1] * 16,
    "four of 4": [4] * 4,
    "three of 5 and one of 1": [5, 5, 5, 1],
}


def parts_of(batch: Batch, sizes: list[int]) -> list[Batch]:
    """The batch in consecutive parts of the given sizes."""
    assert sum(sizes) == len(batch)
    ends = torch.tensor(sizes).cumsum(0).tolist()
    return [batch.slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def distance(one: Tensor, other: Tensor) -> float:
    """Difference of two gradients, relative to the first."""
    return float((one - other).norm() / one.norm())


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    """One process, float64."""
    return Fabric(accelerator="cpu", devices=1, precision="64-true")


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("sizes", SPLITS.values(), ids=SPLITS)
@pytest.mark.parametrize("term", TERMS)
def test_micro_batches_have_the_gradient_of_the_whole(
    fabric: Fabric, term: str, sizes: list[int], stride: int
) -> None:
    """However 16 images are cut, gradient and reported means are those of all 16 at once."""
    config, batch = make_config(term, stride), make_batch()
    whole, means = gradients_of(fabric, config, [batch])
    parts, means_of_parts = gradients_of(fabric, config, parts_of(batch, sizes))
    assert whole.norm() > 0
    assert distance(whole, parts) <= RTOL
    assert set(means) == {*WeightedLoss(config.loss).weights, "total"}
    for name, value in means.items():
        torch.testing.assert_close(means_of_parts[name], value, rtol=RTOL, atol=0)


@pytest.mark.parametrize("term", TERMS)
def test_average_of_averages_is_another_gradient(fabric: Fabric, term: str) -> None:
    """On these masks, what frameworks do by default is wrong by over 1 %: the law above bites."""
    config, batch = make_config(term), make_batch()
    whole, _ = gradients_of(fabric, config, [batch])
    averaged = torch.stack(
        [gradients_of(fabric, config, [part])[0] for part in parts_of(batch, [1] * 16)]
    ).mean(dim=0)
    assert distance(whole, averaged) > 0.01


def test_gradient_is_that_of_the_formula(fabric: Fabric) -> None:
    """Whole or in parts, it is the gradient of sum |p - d * f_canonical / f| over valid / count.

    The network is told the camera of every image: without it, the gradient is another.
    """
    config, batch = make_config("mae"), make_batch()
    network = fabric.setup(make_network(config))
    ratio = depth_per_canonical(
        batch.focal_px, config.model.canonical_focal, config.canvas.width
    ).reshape(-1, 1, 1, 1)
    found, _ = gradients_of(fabric, config, parts_of(batch, [1] * 16))
    for camera in (batch.intrinsics_px, None):
        network.zero_grad()
        error = (network(batch.image, camera).canonical_depth_m - batch.depth_m / ratio).abs()
        (error[batch.valid].sum() / batch.valid.sum() * config.loss.mae).backward()
        expected = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
        assert (distance(expected, found) <= RTOL) == (camera is not None)


def test_image_without_a_valid_pixel_changes_nothing(fabric: Fabric) -> None:
    """With it or without it, alone in its micro-batch or not, the gradient is the same."""
    config, batch = make_config(ALL_TERMS), make_batch()
    empty = [number for number in range(len(batch)) if not batch.valid[number].any()]
    assert empty == [0]
    within, _ = gradients_of(fabric, config, parts_of(batch, [1] * 16))
    without, _ = gradients_of(fabric, config, [batch.slice(1, len(batch))])
    assert distance(within, without) <= RTOL


def test_batch_without_a_valid_pixel_has_no_gradient(fabric: Fabric) -> None:
    """Every gradient is exactly 0, every mean is 0, and nothing is NaN."""
    config, batch = make_config(ALL_TERMS), make_batch().slice(0, 1)
    gradient, means = gradients_of(fabric, config, [batch])
    assert not gradient.any()
    assert all(float(value) == 0 for value in means.values())


OUR_OWN = ModelConfig(
    widths=(8, 16, 32, 32),
    blocks=(1, 1, 1, 1),
    attention_blocks=(0, 1, 1, 0),
    head_width=8,
    spread=True,
    num_classes=3,
)
PRETRAINED = ModelConfig(
    encoder="efficientnet_lite0",
    widths=(8, 8, 16, 16, 32),
    attention_blocks=(0, 0, 0, 1, 1),
    head_width=8,
    spread=True,
    num_classes=3,
)


@pytest.mark.parametrize("settings", [OUR_OWN, PRETRAINED], ids=lambda item: item.encoder)
def test_network_in_micro_batches(settings: ModelConfig) -> None:
    """The U-Net itself, in float64: no layer mixes the images of a batch."""
    fabric = Fabric(accelerator="cpu", devices=1, precision="64-true")
    config = Config(
        canvas=CanvasConfig(height=48, width=64),
        model=settings,
        loss=LossConfig(**dict.fromkeys(LossConfig().weights(), 0.5)),
    )
    torch.manual_seed(0)
    network = UNet(config.model)
    with torch.no_grad():  # every block must take part, also those that start as zero
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    model = fabric.setup(network)
    batch = make_batch(height=48, width=64)
    gradients = []
    for sizes in ([NUM_IMAGES], [1] * NUM_IMAGES):
        model.zero_grad()
        parts = parts_of(batch, sizes)
        BatchGradient(fabric, model, config).accumulate(parts)
        trained = [p for p in network.parameters() if p.requires_grad]
        gradients.append(torch.cat([p.grad.flatten() for p in trained]))
    assert distance(gradients[0], gradients[1]) < 1e-9
    assert all(p.grad.any() for p in network.parameters() if p.requires_grad)


@pytest.mark.slow  # test_parity has two processes in whole runs
def test_two_processes_have_the_gradient_of_one(fabric: Fabric, tmp_path: Path) -> None:
    """Two processes over gloo, with 11 and 5 of the images in unequal parts: same gradient.

    So it is where one process has nothing but the image without a valid pixel. Gradients travel
    once in a step.
    """
    port = free_port()
    module = "tests.integration.two_processes"
    files = [tmp_path / f"{rank}.safetensors" for rank in range(2)]
    processes = [start(rank, port, files[rank], module=module) for rank in range(2)]
    answers = [process.communicate(timeout=120) for process in processes]
    for process, (out, err) in zip(processes, answers, strict=True):
        assert process.returncode == 0, out + err
    for path in files:
        assert int(load_file(path)["messages"]) == 1, "gradients travel with every micro-batch"
    for term in TERMS:
        expected, means = gradients_of(fabric, make_config(term), [make_batch()])
        for result in (load_file(path) for path in files):
            for case in SHARES:
                assert distance(expected, result[f"{case}/{term}/gradient"]) <= RTOL
                for name, value in means.items():
                    found = result[f"{case}/{term}/{name}"]
                    torch.testing.assert_close(found, value, rtol=RTOL, atol=0)
