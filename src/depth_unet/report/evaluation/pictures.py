"""Pictures of an evaluation: the best, the median and the worst frame of every split."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depth_unet.data.source import Source
from depth_unet.evaluate.score import AnyPredictor, predict_frame, predictor_for
from depth_unet.figures.panel import PanelRow, panel
from depth_unet.figures.surface import surfaces
from depth_unet.figures.write import write_figure
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.report.evaluation.results import NETWORK, BaseResults


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedFrame:
    """A frame and its rank in its split.

    Attributes:
        rank: ``best``, ``median`` or ``worst``.
        name: Path of the photo within the data set.
        abs_rel: Mean error as a share of the true depth.
    """

    rank: str
    name: str
    abs_rel: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that was written.

    Attributes:
        path: The PNG file.
        split: The split of its frames.
        frames: The frames it shows: several in a panel, one in a pair of surfaces.
    """

    path: Path
    split: str
    frames: tuple[RankedFrame, ...]


def write_pictures(
    results: BaseResults, source: Source, predict: AnyPredictor, out: Path
) -> list[Picture]:
    """Write ``SPLIT_panel.png`` and ``SPLIT_best|median|worst_3d.png`` for every split.

    Panels show photo, true depth, prediction and error; the 3-D pictures show both depth maps as
    surfaces. Frames are ranked by AbsRel.

    Returns:
        The pictures in the order of the splits, each split's panel first.
    """
    pictures = []
    positions = {row.rgb: index for index, row in enumerate(source.rows)}
    for split, scores in results.scores.items():
        ranking = best_median_worst(scores[NETWORK])
        rows = [_row(source, positions[frame.name], predict, frame) for frame in ranking]
        path = out / f"{split}_panel.png"
        write_figure(panel(rows), path)
        pictures.append(Picture(path=path, split=split, frames=ranking))
        for frame, row in zip(ranking, rows, strict=True):
            path = out / f"{split}_{frame.rank}_3d.png"
            write_figure(surfaces(row), path)
            pictures.append(Picture(path=path, split=split, frames=(frame,)))
    return pictures


def best_median_worst(metrics: MetricAccumulator) -> tuple[RankedFrame, ...]:
    """The best, the median and the worst image by AbsRel; fewer for fewer images."""
    ranked = sorted((values["abs_rel"], name) for name, values in metrics.per_image())
    places = {"best": 0}
    if len(ranked) > 2:
        places["median"] = len(ranked) // 2
    if len(ranked) > 1:
        places["worst"] = len(ranked) - 1
    return tuple(
        RankedFrame(rank=rank, name=ranked[place][1], abs_rel=ranked[place][0])
        for rank, place in places.items()
    )


def _row(source: Source, index: int, predict: AnyPredictor, ranked: RankedFrame) -> PanelRow:
    frame = source.read(index)
    prediction_m = predict_frame(predictor_for(predict, ranked.name), frame)
    return PanelRow(
        image=frame.image,
        target_m=frame.depth_mm.astype(np.float32) / MILLIMETRES_PER_METRE,
        prediction_m=prediction_m.numpy(),
        title=f"{ranked.rank}: {ranked.name}, AbsRel {ranked.abs_rel:.3f}",
    )
