"""Every loss passes the same battery."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
import torch
from torch import Tensor

from depth_unet.config.loss import NO_DEPTH, LossConfig
from depth_unet.losses.berhu import berhu
from depth_unet.losses.gradient_edge import gradient_edge, num_pairs
from depth_unet.losses.gradient_matching import gradient_matching, num_far_pairs
from depth_unet.losses.mae import mae
from depth_unet.losses.masking import num_images, num_pixels
from depth_unet.losses.silog import silog
from depth_unet.losses.ssim import num_windows, ssim
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.records import SumCount
from tests.tolerances import TOLERANCE


@dataclass(frozen=True)
class Case:
    """A loss, its count, its value for flat depth 3 m against 1 m, and for no error at all."""

    loss: Callable[..., SumCount]
    count: Callable[[Tensor], Tensor]
    flat_value: float
    perfect_value: float = 0.0
    has_detached_maximum: bool = False


SIMILARITY_3_1 = 6.01 / 10.01  # Luminance of 3 m and 1 m at a range of 10 m; the rest is 1.
CASES = {
    "mae": Case(mae, num_pixels, 2.0),
    "gradient_edge": Case(gradient_edge, num_pairs, 0.0),
    "gradient_matching": Case(gradient_matching, num_far_pairs, 0.0),
    "ssim": Case(partial(ssim, data_range_m=10.0), num_windows, (1 - SIMILARITY_3_1) / 2),
    "ssim_no_contrast": Case(
        partial(ssim, data_range_m=10.0, contrast=0.0), num_windows, (1 - SIMILARITY_3_1) / 2
    ),
    "ssim_fractional": Case(
        partial(ssim, data_range_m=10.0, luminance=2.0, contrast=0.7, structure=0.4, scale=3.0),
        num_windows,
        3 * (1 - SIMILARITY_3_1**2) / 2,
    ),
    "silog": Case(silog, num_images, 10 * math.log(3) * math.sqrt(0.15), perfect_value=1e-3),
    "berhu": Case(berhu, num_images, (4 + 0.16) / 0.8, has_detached_maximum=True),
}
HEIGHT, WIDTH = 12, 13


@pytest.fixture(params=CASES, name="case")
def each_loss(request: pytest.FixtureRequest) -> Case:
    """One loss after the other."""
    return CASES[request.param]


def make_depth(num_images: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Prediction and target between 0.5 and 10 m, far from each other and never equal."""
    generator = torch.Generator().manual_seed(num_images)
    shape = (num_images, 1, HEIGHT, WIDTH)
    target = 1 + 8 * torch.rand(shape, generator=generator, dtype=torch.float64)
    ratio = 1 + 0.4 * (torch.rand(shape, generator=generator, dtype=torch.float64) - 0.5)
    return (target * ratio).to(dtype), target.to(dtype)


def make_valid(num_images: int) -> Tensor:
    """Masks of very different size: whole, a column less, a pixel less, few, none."""
    valid = torch.ones(num_images, 1, HEIGHT, WIDTH, dtype=torch.bool)
    valid[1::5, ..., :1] = False
    valid[2::5, ..., 0, -1] = False
    valid[3::5] = False
    valid[3::5, ..., 4:6, 4:7] = True
    valid[4::5] = False
    return valid


