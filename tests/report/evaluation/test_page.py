"""``report.html``: one page with everything, which agrees with ``metrics.json``."""

import base64
import dataclasses
import io
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from depth_unet.config.values import replace_fields
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.depth import image_sums
from depth_unet.metrics.protocols import FULL, NYU_EIGEN
from depth_unet.recipes import seed, transfer
from depth_unet.report import page as report_page
from depth_unet.report.evaluation.page import page, write_page
from depth_unet.report.evaluation.pictures import Picture, RankedFrame
from depth_unet.report.evaluation.results import NETWORK, NetworkResults, as_values
from tests.report.page import Page
from tests.report.scores import scored

ODD_NAME = "synthetic <script>alert('rooms')</script> & \"quotes\" $title"
GUESSES = ("constant depth", "mean depth per pixel")
GOOD, MIDDLING, POOR = 1.1, 1.15, 1.4
FEW: dict[str, Any] = {"extra": 0.02, "num_images": 8}


def results(**changes: object) -> NetworkResults:
    """Three splits: the network is better than both guesses where it was trained."""
    scores = {
        split: {
            NETWORK: scored(factor, **FEW),
            **{guess: scored(POOR, **FEW) for guess in GUESSES},
        }
        for split, factor in (("seen", GOOD), ("unseen", MIDDLING), ("test", POOR))
    }
    base = NetworkResults(
        protocol=FULL,
        checkpoint=Path("runs/my run/best.safetensors"),
        sha256="0" * 64,
        engine="torch 2.13",
        config=seed(),
        step=1234,
        origin="",
        num_weights=10_250_000,
        data=Path("my rooms"),
        dataset="box rooms",
        train_frames=1440,
        trained_here=True,
        train_rooms=160,
        num_rooms={"seen": 160, "unseen": 1, "test": None},
        scores=scores,
    )
    return dataclasses.replace(base, **changes)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Picture]:
    """A panel of three frames and a pair of surfaces."""
    frames = tuple(
        RankedFrame(rank=rank, name=f"<{rank}>&.png", abs_rel=0.1) for rank in ("best", "worst")
    )
    drawn = []
    for name, shown in (("panel", frames), ("best_3d", frames[:1])):
        path = tmp_path / f"test_{name}.png"
        Image.new("RGB", (320, 240), "teal").save(path)
        drawn.append(Picture(path=path, split="test", frames=shown))
    return drawn


def test_page_is_whole(pictures: list[Picture], tmp_path: Path) -> None:
    """Every tag is closed in order; language, title and one main heading are there."""
    path = write_page(results(), pictures, tmp_path)
    assert path == tmp_path / "report.html"
    read = Page(path.read_text(encoding="utf-8"))
    assert read.declaration == "DOCTYPE html"
    assert read.open == []
    names = [tag for tag, _ in read.tags]
    assert [names.count(tag) for tag in ("html", "title", "h1", "main")] == [1, 1, 1, 1]
    assert dict(read.tags)["html"] == {"lang": "en"}


def test_nothing_is_loaded(pictures: list[Picture]) -> None:
    """Pictures are in the page and readable, each with a text; no script, no link, no address."""
    text = page(results(), pictures)
    read = Page(text)
    images = [given for tag, given in read.tags if tag == "img"]
    assert len(images) == len(pictures)
    for given in images:
        assert len(given["alt"]) > 20
        kind, _, data = given["src"].partition(";base64,")
        assert kind == "data:image/webp"
        with Image.open(io.BytesIO(base64.b64decode(data, validate=True))) as image:
            assert image.size == (320, 240)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in read.tags}
    assert not [given for _, given in read.tags if {"href", "srcset"} & set(given)]
    assert not re.search(r"https?:|//\w|url\(|@import", re.sub(r"base64,[^\"]*", "", text))


def test_figures_are_those_of_the_json() -> None:
    """Means and intervals of every split and predictor are shown, rounded and not otherwise."""
    outcome = results()
    text = Page(page(outcome, [])).text
    values = as_values(outcome)
    for split, network in values["splits"].items():
        for scores in (network, *values["guesses"][split].values()):
            for interval in scores.values():
                assert f"{interval['low']:.3f}–{interval['high']:.3f}" in text
                assert f"{interval['mean']:.3f}" in text
            assert report_page.percent(scores["abs_rel"]["mean"]).replace("\xa0", " ") in text
            assert report_page.percent_range(scores["abs_rel"]).replace("\xa0", " ") in text
            assert report_page.metres(scores["rmse"]["mean"]).replace("\xa0", " ") in text
    assert "10.25 million weights" in text
    assert "1,440 photos of 160 rooms of the data set “box rooms”: 1,234 steps of 16" in text
    assert "8 photos of 1 room" in text


