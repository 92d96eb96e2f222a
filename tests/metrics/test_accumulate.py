"""Averages over images."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_unet.errors import ConfigError, DataError
from depth_unet.metrics import accumulate
from depth_unet.metrics.accumulate import MetricAccumulator, mean_difference
from depth_unet.metrics.depth import METRIC_NAMES, image_sums, scores
from depth_unet.metrics.protocols import Average


def make_sums(num_images: int, seed: int = 0) -> Tensor:
    """Rows of images whose numbers of valid pixels differ."""
    generator = torch.Generator().manual_seed(seed)
    shape = (num_images, 1, 6, 7)
    target = 1 + 8 * torch.rand(shape, generator=generator)
    prediction = target * (0.6 + torch.rand((num_images, 1, 1, 1), generator=generator))
    valid = torch.rand(shape, generator=generator) < torch.rand(
        (num_images, 1, 1, 1), generator=generator
    )
    valid[..., 0, 0] = True
    return image_sums(prediction, target, valid)


def collect(sums: Tensor, average: Average = "image", start: int = 0) -> MetricAccumulator:
    """An accumulator of these rows, named by number."""
    metrics = MetricAccumulator(average)
    for i, row in enumerate(sums):
        metrics.add(f"{start + i:03d}", row)
    return metrics


def test_average_per_image() -> None:
    """The mean of the images' metrics."""
    sums = make_sums(20)
    summary = collect(sums).summary()
    for name, values in scores(sums).items():
        assert summary[name]["mean"] == pytest.approx(values.mean().item(), rel=1e-12)


def test_average_over_pixels() -> None:
    """The metrics of all pixels pooled, which differ from the mean of the images' metrics."""
    sums = make_sums(20)
    summary = collect(sums, "pixel").summary()
    for name, values in scores(sums.sum(dim=0, keepdim=True)).items():
        assert summary[name]["mean"] == pytest.approx(values.item(), rel=1e-12)
    assert summary["rmse"]["mean"] != pytest.approx(collect(sums).summary()["rmse"]["mean"])


@pytest.mark.parametrize("average", ["image", "pixel"])
def test_order_of_images_does_not_matter(average: Average) -> None:
    """It changes nothing: not the means, not the intervals, not a bit."""
    sums = make_sums(12)
    ordered, shuffled = collect(sums, average), MetricAccumulator(average)
    for i in (8, 0, 4, 11, 3, 7, 1, 2, 10, 9, 6, 5):
        shuffled.add(f"{i:03d}", sums[i])
    assert shuffled.summary() == ordered.summary()
    assert shuffled.per_image() == ordered.per_image()
    assert shuffled.num_images == 12


def test_bootstrap_equals_a_plain_loop() -> None:
    """The interval is the 2.5th to the 97.5th percentile of the means of redrawn images."""
    sums = make_sums(30)
    summary = collect(sums).summary(num_resamples=200, seed=3)
    values = scores(sums)["abs_rel"].numpy()
    drawn = torch.randint(30, (200, 30), generator=torch.Generator().manual_seed(3)).numpy()
    means = [values[indices].mean() for indices in drawn]
    low, high = np.percentile(means, [2.5, 97.5])
    assert summary["abs_rel"]["low"] == pytest.approx(low, rel=1e-12)
    assert summary["abs_rel"]["high"] == pytest.approx(high, rel=1e-12)


