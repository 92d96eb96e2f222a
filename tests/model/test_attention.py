"""Attention: the formula, the flash kernels that compute it, and positions at any size."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from depth_unet.config.model import ModelConfig
from depth_unet.model.attention import AttentionBlock
from depth_unet.model.rays import NUM_FREQUENCIES
from depth_unet.model.unet import UNet
from tests.tolerances import TOLERANCE

WIDTH, HEAD_WIDTH = 32, 16
SMALL = ModelConfig(widths=(8, 16, 32, 32), blocks=(1, 1, 1, 1), attention_blocks=(0, 0, 1, 1))
FORMATS = [torch.contiguous_format, torch.channels_last]
each_format = pytest.mark.parametrize("memory_format", FORMATS, ids=["nchw", "nhwc"])


class Operations(TorchDispatchMode):
    """Notes the name of every operation that runs, and whether one was given a mask."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.masked = False

    def __torch_dispatch__(
        self, func: Any, _types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operation, noted."""
        self.names.add(func.overloadpacket.__name__)
        self.masked |= (kwargs or {}).get("attn_mask") is not None
        return func(*args, **(kwargs or {}))


def make_block(memory_format: torch.memory_format = torch.contiguous_format) -> AttentionBlock:
    """A block in which everything takes part, as after training."""
    torch.manual_seed(0)
    block = AttentionBlock(WIDTH, HEAD_WIDTH, 2)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return block.to(memory_format=memory_format)


def features(height: int = 6, width: int = 9, dtype: torch.dtype = torch.float32) -> Tensor:
    """Two feature maps."""
    generator = torch.Generator().manual_seed(height)
    return torch.randn(2, WIDTH, height, width, generator=generator).to(dtype)


def places(x: Tensor) -> Tensor:
    """The positions of a feature map, as the block receives them."""
    generator = torch.Generator().manual_seed(7)
    shape = (len(x), 4 * NUM_FREQUENCIES, *x.shape[2:])
    return (2 * torch.rand(shape, generator=generator) - 1).to(x.device)


def plain(block: AttentionBlock, x: Tensor) -> Tensor:
    """The block with attention written out: softmax(q k^T / sqrt(d)) v for every head."""
    b, c, h, w = x.shape
    y = block.norm1(x) + block.position(places(x).to(x.dtype))
    q, k, v = (
        part.reshape(b, c // HEAD_WIDTH, HEAD_WIDTH, h * w) for part in block.qkv(y).split(c, dim=1)
    )
    scores = torch.einsum("bhdn,bhdm->bhnm", q, k) / math.sqrt(HEAD_WIDTH)
    mixed = torch.einsum("bhnm,bhdm->bhdn", scores.softmax(dim=-1), v)
    x = x + block.out(mixed.reshape(b, c, h, w))
    return x + block.contract(F.gelu(block.expand(block.norm2(x)), approximate="tanh"))


def value_and_gradients(block: AttentionBlock, x: Tensor, *, reference: bool) -> list[Tensor]:
    """The result, and the gradients of its weighted sum: for the input and every parameter."""
    x = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    result = plain(block, x) if reference else block(x, places(x))
    weights = torch.linspace(-1, 1, result.numel(), device=x.device).view_as(result)
    gradients = torch.autograd.grad((result * weights).sum(), [x, *block.parameters()])
    return [result.detach(), *gradients]


@each_format
@pytest.mark.parametrize("size", [(6, 9), (1, 1), (12, 16)], ids=str)
def test_flash_matches_the_formula(
    memory_format: torch.memory_format, size: tuple[int, int]
) -> None:
    """With the flash kernel pinned, values and all gradients are those of plain softmax."""
    block = make_block(memory_format)
    x = features(*size).contiguous(memory_format=memory_format)
    expected = value_and_gradients(block, x, reference=True)
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        found = value_and_gradients(block, x, reference=False)
    for ours, theirs in zip(found, expected, strict=True):
        scale = float(theirs.abs().max())
        torch.testing.assert_close(ours / scale, theirs / scale, **TOLERANCE[torch.float32])


@each_format
def test_flash_is_what_runs(memory_format: torch.memory_format) -> None:
    """Nothing pinned, forward and backward take the flash kernel: no matrix of scores is made."""
    block = make_block(memory_format)
    x = features().contiguous(memory_format=memory_format).requires_grad_()
    with Operations() as operations:
        block(x, places(x)).sum().backward()
    kernel = "_scaled_dot_product_flash_attention_for_cpu"
    assert {kernel, f"{kernel}_backward"} <= operations.names
    assert not {"softmax", "_softmax", "bmm", "baddbmm", "matmul"} & operations.names
    assert not operations.masked, "with a dense mask there is no flash kernel on a GPU"


def test_attention_in_bf16_runs_in_fp32_on_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries, keys and values reach the kernel in fp32."""
    found, kernel = set[torch.dtype](), F.scaled_dot_product_attention

    def noted(*inputs: Tensor) -> Tensor:
        y = kernel(*inputs)
        found.update(part.dtype for part in (*inputs, y))
        return y

    monkeypatch.setattr(F, "scaled_dot_product_attention", noted)
    block, x = make_block(), features()
    with torch.autocast("cpu", torch.bfloat16):
        block(x, places(x))
    assert found == {torch.float32}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_block_of_another_type(dtype: torch.dtype) -> None:
    """Its result has the type of its weights, whatever the kernel ran in."""
    x = features().to(dtype)
    found = make_block().to(dtype)(x, places(x))
    assert found.dtype == dtype
    torch.testing.assert_close(
        found.float(), make_block()(x.float(), places(x)), **TOLERANCE[torch.bfloat16]
    )


@each_format
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_network_runs_entirely_on_flash(memory_format: torch.memory_format, precision: str) -> None:
    """The whole network, forward and backward, runs where only flash attention is allowed."""
    torch.manual_seed(0)
    network = UNet(SMALL).to(memory_format=memory_format)
    image = torch.rand(2, 3, 48, 64)
    with (
        sdpa_kernel(SDPBackend.FLASH_ATTENTION),
        torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"),
    ):
        network(image).canonical_depth_m.sum().backward()
    attention = [module for module in network.modules() if isinstance(module, AttentionBlock)]
    assert attention
    assert all(block.out.weight.grad is not None for block in attention)


@pytest.mark.gpu
@each_format
def test_flash_matches_the_formula_on_cuda(memory_format: torch.memory_format) -> None:
    """On a GPU in bf16: the flash kernel is pinned, and agrees with plain softmax in fp32."""
    block = make_block(memory_format).cuda()
    x = features(12, 16).contiguous(memory_format=memory_format).cuda()
    expected = value_and_gradients(block, x, reference=True)
    with (
        sdpa_kernel(SDPBackend.FLASH_ATTENTION),
        torch.autocast("cuda", torch.bfloat16),
        Operations() as operations,
    ):
        found = value_and_gradients(block, x, reference=False)
    kernel = "_scaled_dot_product_flash_attention"
    assert {kernel, f"{kernel}_backward"} <= operations.names
    for ours, theirs in zip(found, expected, strict=True):
        error = (ours.float() - theirs).norm() / theirs.norm().clamp(min=1e-3)
        assert error < TOLERANCE[torch.bfloat16]["rtol"]


@pytest.mark.gpu
def test_network_runs_entirely_on_flash_on_cuda() -> None:
    """On a GPU in bf16 the default network trains where only flash attention is allowed."""
    network = UNet(ModelConfig()).cuda()
    image = torch.rand(2, 3, 96, 128, device="cuda")
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION), torch.autocast("cuda", torch.bfloat16):
        depth_m = network(image).canonical_depth_m
        depth_m.sum().backward()
    assert depth_m.dtype == torch.float32
    assert depth_m.isfinite().all()


