"""Metrics of many images: streaming, mergeable, with an interval over images."""

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
"""Draws that are held in memory at once."""


class ImageSums(NamedTuple):
    """One image: its name and its row of ``image_sums``, as plain values that travel anywhere."""

    name: str
    sums: tuple[float, ...]


class MetricAccumulator:
    """Sums of one image per row; every average is taken from them, at the end.

    Both ways of averaging come from the same rows: ``image`` takes the metrics of each row and
    then their mean, ``pixel`` adds up the rows and takes the metrics of the total. The order in
    which images arrive or parts are merged changes nothing, not even the last bit.

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
        """Images with at least one valid pixel."""
        return sum(image.sums[0] > 0 for image in self.images)

    @property
    def num_empty(self) -> int:
        """Images without a valid pixel: counted here, left out of every average."""
        return len(self.images) - self.num_images

    def add(self, name: str, sums: Float64[Tensor, " k"]) -> None:
        """Take up one image.

        Args:
            name: Name of the image, for ``per_image``.
            sums: Its row of ``image_sums``.
        """
        self.images.append(ImageSums(name, tuple(sums.tolist())))

    def merge(self, other: "MetricAccumulator") -> None:
        """Take up all images of another accumulator.

        Args:
            other: Images of another process or part of the data; it stays as it is.

        Raises:
            ConfigError: The two average differently.
        """
        self._require_same_average(other)
        self.images.extend(other.images)

    def summary(
        self, num_resamples: int = NUM_RESAMPLES, seed: int = 0
    ) -> dict[str, dict[str, float]]:
        """Each metric with its 95 % bootstrap interval over images.

        Images are drawn with replacement ``num_resamples`` times, and the interval runs from the
        2.5th to the 97.5th percentile of the averages. It says how much the number would change
        with other images of the same kind, not how much with another training run.

        Args:
            num_resamples: How many times the images are drawn anew.
            seed: Seed of the draws: the same seed and images give the same interval.

        Returns:
            ``{"abs_rel": {"mean": …, "low": …, "high": …}, …}`` in the order of ``METRIC_NAMES``.

        Raises:
            DataError: No image has a valid pixel.
        """
        images = _counted(self.images)
        if not images:
            raise DataError(
                f"none of the {self.num_empty} image(s) has a valid pixel, so there is no average; "
                "check the depth unit and the protocol"
            )
        average, rows = _AVERAGES[self.average], _stack(images)
        return _intervals(lambda times: average(times, rows), len(images), num_resamples, seed)

    def difference(
        self, base: "MetricAccumulator", num_resamples: int = NUM_RESAMPLES, seed: int = 0
    ) -> dict[str, dict[str, float]]:
        """Each metric minus that of ``base`` on the same images, with its 95 % interval.

        Every draw takes the same images for both, averages each side by the protocol (over images,
        or over all their pixels) and subtracts. What makes an image hard for both cancels, so a
        difference can be certain although the intervals of ``summary`` overlap.

        Args:
            base: The same images, scored under the same protocol.
            num_resamples: How many times the images are drawn anew.
            seed: Seed of the draws.

        Returns:
            ``{"abs_rel": {"mean": …, "low": …, "high": …}, …}``, this one minus ``base``: below 0
            this one is lower. All exactly 0 for two accumulators of equal sums.

        Raises:
            ConfigError: The two average differently.
            DataError: They hold other images, or none has a valid pixel.
        """
        self._require_same_average(base)
        images, others = _counted(self.images), _counted(base.images)
        if not images or [image.name for image in images] != [image.name for image in others]:
            raise DataError(
                f"cannot pair {len(images)} image(s) that have a valid pixel with {len(others)}; "
                "score both on the same images, at least one with depth"
            )
        average, rows, base_rows = _AVERAGES[self.average], _stack(images), _stack(others)
        return _intervals(
            lambda times: average(times, rows) - average(times, base_rows),
            len(images),
            num_resamples,
            seed,
        )

    def per_image(self) -> list[tuple[str, dict[str, float]]]:
        """The metrics of every image that has a valid pixel, sorted by name.

        Returns:
            Pairs of name and metrics; empty if there is no such image.
        """
        images = _counted(self.images)
        if not images:
            return []
        columns = scores(_stack(images))
        return [
            (image.name, {name: float(columns[name][i]) for name in METRIC_NAMES})
            for i, image in enumerate(images)
        ]

    def _require_same_average(self, other: "MetricAccumulator") -> None:
        if other.average != self.average:
            raise ConfigError(
                f"metrics averaged per {other.average} do not go with metrics averaged per "
                f"{self.average}; evaluate both under one protocol"
            )


def mean_difference(
    values: Float64[Tensor, " n"], base: Float64[Tensor, " n"], seed: int = 0
) -> dict[str, float]:
    """Mean of a metric of each image minus that of ``base``, with its 95 % interval over images.

    As ``MetricAccumulator.difference``, where only the metrics of each image are at hand: every
    draw takes the same images for both.

    Args:
        values: The metric of each image.
        base: The same of another method, in the same order of images.
        seed: Seed of the draws.

    Returns:
        ``mean``, ``low`` and ``high``; below 0 this one is lower.

    Example:
        >>> one = torch.ones(3, dtype=torch.float64)
        >>> mean_difference(2 * one, one)
        {'mean': 1.0, 'low': 1.0, 'high': 1.0}
    """
    gaps = values - base
    draws = [times @ gaps / len(gaps) for times in _resamples(len(gaps), NUM_RESAMPLES, seed)]
    tail = (1 - CONFIDENCE) / 2
    low, high = torch.cat(draws).quantile(torch.tensor([tail, 1 - tail], dtype=torch.float64))
    return {"mean": float(gaps.mean()), "low": float(low), "high": float(high)}


def _counted(images: list[ImageSums]) -> list[ImageSums]:
    return sorted(image for image in images if image.sums[0] > 0)


def _stack(images: list[ImageSums]) -> Tensor:
    return torch.tensor([image.sums for image in images], dtype=torch.float64)


def _per_image(times: Tensor, rows: Tensor) -> Tensor:
    """Mean over images of the metrics of each; ``times`` says how often each image is taken."""
    return times @ _table(rows) / times.sum(dim=1, keepdim=True)


def _pooled(times: Tensor, rows: Tensor) -> Tensor:
    """Metrics of all pixels together."""
    return _table(times @ rows)


def _table(rows: Tensor) -> Tensor:
    columns = scores(rows)
    return torch.stack([columns[name] for name in METRIC_NAMES], dim=1)


_AVERAGES: dict[Average, Callable[[Tensor, Tensor], Tensor]] = {
    "image": _per_image,
    "pixel": _pooled,
}


def _intervals(
    value: Callable[[Tensor], Tensor], num_images: int, num_resamples: int, seed: int
) -> dict[str, dict[str, float]]:
    """Metrics of all images and their interval; ``value`` is told how often each is taken."""
    mean = value(torch.ones(1, num_images, dtype=torch.float64))[0]
    draws = torch.cat([value(times) for times in _resamples(num_images, num_resamples, seed)])
    tail = (1 - CONFIDENCE) / 2
    low, high = draws.quantile(torch.tensor([tail, 1 - tail], dtype=torch.float64), dim=0)
    return {
        name: {"mean": float(mean[i]), "low": float(low[i]), "high": float(high[i])}
        for i, name in enumerate(METRIC_NAMES)
    }


def _resamples(num_images: int, num_resamples: int, seed: int) -> Iterator[Tensor]:
    """How often each image is drawn in each resample, in blocks of resamples."""
    generator = torch.Generator().manual_seed(seed)
    block = max(1, MAX_DRAWS // num_images)
    for start in range(0, num_resamples, block):
        shape = (min(block, num_resamples - start), num_images)
        drawn = torch.randint(num_images, shape, generator=generator)
        times = torch.zeros(shape, dtype=torch.float64)
        yield times.scatter_add_(1, drawn, torch.ones(shape, dtype=torch.float64))
