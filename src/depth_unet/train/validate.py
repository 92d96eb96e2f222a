"""Scores and pictures of the averaged weights while a run goes on."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor
from torch.func import functional_call

from depth_unet.camera import Intrinsics
from depth_unet.canvas import predict_metres
from depth_unet.config.run import Config
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits, evenly, frames_of
from depth_unet.evaluate.score import Predictor, score
from depth_unet.figures.panel import PanelRow, panel
from depth_unet.figures.write import rendered
from depth_unet.metrics.protocols import FULL
from depth_unet.millimetres import MILLIMETRES_PER_METRE
from depth_unet.model.unet import DepthUNet
from depth_unet.records import DepthOutput
from depth_unet.train.reporter import Reporter

MOST_FRAMES = 200
NUM_PICTURES = 3


def validate(
    predict: Predictor, source: Source, splits: Splits, reporter: Reporter, step: int
) -> dict[str, float]:
    """Score seen and unseen rooms under the ``full`` protocol, at the size of the source.

    Args:
        predict: The weights to score.
        source: The data set.
        splits: Where its frames belong; at most 200 evenly spaced frames of each split are scored.
        reporter: Told every figure, and three pictures of each split.
        step: Optimiser steps taken.

    Returns:
        ``<split>/<metric>``; empty where nothing is held out.
    """
    rules = FULL.with_range(source.info.max_depth_m)
    figures: dict[str, float] = {}
    for name in ("seen", "unseen"):
        if not getattr(splits, name):
            continue
        frames = evenly(frames_of(source.rows, splits, name), MOST_FRAMES)
        metrics = score({"network": predict}, source, frames, rules)["network"]
        values = {metric: interval["mean"] for metric, interval in metrics.summary(1).items()}
        reporter.metrics(step, name, values)
        figures |= {f"{name}/{metric}": value for metric, value in values.items()}
        rows = [_row(source, index, predict) for index in evenly(frames, NUM_PICTURES)]
        reporter.picture(step, name, rendered(panel(rows)))
    return figures


def averaged_predictor(
    network: DepthUNet, weights: Mapping[str, Tensor], config: Config, fabric: Fabric
) -> Predictor:
    """A predictor that runs ``network`` with other weights."""

    def run(image: Float[Tensor, "b 3 h w"], intrinsics_px: Float[Tensor, "b 4"]) -> DepthOutput:
        with fabric.autocast():
            output = functional_call(network, dict(weights), (image, intrinsics_px))
        assert isinstance(output, DepthOutput)
        return output

    def predict(image: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:
        return predict_metres(
            run,
            image,
            intrinsics,
            canvas=config.canvas,
            canonical_focal=config.model.canonical_focal,
            device=fabric.device,
        )

    return predict


def _row(source: Source, index: int, predict: Predictor) -> PanelRow:
    frame = source.read(index)
    return PanelRow(
        image=frame.image,
        target_m=frame.depth_mm.astype(np.float32) / MILLIMETRES_PER_METRE,
        prediction_m=predict(frame.image, frame.intrinsics),
        title=source.rows[index].rgb,
    )
