"""Every variant of the network passes the same battery."""

import copy
import itertools
from dataclasses import replace
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.config.model import DepthMap, ModelConfig
from depth_unet.model.unet import UNet
from tests.tolerances import TOLERANCE

VARIANTS = [
    *itertools.product(get_args(DepthMap), (1, 2, 4), ("residual",), (4,)),
    *(("log", 2, "efficientnet_lite0", num_levels) for num_levels in (4, 5)),
]
SIZES = [(32, 48), (33, 47), (64, 16), (1, 1), (2, 3), (5, 70), (17, 1)]
LOW_M, HIGH_M = 0.5, 8.0


@pytest.fixture(params=VARIANTS, ids=lambda variant: "-".join(map(str, variant)), name="network")
def each_network(request: pytest.FixtureRequest) -> UNet:
    """One variant after the other, in a state in which everything takes part."""
    depth_map, stem_stride, encoder, num_levels = request.param
    torch.manual_seed(0)
    network = UNet(
        ModelConfig(
            encoder=encoder,
            stem_stride=stem_stride,
            widths=(8, 16, 16, 32, 32)[:num_levels],
            blocks=(1,) * num_levels,
            attention_blocks=(0, 0, 1, 1, 1)[:num_levels],
            head_width=16,
            depth_map=depth_map,
            min_depth_m=LOW_M,
            max_depth_m=HIGH_M,
        )
    )
    with torch.no_grad():  # what is zero at first would hide mistakes
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        network.head.weight.mul_(3)
    return network


def images(count: int = 2, height: int = 32, width: int = 48) -> Tensor:
    """Photos with large shapes and noise, all different."""
    generator = torch.Generator().manual_seed(count)
    coarse = torch.rand(count, 3, 4, 5, generator=generator)
    noise = torch.rand(count, 3, height, width, generator=generator)
    return 0.8 * F.interpolate(coarse, size=(height, width), mode="bilinear") + 0.2 * noise


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_size(network: UNet, size: tuple[int, int]) -> None:
    """Whatever the size, odd and tiny ones too, depth has the image's size, in fp32 and finite."""
    output = network(images(2, *size))
    assert output.canonical_depth_m.shape == (2, 1, *size)
    assert output.canonical_depth_m.dtype == torch.float32
    assert output.canonical_depth_m.isfinite().all()
    assert output.log_spread is None
    assert output.semantics is None


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_output_stride(network: UNet, stride: int) -> None:
    """With a stride, depth has that part of the size, rounded up, and shows the same scene."""
    assert network(images(1, 33, 50), output_stride=stride).canonical_depth_m.shape[2:] == (
        -(-33 // stride),
        -(-50 // stride),
    )
    fine = F.avg_pool2d(network(images()).canonical_depth_m, stride)
    coarse = network(images(), output_stride=stride).canonical_depth_m
    assert torch.stack((fine.flatten(), coarse.flatten())).corrcoef()[0, 1] > 0.9


def test_image_decides(network: UNet) -> None:
    """Another image, or one turned round, has another depth: nothing is constant."""
    first, second = network(images()).canonical_depth_m
    assert (first - second).abs().mean() > 1e-3
    mirrored = network(images().flip(-1)).canonical_depth_m.flip(-1)
    assert (mirrored[0] - first).abs().mean() > 1e-4


def cameras(count: int = 2, zoom: float = 1.0, height: int = 32, width: int = 48) -> Tensor:
    """Cameras through the middle of the image, of NYU's focal length times a zoom."""
    focal_px = NYU_FOCAL * width * zoom
    return torch.tensor([[focal_px, focal_px, (width - 1) / 2, (height - 1) / 2]]).repeat(count, 1)


def test_camera_decides(network: UNet) -> None:
    """The same pictures through a longer lens, or from beside its axis, have another depth."""
    plain = network(images()).canonical_depth_m
    torch.testing.assert_close(
        network(images(), cameras()).canonical_depth_m, plain, **TOLERANCE[torch.float32]
    )
    aside = cameras()
    aside[:, 2] += 10
    for camera in (cameras(zoom=2), aside):
        assert (network(images(), camera).canonical_depth_m - plain).abs().mean() > 1e-4


def test_camera_can_be_left_out(network: UNet) -> None:
    """Without rays the network has no place for a camera, and one that is given changes nothing."""
    other = UNet(replace(network.config, camera_rays=False))
    if other.config.encoder == "residual":
        assert other.encoder.stem.in_channels == 3
    assert torch.equal(
        other(images(), cameras(zoom=2)).canonical_depth_m, other(images()).canonical_depth_m
    )


def test_portrait_is_the_same_camera_turned(network: UNet) -> None:
    """Without a camera, the focal length is that of the longer side, as prediction assumes it."""
    focal_px = NYU_FOCAL * 48
    camera = torch.tensor([[focal_px, focal_px, 15.5, 23.5]]).repeat(2, 1)
    portrait = images(2, 48, 32)
    torch.testing.assert_close(
        network(portrait).canonical_depth_m,
        network(portrait, camera).canonical_depth_m,
        **TOLERANCE[torch.float32],
    )


def test_detail_comes_through_the_skip_connections(network: UNet) -> None:
    """With everything below a level silenced, depth still follows the image: by the skips."""
    for up in range(len(network.ups)):
        silenced = copy.deepcopy(network)
        torch.nn.init.zeros_(silenced.ups[up].reduce.weight)
        first, second = silenced(images()).canonical_depth_m
        assert (first - second).abs().mean() > 1e-3


@pytest.mark.parametrize("raw", [-1e6, 1e6, 0.0])
def test_range(network: UNet, raw: float) -> None:
    """Whatever the last layer says, depth stays between the bounds, up to rounding."""
    with torch.no_grad():
        network.head.bias.fill_(raw)
        network.head.weight.mul_(100)
    depth_m = network(images()).canonical_depth_m
    assert depth_m.min() >= LOW_M * (1 - 1e-6)
    assert depth_m.max() <= HIGH_M * (1 + 1e-6)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.45])
