"""Evaluation protocols: crops, masks, alignment, ranges."""

import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_unet.config.choices import AlignmentChoice
from depth_unet.errors import ConfigError, DataError
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.depth import image_sums
from depth_unet.metrics.protocols import (
    DENSEDEPTH,
    FULL,
    NYU_EIGEN,
    PROTOCOLS,
    Alignment,
    Average,
    EvalProtocol,
    protocol,
)

HEIGHT, WIDTH = 480, 640
NAMES = [known.name for known in PROTOCOLS]


def make_depth(low_m: float = 0.5, high_m: float = 9.9) -> Tensor:
    """A random map at the native size."""
    generator = torch.Generator().manual_seed(0)
    return low_m + (high_m - low_m) * torch.rand(HEIGHT, WIDTH, generator=generator)


@pytest.mark.parametrize("alignment", get_args(Alignment))
@pytest.mark.parametrize("name", NAMES)
def test_ground_truth_against_itself_is_perfect(name: str, alignment: str) -> None:
    """Under every protocol the ground truth scores exactly 0 and 1, aligned or not, averaged so."""
    rules = replace(protocol(name), alignment=alignment)
    averages = [MetricAccumulator(average) for average in get_args(Average)]
    for high_m in (9.9, 3.0):
        target = make_depth(high_m=high_m)
        prepared = (part[None, None] for part in rules.prepare(target, target))
        sums = image_sums(*prepared)[0]
        for metrics in averages:
            metrics.add(f"{high_m}", sums)
    for metrics in averages:
        for metric, value in metrics.summary(num_resamples=10).items():
            best = float(metric.startswith(("delta", "edge", "boundary")))
            assert value == {"mean": best, "low": best, "high": best}


def test_crops() -> None:
    """Each protocol keeps the rows and columns that its papers name."""
    position = torch.arange(HEIGHT * WIDTH).view(HEIGHT, WIDTH) / (HEIGHT * WIDTH) + 1.0
    position = position.double()
    eigen = NYU_EIGEN.prepare(position, position)
    assert torch.equal(eigen.target_m, position[45:471, 41:601])
    dense = DENSEDEPTH.prepare(position, position)
    assert torch.equal(dense.prediction_m, position[20:460, 24:616])
    full = FULL.prepare(position, position)
    assert torch.equal(full.target_m, position)


def test_valid_rules() -> None:
    """nyu-eigen leaves both ends out, full keeps 10 m, and both leave out holes and NaN."""
    ends = [0.0, 1e-3, 0.5, 9.99, 10.0, 10.01, math.nan, math.inf]
    target = torch.full((HEIGHT, WIDTH), 2.0, dtype=torch.float64)
    target[100, 100 : 100 + len(ends)] = torch.tensor(ends, dtype=torch.float64)
    prediction = torch.full_like(target, 2.0)
    eigen = NYU_EIGEN.prepare(prediction, target).valid[100 - 45, 59 : 59 + len(ends)]
    assert eigen.tolist() == [False, False, True, True, False, False, False, False]
    full = FULL.prepare(prediction, target).valid[100, 100 : 100 + len(ends)]
    assert full.tolist() == [False, True, True, True, True, False, False, False]


def test_predictions_are_clamped() -> None:
    """Predictions end at the protocol's range; ground truth stays as it is."""
    target = make_depth()
    prediction = target.clone()
    prediction[:240], prediction[240:] = -3.0, 50.0
    for rules, low in ((NYU_EIGEN, 1e-3), (DENSEDEPTH, 0.1), (FULL, 1e-3)):
        prepared = rules.prepare(prediction, target)
        assert prepared.prediction_m.unique().tolist() == [low, 10.0]
        assert prepared.target_m.min() >= 0.5


@pytest.mark.parametrize("name", ["nyu-eigen", "densedepth"])
def test_other_sizes_are_refused(name: str) -> None:
    """The NYU protocols say which size they found and which they need."""
    small = torch.ones(240, 320)
    with pytest.raises(DataError, match=r"640x480.*320x240"):
        protocol(name).prepare(small, small)


def test_full_takes_any_size() -> None:
    """Off NYU there is no native size."""
    small = torch.ones(24, 32)
    assert FULL.prepare(small, small).valid.all()


@pytest.mark.parametrize("name", NAMES)
def test_prediction_must_have_the_size_of_the_ground_truth(name: str) -> None:
    """A prediction that was not resized back is refused, never broadcast."""
    with pytest.raises(DataError, match=r"320x240.*640x480"):
        protocol(name).prepare(torch.ones(240, 320), torch.ones(HEIGHT, WIDTH))