def gradient(case: Case, prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Gradient of the sum with respect to the prediction."""
    prediction = prediction.clone().requires_grad_()
    return torch.autograd.grad(case.loss(prediction, target, valid).sum, prediction)[0]


def test_returns_two_finite_scalars(case: Case) -> None:
    """A loss is a sum that is not negative and a count that is not zero, without dimensions."""
    prediction, target = make_depth(5, torch.float32)
    term = case.loss(prediction, target, make_valid(5))
    assert term.sum.shape == term.count.shape == ()
    assert term.sum.isfinite()
    assert term.sum > 0
    assert term.count > 0


def test_value_by_hand(case: Case) -> None:
    """Flat depth of 3 m against 1 m has the value of the formula."""
    target = torch.ones(2, 1, HEIGHT, WIDTH, dtype=torch.float64)
    term = case.loss(3 * target, target, target > 0)
    expected = torch.tensor(case.flat_value, dtype=torch.float64)
    # The straightened power and the epsilon under the roots are worth less than 1e-6.
    torch.testing.assert_close(term.sum / term.count, expected, rtol=1e-6, atol=1e-9)


def test_perfect_prediction_costs_nothing(case: Case) -> None:
    """No error, no loss; silog keeps the epsilon of its root. The gradient is 0 as well."""
    _, target = make_depth(3)
    valid = make_valid(3)
    term = case.loss(target, target, valid)
    expected = case.perfect_value * term.count
    torch.testing.assert_close(term.sum.float(), expected, rtol=1e-6, atol=0.0)
    assert gradient(case, target, target, valid).abs().max() < 1e-12


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("scene", ["textured", "flat", "flat and perfect"])
def test_gradcheck(case: Case, scene: str) -> None:
    """The gradient is that of finite differences, with a mask and where depth is flat."""
    prediction, target = make_depth(2)
    valid = make_valid(3)[1:]
    if scene != "textured":
        target = torch.full_like(target, 2.0)
        prediction = torch.full_like(target, 3.0 if scene == "flat" else 2.0)
    held = torch.zeros_like(valid)
    if case.has_detached_maximum:
        # The threshold is no part of the gradient, so the pixel that sets it is held.
        held[..., 1, 1] = True
    held_m = target + 30

    def loss_sum(free: Tensor) -> Tensor:
        return case.loss(torch.where(held, held_m, free), target, valid).sum

    assert torch.autograd.gradcheck(loss_sum, (prediction.requires_grad_(),))


@pytest.mark.parametrize("junk", [math.nan, math.inf, -math.inf, 0.0, -5.0])
def test_masked_values_change_nothing(case: Case, junk: float) -> None:
    """What stands in invalid pixels reaches neither the value nor the gradient."""
    prediction, target = make_depth(5)
    valid = make_valid(5)
    spoiled = torch.where(valid, target, junk)
    spoiled_prediction = torch.where(valid, prediction, junk)
    clean = case.loss(prediction, target, valid)
    clean_gradient = gradient(case, prediction, target, valid)
    assert torch.equal(case.loss(prediction, spoiled, valid).sum, clean.sum)
    assert torch.equal(case.loss(spoiled_prediction, spoiled, valid).sum, clean.sum)
    assert torch.equal(gradient(case, prediction, spoiled, valid), clean_gradient)
    assert torch.equal(gradient(case, spoiled_prediction, spoiled, valid), clean_gradient)
    assert (clean_gradient[~valid] == 0).all()


def test_empty_mask(case: Case) -> None:
    """Without a valid pixel, sum, count and gradient are exactly 0, even if the target is NaN."""
    prediction, target = make_depth(2)
    valid = torch.zeros_like(target, dtype=torch.bool)
    term = case.loss(prediction, target * math.nan, valid)
    assert term.sum == 0
    assert term.count == 0
    assert (gradient(case, prediction, target * math.nan, valid) == 0).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(case: Case, dtype: torch.dtype) -> None:
    """Half-precision input gives an fp32 result: that of the same numbers widened first."""
    prediction, target = make_depth(3, dtype)
    valid = make_valid(3)
    term = case.loss(prediction, target, valid)
    assert term.sum.dtype == term.count.dtype == torch.float32
    assert torch.equal(term.sum, case.loss(prediction.float(), target.float(), valid).sum)
    exact = case.loss(*make_depth(3), valid).sum.float()
    torch.testing.assert_close(term.sum, exact, rtol=5 * TOLERANCE[dtype]["rtol"], atol=0.0)


def test_single_precision_is_enough(case: Case) -> None:
    """The fp32 result is the float64 result up to rounding."""
    valid = make_valid(4)
    single = case.loss(*make_depth(4, torch.float32), valid).sum
    assert single.dtype == torch.float32
    exact = case.loss(*make_depth(4), valid).sum
    assert exact.dtype == torch.float64
    torch.testing.assert_close(single.double(), exact, **TOLERANCE[torch.float32])


def test_autocast_changes_nothing(case: Case) -> None:
    """Losses run in fp32 under mixed precision."""
    prediction, target = make_depth(3, torch.float32)
    valid = make_valid(3)
    plain = case.loss(prediction, target, valid).sum
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = case.loss(prediction, target, valid).sum
    assert torch.equal(mixed, plain)


def test_count_is_known_before_the_prediction(case: Case) -> None:
    """The count function equals the count of the loss, and counts of images add up."""
    prediction, target = make_depth(10)
    valid = make_valid(10)
    count = case.count(valid)
    assert count.dtype == torch.float32
    assert count == case.loss(prediction, target, valid).count
    assert count == sum(case.count(valid[i : i + 1]) for i in range(10))


@pytest.mark.parametrize("micro_batch", [1, 3, 16])
def test_micro_batches_add_up_to_the_batch(case: Case, micro_batch: int) -> None:
    """Sums, counts and gradients of micro-batches add up to those of the whole batch."""
    prediction, target = make_depth(16)
    valid = make_valid(16)
    whole = case.loss(prediction, target, valid)
    whole_gradient = gradient(case, prediction, target, valid)
    parts = [slice(start, start + micro_batch) for start in range(0, 16, micro_batch)]
    terms = [case.loss(prediction[part], target[part], valid[part]) for part in parts]
    gradients = [gradient(case, prediction[p], target[p], valid[p]) for p in parts]
    tolerance = TOLERANCE[torch.float64]
    torch.testing.assert_close(torch.stack([t.sum for t in terms]).sum(), whole.sum, **tolerance)
    assert torch.stack([t.count for t in terms]).sum() == whole.count
    torch.testing.assert_close(torch.cat(gradients), whole_gradient, **tolerance)


def test_inputs_are_left_alone(case: Case) -> None:
    """A loss changes none of its arguments."""
    prediction, target = make_depth(3)
    valid = make_valid(3)
    before = prediction.clone(), target.clone(), valid.clone()
    gradient(case, prediction, target, valid)
    case.loss(prediction, target, valid)
    for now, then in zip((prediction, target, valid), before, strict=True):
        assert torch.equal(now, then)


@pytest.mark.parametrize("name", [name for name in LossConfig().weights() if name not in NO_DEPTH])
def test_weighted_loss_passes_the_terms_through(name: str) -> None:
    """A weighted loss of one term is that loss, divided by its count, times the weight."""
    loss = WeightedLoss(LossConfig(**(dict.fromkeys(LossConfig().weights(), 0.0) | {name: 0.5})))
    prediction, target = make_depth(5)
    valid = make_valid(5)
    terms = loss(prediction, target, valid)
    direct = CASES[name].loss(prediction, target, valid)
    assert list(terms) == [name]
    assert torch.equal(terms[name].sum, direct.sum)
    total = loss.total(terms, loss.counts(valid))
    torch.testing.assert_close(total, 0.5 * direct.sum / direct.count)


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch warns of its own compiler
@pytest.mark.filterwarnings("ignore:The .grad attribute")  # it enters checked functions one by one
def test_compiles(case: Case) -> None:
    """Compiled, value and gradient stay the same."""
    prediction, target = make_depth(2, torch.float32)
    valid = make_valid(3)[1:]
    compiled = Case(torch.compile(case.loss), case.count, case.flat_value)
    tolerance = TOLERANCE[torch.float32]
    torch.testing.assert_close(
        compiled.loss(prediction, target, valid).sum,
        case.loss(prediction, target, valid).sum,
        **tolerance,
    )
    torch.testing.assert_close(
        gradient(compiled, prediction, target, valid),
        gradient(case, prediction, target, valid),
        **tolerance,
    )