def test_guesses_are_named_and_judged() -> None:
    """Each split states for both guesses whether the intervals overlap, as does the lede."""
    read = Page(page(results(), []))
    for guess in GUESSES:
        assert read.text.count(f"The guess “{guess}” is off by") == 3
    assert read.text.count("do not overlap: the network is clearly better") == 4
    assert read.text.count("The two intervals overlap") == 2  # test
    assert "too few photos to tell which is better" in read.text
    swapped = {"unseen": {NETWORK: scored(POOR, **FEW), "constant depth": scored(GOOD, **FEW)}}
    worse = Page(page(results(scores=swapped), [])).text
    assert "The network is clearly worse." in worse
    assert "do not overlap: the network is clearly worse" in worse


def test_perfect_guess() -> None:
    """A guess without any error causes no division by zero."""
    perfect = MetricAccumulator("image")
    target_m = torch.ones(1, 1, 2, 2)
    perfect.add("0.png", image_sums(target_m, target_m, target_m > 0)[0])
    scores = {"all": {NETWORK: perfect, "constant depth": perfect}}
    text = Page(page(results(scores=scores, num_rooms={"all": None}), [])).text
    assert "“constant depth” is off by 0.0 % (0.0 to 0.0 %)." in text


def test_odd_names_stay_text(pictures: list[Picture]) -> None:
    """Names of data sets, folders and photos are shown as they are, never taken for HTML."""
    odd = results(dataset=ODD_NAME, data=Path("<i>/$main"), checkpoint=Path("<b>x.safetensors"))
    text = page(odd, pictures)
    read = Page(text)
    assert read.open == []
    assert "script" not in {tag for tag, _ in read.tags}
    assert ODD_NAME in read.text
    assert "<best>&.png" in read.text
    assert "'<i>/$main'" in unescape(text)


@pytest.mark.parametrize(
    ("name", "synthetic"),
    [
        ("box rooms", True),
        ("synthetic rooms of seed 3", True),
        ("Synthetic kitchens", True),
        ("NYU Depth v2, labelled set (filled depth)", False),
        ("photosynthetic plants", False),
    ],
)
def test_synthetic_photos_are_called_so(name: str, synthetic: bool) -> None:
    """A reader learns that no camera took the photos, where the data set's name says so."""
    assert ("are synthetic" in Page(page(results(dataset=name), [])).text) is synthetic


def test_protocol_in_words() -> None:
    """Crop, averaging, fitting and the choice of weights change the words."""
    full = Page(page(results(), [])).text
    assert "the usual crop" not in full
    assert "metres are compared with metres" in full
    assert "a little too good" in full
    rules = dataclasses.replace(NYU_EIGEN, flip=True, alignment="median")
    last = results(protocol=rules, checkpoint=Path("last.safetensors"), trained_here=False)
    text = Page(page(last, [])).text
    assert "inside the usual crop" in text
    assert "scale in metres is not tested" in text
    assert "mirror image" in text
    assert "a little too good" not in text
    assert "of another data set" in text
    assert rules.describe("as box rooms gives it") in text
    assert "logarithms" not in text
    logs = results(protocol=dataclasses.replace(FULL, alignment="log_scale_shift"))
    assert "by a straight line between the logarithms, so" in Page(page(logs, [])).text


def test_commands_are_for_a_shell() -> None:
    """Paths with spaces are quoted, and the run folder stands for its best weights."""
    text = Page(page(results(), [])).text
    assert "depth-unet predict photo.jpg --weights 'runs/my run'" in text
    assert "depth-unet train seed --steps 4936 --data 'my rooms' --out runs/longer" in text
    run = results(checkpoint=Path("transfer/best.safetensors"))
    assert "photo.jpg --weights ./transfer<" in page(run, []), "not the weights of that name"


def test_commands_keep_the_settings_of_the_run() -> None:
    """The commands train the network of the report again: same canvas, batch and augmentation."""
    config = replace_fields(
        transfer(), {"canvas.height": 96, "canvas.width": 128, "augment.zoom": 1.0, "steps": 350}
    )
    text = Page(page(results(config=config, step=350), [])).text
    kept = "--canvas.height 96 --canvas.width 128 --augment.zoom 1.0"
    assert f"depth-unet train transfer --steps 1400 {kept} --data 'my rooms'" in text
    assert f"depth-unet train transfer --steps 350 {kept} --data my_cache" in text


def test_says_what_training_started_from() -> None:
    """Random weights, or those of another run by name."""
    assert "started from random weights" in Page(page(results(), [])).text
    origin = "runs/rooms/best.safetensors (seed, 9 steps)"
    text = Page(page(results(origin=origin), [])).text
    assert f"started from {origin}" in text
    assert "random weights" not in text
