"""``search.html`` and ``trials.csv``: every trial, the best first, and nothing that is loaded."""

import csv
import re
import shlex
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from depth_unet.config.run import Config
from depth_unet.recipes import seed
from depth_unet.search import study as studies
from depth_unet.search.page import write_report
from depth_unet.search.run import OnScore, Search
from depth_unet.search.setup import Setup
from tests.report.page import Page
from tests.search.bench import Bench, figures, score

ODD = "<b>rooms</b> & $more"
TEXTS = ("loss.mae=0.1..1", "optim.lr=1e-4..1e-3:log", "optim.schedule=cosine,constant")


def make_setup(search: Search, **changes: Any) -> Setup:
    """What a page says beside the trials."""
    facts = {
        "config": seed(),
        "space": search.queue.space,
        "sampler": "random",
        "pruner": "median",
        "num_trials": 8,
        "data": ("my rooms",),
        "dataset": ODD,
        "names": "abc",
        "num_train": 100,
        "num_unseen": 20,
        "num_steps": 50,
        "out": search.queue.out,
    }
    return Setup(**(facts | changes))


def read_page(search: Search) -> tuple[str, Page]:
    """The page as it is written now."""
    write_report(search.study, make_setup(search))
    text = (search.queue.out / "search.html").read_text(encoding="utf-8")
    read = Page(text)
    assert read.open == []
    return text, read


def test_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Table, three pictures with texts, the best as a command, and words on importance."""
    monkeypatch.setattr(studies, "STARTUP_TRIALS", 2)
    search = bench.open(texts=TEXTS, num_trials=8, pruner="median")
    search.run()
    text, read = read_page(search)
    states = re.findall(r"<td>(complete|pruned)</td>", text)
    assert states == sorted(states)
    assert set(states) == {"complete", "pruned"}
    assert len(states) == 8
    images = [given for tag, given in read.tags if tag == "img"]
    assert len(images) == 3
    assert all(
        given["src"].startswith("data:image/") and len(given["alt"]) > 20 for given in images
    )
    assert not re.search(r"https?:|//\w|url\(|<script", re.sub(r"base64,[^\"]*", "", text))
    for words in (ODD, "PED-ANOVA", "With fewer than about 20", "looks better than it is"):
        assert words in read.text
    with (bench.out / "trials.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    best = min(rows, key=lambda row: float(row["abs_rel"]))
    assert rows[0] == best
    command = unescape(re.findall(r"<pre><code>(.*?)</code></pre>", text, re.DOTALL)[0])
    given = shlex.split(command.replace("\\\n", ""))
    assert given[:5] == ["depth-unet", "train", "seed", "--data", "my rooms"]
    assert given[given.index("--loss.mae") + 1] == best["loss.mae"]


def test_page_before_and_after_the_first_trial(bench: Bench) -> None:
    """Without a complete trial, and with one, the page is whole and promises nothing."""

    def dying(config: Config, out: Path, on_score: OnScore) -> float:
        if out.name == "trial-0001":
            on_score(1, figures(0.2), False)
            raise SystemExit
        return score(config, out, on_score)

    search = bench.open(dying)
    text, read = read_page(search)
    assert "No trial is complete yet" in read.text
    assert "<img" not in text
    with pytest.raises(SystemExit):
        search.run()
    text, read = read_page(search)
    assert text.count("<img") == 1
    assert "<td>running</td>" in text
    assert "importance is unknown" in read.text


def test_equal_results(bench: Bench) -> None:
    """Trials that all have the same result are no reason to divide by zero; the first is best."""

    def constant(_config: Config, _out: Path, on_score: OnScore) -> float:
        on_score(1, figures(0.3), True)
        return 0.3

    search = bench.open(constant, num_trials=3)
    search.run()
    text, _ = read_page(search)
    assert text.count("<img") == 3
    assert "trial-0000" in text


def test_command_has_what_differs_from_the_recipe(bench: Bench) -> None:
    """The command gives the trial's values and the user's options, and nothing else."""
    config = replace(seed(), epochs=3)
    given = make_setup(bench.open(), config=config).command({"loss.mae": 0.1})
    assert given[:3] == ["depth-unet", "train", "seed"]
    assert given[given.index("--epochs") + 1] == "3"
    assert given[given.index("--loss.mae") + 1] == "0.1"
    assert "--loss.ssim" not in given
