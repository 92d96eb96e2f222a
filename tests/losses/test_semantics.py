"""Cross-entropy of classes: per image, known count, nothing from places without a class."""

import math

import pytest
import torch
from torch import Tensor

from depth_unet.config.loss import LossConfig
from depth_unet.losses.masking import num_images
from depth_unet.losses.semantics import semantics
from depth_unet.losses.weighted import WeightedLoss

STRIDE, CLASSES = 8, 3


def example(num: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """Logits of 2x3 places and labels, of which some are none."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(num, CLASSES, 2, 3, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 5, (num, 1, 16, 24), generator=generator).to(torch.uint8)
    return logits, labels, torch.ones(num, 1, 8, 12, dtype=torch.bool)


def test_value_by_hand() -> None:
    """The class at each place's centre counts, places without one count as perfect."""
    logits, labels, valid = example()
    term = semantics(logits, labels, valid)
    by_hand = 0.0
    for image in range(3):
        for row in range(2):
            for column in range(3):
                label = int(labels[image, 0, 4 + 8 * row, 4 + 8 * column])
                if label < CLASSES:
                    scores = logits[image, :, row, column]
                    by_hand += float(scores.exp().sum().log() - scores[label]) / 6
    assert math.isclose(float(term.sum), by_hand, rel_tol=1e-12)
    assert float(term.count) == 3


def test_parts_add_up() -> None:
    """Sums and counts of micro-batches are those of the whole, and the count needs no label."""
    logits, labels, valid = example()
    whole = semantics(logits, labels, valid)
    parts = [semantics(logits[i : i + 1], labels[i : i + 1], valid[i : i + 1]) for i in range(3)]
    assert math.isclose(float(sum(part.sum for part in parts)), float(whole.sum), rel_tol=1e-12)
    assert float(num_images(valid)) == float(whole.count) == 3


def test_images_without_depth_are_left_out() -> None:
    """An image that stands in for none adds neither to the sum nor to the count."""
    logits, labels, valid = example()
    first_two = semantics(logits[:2], labels[:2], valid[:2])
    valid[2] = False
    term = semantics(logits, labels, valid)
    assert torch.equal(term.sum, first_two.sum)
    assert torch.equal(term.count, first_two.count)


def test_gradcheck() -> None:
    """The gradient is that of finite differences."""
    logits, labels, valid = example()
    assert torch.autograd.gradcheck(
        lambda x: semantics(x, labels, valid).sum, (logits.requires_grad_(),)
    )


@pytest.mark.parametrize("labels", [torch.full((2, 1, 16, 24), 255, dtype=torch.uint8), None])
def test_without_any_class(labels: Tensor | None) -> None:
    """Images without classes add exactly nothing, with a zero gradient, beside those with depth."""
    loss = WeightedLoss(LossConfig(ssim=0, semantics=0.5))
    logits = torch.randn(2, CLASSES, 2, 3, requires_grad=True)
    target_m = torch.ones(2, 1, 16, 24)
    valid = target_m > 0
    terms = loss(2 * target_m, target_m, valid, logits=logits, labels=labels)
    loss.total(terms, loss.counts(valid)).backward()
    assert float(terms["semantics"].sum.detach()) == 0
    assert logits.grad is not None
    assert not logits.grad.any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(dtype: torch.dtype) -> None:
    """Half-precision logits give the result of the same numbers widened first."""
    logits, labels, valid = example()
    small = logits.to(dtype)
    term = semantics(small, labels, valid)
    assert term.sum.dtype == torch.float32
    assert torch.equal(term.sum, semantics(small.float(), labels, valid).sum)
