"""The gradient of a batch in micro-batches, with values by hand; the parts, and what is summed."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from depth_unet.config.augment import AugmentConfig
from depth_unet.config.loss import LossConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.data.augment import augment
from depth_unet.data.loader import RawBatch
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.records import Batch, DepthOutput
from depth_unet.train.step import (
    BatchGradient,
    MicroBatches,
    StepLosses,
    any_process,
    sum_over_processes,
)

CPU = torch.device("cpu")
STILL = AugmentConfig(flip=0)
MAE = LossConfig(mae=0.5, gradient_edge=0, ssim=0)
FOCAL_PX = 2.0


class Slope(nn.Module):
    """Depth is one weight times the red channel; the camera shifts the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(1.0))

    def forward(self, image: Tensor, intrinsics_px: Tensor, *, output_stride: int) -> DepthOutput:
        """As ``UNet.forward``."""
        start = output_stride // 2
        depth_m = (self.weight * image[:, :1])[..., start::output_stride, start::output_stride]
        classes = self.weight * torch.stack([intrinsics_px[:, 0], intrinsics_px[:, 2]], dim=1)
        return DepthOutput(depth_m, depth_m.log(), classes[:, :, None, None])


class Alike(Fabric):
    """Processes with the same data: what they exchange is a multiple of what one has."""

    def __init__(self, processes: int = 2) -> None:
        super().__init__(accelerator="cpu", devices=1)
        self.processes = processes
        self.scales: list[float] = []
        self.silent: list[bool] = []
        self.messages: list[str] = []

    @property
    def world_size(self) -> int:
        """How many."""
        return self.processes

    @contextmanager
    def _quiet(self, enabled: bool) -> Iterator[None]:
        self.silent.append(enabled)
        yield

    def no_backward_sync(self, module: Any, enabled: bool = True) -> AbstractContextManager[None]:
        """Remember whether the exchange is held back."""
        assert isinstance(module, Slope)
        return self._quiet(enabled)

    def backward(self, tensor: Tensor, *_: Any, **__: Any) -> None:
        """Remember what is differentiated."""
        self.scales.append(float(tensor.detach()))
        tensor.backward()

    def all_reduce(self, data: Any, _group: Any = None, reduce_op: Any = "mean") -> Any:
        """The sum of all."""
        self.messages.append(reduce_op)
        return self.processes * data


def make_config(loss: LossConfig = MAE, canonical_px: float = FOCAL_PX, **model: Any) -> Config:
    """A canvas of 32x32, whose canonical focal length is 2 pixels unless told otherwise."""
    return Config(
        canvas=CanvasConfig(height=32, width=32),
        model=ModelConfig(canonical_focal=canonical_px / 32, **model),
        loss=loss,
        augment=STILL,
    )


def make_batch(depth_m: list[list[float]]) -> Batch:
    """Images of one row; red is 1, 2, 3, ... and a depth of 0 is not valid."""
    target = torch.tensor(depth_m, dtype=torch.float32)[:, None, None]
    red = torch.arange(1.0, target.shape[-1] + 1).expand_as(target)
    return Batch(
        image=red.expand(-1, 3, -1, -1),
        depth_m=target,
        valid=target > 0,
        intrinsics_px=torch.tensor([[FOCAL_PX, FOCAL_PX, 0.5, 0.0]]).repeat(len(target), 1),
    )


def alone(network: Slope, config: Config) -> BatchGradient:
    """In one process."""
    fabric = Fabric(accelerator="cpu", devices=1)
    return BatchGradient(fabric, fabric.setup(network), config)


# Errors of -2, -2, -1 and 4: 9 m over 4 pixels. The sum's slope is -1 - 2 - 3 + 4.
PARTS = [make_batch([[3, 4, 4, 0], [0, 0, 0, 0]]), make_batch([[0, 0, 0, 0.0001]])]
SUM_M, SLOPE = 8.9999, -2.0


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_means_shares_and_gradient_are_those_by_hand(workers: int) -> None:
    """Micro-batches of 3 and 1 valid pixels, in threads or not: each is divided by all 4 pixels."""
    network = Slope()
    with ThreadPoolExecutor(max(1, workers)) as pool:
        threads = (pool, workers) if workers else (None, 1)
        losses = alone(network, make_config()).accumulate(PARTS, None, *threads)
    assert {name: float(x) for name, x in losses.means.items()} == pytest.approx(
        {"mae": SUM_M / 4, "total": 0.5 * SUM_M / 4}
    )
    assert [float(x) for x in losses.shares] == pytest.approx([0.5 * 5 / 4, 0.5 * 3.9999 / 4])
    assert float(network.weight.grad) == pytest.approx(0.5 * SLOPE / 4)
    assert not losses.means["mae"].requires_grad
    assert not losses.shares[0].requires_grad


