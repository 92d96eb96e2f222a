"""``report.html``: an evaluation as one page that needs nothing else, not even a network."""

import shlex
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from depth_unet import __version__
from depth_unet.files.atomic import write_text
from depth_unet.model.checkpoint import BEST_NAME
from depth_unet.recipes import RECIPES
from depth_unet.report.evaluation import words
from depth_unet.report.evaluation.markup import (
    cell,
    chart,
    document,
    figure,
    paragraphs,
    scrolling_table,
)
from depth_unet.report.evaluation.pictures import Picture
from depth_unet.report.evaluation.results import NETWORK, AnyResults, Results
from depth_unet.report.evaluation.table import split_label
from depth_unet.report.evaluation.write import PER_IMAGE_NAME, RESULT_NAME, as_values

REPORT_NAME = "report.html"
Scores = Mapping[str, Mapping[str, Mapping[str, float]]]


def write_html(results: AnyResults, pictures: Sequence[Picture], out: Path) -> Path:
    """Write ``report.html`` into the folder ``out``.

    Args:
        results: What was measured.
        pictures: PNG files that are embedded, in this order.
        out: The folder.

    Returns:
        Where the page is.
    """
    path = out / REPORT_NAME
    write_text(path, page(results, pictures))
    return path


def page(results: AnyResults, pictures: Sequence[Picture]) -> str:
    """The whole page as HTML 5: no script, nothing loaded, light or dark as the reader's system."""
    values = as_values(results)
    splits = {
        split: {NETWORK: scores, **values["guesses"][split]}
        for split, scores in values["splits"].items()
    }
    sections = (
        ("What was done", paragraphs(words.method(results)) + _note(results)),
        ("How good it is", _goodness(results, splits)),
        ("Pictures", _pictures(results, pictures)),
        ("How it was measured", _measured(results, splits)),
        ("How to go on", _commands(results) if isinstance(results, Results) else ""),
    )
    return document(
        title=f"Depth from one photo: {_title(results)} on {results.dataset}",
        lede=_lede(results, splits),
        sections=sections,
        footer=f"Written by depth-unet {__version__} from {_origin(results)}.",
    )


def _lede(results: AnyResults, splits: Mapping[str, Scores]) -> str:
    """The answer before anything else: one split in a sentence, every split as a card."""
    split = next((name for name in ("test", "unseen") if name in splits), next(iter(splits)))
    cards = "\n".join(
        f"<li><span>{escape(split_label(results, name).capitalize())}</span>"
        f"<strong>{words.percent(scores[NETWORK]['abs_rel']['mean'])}</strong>"
        f"<span>{words.percent_range(scores[NETWORK]['abs_rel'])}</span>"
        f"<span>error in metres: {words.metres(scores[NETWORK]['rmse']['mean'])}</span>"
        f"<span>{words.amount(results.num_images(name), results.num_rooms[name])}</span></li>"
        for name, scores in splits.items()
    )
    text = escape(words.summary(results, split, splits[split]))
    return f'<p class="lede">{text}</p>\n<ul class="cards">\n{cards}\n</ul>'


def _note(results: AnyResults) -> str:
    text = words.synthetic(results.dataset)
    return f'\n<p class="note">{escape(text)}</p>' if text else ""


def _goodness(results: AnyResults, splits: Mapping[str, Scores]) -> str:
    guesses = [name for name in next(iter(splits.values())) if name != NETWORK]
    items = "".join(
        f"<li><b>{escape(name)}</b>: {escape(words.GUESSES[name])}.</li>" for name in guesses
    )
    subject = words.who(results)
    parts = [
        f"<p>A figure alone says little, so {escape(subject)} stands beside guesses that look at "
        f"no photo:</p>\n<ul>{items}</ul>"
    ]
    if not guesses:
        parts = ["<p>There are no frames besides the test frames to fit guesses to.</p>"]
    highs = (score["abs_rel"]["high"] for scores in splits.values() for score in scores.values())
    most = max(highs) or 1.0
    for split, scores in splits.items():
        network = scores[NETWORK]
        texts = [
            words.verdict(words.where(results, split), network),
            *(words.against(g, network["abs_rel"], scores[g]["abs_rel"], subject) for g in guesses),
        ]
        amount = words.amount(results.num_images(split), results.num_rooms[split])
        parts.append(
            f"<h3>{escape(split_label(results, split).capitalize())}: {amount}</h3>\n"
            f"{_chart(results, scores, most)}\n{paragraphs(texts)}\n{_table(results, scores)}"
        )
    difference = words.seen_and_unseen({name: scores[NETWORK] for name, scores in splits.items()})
    if difference:
        parts.append(f"<h3>Known and new rooms</h3>\n{paragraphs([difference])}")
    return "\n".join(parts)


def _chart(results: AnyResults, scores: Scores, most: float) -> str:
    """Means and intervals of AbsRel on one scale from 0, the same for all splits."""
    return chart(
        [
            (
                results.label(name),
                _network(name),
                metrics["abs_rel"],
                words.percent(metrics["abs_rel"]["mean"]),
            )
            for name, metrics in scores.items()
        ],
        most,
        f"Mean error and its 95 % interval, from 0 to {words.percent(most)}",
    )


