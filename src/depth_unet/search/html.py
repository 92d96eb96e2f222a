"""``search.html``: a search as one page that needs nothing else, not even a network."""

import shlex
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import optuna

from depth_unet import __version__
from depth_unet.figures.history import history
from depth_unet.figures.parallel import Upright, parallel
from depth_unet.figures.shares import shares
from depth_unet.figures.write import write_figure
from depth_unet.files.atomic import write_text
from depth_unet.report.evaluation.markup import document, figure, paragraphs, scrolling_table
from depth_unet.report.page import percent
from depth_unet.search import told
from depth_unet.search.background import Background
from depth_unet.search.importance import importance
from depth_unet.search.results import TABLE_NAME, Result, best_of, ranked, results_of, write_table
from depth_unet.search.space import Choices, Dimension, Range

PAGE_NAME = "search.html"
HISTORY_NAME, PARALLEL_NAME, IMPORTANCE_NAME = "history.png", "parallel.png", "importance.png"
MEASURE = "AbsRel on unseen rooms"


def write_report(study: optuna.Study, background: Background) -> list[Result]:
    """Write ``search.html``, ``trials.csv`` and the pictures of the page, each whole.

    Args:
        study: It must stand still: the page, the table and the pictures show one moment.
        background: What the trials have in common, and the folder.

    Returns:
        What was written down: every trial, in the order of their numbers.
    """
    results = results_of(study, background.space)
    shown = importance(study)
    write_table(results, background.space, background.out)
    _draw(results, shown, background)
    write_text(background.out / PAGE_NAME, page(results, shown, background))
    return results


def page(results: Sequence[Result], shown: Mapping[str, float], background: Background) -> str:
    """The whole page.

    Args:
        results: Every trial.
        shown: Importance of each setting; empty where the trials do not tell.
        background: What the trials have in common; its folder holds the pictures.
    """
    best = best_of(results)
    complete = sum(result.state == "complete" for result in results)
    sections = (
        ("The best settings", _best(best, background)),
        ("Every trial", _table(results, background)),
        ("How it went", _picture(background.out / HISTORY_NAME, *told.HISTORY) if best else ""),
        (
            "Which values did well",
            _picture(background.out / PARALLEL_NAME, *told.PARALLEL) if complete > 1 else "",
        ),
        ("What mattered", _importance(shown, complete, background)),
        ("What was done", paragraphs(told.procedure(background))),
    )
    return document(
        title=f"Search: {background.config.recipe} on {background.dataset}",
        lede=_lede(results, best),
        sections=sections,
        footer=f"Written by depth-unet {__version__} into {background.out}.",
    )


def _lede(results: Sequence[Result], best: Result | None) -> str:
    cards = [(str(len(results)), "trials", told.states(results))]
    if best is not None:
        scores = sorted(result.abs_rel for result in results if result.state == "complete")
        middle = scores[len(scores) // 2]
        cards = [
            (percent(best.abs_rel), f"mean error of the best, trial {best.number}", MEASURE),
            (percent(middle), "mean error of the middle one", "of the complete trials"),
            *cards,
        ]
    listed = "\n".join(
        f"<li><span>{escape(title)}</span><strong>{value}</strong><span>{escape(more)}</span></li>"
        for value, title, more in cards
    )
    return (
        f'<p class="lede">{escape(told.summary(results, best))}</p>\n'
        f'<ul class="cards">\n{listed}\n</ul>'
    )


def _best(best: Result | None, background: Background) -> str:
    if best is None:
        return paragraphs(["No trial is complete yet."])
    words_of = (shlex.quote(word) for word in background.command(best.values))
    command = "".join(f" \\\n  {w}" if w.startswith("--") else f" {w}" for w in words_of).strip()
    return (
        f"<p>To train once more with them:</p>\n<pre><code>{escape(command)}</code></pre>\n"
        f"<p>Its weights are in <code>{escape(str(background.out / best.folder))}</code>.</p>\n"
        f'<p class="note">{escape(told.CAUTION)}</p>'
    )


def _table(results: Sequence[Result], background: Background) -> str:
    best = best_of(results)
    names = [each.name for each in background.space.dimensions]
    rows = "\n".join(
        f'<tr{" class=network" if result is best else ""}><th scope="row">{result.number}</th>'
        f"<td>{told.STATES[result.state]}</td>"
        + "".join(f"<td>{text}</td>" for text in _figures(result))
        + "".join(f"<td>{escape(told.short(result.values.get(name)))}</td>" for name in names)
        + "</tr>"
        for result in ranked(results)
    )
    headings = (
        "trial",
        "state",
        "AbsRel ↓",
        "RMSE ↓",
        "δ1 ↑",
        "at step",
        "of",
        *map(escape, names),
    )
    table = scrolling_table(
        headings, rows, "The best validation of each trial; RMSE in metres; the best trial first"
    )
    return f"{table}\n<p>Beside this page: <code>{TABLE_NAME}</code>, with all digits.</p>"


def _figures(result: Result) -> list[str]:
    known = result.figures
    if not known:
        return ["–"] * 5
    return [
        *(f"{known[name]:.4f}" for name in ("abs_rel", "rmse", "delta1")),
        f"{known['step']:.0f}",
        str(result.step),
    ]


def _importance(shown: Mapping[str, float], complete: int, background: Background) -> str:
    if not shown:
        return paragraphs(["Fewer than two trials are complete: nothing can be said yet."])
    picture = _picture(background.out / IMPORTANCE_NAME, *told.IMPORTANCE)
    return f"{picture}\n{paragraphs(told.importance(complete))}"


def _picture(path: Path, alt: str, caption: str) -> str:
    return figure(path, alt, caption)


def _draw(results: Sequence[Result], shown: Mapping[str, float], background: Background) -> None:
    complete = [result for result in results if result.state == "complete"]
    scores = [result.abs_rel for result in complete]
    if complete:
        numbers = [result.number for result in complete]
        write_figure(history(numbers, scores, measure=MEASURE), background.out / HISTORY_NAME)
    if len(complete) > 1:
        uprights = [_upright(each, complete) for each in background.space.dimensions]
        last = Upright(title="AbsRel", values=tuple(scores))
        write_figure(parallel([*uprights, last]), background.out / PARALLEL_NAME)
    if shown:
        drawn = shares(shown, measure="importance, all settings together 100 %")
        write_figure(drawn, background.out / IMPORTANCE_NAME)


def _upright(dimension: Dimension, results: Sequence[Result]) -> Upright:
    values = tuple(result.values[dimension.name] for result in results)
    match dimension:
        case Range():
            return Upright(title=dimension.name, values=values, log=dimension.log)
        case Choices():
            texts = tuple(told.short(value) for value in values)
            choices = tuple(told.short(value) for value in dimension.ordered())
            return Upright(title=dimension.name, values=texts, choices=choices)
