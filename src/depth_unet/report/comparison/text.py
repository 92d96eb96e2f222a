"""A comparison as text: the table that is printed, and sentences for the terminal and the page."""

from rich.table import Table
from rich.text import Text

from depth_unet.report.comparison.frames import describe_left_out
from depth_unet.report.comparison.results import FEWEST_IMAGES, Comparison, verdict
from depth_unet.report.evaluation.table import COLUMNS, LABELS
from depth_unet.report.page import SPACE, Interval, count_photos

SHOWN = ("abs_rel", "rmse", "delta1", "edge_f1", "boundary_f1")
PLACES = {
    "seen": "photos that every run held back from the rooms it was trained in",
    "unseen": "photos of rooms that no run was trained in",
    "test": "official test photos, of rooms that no run was trained in",
    "all": "all photos of the data set, without the rooms that any run was trained in",
}
"""The photos of each split, as the page describes them."""


def table(comparison: Comparison) -> Table:
    """Every run on every split, and the difference of its AbsRel from that of the first run."""
    first = comparison.first.name
    shown = Table(
        title=Text(comparison.headline()),
        caption=Text(
            "AbsRel with its 95 % bootstrap interval over images; difference in AbsRel from "
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


def points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    shown = f"{100 * share:+.2f}".replace("-", "\N{MINUS SIGN}")
    return "0.00" if shown[1:] == "0.00" else shown


def points_range(interval: Interval) -> str:
    """Both ends of an interval of differences in percentage points."""
    return f"{points(interval['low'])} to {points(interval['high'])}"


def judgements(comparison: Comparison, split: str) -> list[str]:
    """What the difference between each run and the first shows, a sentence each."""
    num_images, first = comparison.num_images(split), comparison.first.name
    return [
        judge(first, name, metrics["abs_rel"], num_images)
        for name, metrics in comparison.differences(split).items()
    ]


def judge(first: str, name: str, difference: Interval, num_images: int) -> str:
    """Whether a run is better than the first by AbsRel, and how certain that is."""
    photos = count_photos(num_images)
    off = (
        f"its mean error differs by {points(difference['mean'])} percentage points "
        f"(95{SPACE}% interval of the difference: {points_range(difference)})"
    )
    found = verdict("abs_rel", difference, num_images)
    if found != "no difference":
        return f"“{name}” is {found} than “{first}” on these {photos}: {off}."
    why = "the interval contains 0"
    if num_images < FEWEST_IMAGES:
        why = f"at least {FEWEST_IMAGES} photos are needed to judge"
    return f"These {photos} show no difference between “{name}” and “{first}”: {off}; {why}."


def describe_photos(comparison: Comparison, split: str) -> str:
    """Which photos of a split the runs are judged by, and why others are left out."""
    part, place = comparison.frames[split], PLACES[split]
    photos = count_photos(comparison.num_images(split), comparison.num_rooms[split])
    text = f"{place[0].upper()}{place[1:]}: {photos}."
    left_out = part.candidates - len(part.indices)
    if left_out:
        listed = "; ".join(
            describe_left_out(split, f"“{run}”", count, part.candidates)
            for run, count in part.left_out.items()
        )
        text += (
            f" {left_out:,} of {part.candidates:,} candidates were left out so that no run has an "
            f"advantage: {listed}."
        )
    empty = len(part.indices) - comparison.num_images(split)
    if empty:
        text += f" {count_photos(empty)} without valid depth were left out of the figures."
    return text


def missing_curves(comparison: Comparison) -> str:
    """The runs without a record of their training, as a sentence; empty if all have one."""
    missing = [f"“{run.name}”" for run in comparison.runs if not run.curves]
    if not missing:
        return ""
    return f"No curves for {', '.join(missing)}: there is no metrics.csv beside the checkpoint."
