"""Scores of predictions whose error is known."""

from functools import cache

import torch

from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.depth import image_sums


@cache
def scored(factor: float, extra: float = 0.05, num_images: int = 12) -> MetricAccumulator:
    """Images predicted too far by ``factor`` and, each differently, by up to ``extra`` more.

    Tests share them and add nothing.
    """
    metrics = MetricAccumulator("image")
    generator = torch.Generator().manual_seed(0)
    for number in range(num_images):
        target_m = 1 + 3 * torch.rand(1, 1, 6, 8, generator=generator)
        off = factor + extra * torch.rand(1, generator=generator)
        metrics.add(f"{number}.png", image_sums(off * target_m, target_m, target_m > 0)[0])
    return metrics