def test_masks_that_are_given_make_the_count() -> None:
    """Masks with 8 valid pixels, which the parts need not have: everything is divided by 8."""
    masks = (torch.ones(1, 1, 1, 4, dtype=torch.bool) for _ in range(2))
    losses = alone(Slope(), make_config()).accumulate(PARTS, masks)
    assert float(losses.means["mae"]) == pytest.approx(SUM_M / 8)


def test_targets_are_canonical_depth() -> None:
    """Half the canonical focal length doubles the ratio, and halves what depth is compared with."""
    network, config = Slope(), make_config(canonical_px=FOCAL_PX / 2)
    losses = alone(network, config).accumulate(PARTS)
    expected = (abs(1 - 1.5) + abs(2 - 2) + abs(3 - 2) + abs(4 - 0.00005)) / 4
    assert float(losses.means["mae"]) == pytest.approx(expected)


def test_stride_compares_every_other_pixel() -> None:
    """At stride 2, row and column 1, 3, ... of depth, mask and prediction."""
    loss = LossConfig(mae=1, gradient_edge=0, ssim=0, stride=2)
    config = make_config(loss)
    red = torch.arange(1.0, 17).reshape(1, 1, 4, 4)
    depth_m = red + torch.tensor([[0, 9, 0, 9], [9, 1, 9, 2], [0, 9, 0, 9], [9, 3, 9, 5.0]])
    valid = torch.ones_like(depth_m, dtype=torch.bool)
    valid[0, 0, 3, 1] = False
    batch = Batch(
        image=red.expand(-1, 3, -1, -1),
        depth_m=depth_m,
        valid=valid,
        intrinsics_px=torch.tensor([[FOCAL_PX, FOCAL_PX, 0, 0]]),
    )
    gradient = alone(Slope(), config)
    assert float(gradient.counts([valid])["mae"]) == 3
    assert float(gradient.accumulate([batch]).means["mae"]) == pytest.approx((1 + 2 + 5) / 3)


def test_spread_and_classes_reach_the_loss() -> None:
    """All that the network returns is compared, with the labels of the batch."""
    loss = LossConfig(mae=0.5, gradient_edge=0, ssim=0, spread=2, semantics=3)
    labels = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    depth_m = torch.linspace(1, 5, 64).reshape(1, 1, 8, 8)
    batch = Batch(
        image=torch.linspace(2, 3, 192).reshape(1, 3, 8, 8),
        depth_m=depth_m,
        valid=depth_m < 4,
        intrinsics_px=torch.tensor([[FOCAL_PX, FOCAL_PX, 3.5, 3.5]]),
        labels=labels,
    )
    network, config = Slope(), make_config(loss, spread=True, num_classes=2)
    means = alone(network, config).accumulate([batch])
    with torch.no_grad():
        output = network(batch.image, batch.intrinsics_px, output_stride=1)
    terms = WeightedLoss(loss)(
        output.canonical_depth_m,
        depth_m,
        batch.valid,
        output.log_spread,
        logits=output.semantics,
        labels=labels,
    )
    expected = {name: float(term.sum / term.count) for name, term in terms.items()}
    assert float(terms["semantics"].sum) > 1  # the camera says the other class
    found = {name: float(value) for name, value in means.means.items()}
    assert found.pop("total") == pytest.approx(
        0.5 * expected["mae"] + 2 * expected["spread"] + 3 * expected["semantics"]
    )
    assert found == pytest.approx(expected)


def test_two_processes_exchange_counts_means_and_one_gradient() -> None:
    """DDP averages gradients, so that each loss counts twice; only the last part is not silent."""
    fabric, network = Alike(), Slope()
    losses = BatchGradient(fabric, network, make_config()).accumulate(PARTS)
    assert fabric.silent == [True, False]
    assert fabric.messages == ["sum", "sum"]
    # 4 pixels here and 4 there; the means are those of both.
    assert fabric.scales == pytest.approx([2 * 0.5 * 5 / 8, 2 * 0.5 * 3.9999 / 8])
    assert float(losses.means["mae"]) == pytest.approx(2 * SUM_M / 8)
    assert float(losses.means["total"]) == pytest.approx(0.5 * 2 * SUM_M / 8)
    assert [float(x) for x in losses.shares] == pytest.approx([0.5 * 5 / 8, 0.5 * 3.9999 / 8])


