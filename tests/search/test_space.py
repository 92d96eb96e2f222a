"""Search spaces: what is read, what is refused, and that every value can be trained with."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from depth_unet.config.run import Config
from depth_unet.config.values import flatten, format_option, format_value, replace_fields
from depth_unet.errors import ConfigError
from depth_unet.recipes import RECIPES, seed
from depth_unet.search.fields import find_field, parse_value
from depth_unet.search.space import Choices, Range, parse_space


def attempt(read: Callable[[], Any]) -> tuple[Any, str]:
    """What a function returns, or else the message of its ConfigError."""
    try:
        return read(), ""
    except ConfigError as error:
        return None, str(error)


def test_choices_and_ranges() -> None:
    """A comma list is choices, two dots are a range, and values have the field's type."""
    texts = ("loss.mae=0.2,1", "optim.lr=1e-4..1e-3:log", "batch_size=8..16", "loss.ssim=0...5")
    space = parse_space(texts, seed(), "random")
    assert space.dimensions == (
        Choices(name="loss.mae", values=(0.2, 1.0)),
        Range(name="optim.lr", low=1e-4, high=1e-3, log=True),
        Range(name="batch_size", low=8, high=16),
        Range(name="loss.ssim", low=0.0, high=0.5),
    )
    assert [type(d.low) for d in space.dimensions if isinstance(d, Range)] == [float, int, float]


def test_words_switches_and_lists() -> None:
    """Choices may be of any field: words, true and false, several numbers with spaces between."""
    texts = (
        "optim.schedule=cosine,constant",
        "model.camera-rays=true,false",
        "model.widths=8 16 32 64 64,16 64 128 256 320",
    )
    space = parse_space(texts, Config(), "grid")
    rows = space.grid(0)
    assert len(rows) == 8
    for labels in rows:
        values = space.values(labels)
        assert replace_fields(Config(), values).model.widths == values["model.widths"]
        assert all(isinstance(label, str | bool) for label in labels.values())


def test_default_is_the_papers() -> None:
    """Without a space the three loss weights vary, around 0.6, 0.2 and 1.0."""
    grid = parse_space((), seed(), "grid").grid(0)
    assert {"loss.mae": 0.6, "loss.gradient_edge": 0.2, "loss.ssim": 1.0} in grid
    assert len(grid) == 27
    for each in parse_space((), seed(), "tpe").dimensions:
        assert isinstance(each, Range)
        assert each.low <= getattr(seed().loss, each.name.removeprefix("loss.")) <= each.high


def test_grid_order() -> None:
    """The seed decides the order and nothing else."""
    space = parse_space(("loss.mae=0.1,0.2,0.3,0.4", "loss.ssim=1,2,3"), seed(), "grid")
    one, same, other = space.grid(1), space.grid(1), space.grid(2)
    assert one == same
    assert one != other
    assert sorted(map(str, one)) == sorted(map(str, other))
    assert len({str(labels) for labels in one}) == 12