def _table(results: AnyResults, scores: Scores) -> str:
    rows = "\n".join(
        f'<tr{_network(name)}><th scope="row">{escape(results.label(name))}</th>'
        f"{cell(words.percent(m['abs_rel']['mean']), words.percent_range(m['abs_rel']))}"
        f"{cell(words.metres(m['rmse']['mean']), words.metres_range(m['rmse']))}"
        f"{cell(words.percent(m['delta1']['mean']), words.percent_range(m['delta1']))}</tr>"
        for name, m in scores.items()
    )
    headings = ("", "mean error<br>(AbsRel ↓)", "in metres<br>(RMSE ↓)", "nearly right<br>(δ1 ↑)")
    return scrolling_table(headings, rows, "Means with 95 % intervals")


def _measured(results: AnyResults, splits: Mapping[str, Scores]) -> str:
    items = "\n".join(f"<li>{escape(text)}</li>" for text in words.protocol(results))
    metrics = list(next(iter(splits.values()))[NETWORK])
    rows = "\n".join(
        f'<tr{_network(name)}><th scope="row">{escape(split)}: {escape(results.label(name))}</th>'
        + "".join(cell(f"{v['mean']:.3f}", f"{v['low']:.3f}–{v['high']:.3f}") for v in m.values())
        + "</tr>"
        for split, scores in splits.items()
        for name, m in scores.items()
    )
    table = scrolling_table(
        ("", *map(escape, metrics)), rows, "RMSE in metres, silog in hundredths"
    )
    return (
        f"<ul>\n{items}\n</ul>\n<p>The same in one exact line:</p>\n"
        f'<pre class="line"><code>{escape(results.headline())}</code></pre>\n'
        f"<details>\n<summary>All figures</summary>\n{table}\n</details>\n"
        f"<p>Beside this page: <code>{RESULT_NAME}</code> holds these figures for programs, "
        f"<code>{PER_IMAGE_NAME}</code> those of every photo.</p>"
    )


def _pictures(results: AnyResults, pictures: Sequence[Picture]) -> str:
    parts = []
    for split in dict.fromkeys(picture.split for picture in pictures):
        mine = [picture for picture in pictures if picture.split == split]
        parts.append(f"<h3>{escape(split_label(results, split).capitalize())}</h3>")
        parts += [_figure(results, picture) for picture in mine]
    if not parts:
        return ""
    return paragraphs([words.HOW_TO_SEE]) + "\n" + "\n".join(parts)


def _figure(results: AnyResults, picture: Picture) -> str:
    ranks = [frame.rank for frame in picture.frames]
    alt = words.alt_text(split_label(results, picture.split).capitalize(), ranks)
    return figure(picture.path, alt, words.caption(picture.frames))


def _commands(results: Results) -> str:
    """Commands that work where this evaluation ran."""
    checkpoint, config = results.checkpoint, results.config
    run = checkpoint.parent if checkpoint.name == BEST_NAME else checkpoint
    recipe = config.recipe if config.recipe in RECIPES else "seed"
    height, width = config.source_size()
    longer = ("--data", results.data, "--fraction", f"{config.fraction:g}")
    steps = ("--steps", 4 * max(results.step, config.steps), "--precision", config.precision)
    train = ("train", recipe)
    blocks: tuple[tuple[str, tuple[tuple[object, ...], ...]], ...] = (
        (
            "Depth of a photo of your own:",
            (("predict", "photo.jpg", "--weights", run),),
        ),
        (
            "Train four times as long on the same photos:",
            ((*train, *longer, *steps, "--out", "runs/longer"),),
        ),
        (
            "Render more rooms and train on them (needs pip install 'depth-unet[rooms]'):",
            (
                ("rooms", "more_rooms", "--images", 4000, "--views", 5, "--seed", 7),
                ("prepare", "more_rooms", "more_cache", "--size", f"{width}x{height}"),
                (*train, "--data", "more_cache", "--fraction", 1, "--out", "runs/more"),
            ),
        ),
        (
            "Train on photos with depth of your own, such as NYU's, from a folder with index.csv:",
            (
                ("prepare", "my_rooms", "my_cache", "--size", f"{width}x{height}"),
                (*train, "--data", "my_cache", "--fraction", 1, "--out", "runs/mine"),
                ("evaluate", "runs/mine", "--data", "my_cache"),
            ),
        ),
    )
    return "\n".join(
        f"<p>{escape(text)}</p>\n<pre><code>"
        + "\n".join(escape(shlex.join(map(str, ("depth-unet", *line)))) for line in lines)
        + "</code></pre>"
        for text, lines in blocks
    )


def _title(results: AnyResults) -> str:
    return results.config.recipe if isinstance(results, Results) else results.name


def _origin(results: AnyResults) -> Path:
    return results.checkpoint if isinstance(results, Results) else results.folder


def _network(name: str) -> str:
    return ' class="network"' if name == NETWORK else ""
