"""``comparison.html``: one page with everything, which agrees with ``comparison.json``."""

import base64
import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from depth_unet.config.loss import LossConfig
from depth_unet.config.run import Config
from depth_unet.data.splits import Splits
from depth_unet.metrics.protocols import FULL
from depth_unet.report.comparison.frames import FairFrames
from depth_unet.report.comparison.page import page
from depth_unet.report.comparison.pictures import SideBySide, write_curves
from depth_unet.report.comparison.results import Comparison, as_values
from depth_unet.report.comparison.runs import Run
from depth_unet.train.history import Curve
from tests.report.page import Page
from tests.report.scores import scored

ODD_NAME = "<script>alert('x')</script> & $title"
NUM_IMAGES = 12


def run(name: str, config: Config, curves: Mapping[str, Curve] | None = None) -> Run:
    """A run of 60 steps on five frames."""
    return Run(
        name=name,
        path=Path("runs") / name / "best.safetensors",
        config=config,
        step=60,
        origin="",
        num_weights=1234,
        splits=Splits(train=tuple("abcde"), unseen=("u",)),
        curves=curves or {},
    )


def comparison(**changes: Any) -> Comparison:
    """The second run is better, the third the same, and odd in name."""
    curve = Curve(steps=(10, 60), values=(0.5, 0.25))
    runs = (
        run("first", Config(), {"unseen/abs_rel": curve, "loss/total": curve}),
        run("second", Config(batch_size=4, loss=LossConfig(silog=0.5)), {"unseen/abs_rel": curve}),
        run(ODD_NAME, Config(recipe="<b>")),
    )
    factors = {"first": 1.2, "second": 1.15, ODD_NAME: 1.2}
    base = Comparison(
        protocol=FULL,
        data=Path("my rooms"),
        dataset="box rooms",
        runs=runs,
        engine="torch 1, cpu, fp32",
        frames={
            "unseen": FairFrames(
                indices=tuple(range(NUM_IMAGES)),
                candidates=20,
                left_out={"second": 8},
                best_chosen=("first",),
            )
        },
        num_rooms={"unseen": 6},
        scores={"unseen": {name: scored(factor, extra=0.3) for name, factor in factors.items()}},
    )
    return dataclasses.replace(base, **changes)


def written(outcome: Comparison, folder: Path) -> str:
    """The page with its curves and one picture."""
    picture = folder / "unseen_side_by_side.png"
    Image.new("RGB", (320, 240), "teal").save(picture)
    shown = SideBySide(path=picture, split="unseen", names=("<0>.png",), widest="<0>.png")
    return page(outcome, write_curves(outcome, folder), [shown])


def test_page_is_whole_and_loads_nothing(tmp_path: Path) -> None:
    """Tags close in order whatever runs are called; pictures are inside; no script, no address."""
    text = written(comparison(), tmp_path)
    read = Page(text)
    assert (read.declaration, read.open) == ("DOCTYPE html", [])
    names = [tag for tag, _ in read.tags]
    assert [names.count(tag) for tag in ("html", "title", "h1", "main")] == [1, 1, 1, 1]
    assert not {"script", "link", "iframe", "object"} & set(names)
    assert ODD_NAME in read.text
    assert "The runs differ most on <0>.png" in read.text
    images = [given for tag, given in read.tags if tag == "img"]
    kinds = [given["src"].partition(";base64,")[0] for given in images]
    assert kinds == ["data:image/webp", "data:image/svg+xml", "data:image/svg+xml"]
    for given in images:
        assert len(given["alt"]) > 20
        assert base64.b64decode(given["src"].partition(";base64,")[2], validate=True)
    assert not [given for _, given in read.tags if {"href", "srcset"} & set(given)]
    assert not re.search(r"https?:|//\w|url\(|@import", re.sub(r"base64,[^\"]*", "", text))


