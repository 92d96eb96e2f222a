"""The table of a comparison, as it is printed."""

from rich.table import Table
from rich.text import Text

from depth_unet.report.comparison.results import Comparison, verdict
from depth_unet.report.evaluation.table import COLUMNS, LABELS

SHOWN = ("abs_rel", "rmse", "delta1")


def table(comparison: Comparison) -> Table:
    """Every run on every split; beside the others, how far their AbsRel is from the first's."""
    first = comparison.first.name
    shown = Table(
        title=Text(comparison.headline()),
        caption=Text(
            "AbsRel with its 95 % bootstrap interval over images; difference of AbsRel to "
            f"{first}, with the interval of the difference over the same images"
        ),
        title_justify="left",
        caption_justify="left",
    )
    for heading in ("split", "images", "run"):
        shown.add_column(heading, no_wrap=True)
    for metric in SHOWN:
        shown.add_column(COLUMNS[metric], justify="right", no_wrap=True)
    shown.add_column("difference", justify="right", no_wrap=True)
    shown.add_column("verdict", no_wrap=True)
    for split in comparison.scores:
        num_images = comparison.num_images(split)
        differences = comparison.differences(split)
        for name, summary in comparison.summaries(split).items():
            cells = [f"{summary[metric]['mean']:.3f}" for metric in SHOWN]
            interval = summary["abs_rel"]
            cells[0] += f" [{interval['low']:.3f}, {interval['high']:.3f}]"
            if name in differences:
                off = differences[name]["abs_rel"]
                cells += [
                    f"{off['mean']:+.4f} [{off['low']:+.4f}, {off['high']:+.4f}]",
                    verdict("abs_rel", off, num_images),
                ]
            label = (LABELS[split], str(num_images)) if name == first else ("", "")
            ends = name == comparison.runs[-1].name
            shown.add_row(*label, Text(name), *cells, end_section=ends)
    return shown