def test_every_position_sees_every_other() -> None:
    """One position of the result depends on every position of the input, however far away."""
    x = features().requires_grad_()
    make_block()(x, places(x))[0, :, 0, 0].sum().backward()
    assert x.grad is not None
    assert (x.grad[0].abs().sum(dim=0) > 0).all()
    assert not x.grad[1].any()


def test_heads_look_apart() -> None:
    """What one head reads is weighed by that head's own scores."""
    block = make_block()
    with torch.no_grad():
        block.out.weight[:, :HEAD_WIDTH] = 0  # the first head is not listened to
    before = block(features(), places(features()))
    with torch.no_grad():
        for start in (0, WIDTH, 2 * WIDTH):  # its queries, keys and values
            block.qkv.weight[start : start + HEAD_WIDTH].mul_(-3)
    torch.testing.assert_close(
        block(features(), places(features())), before, **TOLERANCE[torch.float32]
    )


def test_without_positions_order_means_nothing() -> None:
    """Attention alone knows no places; what the block knows of them comes from ``position``."""
    block = make_block()
    order = torch.randperm(54, generator=torch.Generator().manual_seed(0))

    def shuffled(x: Tensor) -> Tensor:
        return x.flatten(2)[..., order].view_as(x)

    here = places(features())

    def difference() -> Tensor:
        moved = block(shuffled(features()), here)
        return (moved - shuffled(block(features(), here))).abs().max()

    assert difference() > 0.1
    with torch.no_grad():
        block.position.weight.zero_()
    assert difference() < TOLERANCE[torch.float32]["atol"]
