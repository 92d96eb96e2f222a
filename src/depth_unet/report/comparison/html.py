"""``comparison.html``: a comparison as one page that needs nothing else, not even a network."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from depth_unet import __version__
from depth_unet.figures.curves import run_colour
from depth_unet.files.atomic import write_text
from depth_unet.metrics.depth import METRIC_NAMES
from depth_unet.report.comparison import words
from depth_unet.report.comparison.pictures import SideBySide
from depth_unet.report.comparison.results import Comparison, verdict
from depth_unet.report.comparison.runs import Run
from depth_unet.report.comparison.write import RESULT_NAME, settings
from depth_unet.report.evaluation.markup import (
    cell,
    chart,
    document,
    figure,
    paragraphs,
    scrolling_table,
)
from depth_unet.report.evaluation.table import LABELS
from depth_unet.report.evaluation.words import synthetic
from depth_unet.report.page import metres, metres_range, percent, percent_range

REPORT_NAME = "comparison.html"
COLUMN_REM = 9
"""Least width of a picture's column on the page."""


def write_html(
    comparison: Comparison,
    curve_files: Mapping[str, Path],
    pictures: Sequence[SideBySide],
    out: Path,
) -> Path:
    """Write ``comparison.html`` into the folder ``out``.

    Args:
        comparison: What was measured.
        curve_files: SVG files by ``validation`` and ``loss``; either may be missing.
        pictures: The same photos side by side, per split.
        out: The folder.

    Returns:
        Where the page is.
    """
    path = out / REPORT_NAME
    write_text(path, page(comparison, curve_files, pictures))
    return path


def page(
    comparison: Comparison, curve_files: Mapping[str, Path], pictures: Sequence[SideBySide]
) -> str:
    """The whole page as HTML 5: no script, nothing loaded, light or dark as the reader's system."""
    names = ", ".join(run.name for run in comparison.runs)
    return document(
        title=f"Runs compared on {comparison.dataset}: {names}",
        lede=_lede(comparison),
        sections=(
            ("What was compared", _compared(comparison)),
            ("How good each run is", _goodness(comparison)),
            ("The same photos side by side", _pictures(comparison, pictures)),
            ("How training went", _curves(comparison, curve_files)),
            ("What differs in the settings", _settings(comparison)),
            ("How it was measured", _measured(comparison)),
        ),
        footer=f"Written by depth-unet {__version__} from {comparison.data}.",
    )


def _lede(comparison: Comparison) -> str:
    split = next(iter(comparison.scores))
    text = escape(words.summary(comparison, split))
    items = "\n".join(f"<li>{escape(text)}</li>" for text in words.judged(comparison, split))
    return f'<p class="lede">{text}</p>\n<ul>\n{items}\n</ul>'


def _compared(comparison: Comparison) -> str:
    facts = {
        "checkpoint": [str(run.path) for run in comparison.runs],
        "recipe": [run.config.recipe for run in comparison.runs],
        "began with": [run.origin or "random weights" for run in comparison.runs],
        "training photos": [f"{len(run.splits.train):,}" for run in comparison.runs],
        "optimiser steps": [f"{run.step:,}" for run in comparison.runs],
        "training images seen": [f"{run.images_seen(run.step):,}" for run in comparison.runs],
        "weights in the network": [f"{run.num_weights:,}" for run in comparison.runs],
    }
    texts = [words.frames(comparison, split) for split in comparison.scores]
    notes = (*words.notes(comparison), synthetic(comparison.dataset))
    warned = "\n".join(f'<p class="note">{escape(text)}</p>' for text in notes if text)
    caption = "The step is that of the weights that were scored"
    return f"{_by_run(comparison, facts, caption)}\n{paragraphs(texts)}\n{warned}"


def _goodness(comparison: Comparison) -> str:
    summaries = {split: comparison.summaries(split) for split in comparison.scores}
    most = max(m["abs_rel"]["high"] for scores in summaries.values() for m in scores.values())
    parts = [paragraphs([words.HOW_TO_READ])]
    for split, scores in summaries.items():
        bars = [
            (
                run.name,
                f' style="--guess:{run_colour(position)}"',
                scores[run.name]["abs_rel"],
                percent(scores[run.name]["abs_rel"]["mean"]),
            )
            for position, run in enumerate(comparison.runs)
        ]
        scale = f"Mean error and its 95 % interval, from 0 to {percent(most)}"
        parts.append(
            f"<h3>{escape(LABELS[split].capitalize())}: {words.photos_of(comparison, split)}</h3>\n"
            f"{chart(bars, most or 1.0, scale)}\n{paragraphs(words.judged(comparison, split))}\n"
            f"{_table(comparison, split)}"
        )
    return "\n".join(parts)


