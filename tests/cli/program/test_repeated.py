"""Options that are given more than once."""

from pathlib import Path

import pytest

from depth_unet.cli import compare, leaderboard
from depth_unet.cli.predict import command as predict
from depth_unet.cli.search import command as search
from depth_unet.cli.train import command as train
from tests.integration.commandline import assert_refused, depth_unet


@pytest.mark.parametrize(
    ("module", "line", "expected"),
    [
        (predict, "predict a.jpg --save npy --save ply", {"save": ("npy", "ply")}),
        (predict, "predict a.jpg --save=npy --fov 60 --save=ply", {"save": ("npy", "ply")}),
        (predict, "predict a.jpg --overwrite --overwrite", {"overwrite": True}),
        (predict, "predict a.jpg --out b -o b", {"out": Path("b")}),
        (predict, "predict a.jpg --out=-b", {"out": Path("-b")}),
        (train, "train seed --data a --data b:2", {"data": ("a", "b:2")}),
        (train, "train seed --data a b --steps 2 --data c", {"data": ("a", "b", "c")}),
        (search, "search seed --data a --space b=1 --space c=2", {"space": ("b=1", "c=2")}),
        (compare, "compare a b --data c --split test --split all", {"split": ("test", "all")}),
        (leaderboard, "leaderboard a -o b.md -o=c.html", {"out": (Path("b.md"), Path("c.html"))}),
    ],
)
def test_values_of_repeated_options_add_up(
    module: object, line: str, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option that takes several values may be repeated; a switch and equal values too."""
    given = list[object]()
    monkeypatch.setattr(module, "run", lambda arguments: given.append(arguments) or [])
    assert depth_unet(*line.split()).code == 0
    assert {name: getattr(given[0], name) for name in expected} == expected


def test_last_setting_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of a recipe may be given again, also those of several values."""
    given = list[object]()
    monkeypatch.setattr(train, "run", lambda arguments: given.append(arguments) or [])
    widths = ("--model.widths", *[64] * 5, "--model.widths", *[32] * 5)
    assert depth_unet("train", "seed", "--data", "a", "--steps", 2, "--steps=3", *widths).code == 0
    assert given[0].settings.steps == 3
    assert given[0].settings.model.widths == (32,) * 5


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("evaluate a --data b --data c", "--data is given twice, as b and c"),
        ("evaluate a --data b --out c -o d", "--out is given twice, as c and d"),
        ("predict a.jpg --fov 60 --fov=70", "--fov is given twice, as 60 and 70"),
        ("predict a.jpg --focal-px 600 --focal_px 700", "given twice, as 600 and 700"),
        ("train --resume a --resume b", "--resume is given twice, as a and b"),
    ],
)
def test_two_values_for_one_are_refused(line: str, words: str) -> None:
    """A command's option of one value does not silently take the last of two."""
    assert_refused(depth_unet(*line.split()), words, "give it once")