def test_flat_images(network: UNet, value: float) -> None:
    """A black, white or grey photo has finite depth and finite gradients."""
    network(torch.full((1, 3, 32, 48), value)).canonical_depth_m.sum().backward()
    for parameter in network.parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None
            assert parameter.grad.isfinite().all()


def test_fp32_out_of_bf16(network: UNet) -> None:
    """Under bf16 autocast depth is fp32 and finer than bf16: the last layer runs in fp32."""
    exact = network(images()).canonical_depth_m
    with torch.autocast("cpu", torch.bfloat16):
        mixed = network(images()).canonical_depth_m
    assert mixed.dtype == torch.float32
    assert not torch.equal(mixed, exact), "autocast did nothing"
    assert (mixed != mixed.bfloat16().float()).float().mean() > 0.9
    assert ((mixed - exact).abs() / exact).median() < TOLERANCE[torch.bfloat16]["rtol"]


def test_images_of_a_batch_do_not_meet(network: UNet) -> None:
    """An image's depth is the same alone, in a batch, and beside other images."""
    batch = images(4)
    together = network(batch).canonical_depth_m
    for i in range(4):
        alone = network(batch[i : i + 1]).canonical_depth_m[0]
        torch.testing.assert_close(together[i], alone, **TOLERANCE[torch.float32])
    others = torch.cat((batch[:1], 1 - batch[1:]))
    torch.testing.assert_close(
        network(others).canonical_depth_m[0], together[0], **TOLERANCE[torch.float32]
    )


def test_gradients_of_a_batch_do_not_meet(network: UNet) -> None:
    """One image's depth has no gradient for another image, not the smallest."""
    batch = images(3).requires_grad_()
    network(batch).canonical_depth_m[1].sum().backward()
    assert batch.grad is not None
    assert batch.grad[1].any()
    assert not batch.grad[0].any()
    assert not batch.grad[2].any()


@pytest.mark.parametrize("stride", [1, 2])
def test_gradients_reach_every_parameter(network: UNet, stride: int) -> None:
    """No parameter is dead: each has a finite gradient that is not zero."""
    network(images(), output_stride=stride).canonical_depth_m.square().sum().backward()
    trained = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    for name, parameter in trained:
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_state_dict_round_trip(network: UNet) -> None:
    """The parameters are the whole state: another network with them predicts the same bits."""
    other = UNet(network.config)
    assert not torch.equal(other(images()).canonical_depth_m, network(images()).canonical_depth_m)
    other.load_state_dict(copy.deepcopy(network.state_dict()), strict=True)
    assert torch.equal(other(images()).canonical_depth_m, network(images()).canonical_depth_m)
    assert set(network.state_dict()) == {name for name, _ in network.named_parameters()}


def test_training_and_evaluation_are_one(network: UNet) -> None:
    """There is no dropout and no batch statistic: both modes predict the same bits, every time."""
    training = network.train()(images()).canonical_depth_m
    assert torch.equal(network.eval()(images()).canonical_depth_m, training)
    assert torch.equal(network(images()).canonical_depth_m, training)


def test_memory_format_changes_nothing(network: UNet) -> None:
    """Channels last is a matter of speed."""
    plain = network(images()).canonical_depth_m
    stored = network.in_format(channels_last=True)
    kernels = [weight for weight in stored.parameters() if weight.ndim == 4]
    assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in kernels)
    for image in (images(), images().contiguous(memory_format=torch.channels_last)):
        torch.testing.assert_close(
            stored(image).canonical_depth_m, plain, **TOLERANCE[torch.float32]
        )


def test_image_is_left_alone(network: UNet) -> None:
    """Predicting does not change the image."""
    image = images()
    network(image)
    assert torch.equal(image, images())


def test_built_without_memory(network: UNet) -> None:
    """A network can be laid out on the meta device, where files are loaded into it."""
    with torch.device("meta"):
        empty = UNet(network.config)
    assert all(parameter.is_meta for parameter in empty.parameters())
    empty.load_state_dict(network.state_dict(), strict=True, assign=True)
    assert torch.equal(empty(images()).canonical_depth_m, network(images()).canonical_depth_m)


def test_same_seed_same_network(network: UNet) -> None:
    """The random weights come from PyTorch's seed alone."""
    made = []
    for _ in range(2):
        torch.manual_seed(5)
        made.append(UNet(network.config).state_dict())
    for name, value in made[0].items():
        assert torch.equal(value, made[1][name])


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked")
@pytest.mark.filterwarnings("ignore")  # torch warns of its own exporter
def test_exports(network: UNet) -> None:
    """Exported by torch.export, the network predicts the same metres for any number of images."""
    batch = torch.export.Dim("batch", min=1, max=64)
    program = torch.export.export(
        network.eval(), (images(3),), dynamic_shapes={"image": {0: batch}}
    )
    for count in (1, 5):
        torch.testing.assert_close(
            program.module()(images(count)).canonical_depth_m,
            network(images(count)).canonical_depth_m,
            **TOLERANCE[torch.float32],
        )