@pytest.mark.parametrize(
    ("sampler", "texts", "words"),
    [
        ("random", ["loss.mea=0,1"], ["loss.mea", "loss.mae"]),
        ("random", ["mae=0,1"], ["'mae'", "loss.mae"]),
        ("random", ["loss=0,1"], ["'loss'"]),
        ("random", ["loss.mae"], ["loss.mae", "no values"]),
        ("random", ["loss.mae="], ["no values"]),
        ("random", ["loss.mae=0.5"], ["two values", "--loss.mae"]),
        ("random", ["loss.mae=0.5,0.5"], ["different"]),
        ("random", ["loss.mae=high,low"], ["'high'", "number"]),
        ("random", ["loss.mae=nan,1"], ["'nan'"]),
        ("random", ["batch_size=1.5,2"], ["'1.5'", "whole number"]),
        ("random", ["model.camera_rays=yes,no"], ["'yes'", "true or false"]),
        ("random", ["optim.schedule=cosine,linear"], ["'linear'", "one_cycle"]),
        ("random", ["optim.betas=0.9 0.99 0.999,0.9 0.99"], ["'0.9 0.99 0.999'"]),
        ("random", ["optim.schedule=a..b"], ["range", "optim.schedule"]),
        ("random", ["loss.mae=1..0"], ["LOW < HIGH"]),
        ("random", ["optim.lr=0..1e-3:log"], ["0 < LOW"]),
        ("random", ["optim.lr=1e-4..1e-3:exp"], ["'exp'"]),
        ("random", ["loss.mae=0,1", "loss.mae=0..1"], ["twice"]),
        ("random", ["seed=1,2"], ["seed", "held out"]),
        ("random", ["holdout=0.1,0.2"], ["holdout", "held out"]),
        ("grid", ["loss.mae=0..1"], ["grid", "loss.mae", "--sampler random"]),
        ("random", ["loss.mae=-1..1"], ["loss.mae=-1.0", "[0, 1000000]"]),
        ("random", ["canvas.height=64..96"], ["canvas.height=65", "multiple of 16"]),
        ("grid", [f"loss.{n}=0,1" for n in ("mae", "gradient_edge", "ssim")], ["all loss weights"]),
        (
            "random",
            ["model.min_depth_m=0.1..2", "model.max_depth_m=1..10"],
            ["model.min_depth_m=2.0 model.max_depth_m=1.0"],
        ),
    ],
)
def test_refused(sampler: str, texts: list[str], words: list[str]) -> None:
    """Invalid spaces are refused in one line that says why."""
    with pytest.raises(ConfigError) as refusal:
        parse_space(texts, seed(), sampler)  # type: ignore[arg-type]
    message = str(refusal.value)
    assert message.isprintable()
    assert message.startswith(("--space ", "--sampler "))
    for word in words:
        assert word in message


@given(st.sampled_from(sorted(flatten(Config()))), st.text(max_size=12))
def test_any_text_is_a_value_or_refused(name: str, text: str) -> None:
    """Whatever is format_value, it is a value that reads back the same, or one line of refusal."""
    value, refusal = attempt(lambda: parse_value(name, text))
    if refusal:
        assert name in refusal
        assert refusal.isprintable()
    else:
        assert parse_value(name, format_value(value)) == value


@given(st.text(min_size=1, max_size=20))
def test_any_name_is_a_field_or_refused(name: str) -> None:
    """An unknown name is refused in one line, whatever its characters."""
    found, refusal = attempt(lambda: find_field(name))
    assert refusal.isprintable()
    assert refusal or found in flatten(Config())


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_value_of_every_recipe_can_be_written(recipe: str) -> None:
    """The words for a value read back as the same value, a switch as a switch."""
    for name, value in flatten(RECIPES[recipe]()).items():
        back = parse_value(name, format_value(value))
        assert (back, isinstance(back, bool)) == (value, isinstance(value, bool)), name


def test_options() -> None:
    """Options are those of the command line, switches included."""
    assert format_option("optim.weight_decay", 0.1) == ["--optim.weight-decay", "0.1"]
    assert format_option("model.camera_rays", value=False) == ["--model.no-camera-rays"]
    assert format_option("model.camera_rays", value=True) == ["--model.camera-rays"]
    assert format_option("model.widths", (8, 16)) == ["--model.widths", "8", "16"]


def test_too_many_combinations_are_sampled() -> None:
    """A space of millions of combinations is checked at once, and a bad value is still found."""
    names = ("brightness", "contrast", "saturation", "flip", "frame", "zoom_share")
    texts = [f"augment.{name}=" + ",".join(f"0.{n}" for n in range(1, 10)) for name in names]
    assert len(parse_space(texts, seed(), "random").dimensions) == len(names)
    with pytest.raises(ConfigError, match="channel_swap"):
        parse_space([*texts, "augment.channel_swap=0.1,0.2,3"], seed(), "random")