def test_one_process_is_not_silent() -> None:
    """Without other processes nothing is held back."""
    fabric = Alike(processes=1)
    BatchGradient(fabric, Slope(), make_config()).accumulate(PARTS)
    assert (fabric.silent, fabric.messages) == ([False, False], [])


def test_batch_without_a_valid_pixel_divides_by_one() -> None:
    """Its mean and its gradient are exactly 0."""
    network = Slope()
    losses = alone(network, make_config()).accumulate([make_batch([[0.0, 0.0]])])
    assert float(losses.means["mae"]) == 0
    assert float(network.weight.grad) == 0


def test_sums_over_processes_keep_their_names() -> None:
    """One message; each value comes back under its own name."""
    values = {"a": torch.tensor(1.0), "b": torch.tensor(5.0)}
    fabric = Alike()
    found = sum_over_processes(values, fabric)
    assert {name: float(x) for name, x in found.items()} == {"a": 2, "b": 10}
    assert fabric.messages == ["sum"]
    assert sum_over_processes(values, Fabric(accelerator="cpu", devices=1)) is values


def test_flags_of_any_process() -> None:
    """A flag is set if it is set anywhere, in the order in which flags are given."""
    for fabric in (Alike(), Fabric(accelerator="cpu", devices=1)):
        assert any_process(fabric, True, False, True) == [True, False, True]


def raw_frames(num: int) -> RawBatch:
    """Frames of 4x4 whose colour and depth are their number, one valid pixel fewer in each."""
    depth_m = torch.arange(1.0, num + 1)[:, None, None, None].repeat(1, 1, 4, 4)
    for number in range(num):
        depth_m[number].flatten()[:number] = 0
    return RawBatch(
        image=torch.arange(num, dtype=torch.uint8)[:, None, None, None].repeat(1, 3, 4, 4),
        depth_m=depth_m,
        intrinsics_px=torch.tensor([[2.0, 2.0, 1.5, 1.5]]).repeat(num, 1),
        keys=torch.arange(num),
    )


def test_micro_batches_are_the_images_in_order() -> None:
    """Five images in parts of 2: 2, 2 and 1, at the size of the canvas, with their masks."""
    raw, config = raw_frames(5), make_config()
    parts = MicroBatches(raw, 2, config, CPU)
    assert len(parts) == 3
    assert [len(parts[number]) for number in range(3)] == [2, 2, 1]
    shown = torch.cat([parts[number].image for number in range(3)])
    assert shown.shape == (5, 3, 32, 32)
    assert shown[:, 0, 0, 0].tolist() == pytest.approx([n / 255 for n in range(5)])
    masks = list(parts.masks())
    assert [int(mask.sum()) for mask in torch.cat(masks)] == [64 * (16 - n) for n in range(5)]
    for number, mask in enumerate(masks):
        assert torch.equal(mask, parts[number].valid)


def test_micro_batches_are_augmented_as_the_config_says() -> None:
    """With random changes, each access gives what ``augment`` gives, again and again."""
    changes = AugmentConfig(flip=0.5, zoom=2, brightness=0.3)
    raw = raw_frames(3)
    config = Config(canvas=CanvasConfig(height=32, width=48), augment=changes)
    parts = MicroBatches(raw, 3, config, CPU)
    whole = augment(raw, changes, height=32, width=48, device=CPU)
    for _ in range(2):
        assert torch.equal(parts[0].image, whole.image)
    assert torch.equal(next(parts.masks()), whole.valid)


@pytest.mark.parametrize(
    ("shares", "total", "expected"),
    [
        ([1, 2, 3], 6.0, ["a", "b", "c", "d", "e"]),
        ([1, math.nan, 3], math.nan, ["c", "d"]),
        ([math.inf, 1, math.nan], math.nan, ["a", "b", "e"]),
        ([1, 2, 3], math.nan, []),
    ],
    ids=["none", "the second", "first and last", "another process"],
)
def test_suspects(shares: list[float], total: float, expected: list[str]) -> None:
    """Photos of the parts without a finite loss; all if all are finite, none of another process."""
    losses = StepLosses({"total": torch.tensor(total)}, [torch.tensor(float(x)) for x in shares])
    assert losses.suspects(["a", "b", "c", "d", "e"], 2) == expected
