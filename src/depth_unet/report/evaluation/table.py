"""The printed table of an evaluation, and the names of metrics and splits in all tables."""

from rich.table import Table
from rich.text import Text

from depth_unet.report.evaluation.results import NETWORK, FileResults, Results

COLUMNS = {
    "abs_rel": "AbsRel ↓",
    "rmse": "RMSE m ↓",
    "log10": "log10 ↓",
    "delta1": "δ1 ↑",
    "delta2": "δ2 ↑",
    "delta3": "δ3 ↑",
    "edge_f1": "edge F1 ↑",
    "boundary_f1": "boundary F1 ↑",
}
LABELS = {
    "seen": "seen rooms",
    "unseen": "unseen rooms",
    "test": "test (unseen rooms)",
    "train": "training frames",
    "all": "all frames",
}
FILE_LABELS = {**LABELS, "test": "test frames", "train": "frames outside the test set"}
"""For depth files: which rooms their writer has seen is unknown."""


def split_label(results: Results, split: str) -> str:
    """The name of a split in tables."""
    return (FILE_LABELS if isinstance(results, FileResults) else LABELS)[split]


def table(results: Results) -> Table:
    """Every split and predictor; AbsRel has its 95 % interval."""
    shown = Table(
        title=Text(results.headline()),
        caption="AbsRel with its 95 % bootstrap interval over images",
        title_justify="left",
        caption_justify="left",
    )
    for heading in ("split", "images", "predictor"):
        shown.add_column(heading, no_wrap=True)
    for heading in COLUMNS.values():
        shown.add_column(heading, justify="right", no_wrap=True)
    for split, scores in results.scores.items():
        for name, metrics in scores.items():
            summary = metrics.summary()
            cells = [f"{summary[metric]['mean']:.3f}" for metric in COLUMNS]
            interval = summary["abs_rel"]
            cells[0] += f" [{interval['low']:.3f}, {interval['high']:.3f}]"
            first = ("", "")
            if name == NETWORK:
                first = (split_label(results, split), str(metrics.num_images))
            shown.add_row(
                *first, Text(results.label(name)), *cells, end_section=name == list(scores)[-1]
            )
    return shown
