"""The weighted sum of losses."""

import math

import pytest
import torch
from torch import Tensor

from depth_unet.config.loss import LossConfig, SSIMConfig
from depth_unet.losses.ssim import ssim
from depth_unet.losses.weighted import WeightedLoss

ALL_TERMS = LossConfig(
    mae=0.6, gradient_edge=0.2, gradient_matching=0.5, ssim=1.0, silog=0.3, berhu=0.4
)
TERMS = [name for name, weight in ALL_TERMS.weights().items() if weight]
GRADIENT_RTOL = 1e-6


def make_batch() -> tuple[Tensor, Tensor, Tensor]:
    """Sixteen images whose masks reach from empty over a few pixels to whole."""
    generator = torch.Generator().manual_seed(0)
    shape = (16, 1, 14, 16)
    target = 1 + 8 * torch.rand(shape, generator=generator, dtype=torch.float64)
    prediction = target * (0.7 + 0.6 * torch.rand(shape, generator=generator, dtype=torch.float64))
    valid = torch.zeros(shape, dtype=torch.bool)
    for i in range(16):
        valid[i, ..., : 14 * i // 15, : 16 * i // 15] = True
    return prediction, torch.where(valid, target, math.nan), valid


@pytest.mark.parametrize("name", [*TERMS, "all"])
def test_accumulation_equals_the_large_batch(name: str) -> None:
    """Sixteen micro-batches of one have the gradient of one batch of 16, to 1e-6 relative."""
    weights = ALL_TERMS.weights()
    if name != "all":
        weights = dict.fromkeys(weights, 0.0) | {name: weights[name]}
    loss = WeightedLoss(LossConfig(**weights))
    prediction, target, valid = make_batch()
    counts = loss.counts(valid)

    whole = prediction.clone().requires_grad_()
    total = loss.total(loss(whole, target, valid), counts)
    total.backward()
    parts = prediction.clone().requires_grad_()
    shares = []
    for i in range(16):
        part = slice(i, i + 1)
        share = loss.total(loss(parts[part], target[part], valid[part]), counts)
        share.backward()
        shares.append(share.detach())

    assert whole.grad is not None
    assert parts.grad is not None
    assert whole.grad.norm() > 0
    assert (whole.grad - parts.grad).norm() <= GRADIENT_RTOL * whole.grad.norm()
    torch.testing.assert_close(torch.stack(shares).sum(), total.detach())


def test_only_terms_with_a_weight_are_computed() -> None:
    """A weight of 0 leaves the term out of terms and counts."""
    loss = WeightedLoss(LossConfig(mae=1.0, gradient_edge=0.0, ssim=0.0))
    prediction, target, valid = make_batch()
    assert list(loss(prediction, target, valid)) == ["mae"]
    assert list(loss.counts(valid)) == ["mae"]


def test_total_by_hand() -> None:
    """Flat 3 m against 1 m: 0.6 times 2 m, no edge, and half of the lost luminance."""
    loss = WeightedLoss(LossConfig())
    target = torch.ones(1, 1, 12, 12, dtype=torch.float64)
    valid = target > 0
    total = loss.total(loss(3 * target, target, valid), loss.counts(valid))
    expected = 0.6 * 2 + 1.0 * (1 - 6.01 / 10.01) / 2
    torch.testing.assert_close(total, torch.tensor(expected, dtype=torch.float64))


def test_empty_term_adds_nothing() -> None:
    """Nothing valid: the total is exactly 0 and so is its gradient, never NaN."""
    loss = WeightedLoss(ALL_TERMS)
    prediction, target, valid = make_batch()
    nothing = torch.zeros_like(valid)
    prediction.requires_grad_()
    total = loss.total(loss(prediction, target, nothing), loss.counts(nothing))
    total.backward()
    assert total == 0
    assert prediction.grad is not None
    assert (prediction.grad == 0).all()


def test_settings_of_ssim_are_passed_on() -> None:
    """Range, exponents and scale of the config reach the loss."""
    settings = SSIMConfig(data_range_m=4.0, luminance=2.0, contrast=0.0, structure=0.5, scale=3.0)
    loss = WeightedLoss(LossConfig(ssim_terms=settings))
    prediction, target, valid = make_batch()
    direct = ssim(
        prediction,
        target,
        valid,
        data_range_m=4.0,
        luminance=2.0,
        contrast=0.0,
        structure=0.5,
        scale=3.0,
    )
    assert torch.equal(loss(prediction, target, valid)["ssim"].sum, direct.sum)


def test_keeps_nothing_between_calls() -> None:
    """The second call returns what the first did."""
    loss = WeightedLoss(ALL_TERMS)
    batch = make_batch()
    first, second = loss(*batch), loss(*batch)
    assert all(torch.equal(first[name].sum, second[name].sum) for name in first)


def test_classes_without_labels_add_nothing() -> None:
    """A batch none of whose images has labels: the loss and the logits' gradient are exactly 0."""
    loss = WeightedLoss(LossConfig(mae=1.0, gradient_edge=0.0, ssim=0.0, semantics=2.0))
    prediction, target, valid = make_batch()
    logits = torch.ones(len(target), 3, 1, 1, requires_grad=True)
    terms = loss(prediction, target, valid, logits=logits)
    assert terms["semantics"].count == loss.counts(valid)["semantics"]
    assert terms["semantics"].sum == 0
    terms["semantics"].sum.backward()
    assert (logits.grad == 0).all()
