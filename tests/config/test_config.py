"""Settings are checked when they are made, and survive JSON."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

import pytest

from depth_unet.config.augment import AugmentConfig
from depth_unet.config.compute import ComputeConfig
from depth_unet.config.loss import LossConfig, SSIMConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.optim import OptimConfig
from depth_unet.config.run import Config
from depth_unet.config.values import from_dict, to_dict
from depth_unet.errors import ConfigError
from depth_unet.recipes import RECIPES
from tests.imports import imported_by

KINDS = (
    *(AugmentConfig, CanvasConfig, Config, LossConfig, ModelConfig, OptimConfig),
    SSIMConfig,
)
NAMED_AS = {"widths": "widths|blocks|divide", "mae": "loss"}  # where another field is to blame
BAD: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (CanvasConfig, {"height": 100}),
    (CanvasConfig, {"width": 16}),
    (CanvasConfig, {"height": -96}),
    (ModelConfig, {"widths": (16,), "blocks": (1,), "attention_blocks": (0,)}),
    (ModelConfig, {"widths": (16, 48, 96, 192)}),
    (ModelConfig, {"blocks": (1, 1, 1, 2)}),
    (ModelConfig, {"attention_blocks": (0, 0, 1)}),
    (ModelConfig, {"blocks": (1, 1, 0, 2, 2)}),
    (ModelConfig, {"widths": (16, 48, 96, 190, 384)}),
    (ModelConfig, {"widths": (0, 48, 96, 192, 384)}),
    (ModelConfig, {"widths": (-16, 48, 96, 192, 384)}),
    (ModelConfig, {"attention_blocks": (0, 0, -1, 2, 0)}),
    (ModelConfig, {"norm_groups": 5}),
    (ModelConfig, {"norm_groups": 0}),
    (ModelConfig, {"norm_groups": -8}),
    (ModelConfig, {"head_width": 36}),
    (ModelConfig, {"head_width": 0}),
    (ModelConfig, {"head_width": -32}),
    (ModelConfig, {"min_depth_m": 0.0}),
    (ModelConfig, {"min_depth_m": -1.0}),
    (ModelConfig, {"min_depth_m": 10.0}),
    (ModelConfig, {"max_depth_m": math.nan}),
    (ModelConfig, {"canonical_focal": 0.0}),
    (SSIMConfig, {"data_range_m": 0.0}),
    (SSIMConfig, {"scale": 0.0}),
    (SSIMConfig, {"luminance": -1.0}),
    (SSIMConfig, {"contrast": -0.5}),
    (SSIMConfig, {"structure": math.nan}),
    (LossConfig, {"mae": -0.1}),
    (LossConfig, {"mae": math.nan}),
    (LossConfig, {"mae": 0.0, "gradient_edge": 0.0, "ssim": 0.0}),
    (LossConfig, {"stride": 3}),
    (AugmentConfig, {"flip": 1.1}),
    (AugmentConfig, {"channel_swap": -0.1}),
    (AugmentConfig, {"brightness": 1.0}),
    (AugmentConfig, {"contrast": -0.1}),
    (AugmentConfig, {"saturation": math.nan}),
    (AugmentConfig, {"rotation_deg": 46.0}),
    (AugmentConfig, {"zoom": 0.9}),
    (AugmentConfig, {"zoom": math.inf}),
    (OptimConfig, {"lr": 0.0}),
    (OptimConfig, {"lr": math.nan}),
    (OptimConfig, {"weight_decay": -0.1}),
    (OptimConfig, {"betas": (0.9, 1.0)}),
    (OptimConfig, {"warmup": 1.1}),
    (OptimConfig, {"clip": -1.0}),
    (OptimConfig, {"ema": 1.0}),
    (Config, {"fraction": 0.0}),
    (Config, {"fraction": 1.1}),
    (Config, {"holdout": 0.0}),
    (Config, {"holdout": 1.0}),
    (Config, {"epochs": 0}),
    (Config, {"steps": -1}),
    (Config, {"batch_size": 0}),
    (Config, {"micro_batch_size": -1}),
    (ComputeConfig, {"workers": -1}),
    (Config, {"checkpoint_every": 0}),
    (Config, {"log_every": 0}),
    (Config, {"validate_every": -1}),
    (Config, {"seed": -1}),
    (Config, {"canvas": CanvasConfig(height=32, width=32), "loss": LossConfig(stride=4)}),
]


@pytest.mark.parametrize(("kind", "values"), BAD, ids=lambda part: str(part).split(".")[-1])
def test_out_of_range_is_refused(kind: Callable[..., Any], values: dict[str, Any]) -> None:
    """A bad value is refused when the config is made, in one line that names the field."""
    with pytest.raises(ConfigError) as caught:
        kind(**values)
    message = str(caught.value)
    assert "\n" not in message
    field = next(iter(values))
    assert re.search(NAMED_AS.get(field, field), message)


@pytest.mark.parametrize("kind", KINDS)
def test_configs_are_frozen(kind: Callable[[], Any]) -> None:
    """A config never changes after its check."""
    config = kind()
    with pytest.raises(FrozenInstanceError):
        setattr(config, fields(config)[0].name, 0)
    assert not hasattr(config, "__dict__")


def test_small_canvas_without_ssim() -> None:
    """Without SSIM no window has to fit into the canvas."""
    loss = LossConfig(ssim=0.0, stride=4)
    assert Config(canvas=CanvasConfig(height=32, width=32), loss=loss).loss.stride == 4


def test_steps_by_hand() -> None:
    """Epochs are whole passes, the last batch of each may be smaller; steps overrule epochs."""
    config = Config(batch_size=16, epochs=3)
    assert config.steps_per_epoch(33) == 3
    assert config.total_steps(33) == 9
    assert config.steps_per_epoch(32) == 2
    assert replace(config, steps=5).total_steps(33) == 5


def test_validation_interval() -> None:
    """Validation comes about twenty times, at least every step, or as often as it was asked."""
    assert Config(batch_size=1, epochs=1).validation_interval(400) == 20
    assert Config(batch_size=1, epochs=1).validation_interval(3) == 1
    assert Config(validate_every=7).validation_interval(400) == 7


def test_source_size_leaves_room_for_the_zoom() -> None:
    """Frames are read a quarter larger than the strongest crop needs; unzoomed, at the canvas's."""
    canvas = CanvasConfig(height=96, width=128)
    assert Config(canvas=canvas).source_size() == (96, 128)
    assert Config(canvas=canvas, augment=AugmentConfig(zoom=2.0)).source_size() == (240, 320)


