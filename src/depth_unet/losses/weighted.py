"""The weighted sum of losses that a run is trained on."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from depth_unet.config.loss import LossConfig
from depth_unet.losses.berhu import berhu
from depth_unet.losses.gradient_edge import gradient_edge, num_pairs
from depth_unet.losses.gradient_matching import gradient_matching, num_far_pairs
from depth_unet.losses.mae import mae
from depth_unet.losses.masking import num_images, num_pixels, upcast
from depth_unet.losses.semantics import semantics
from depth_unet.losses.silog import silog
from depth_unet.losses.spread import spread
from depth_unet.losses.ssim import num_windows, ssim
from depth_unet.records import SumCount

TERMS: dict[str, tuple[Callable[..., SumCount], Callable[[Tensor], Tensor]]] = {
    "mae": (mae, num_pixels),
    "gradient_edge": (gradient_edge, num_pairs),
    "gradient_matching": (gradient_matching, num_far_pairs),
    "ssim": (ssim, num_windows),
    "silog": (silog, num_images),
    "berhu": (berhu, num_images),
    "spread": (spread, num_pixels),
    "semantics": (semantics, num_images),
}
"""Every loss, and its count from the mask alone."""


class WeightedLoss:
    """The terms of a loss that have a weight, and their weighted sum.

    ``total = sum over terms of weight * sum / count``

    It has no state. ``total`` divides once, by the counts of the whole optimiser
    step: all micro-batches and processes.

    Args:
        config: Weights and the settings of SSIM. The caller applies ``stride`` to
            prediction, target and mask.

    Example:
        >>> import torch
        >>> loss = WeightedLoss(LossConfig(mae=0.5, gradient_edge=0.0, ssim=0.0))
        >>> target_m = torch.ones(1, 1, 12, 12)
        >>> valid = target_m > 0
        >>> terms = loss(target_m + 1, target_m, valid)
        >>> float(loss.total(terms, loss.counts(valid)))
        0.5
    """

    def __init__(self, config: LossConfig) -> None:
        self.config = config
        self.weights = {name: weight for name, weight in config.weights().items() if weight > 0}

    def counts(self, valid: Bool[Tensor, "b 1 h w"]) -> dict[str, Tensor]:
        """Count of every term by name, fp32; counts of several masks may be added."""
        return {name: TERMS[name][1](valid) for name in self.weights}

    def __call__(
        self,
        prediction_m: Float[Tensor, "b 1 h w"],
        target_m: Float[Tensor, "b 1 h w"],
        valid: Bool[Tensor, "b 1 h w"],
        log_spread: Float[Tensor, "b 1 h w"] | None = None,
        *,
        logits: Float[Tensor, "b c h8 w8"] | None = None,
        labels: UInt8[Tensor, "b 1 y x"] | None = None,
    ) -> dict[str, SumCount]:
        """Every term with a weight, unweighted.

        Args:
            prediction_m: Predicted depth, metres.
            target_m: True depth, metres; may be NaN where ``valid`` is False.
            valid: True where the target may be used.
            log_spread: Log of the predicted spread of log-depth; ``spread`` needs it.
            logits: Scores of classes; ``semantics`` needs them.
            labels: Class of every pixel of the images; None if none of them has any.

        Returns:
            Sum and count by name.
        """
        assert log_spread is not None or "spread" not in self.weights, "model.spread is needed"
        options = {"ssim": asdict(self.config.ssim_terms), "spread": {"log_spread": log_spread}}
        terms = dict[str, SumCount]()
        for name in self.weights:
            if name == "semantics":
                terms[name] = _semantics(logits, labels, target_m, valid)
            else:
                loss, _ = TERMS[name]
                terms[name] = loss(prediction_m, target_m, valid, **options.get(name, {}))
        return terms

    def total(
        self, terms: Mapping[str, SumCount], counts: Mapping[str, Tensor]
    ) -> Float[Tensor, ""]:
        """The weighted sum of the terms, each divided by its count.

        Args:
            terms: What a call returned, for one micro-batch.
            counts: Counts of the whole optimiser step, over all micro-batches and processes.

        Returns:
            The share of this micro-batch in the loss; the shares add up to the loss of the whole.
            A term with count 0 adds exactly 0 with a zero gradient.
        """
        shares = [
            weight * terms[name].sum / counts[name].clamp(min=1)
            for name, weight in self.weights.items()
        ]
        return torch.stack(shares).sum()


def _semantics(
    logits: Tensor | None, labels: Tensor | None, target_m: Tensor, valid: Tensor
) -> SumCount:
    assert logits is not None, "a config with loss.semantics has model.num_classes"
    logits = logits.to(upcast(target_m).dtype)  # as exact as the terms of depth
    if labels is None:
        return SumCount(0 * upcast(logits).sum(), num_images(valid))
    return semantics(logits, labels, valid)
