"""Averages of metrics over images, with bootstrap intervals."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float64
from torch import Tensor

from depth_unet.errors import ConfigError, DataError
from depth_unet.metrics.depth import METRIC_NAMES, scores
from depth_unet.metrics.protocols import Average

CONFIDENCE = 0.95
NUM_RESAMPLES = 1000
MAX_DRAWS = 4_000_000
"""Draws held in memory at once."""


class ImageSums(NamedTuple):
    """The name of an image and its row of ``image_sums``, as plain values."""

    name: str
    sums: tuple[float, ...]


class MetricAccumulator:
    """Collect the sums of each image; averages are computed at the end.

    Both averages come from the same sums: ``image`` takes the mean of the metrics of each image,
    ``pixel`` adds up the sums and takes the metrics of the total. The order in which images are
    added does not change a bit of the result.

    Args:
        average: ``image`` or ``pixel``, from the protocol.

    Example:
        >>> from depth_unet.metrics.depth import image_sums
        >>> target_m = torch.ones(1, 1, 2, 2)
        >>> metrics = MetricAccumulator("image")
        >>> metrics.add("a", image_sums(1.5 * target_m, target_m, target_m > 0)[0])
        >>> metrics.summary()["abs_rel"]
        {'mean': 0.5, 'low': 0.5, 'high': 0.5}
    """

    def __init__(self, average: Average) -> None:
        self.average = average
        self.images: list[ImageSums] = []

    @property
    def num_images(self) -> int:
        """Images with at least one valid pixel; the others are left out of every average."""
        return sum(image.sums[0] > 0 for image in self.images)

    def add(self, name: str, sums: Float64[Tensor, " k"]) -> None:
        """Add one image by its name and its row of ``image_sums``."""
        self.images.append(ImageSums(name, tuple(sums.tolist())))

    def summary(
        self, num_resamples: int = NUM_RESAMPLES, seed: int = 0
    ) -> dict[str, dict[str, float]]:
        """Each metric with its 95 % bootstrap interval over images.

        Images are drawn with replacement ``num_resamples`` times; the interval runs from the 2.5th
        to the 97.5th percentile of the averages. It shows how much the result would vary with other
        images of the same kind, not with another training run.

        Args:
            num_resamples: Number of resamples.
            seed: Seed of the draws; the same seed and images give the same interval.

        Returns:
            ``{"abs_rel": {"mean": …, "low": …, "high": …}, …}`` in the order of ``METRIC_NAMES``.

        Raises:
            DataError: No image has a valid pixel.
        """
        images = _with_valid_pixels(self.images)
        if not images:
            raise DataError(
                f"none of the {len(self.images)} image(s) has a valid pixel to average over; check "
                "the depth unit and the protocol"
            )
        rows = _stack(images)
        return _intervals(
            lambda times: _averages(times, rows, self.average), len(images), num_resamples, seed
        )

    def difference(
        self, base: "MetricAccumulator", num_resamples: int = NUM_RESAMPLES, seed: int = 0
    ) -> dict[str, dict[str, float]]:
        """Each metric minus that of ``base`` on the same images, with its 95 % interval.

        Every resample draws the same images for both, averages each by the protocol and subtracts.
        What makes an image hard for both cancels out, so a difference can be certain although the
        intervals of ``summary`` overlap.

        Args:
            base: The same images, scored under the same protocol.
            num_resamples: Number of resamples.
            seed: Seed of the draws.

        Returns:
            As ``summary``; negative where this one is lower, exactly 0 for equal sums.

        Raises:
            ConfigError: The two average differently.
            DataError: They hold different images, or none has a valid pixel.
        """
        if base.average != self.average:
            raise ConfigError(
                f"cannot subtract metrics averaged per {base.average} from metrics averaged per "
                f"{self.average}; evaluate both under one protocol"
            )
        images, others = _with_valid_pixels(self.images), _with_valid_pixels(base.images)
        if not images or [image.name for image in images] != [image.name for image in others]:
            raise DataError(
                f"cannot pair {len(images)} image(s) that have a valid pixel with {len(others)}; "
                "score both on the same images, at least one of them with depth"
            )
        rows, base_rows = _stack(images), _stack(others)

        def difference(times: Tensor) -> Tensor:
            return _averages(times, rows, self.average) - _averages(times, base_rows, self.average)

        return _intervals(difference, len(images), num_resamples, seed)

    def per_image(self) -> list[tuple[str, dict[str, float]]]:
        """Name and metrics of every image that has a valid pixel, sorted by name."""
        images = _with_valid_pixels(self.images)
        if not images:
            return []
        columns = scores(_stack(images))
        return [
            (image.name, {name: float(columns[name][i]) for name in METRIC_NAMES})
            for i, image in enumerate(images)
        ]


def mean_difference(
    values: Float64[Tensor, " n"], base: Float64[Tensor, " n"], seed: int = 0
) -> dict[str, float]:
    """Mean difference of a metric from ``base``, with its 95 % bootstrap interval over images.

    As ``MetricAccumulator.difference``, from the metrics of each image instead of their sums.

    Args:
        values: The metric of each image.
        base: The same metric of another method, in the same order of images.
        seed: Seed of the draws.

    Returns:
        ``mean``, ``low`` and ``high``; negative where ``values`` are lower.

    Example:
        >>> one = torch.ones(3, dtype=torch.float64)
        >>> mean_difference(2 * one, one)
        {'mean': 1.0, 'low': 1.0, 'high': 1.0}
    """
    gaps = values - base
    draws = [times @ gaps / len(gaps) for times in _resamples(len(gaps), NUM_RESAMPLES, seed)]
    low, high = _bounds(torch.cat(draws))
    return {"mean": float(gaps.mean()), "low": float(low), "high": float(high)}


def _with_valid_pixels(images: list[ImageSums]) -> list[ImageSums]:
    return sorted(image for image in images if image.sums[0] > 0)


def _stack(images: list[ImageSums]) -> Tensor:
    return torch.tensor([image.sums for image in images], dtype=torch.float64)


def _averages(times: Tensor, rows: Tensor, average: Average) -> Tensor:
    """Averaged metrics of each resample; ``times`` counts how often it draws each image."""
    if average == "pixel":
        return _table(times @ rows)
    return times @ _table(rows) / times.sum(dim=1, keepdim=True)


def _table(rows: Tensor) -> Tensor:
    columns = scores(rows)
    return torch.stack([columns[name] for name in METRIC_NAMES], dim=1)


def _intervals(
    value: Callable[[Tensor], Tensor], num_images: int, num_resamples: int, seed: int
) -> dict[str, dict[str, float]]:
    """Mean and interval of each metric; ``value`` takes how often each image is drawn."""
    mean = value(torch.ones(1, num_images, dtype=torch.float64))[0]
    draws = torch.cat([value(times) for times in _resamples(num_images, num_resamples, seed)])
    low, high = _bounds(draws)
    return {
        name: {"mean": float(mean[i]), "low": float(low[i]), "high": float(high[i])}
        for i, name in enumerate(METRIC_NAMES)
    }


def _bounds(draws: Tensor) -> Tensor:
    """Both ends of the interval, from one value per resample."""
    tail = (1 - CONFIDENCE) / 2
    return draws.quantile(torch.tensor([tail, 1 - tail], dtype=torch.float64), dim=0)


def _resamples(num_images: int, num_resamples: int, seed: int) -> Iterator[Tensor]:
    """How often each image is drawn in each resample, in blocks that fit into memory."""
    generator = torch.Generator().manual_seed(seed)
    block = max(1, MAX_DRAWS // num_images)
    for start in range(0, num_resamples, block):
        shape = (min(block, num_resamples - start), num_images)
        drawn = torch.randint(num_images, shape, generator=generator)
        times = torch.zeros(shape, dtype=torch.float64)
        yield times.scatter_add_(1, drawn, torch.ones(shape, dtype=torch.float64))
