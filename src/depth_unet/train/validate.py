"""Scores and pictures of the averaged weights during a run."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.func import functional_call

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.run import Config
from depth_unet.data.mixture import Mixture
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits, evenly_spaced, frames_of
from depth_unet.evaluate.score import PredictArray, score
from depth_unet.figures.panel import PanelRow, panel
from depth_unet.figures.write import render_array
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.depth import SUM_NAMES
from depth_unet.metrics.protocols import FULL, EvalProtocol
from depth_unet.predict.network import predict_metres
from depth_unet.records import DepthOutput
from depth_unet.train.reporter import Reporter

MOST_FRAMES = 200
NUM_PICTURES = 3


def validate(
    predict: PredictArray,
    source: Mixture,
    splits: Splits,
    *,
    reporter: Reporter,
    step: int,
    fabric: Fabric,
) -> dict[str, float]:
    """Score seen and unseen rooms under the ``full`` protocol, at the size of the source.

    Args:
        predict: The weights to score.
        source: The data set.
        splits: At most 200 evenly spaced frames of each split are scored; several data sets
            contribute by weight.
        reporter: Gets every figure, and three pictures of each split if it shows pictures.
        step: Optimiser steps taken.
        fabric: The processes; each scores its part of the frames.

    Returns:
        ``<split>/<metric>``, the same in every process; empty where nothing is held out.
    """
    rules = FULL.with_range(source.info.max_depth_m)
    figures: dict[str, float] = {}
    for name in ("seen", "unseen"):
        if not getattr(splits, name):
            continue
        frames = source.sample(frames_of(source.rows, splits, name), MOST_FRAMES)
        metrics = score_together(predict, source, frames, rules, fabric)
        values = {metric: interval["mean"] for metric, interval in metrics.summary(1).items()}
        reporter.metrics(step, name, values)
        figures |= {f"{name}/{metric}": value for metric, value in values.items()}
        if reporter.shows_pictures:
            rows = [_row(source, index, predict) for index in evenly_spaced(frames, NUM_PICTURES)]
            reporter.picture(step, name, render_array(panel(rows)))
    return figures


def score_together(
    predict: PredictArray, source: Source, frames: list[int], rules: EvalProtocol, fabric: Fabric
) -> MetricAccumulator:
    """Score frames, each in one process; all processes return the sums of all frames."""
    mine = frames[fabric.global_rank :: fabric.world_size]
    scored = score({"network": predict}, source, mine, rules)["network"]
    if fabric.world_size == 1:
        return scored
    most = -(-len(frames) // fabric.world_size)
    sums = torch.zeros(most, len(SUM_NAMES), dtype=torch.float64, device=fabric.device)
    for place, image in enumerate(scored.images):
        sums[place] = torch.tensor(image.sums, dtype=torch.float64)
    gathered = fabric.all_gather(sums)
    assert isinstance(gathered, Tensor)
    whole = MetricAccumulator(rules.average)
    for place, index in enumerate(frames):
        row = gathered[place % fabric.world_size, place // fabric.world_size]
        whole.add(source.rows[index].rgb, row.cpu())
    return whole


def averaged_predictor(
    network: nn.Module, weights: Mapping[str, Tensor], config: Config, fabric: Fabric
) -> PredictArray:
    """A predictor that runs ``network`` with these weights."""
    dtype = next(iter(weights.values())).dtype

    def run(image: Float[Tensor, "b 3 h w"], intrinsics_px: Float[Tensor, "b 4"]) -> DepthOutput:
        inputs = (image.to(dtype), intrinsics_px.to(dtype))
        with fabric.autocast():
            output = functional_call(network, dict(weights), inputs)
        assert isinstance(output, DepthOutput)
        return output

    def predict(image: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:
        return predict_metres(run, image, intrinsics, config, fabric.device)

    return predict


def _row(source: Source, index: int, predict: PredictArray) -> PanelRow:
    frame = source.read(index)
    return PanelRow(
        image=frame.image,
        target_m=frame.depth_mm.astype(np.float32) / MILLIMETRES_PER_METRE,
        prediction_m=predict(frame.image, frame.intrinsics),
        title=source.rows[index].rgb,
    )