def test_densedepth_refuses_holes() -> None:
    """It counts all pixels, so a hole inside its crop is an error; outside it does not matter."""
    target = make_depth()
    target[0] = 0.0
    assert DENSEDEPTH.prepare(target, target).valid.all()
    for hole in (0.0, math.nan):
        target[200, 300:302] = hole
        with pytest.raises(DataError, match=r"2 pixels.*filled"):
            DENSEDEPTH.prepare(target, target)


def test_median_alignment_removes_a_factor() -> None:
    """A prediction that is off by one factor is aligned to the truth; holes do not count."""
    target = make_depth()
    target[::3] = 0.0
    prepared = replace(FULL, alignment="median").prepare(0.3 * target, target)
    torch.testing.assert_close(
        prepared.prediction_m[prepared.valid], prepared.target_m[prepared.valid]
    )


def test_scale_shift_alignment_is_least_squares() -> None:
    """It removes a line, and of a noisy prediction it leaves what NumPy's fit leaves."""
    target = make_depth(2.0, 8.0).double()
    target[::3] = 0.0
    rules = replace(FULL, alignment="scale_shift", clamp_m=(1e-3, 100.0))
    prepared = rules.prepare(0.4 * target + 2, target)
    torch.testing.assert_close(
        prepared.prediction_m[prepared.valid], prepared.target_m[prepared.valid]
    )
    noisy = target + make_depth()
    prediction, truth, valid = rules.prepare(noisy, target)
    known = noisy[valid]
    line = torch.stack((known, torch.ones_like(known)), dim=1)
    fitted = line @ torch.linalg.lstsq(line, truth[valid]).solution
    torch.testing.assert_close(prediction[valid], fitted)


def test_log_scale_shift_alignment_is_least_squares_of_logs() -> None:
    """It removes a power and a factor; of a noisy prediction it leaves what NumPy's fit leaves."""
    target = make_depth(2.0, 8.0).double()
    target[::3] = 0.0
    rules = replace(FULL, alignment="log_scale_shift", clamp_m=(1e-3, 100.0))
    prepared = rules.prepare(0.4 * target**1.7, target)
    torch.testing.assert_close(
        prepared.prediction_m[prepared.valid], prepared.target_m[prepared.valid]
    )
    noisy = target * (1 + make_depth())
    prediction, truth, valid = rules.prepare(noisy, target)
    logs = np.log(noisy[valid].numpy())
    slope, shift = np.polyfit(logs, np.log(truth[valid].numpy()), 1)
    np.testing.assert_allclose(prediction[valid].numpy(), np.exp(slope * logs + shift), rtol=1e-9)


def test_log_alignment_of_missing_predictions() -> None:
    """Depth of 0 or below counts as the nearest depth of the clamp, in the fit too."""
    target = make_depth(2.0, 8.0).double()
    holes, nearest = 0.7 * target, 0.7 * target
    holes[:50], holes[50:100], nearest[:100] = 0.0, -1.0, NYU_EIGEN.clamp_m[0]
    rules = replace(NYU_EIGEN, alignment="log_scale_shift")
    found = rules.prepare(holes, target).prediction_m
    assert torch.equal(found, rules.prepare(nearest, target).prediction_m)
    assert found.isfinite().all()


@pytest.mark.parametrize("alignment", ["median", "scale_shift", "log_scale_shift"])
def test_alignment_without_a_fit(alignment: str) -> None:
    """Without a valid pixel nothing is aligned; a flat prediction becomes finite depth."""
    rules = replace(FULL, alignment=alignment)
    flat, nothing = torch.full((20, 20), 2.0), torch.zeros(20, 20)
    assert (rules.prepare(flat, nothing).prediction_m == 2).all()
    assert rules.prepare(flat, torch.linspace(1, 5, 400).view(20, 20)).prediction_m.isfinite().all()


def test_alignment_comes_before_the_clamp() -> None:
    """A prediction in another unit is aligned first: clamped first, it would be flat."""
    target = make_depth()
    prepared = replace(NYU_EIGEN, alignment="median").prepare(1000 * target, target)
    torch.testing.assert_close(prepared.prediction_m, prepared.target_m)


