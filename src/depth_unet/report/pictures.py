"""Pictures of an evaluation: best, median and worst frame of every split."""

from pathlib import Path

import numpy as np

from depth_unet.data.decode import MILLIMETRES_PER_METRE
from depth_unet.data.source import Source
from depth_unet.evaluate.score import Predictor, at_size
from depth_unet.figures.panel import PanelRow, panel
from depth_unet.figures.surface import surfaces
from depth_unet.figures.write import write_figure
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.report.results import NETWORK, Results


def write_pictures(results: Results, source: Source, predict: Predictor, out: Path) -> None:
    """Write ``SPLIT_panel.png`` and ``SPLIT_best|median|worst_3d.png`` for every split.

    Panels show original, truth, prediction and error on one scale in metres; the 3-D pictures
    show both depth maps as surfaces. Frames are ranked by AbsRel.
    """
    positions = {row.rgb: index for index, row in enumerate(source.rows)}
    for split, scores in results.scores.items():
        rows = {
            rank: _row(source, positions[name], predict, f"{rank}: {name}, AbsRel {abs_rel:.3f}")
            for rank, (name, abs_rel) in best_median_worst(scores[NETWORK]).items()
        }
        write_figure(panel(list(rows.values())), out / f"{split}_panel.png")
        for rank, row in rows.items():
            write_figure(surfaces(row), out / f"{split}_{rank}_3d.png")


def best_median_worst(metrics: MetricAccumulator) -> dict[str, tuple[str, float]]:
    """Name and AbsRel of the best, the median and the worst image; fewer for fewer images."""
    ranked = sorted((values["abs_rel"], name) for name, values in metrics.per_image())
    places = {"best": 0}
    if len(ranked) > 2:
        places["median"] = len(ranked) // 2
    if len(ranked) > 1:
        places["worst"] = len(ranked) - 1
    return {rank: (ranked[place][1], ranked[place][0]) for rank, place in places.items()}


def _row(source: Source, index: int, predict: Predictor, title: str) -> PanelRow:
    frame = source.read(index)
    prediction_m = at_size(predict(frame.image, frame.intrinsics), *frame.depth_mm.shape)
    return PanelRow(
        image=frame.image,
        target_m=frame.depth_mm.astype(np.float32) / MILLIMETRES_PER_METRE,
        prediction_m=prediction_m.numpy(),
        title=title,
    )
