"""Every number that a user can give has a range: of every setting and of every option."""

import json
import math
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from depth_unet.cli.arguments.find import arguments_of
from depth_unet.cli.main import MODULE_OF
from depth_unet.config.run import Config
from depth_unet.config.values import flatten, from_dict, replace_fields, to_dict
from depth_unet.errors import ConfigError
from depth_unet.rooms.options import RoomsOptions
from depth_unet.search.fields import field_type
from tests.integration.commandline import assert_refused, depth_unet

VALUES: dict[type, tuple[float, ...]] = {
    float: (math.nan, math.inf, -1.0, 0.0, 1e300),
    int: (-1, 0, 10**30),
}
MAY_BE_0 = {
    *("steps", "micro_batch_size", "seed", "validate_every", "early_stop", "compute.workers"),
    *("model.attention_blocks", "model.num_classes", "optim.clip", "optim.ema", "optim.betas"),
    "model.correlation.far",
    *("optim.warmup", "optim.weight_decay", "augment.rotation_deg", "loss.semantics"),
    *(f"augment.{name}" for name in ("brightness", "contrast", "saturation", "channel_swap")),
    *(f"augment.{name}" for name in ("flip", "blur", "frame", "zoom_share")),
    *(f"loss.{name}" for name in ("mae", "gradient_edge", "ssim", "silog", "berhu", "spread")),
    "loss.gradient_matching",
    *(f"loss.ssim_terms.{name}" for name in ("luminance", "contrast", "structure")),
}
OPTIONS_MAY_BE_0 = {
    *("search --trials", "inspect --most", "prepare --workers", "rooms --workers"),
    *("rooms --seed", "rooms --test-share", "rooms --walk", "label --disagreement"),
    "predict --edge",
    "app --port",
}
MANY = "9" * 400
# Texts that hold numbers, each with values out of range; and all others.
NUMBERS_IN_TEXT = {
    "train --memory": ("0GB", "-1GB", "nanGB", "infGB", f"{MANY}GB"),
    "train --data": ("CACHE:0", "CACHE:-1", "CACHE:nan", "CACHE:inf", "CACHE:1e300"),
    "search --data": ("CACHE:0",),
    "prepare --size": ("0x0", "-1x-1", "nanxnan", "99999x99999", f"{MANY}x{MANY}"),
    "rooms --shard": ("0/2", "-1/2", "nan/2", "3/2", f"1/{MANY}"),
    "rooms --size": ("0x0", "nanxnan", "99999x99999"),
    "predict --range": ("0:0", "-1:1", "nan:nan", "0:inf", "0:1e300"),
    "predict --known": ("5,5=0", "5,5=-1", "5,5=nan", "5,5=inf", f"5,5={MANY}"),
    "predict inputs": (MANY[:30],),
    "measure --known": ("5,5=0", "5,5=-1", "5,5=nan", "5,5=inf", f"{MANY},5=1"),
    "measure points": (f"{MANY},1", "9999,1", "nan,nan"),
    "label inputs": (MANY[:30],),
    "label --teacher": ("transfer:0", "transfer:-1", "transfer:nan", "transfer:inf"),
    "evaluate --unit": ("0", "-1", "nan", "inf", "1e300"),
    "evaluate --parameters": ("0", "-1", "nan", "inf", MANY),
}
WORDS = {
    *("train --fold", "train --init", "search --space", "search --storage", "evaluate --name"),
    *("evaluate checkpoint", "compare runs", "predict --weights", "export checkpoint"),
    *("export --average", "measure --weights", "measure photo"),
    *("app --weights", "app --host"),
    *("push checkpoint", "push model", "push --licence", "push --data"),
}


def number_type(hint: Any) -> type | None:
    """``int`` or ``float`` if a hint allows such numbers."""
    parts = get_args(hint) or (hint,)
    return next((kind for kind in (float, int) if kind in parts), None)