def test_descriptions() -> None:
    """One line names everything that a number depends on; the caller names the truth."""
    assert NYU_EIGEN.describe("filled") == (
        "protocol nyu-eigen: ground truth filled at 640x480; crop rows 45:471, columns 41:601; "
        "valid 0.001 < depth < 10 m; prediction clamped to [0.001, 10] m; "
        "average per image, then over images; flip averaging off; alignment none"
    )
    assert DENSEDEPTH.describe("filled") == (
        "protocol densedepth: ground truth filled at 640x480; crop rows 20:460, columns 24:616; "
        "valid all pixels, holes refused; prediction clamped to [0.1, 10] m; "
        "average pooled over all pixels; flip averaging on; alignment none"
    )
    variant = replace(FULL.with_range(80.0), flip=True, alignment="scale_shift")
    assert variant.describe("raw") == (
        "protocol full: ground truth raw at its own size; crop none; "
        "valid 0.001 <= depth <= 80 m; prediction clamped to [0.001, 80] m; "
        "average per image, then over images; flip averaging on; alignment scale and shift"
    )


def test_alignment_choices() -> None:
    """What the option takes is what a protocol knows, and each has its own words."""
    assert get_args(AlignmentChoice) == get_args(Alignment)
    lines = {replace(FULL, alignment=name).describe("raw") for name in get_args(Alignment)}
    assert len(lines) == len(get_args(Alignment))
    (last,) = (line for line in lines if "log" in line)
    assert last.endswith("alignment scale and shift of log depth")


def test_range_of_a_data_set() -> None:
    """Full takes the range of the data set; a protocol that belongs to one data set does not."""
    wide = FULL.with_range(80.0)
    assert (wide.max_depth_m, wide.clamp_m) == (80.0, (1e-3, 80.0))
    with pytest.raises(ConfigError) as caught:
        NYU_EIGEN.with_range(80.0)
    assert str(caught.value) == (
        "protocol nyu-eigen ends at 10 m by definition; choose protocol full for another range"
    )


def test_names() -> None:
    """Each protocol is found by its name; another name is refused with those there are."""
    assert NAMES == ["nyu-eigen", "densedepth", "full"]
    for known in PROTOCOLS:
        assert protocol(known.name) is known
    with pytest.raises(ConfigError, match=r"'eigen'.*nyu-eigen, densedepth, full"):
        protocol("eigen")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"min_depth_m": 5.0, "max_depth_m": 5.0},
            "range is (5.0, 5.0); it must satisfy 0 < min < max",
        ),
        ({"min_depth_m": 0.0}, "range is (0.0, 10.0); it must satisfy 0 < min < max"),
        ({"clamp_m": (2.0, 1.0)}, "clamp_m is (2.0, 1.0); it must satisfy 0 < min < max"),
        ({"rows": (20, 20)}, "rows is (20, 20); it must satisfy 0 <= start < stop"),
        ({"columns": (-1, 5)}, "columns is (-1, 5); it must satisfy 0 <= start < stop"),
    ],
)
def test_impossible_values_are_refused(wrong: dict[str, float], message: str) -> None:
    """Empty ranges and crops are refused when the protocol is made, with the setting's name."""
    with pytest.raises(ConfigError) as caught:
        EvalProtocol(name="custom", **wrong)
    assert str(caught.value) == f"protocol custom: {message}"


def test_the_smallest_crop() -> None:
    """One row and one column, the first ones, are a crop; its description says which."""
    rules = replace(FULL, rows=(0, 1), columns=None)
    depth_m = make_depth()
    assert torch.equal(rules.prepare(depth_m, depth_m).target_m, depth_m[:1].double())
    assert "; crop rows 0:1, columns all; " in rules.describe("raw")
    assert "; crop rows all, columns 0:1; " in replace(FULL, columns=(0, 1)).describe("raw")


@pytest.mark.parametrize(
    ("name", "prediction", "target", "message"),
    [
        (
            "nyu-eigen",
            (480, 640),
            (240, 320),
            "protocol nyu-eigen needs ground truth of 640x480, but this is 320x240; evaluate on "
            "the native depth, or with protocol full",
        ),
        (
            "full",
            (3, 4),
            (5, 6),
            "the prediction is 4x3, but its ground truth is 6x5; resize the prediction first",
        ),
        (
            "densedepth",
            (480, 640),
            (480, 640),
            "protocol densedepth counts all pixels, but 260480 pixels of the ground truth have no "
            "depth; use filled depth, or protocol nyu-eigen",
        ),
    ],
)
def test_messages(
    name: str, prediction: tuple[int, int], target: tuple[int, int], message: str
) -> None:
    """Each error says what is wrong, what was expected and what to do."""
    with pytest.raises(DataError) as caught:
        protocol(name).prepare(torch.ones(prediction), torch.zeros(target))
    assert str(caught.value) == message