def test_figures_are_those_of_the_json(tmp_path: Path) -> None:
    """Means, intervals and differences of every run are shown, with photos, rooms and protocol."""
    outcome = comparison()
    text = Page(written(outcome, tmp_path)).text
    split = as_values(outcome)["splits"]["unseen"]
    assert set(split["differences"]) == {"second", ODD_NAME}
    for scores in split["scores"].values():
        for interval in scores.values():
            assert f"{interval['mean']:.3f}" in text
            assert f"{interval['low']:.3f} to {interval['high']:.3f}" in text
    for scores in split["differences"].values():
        for interval in scores.values():
            assert f"{interval['low']:+.4f} to {interval['high']:+.4f}" in text
    assert "12 photos of 6 rooms" in text
    assert FULL.describe("as box rooms gives it") in text


def test_runs_are_judged_by_the_paired_difference(tmp_path: Path) -> None:
    """A gain on every photo is called better, although the runs' own intervals overlap."""
    outcome = comparison()
    values = as_values(outcome)["splits"]["unseen"]
    first, second = (values["scores"][name]["abs_rel"] for name in ("first", "second"))
    assert second["high"] > first["low"]
    assert values["differences"]["second"]["abs_rel"]["verdict"] == "better"
    same = values["differences"][ODD_NAME]["abs_rel"]
    assert same == {"mean": 0, "low": 0, "high": 0, "verdict": "no difference"}
    text = Page(written(outcome, tmp_path)).text
    assert "“second” is better than “first” on these 12 photos" in text
    assert f"show no difference between “{ODD_NAME}” and “first”" in text


def test_left_out_frames_and_unequal_chances_are_stated(tmp_path: Path) -> None:
    """Frames left out and because of which run, runs with an advantage, runs without curves."""
    text = Page(written(comparison(), tmp_path)).text
    assert "8 of 20 candidates were left out" in text
    assert "“second” was trained on 8 of 20, or on other frames of their rooms." in text
    assert "to choose the best checkpoint of “first”, but not of the other runs" in text
    assert f"No curves for “{ODD_NAME}”" in text
    assert "are synthetic" in text
    runs = tuple(dataclasses.replace(item, origin="runs/x") for item in comparison().runs[:2])
    text = Page(written(comparison(runs=runs), tmp_path)).text
    assert "“first” started from runs/x. Whether those weights have seen the photos" in text
    assert "No record" not in text


def test_settings_that_differ_are_listed(tmp_path: Path) -> None:
    """Every run's value of each field that is not the same in all; equal fields are left out."""
    values = as_values(comparison())
    assert values["settings"] == {
        "batch_size": {"first": 16, "second": 4, ODD_NAME: 16},
        "loss.silog": {"first": 0.0, "second": 0.5, ODD_NAME: 0.0},
        "recipe": {"first": "custom", "second": "custom", ODD_NAME: "<b>"},
    }
    text = Page(written(comparison(), tmp_path)).text
    assert "loss.silog 0.0 0.5 0.0" in text
    assert "weight_decay" not in text
    alone = comparison(runs=(run("first", Config()), run("second", Config())))
    assert "all runs have the same settings" in Page(page(alone, {}, [])).text


def test_curves_are_drawn_against_steps_and_images(tmp_path: Path) -> None:
    """Only recorded curves are drawn; images seen follow from steps, batches and epochs."""
    outcome = comparison()
    files = write_curves(outcome, tmp_path)
    assert {kind: path.name for kind, path in files.items()} == {
        "validation": "validation.svg",
        "loss": "loss.svg",
    }
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{kind}.{suffix}" for kind in files for suffix in ("svg", "png")
    }
    curve = as_values(outcome)["curves"]["second"]["unseen/abs_rel"]
    assert curve["steps"] == (10, 60)
    assert curve["images_seen"] == [25, 150]  # five frames in fours: two steps an epoch
    silent = tuple(dataclasses.replace(item, curves={}) for item in outcome.runs)
    assert write_curves(comparison(runs=silent), tmp_path / "none") == {}


@pytest.mark.parametrize(("alignment", "noted"), [("none", False), ("median", True)])
def test_fitted_figures_are_not_taken_for_the_pictures(
    alignment: str, noted: bool, tmp_path: Path
) -> None:
    """Where predictions were fitted to the truth, the page says that the pictures are not."""
    rules = dataclasses.replace(FULL, alignment=alignment)
    text = Page(written(comparison(protocol=rules), tmp_path)).text
    assert ("The pictures show the predictions before they were fitted" in text) is noted