def _table(comparison: Comparison, split: str) -> str:
    differences, num_images = comparison.differences(split), comparison.num_images(split)
    rows = []
    for name, m in comparison.summaries(split).items():
        cells = (
            cell(percent(m["abs_rel"]["mean"]), percent_range(m["abs_rel"])),
            cell(metres(m["rmse"]["mean"]), metres_range(m["rmse"])),
            cell(percent(m["delta1"]["mean"]), percent_range(m["delta1"])),
        )
        last = "<td></td><td>named first</td>"
        if name in differences:
            off = differences[name]["abs_rel"]
            last = (
                cell(words.points(off["mean"]), words.points_range(off))
                + f"<td>{verdict('abs_rel', off, num_images)}</td>"
            )
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}{last}</tr>')
    headings = (
        "",
        "mean error<br>(AbsRel ↓)",
        "in metres<br>(RMSE ↓)",
        "nearly right<br>(δ1 ↑)",
        "AbsRel to the first,<br>points",
        "verdict",
    )
    caption = f"Means with 95 % intervals; differences to {comparison.first.name}, paired by photo"
    return scrolling_table(headings, "\n".join(rows), caption)


def _pictures(comparison: Comparison, pictures: Sequence[SideBySide]) -> str:
    names = ", ".join(run.name for run in comparison.runs)
    parts = []
    for picture in pictures:
        label = LABELS[picture.split].capitalize()
        alt = (
            f"{label}, {len(picture.names)} photos, one per row: original, true depth, and the "
            f"predictions of {names}"
        )
        caption = f"{label}, under each prediction its mean error, as a share: AbsRel."
        if picture.widest is not None:
            caption += f" The runs differ most on {picture.widest}."
        width = COLUMN_REM * (2 + len(comparison.runs))
        parts.append(figure(picture.path, alt, caption, least_rem=width))
    if not parts:
        return ""
    how = [words.HOW_TO_SEE]
    if comparison.protocol.alignment != "none":
        how.append("The pictures show predictions as they are, the figures what the fit made.")
    return paragraphs(how) + "\n" + "\n".join(parts)


def _curves(comparison: Comparison, curve_files: Mapping[str, Path]) -> str:
    captions = {
        "validation": words.validation_caption(comparison),
        "loss": words.LOSS_CAPTION,
    }
    names = ", ".join(run.name for run in comparison.runs)
    parts = [
        figure(path, f"Curves of {kind} over the training of {names}", captions[kind])
        for kind, path in curve_files.items()
    ]
    silent = words.recorded(comparison)
    return "\n".join([*([paragraphs([silent])] if silent else []), *parts])


def _settings(comparison: Comparison) -> str:
    changed = settings(comparison)
    if not changed:
        return paragraphs(["Nothing: all runs have the same settings."])
    rows = {field: [_value(value) for value in row.values()] for field, row in changed.items()}
    return _by_run(comparison, rows, "Settings that are not the same in all runs")


def _value(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)


def _by_run(comparison: Comparison, rows: Mapping[str, Sequence[str]], caption: str) -> str:
    """A table with one column per run."""
    lines = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f'<td class="free">{escape(value)}</td>' for value in values)
        + "</tr>"
        for name, values in rows.items()
    )
    return scrolling_table(("", *map(_heading, comparison.runs)), lines, caption)


def _heading(run: Run) -> str:
    return escape(run.name)


def _measured(comparison: Comparison) -> str:
    items = "\n".join(f"<li>{escape(text)}</li>" for text in words.protocol(comparison))
    rows = []
    for split in comparison.scores:
        differences = comparison.differences(split)
        for name, scores in comparison.summaries(split).items():
            rows.append(_exact(f"{split}: {name}", scores, signed=False))
            if name in differences:
                label = f"{split}: {name} − {comparison.first.name}"
                rows.append(_exact(label, differences[name], signed=True))
    table = scrolling_table(
        ("", *map(escape, METRIC_NAMES)), "\n".join(rows), "RMSE in metres, silog in hundredths"
    )
    return (
        f"<ul>\n{items}\n</ul>\n<p>The same in one exact line:</p>\n"
        f'<pre class="line"><code>{escape(comparison.headline())}</code></pre>\n'
        f"<details>\n<summary>All figures</summary>\n{table}\n</details>\n"
        f"<p>Beside this page: <code>{RESULT_NAME}</code> holds these figures and all curves for "
        "programs.</p>"
    )


def _exact(label: str, metrics: Mapping[str, Mapping[str, float]], *, signed: bool) -> str:
    form = "+.4f" if signed else ".3f"
    cells = "".join(
        cell(f"{value['mean']:{form}}", f"{value['low']:{form}} to {value['high']:{form}}")
        for value in (metrics[name] for name in METRIC_NAMES)
    )
    return f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>'
