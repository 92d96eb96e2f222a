"""Laws of losses and metrics that hold for any depth."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from depth_unet.config.loss import LossConfig
from depth_unet.losses.berhu import berhu
from depth_unet.losses.gradient_edge import gradient_edge
from depth_unet.losses.mae import mae
from depth_unet.losses.silog import silog
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.depth import METRIC_NAMES, image_sums, scores

SCALE_FREE = ("abs_rel", "rmse_log", "log10", "silog", "delta1", "delta2", "delta3")
IN_METRES = ("sq_rel", "rmse")
ALL_TERMS = LossConfig(mae=0.6, gradient_edge=0.2, ssim=1.0, silog=0.3, berhu=0.4)

seeds = st.integers(0, 2**32 - 1)
factors = st.floats(0.01, 100.0)
shares = st.floats(0.05, 1.0)


def make_depth(seed: int, share_valid: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Two images between 0.5 and 10 m, predicted up to a third off, at least one pixel valid."""
    generator = torch.Generator().manual_seed(seed)
    shape = (2, 1, 13, 14)
    target, noise, coin = (
        torch.rand(shape, generator=generator, dtype=torch.float64) for _ in range(3)
    )
    target = 0.5 + 9.5 * target
    valid = coin < share_valid
    valid[..., 0, 0] = True
    return target * (0.7 + 0.6 * noise), target, valid


@given(seed=seeds, factor=factors, share=shares)
def test_scaling_both_leaves_ratios(seed: int, factor: float, share: float) -> None:
    """Prediction and target times k: relative metrics stay, metric ones are k times as large."""
    prediction, target, valid = make_depth(seed, share)
    once = scores(image_sums(prediction, target, valid))
    scaled = scores(image_sums(factor * prediction, factor * target, valid))
    for name in SCALE_FREE:
        # The root of silog turns rounding of 1e-16 into 1e-8, and it is times 100.
        atol = 1e-5 if name == "silog" else 1e-9
        torch.testing.assert_close(scaled[name], once[name], rtol=1e-9, atol=atol)
    for name in IN_METRES:
        torch.testing.assert_close(scaled[name], factor * once[name], rtol=1e-9, atol=0)


@given(seed=seeds, factor=factors, share=shares)
def test_losses_follow_the_scale(seed: int, factor: float, share: float) -> None:
    """Prediction and target times k: losses in metres are k times as large, silog stays."""
    prediction, target, valid = make_depth(seed, share)
    for loss in (mae, gradient_edge, berhu, silog):
        once = loss(prediction, target, valid).sum
        scaled = loss(factor * prediction, factor * target, valid).sum
        expected = once if loss is silog else factor * once
        torch.testing.assert_close(scaled, expected, rtol=1e-9, atol=1e-9)


@given(seed=seeds, share=shares, dtype=st.sampled_from([torch.float32, torch.float64]))
def test_perfect_prediction(seed: int, share: float, dtype: torch.dtype) -> None:
    """The target predicted: metrics are exactly 0, hits exactly 1, losses exactly 0."""
    _, target, valid = make_depth(seed, share)
    target = target.to(dtype)
    for name, values in scores(image_sums(target, target, valid)).items():
        assert (values == float(name.startswith(("delta", "edge", "boundary")))).all()
    terms = WeightedLoss(ALL_TERMS)(target, target, valid)
    for name, term in terms.items():
        # silog keeps the epsilon of its root: 1e-3 per image.
        assert term.sum == pytest.approx(2e-3 if name == "silog" else 0.0, rel=1e-5, abs=0.0)


@given(seed=seeds, share=shares, junk=st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -1.0]))
def test_masked_values_change_nothing(seed: int, share: float, junk: float) -> None:
    """What stands in invalid pixels is never read, by any loss or metric."""
    prediction, target, valid = make_depth(seed, share)
    spoiled = torch.where(valid, target, junk)
    assert torch.equal(
        image_sums(prediction, spoiled, valid), image_sums(prediction, target, valid)
    )
    loss = WeightedLoss(ALL_TERMS)
    clean = loss(prediction, target, valid)
    for name, term in loss(prediction, spoiled, valid).items():
        assert torch.equal(term.sum, clean[name].sum)


@given(
    seed=seeds,
    order=st.permutations(range(6)),
    average=st.sampled_from(["image", "pixel"]),
)
def test_order_of_images_changes_nothing(seed: int, order: list[int], average: str) -> None:
    """Images in any order give the same summary to the last bit."""
    rows = torch.cat([image_sums(*make_depth(seed + i, 0.1 + 0.15 * i)) for i in range(3)])
    whole = MetricAccumulator(average)
    for i in range(6):
        whole.add(f"{i}", rows[i])
    shuffled = MetricAccumulator(average)
    for i in order:
        shuffled.add(f"{i}", rows[i])
    assert shuffled.summary(num_resamples=20) == whole.summary(num_resamples=20)
    assert list(whole.summary(num_resamples=1)) == list(METRIC_NAMES)