@pytest.mark.parametrize("name", RECIPES)
def test_round_trip_through_json(name: str) -> None:
    """A config comes back from JSON equal, tuples and all."""
    config = RECIPES[name]()
    restored = from_dict(json.loads(json.dumps(to_dict(config))))
    assert restored == config
    assert hash(restored) == hash(config)


def test_every_field_survives_json() -> None:
    """A config that differs from the default in every part comes back equal."""
    config = Config(
        recipe="x",
        holdout="none",
        canvas=CanvasConfig(height=240, width=320),
        model=ModelConfig(stem_stride=4, depth_map="inverse", widths=(8, 16, 32, 32, 64)),
        loss=LossConfig(silog=0.5, ssim_terms=SSIMConfig(contrast=0.0, scale=2.0)),
        augment=AugmentConfig(zoom=2.0),
        optim=OptimConfig(betas=(0.5, 0.6)),
    )
    assert config != Config()
    assert from_dict(json.loads(json.dumps(to_dict(config)))) == config


def test_missing_fields_take_their_default() -> None:
    """A file of an earlier version, without a later field, can be read."""
    assert from_dict({"model": {"depth_map": "linear"}}) == Config(
        model=ModelConfig(depth_map="linear")
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"colour": 1}, "config has unknown field.s. colour"),
        ({"loss": {"ssim_terms": {"window": 7}}}, r"config\.loss\.ssim_terms .* window"),
    ],
)
def test_unknown_fields_are_refused(values: dict[str, Any], message: str) -> None:
    """A field that this version does not know is named with its place, not dropped."""
    with pytest.raises(ConfigError, match=message):
        from_dict(values)


def test_restored_configs_are_checked() -> None:
    """A value out of range is refused from a file as well."""
    with pytest.raises(ConfigError, match="fraction"):
        from_dict({"fraction": 2.0})


@pytest.mark.parametrize("kind", KINDS)
def test_every_nested_config_is_restored(kind: Callable[[], Any]) -> None:
    """No config comes back from JSON as a dictionary: every nested one is known by its field."""
    restored = from_dict(json.loads(json.dumps(to_dict(Config()))))
    parts: list[Any] = [restored, restored.loss]
    found = [getattr(part, item.name) for part in parts for item in fields(part)]
    assert any(type(value) is kind for value in [restored, *found])


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_type_and_a_default(kind: Callable[[], Any]) -> None:
    """A recipe states what differs; everything else has a default of the stated type."""
    config = kind()
    for name, hint in get_type_hints(kind).items():
        value = getattr(config, name)
        parts = get_args(hint) or (hint,)
        kinds = [kind for part in parts for kind in get_args(part) or (part,)]
        assert is_dataclass(value) or isinstance(value, tuple) or value in kinds or (
            type(value) in {*kinds, hint}
        )  # fmt: skip


def test_configs_do_not_need_torch() -> None:
    """Settings, recipes and their checks load without torch and NumPy: the help stays quick."""
    found = imported_by("import depth_unet.recipes, depth_unet.config.values")
    assert not found & {"torch", "numpy"}