@pytest.mark.parametrize("average", ["image", "pixel"])
def test_bootstrap_in_blocks_is_the_same(average: Average, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of a block, a matter of memory, does not change the draws."""
    metrics = collect(make_sums(10), average)
    at_once = metrics.summary(num_resamples=64)
    monkeypatch.setattr(accumulate, "MAX_DRAWS", 10 * 16)
    in_blocks = metrics.summary(num_resamples=64)
    for name in METRIC_NAMES:
        assert in_blocks[name] == pytest.approx(at_once[name], rel=1e-12)


def test_seed_decides_the_interval() -> None:
    """The same seed gives the same interval, another seed another one, the mean stays."""
    metrics = collect(make_sums(25))
    assert metrics.summary(seed=1) == metrics.summary(seed=1)
    one, two = metrics.summary(seed=1)["rmse"], metrics.summary(seed=2)["rmse"]
    assert one["mean"] == two["mean"]
    assert one["low"] != two["low"]


def test_interval_covers_the_true_mean_in_most_samples() -> None:
    """Of 100 samples of 40 images each, the interval holds the mean of all in about 95."""
    sums = make_sums(4000)
    truth = scores(sums)["abs_rel"].mean().item()
    hits = 0
    for i in range(100):
        value = collect(sums[40 * i : 40 * (i + 1)]).summary(num_resamples=200, seed=i)["abs_rel"]
        assert value["low"] <= value["mean"] <= value["high"]
        hits += value["low"] <= truth <= value["high"]
    assert 86 <= hits <= 100


def test_interval_leaves_the_global_generator_alone() -> None:
    """Randomness comes from the seed, not from torch's global state."""
    torch.manual_seed(0)
    before = torch.get_rng_state()
    collect(make_sums(5)).summary()
    assert torch.equal(torch.get_rng_state(), before)


def test_single_image_has_no_spread() -> None:
    """One image is drawn every time."""
    for value in collect(make_sums(1)).summary().values():
        assert value["low"] == value["mean"] == value["high"]


@pytest.mark.parametrize("average", ["image", "pixel"])
def test_images_without_a_valid_pixel_do_not_count(average: Average) -> None:
    """Images without a valid pixel change no average and never make it NaN."""
    sums = make_sums(6)
    metrics = collect(sums, average)
    expected = metrics.summary()
    metrics.add("empty", torch.zeros_like(sums[0]))
    assert metrics.summary() == expected
    assert (metrics.num_images, len(metrics.images)) == (6, 7)
    assert "empty" not in dict(metrics.per_image())


def test_no_valid_pixel_at_all_is_an_error() -> None:
    """There is no average of nothing: the message says how many images were empty."""
    metrics = MetricAccumulator("image")
    assert metrics.per_image() == []
    metrics.add("empty", torch.zeros_like(make_sums(1)[0]))
    with pytest.raises(DataError, match="1 image"):
        metrics.summary()


def test_nan_is_not_hidden() -> None:
    """An image whose prediction was NaN makes the mean NaN instead of leaving it out."""
    sums = make_sums(3)
    sums[1, 1] = math.nan
    assert math.isnan(collect(sums).summary()["abs_rel"]["mean"])


def test_per_image_is_sorted_and_complete() -> None:
    """One entry per image, by name, with all metrics."""
    sums = make_sums(3)
    metrics = MetricAccumulator("image")
    for i in (2, 0, 1):
        metrics.add(f"{i}", sums[i])
    table = metrics.per_image()
    assert [name for name, _ in table] == ["0", "1", "2"]
    assert all(list(values) == list(METRIC_NAMES) for _, values in table)
    assert table[2][1]["rmse"] == scores(sums)["rmse"][2].item()


@pytest.mark.parametrize("average", ["image", "pixel"])
def test_paired_difference_equals_a_plain_loop(average: Average) -> None:
    """Each draw of images averages both sides and subtracts; the tails are percentiles of that."""
    ours, theirs = make_sums(25, seed=1), make_sums(25, seed=2)
    theirs[:, 0] = ours[:, 0]  # the same pixels count
    found = collect(ours, average).difference(collect(theirs, average), 150, seed=4)

    def abs_rel(rows: np.ndarray) -> float:
        """By the definition: columns 0 and 1 are the pixels and their relative errors."""
        if average == "pixel":
            return float(rows[:, 1].sum() / rows[:, 0].sum())
        return float((rows[:, 1] / rows[:, 0]).mean())

    one, two = ours.numpy(), theirs.numpy()
    drawn = torch.randint(25, (150, 25), generator=torch.Generator().manual_seed(4)).numpy()
    differences = [abs_rel(one[indices]) - abs_rel(two[indices]) for indices in drawn]
    low, high = np.percentile(differences, [2.5, 97.5])
    value = found["abs_rel"]
    assert value["mean"] == pytest.approx(abs_rel(one) - abs_rel(two), rel=1e-9)
    assert value["low"] == pytest.approx(low, rel=1e-9)
    assert value["high"] == pytest.approx(high, rel=1e-9)


@pytest.mark.parametrize("average", ["image", "pixel"])
def test_difference_to_itself_is_exactly_zero(average: Average) -> None:
    """Equal sums differ by 0 in every draw, not by rounding."""
    sums = make_sums(40)
    found = collect(sums, average).difference(collect(sums.clone(), average))
    assert list(found) == list(METRIC_NAMES)
    for value in found.values():
        assert value == {"mean": 0, "low": 0, "high": 0}


def test_pairing_sees_what_separate_intervals_hide() -> None:
    """A small gain on every image is certain, although hard and easy images spread far more."""
    sums = make_sums(40)
    better = sums.clone()
    better[:, 1] *= 0.97
    one, two = collect(better), collect(sums)
    assert one.summary()["abs_rel"]["high"] > two.summary()["abs_rel"]["low"]
    assert one.difference(two)["abs_rel"]["high"] < 0


def test_mean_difference_equals_a_plain_loop() -> None:
    """The mean of the gaps, and the 2.5th to the 97.5th percentile of means of redrawn gaps."""
    generator = torch.Generator().manual_seed(7)
    values, base = torch.rand(2, 9, dtype=torch.float64, generator=generator)
    found = mean_difference(values, base, seed=5)
    gaps = (values - base).numpy()
    drawn = torch.randint(9, (1000, 9), generator=torch.Generator().manual_seed(5)).numpy()
    low, high = np.percentile([gaps[indices].mean() for indices in drawn], [2.5, 97.5])
    expected = {"mean": gaps.mean(), "low": low, "high": high}
    assert found == pytest.approx(expected, rel=1e-9)
    assert mean_difference(values, base) == mean_difference(values, base, seed=0) != found


def test_messages() -> None:
    """Each error says what is wrong, what was expected and what to do."""
    sums = make_sums(4)
    metrics = collect(torch.zeros_like(sums))
    with pytest.raises(DataError) as empty:
        metrics.summary()
    assert str(empty.value) == (
        "none of the 4 image(s) has a valid pixel to average over; check the depth unit and the "
        "protocol"
    )
    with pytest.raises(DataError) as unpaired:
        collect(sums).difference(metrics)
    assert str(unpaired.value) == (
        "cannot pair 4 image(s) that have a valid pixel with 0; score both on the same images, at "
        "least one of them with depth"
    )
    with pytest.raises(ConfigError) as other:
        collect(sums).difference(collect(sums, "pixel"))
    assert str(other.value) == (
        "cannot subtract metrics averaged per pixel from metrics averaged per image; evaluate both "
        "under one protocol"
    )


def test_only_the_same_images_are_paired() -> None:
    """Other names, other averages, or no image with depth are refused, whatever the count."""
    sums = make_sums(4)
    with pytest.raises(DataError, match="cannot pair 4 image"):
        collect(sums).difference(collect(sums, start=1))
    with pytest.raises(ConfigError, match=r"per pixel.*per image"):
        collect(sums).difference(collect(sums, "pixel"))
    with pytest.raises(DataError, match="cannot pair 0 image"):
        MetricAccumulator("image").difference(MetricAccumulator("image"))