SETTINGS = {
    name: kind for name in flatten(Config()) if (kind := number_type(field_type(name))) is not None
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_number_of_a_config_has_a_range(name: str) -> None:
    """A value out of range is refused in one line with field, value and rule; others are legal."""
    default = flatten(Config())[name]
    for value in VALUES[SETTINGS[name]]:
        wanted = (value,) * len(default) if isinstance(default, tuple) else value
        if value == 0 and name in MAY_BE_0:
            if name not in ("loss.semantics", "loss.spread"):  # which another field must fit
                assert flatten(replace_fields(Config(), {name: wanted}))[name] == wanted
            continue
        with pytest.raises(ConfigError) as caught:
            replace_fields(Config(), {name: wanted})
        message = str(caught.value)
        assert message.startswith(f"{name} is {wanted}; choose ")
        assert "\n" not in message
        assert any(digit in message.partition("; choose ")[2] for digit in "01")


def test_the_largest_seed() -> None:
    """The largest seed of torch is legal, survives JSON, and the next one is refused."""
    config = Config(seed=2**64 - 1)
    assert from_dict(json.loads(json.dumps(to_dict(config)))) == config
    with pytest.raises(ConfigError, match=f"seed is {2**64}; choose a number in"):
        Config(seed=2**64)


@pytest.mark.parametrize(
    ("option", "value"), [("--seed", 2**64), ("--optim.lr", "inf"), ("--holdout", "nan")]
)
def test_a_setting_on_the_command_line(
    option: str, value: object, few_pairs: Path, tmp_path: Path
) -> None:
    """The line on stderr names setting, value and rule; nothing is written."""
    out = tmp_path / "run"
    outcome = depth_unet("train", "seed", "--data", few_pairs, "--out", out, option, value)
    assert_refused(outcome, f"{option[2:]} is {value}; choose a number in ")
    assert not out.exists()


def options_of(command: str, kind: Any) -> Iterator[tuple[str, Any]]:
    """Every argument of a command with its type, as ``predict --fov``; not the settings."""
    for name, hint in get_type_hints(kind).items():
        plain = get_type_hints(kind, include_extras=True)[name]
        if hint is Config:
            continue
        if is_dataclass(hint):
            yield from options_of(command, hint)
        elif any("Positional" in repr(mark) for mark in getattr(plain, "__metadata__", ())):
            yield f"{command} {name}", hint
        else:
            yield f"{command} --{name.replace('_', '-')}", hint


ARGUMENTS = {
    name: hint for command in MODULE_OF for name, hint in options_of(command, arguments_of(command))
}
NUMBERS = {
    name: kind for name, hint in ARGUMENTS.items() if (kind := number_type(hint)) is not None
}


def complete(name: str, value: object, cache: Path, photo: Path, tmp_path: Path) -> list[object]:
    """A command that is valid but for the value of one argument."""
    command, option = name.split(" ")
    out = tmp_path / "out"
    words: dict[str, list[object]] = {
        "train": ["seed", "--data", cache, "--out", out],
        "search": ["seed", "--data", cache, "--out", out],
        "predict": [photo, "--out", out],
        "label": [photo, "--out", out],
        "measure": [photo, "1,1", "20,20"],
        "export": ["transfer", out / "weights.safetensors"],
        "evaluate": ["--predictions", photo.parent, "--data", cache, "--out", out],
        "inspect": [cache],
        "prepare": [photo.parent, out, "--form", "pairs"],
        "rooms": [out],
        "app": [],
    }
    given = str(value).replace("CACHE", str(cache))
    if option == "--data":
        return [command, "seed", "--out", out, option, given]
    if option == "points":
        return [command, photo, given, "1,1"]
    if option == "inputs":
        return [command, given, "--out", out]
    twice = [given] if option == "--fov" and command == "rooms" else []
    return [command, *words[command], option, given, *twice]


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_of_an_option_has_a_range(
    name: str, cache: Path, photo: Path, tmp_path: Path
) -> None:
    """As of a config; what is no whole number is refused by the parser, which names the option."""
    option, kind = name.split(" ")[1], NUMBERS[name]
    for value in ("nan", "inf") if kind is int else ():
        outcome = depth_unet(*complete(name, value, cache, photo, tmp_path))
        assert outcome.code == 2
        assert f"Error parsing {option}: " in outcome.err
    for value in VALUES[kind]:
        if value == 0 and name in OPTIONS_MAY_BE_0:
            continue
        outcome = depth_unet(*complete(name, value, cache, photo, tmp_path))
        assert outcome.code == 2
        word = option.removeprefix("--")
        (line,) = outcome.complaints
        assert word in line.replace("_", "-")
        assert f"{value:g}" in line or str(value) in line
        assert not (tmp_path / "out").exists()


def test_options_that_may_be_0(few_pairs: Path, tmp_path: Path) -> None:
    """The zeros listed above are legal."""
    assert depth_unet("inspect", few_pairs, "--most", 0).code == 0
    assert depth_unet("prepare", few_pairs, tmp_path / "cache", "--workers", 0).code == 0
    labels = depth_unet("label", few_pairs, "--out", tmp_path / "labels", "--disagreement", 0)
    assert labels.code == 0, labels.err
    options = RoomsOptions(seed=0, test_share=0, walk=0)
    assert (options.seed, options.test_share, options.walk) == (0, 0, 0)
    assert set(NUMBERS) >= OPTIONS_MAY_BE_0


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in NUMBERS_IN_TEXT.items() for value in values],
    ids=lambda part: str(part)[:20],
)
def test_numbers_within_a_text(
    name: str, value: str, cache: Path, photo: Path, tmp_path: Path
) -> None:
    """A text with a number out of range is refused in one line that names the option."""
    outcome = depth_unet(*complete(name, value, cache, photo, tmp_path))
    words = {"predict inputs": "camera", "label inputs": "camera", "measure points": "point"}
    word = words.get(name, name.rpartition("--")[2])
    assert_refused(outcome, word)
    assert not (tmp_path / "out").exists()


def test_every_text_is_known() -> None:
    """An option that takes a text is listed above: with values out of range, or as words."""
    texts = {name for name, hint in ARGUMENTS.items() if str in (hint, *get_args(hint))}
    assert texts | {"train --memory"} == set(NUMBERS_IN_TEXT) | WORDS
