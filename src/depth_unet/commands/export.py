"""``depth-unet export``: one small file to predict with, from a run."""

import hashlib
from dataclasses import replace

from rich.console import Console
from torch import Tensor

from depth_unet.arguments import ExportArguments
from depth_unet.atomic import check_writable
from depth_unet.checkpoint import read, resolve, save
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError, DataError

SUFFIX = ".safetensors"


def run(arguments: ExportArguments) -> list[DataError]:
    """Write the weights that a run predicts with, and nothing that only resuming needs."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    out = arguments.out
    if out.suffix != SUFFIX:
        raise ConfigError(f"{out} does not end in {SUFFIX}; name such a file")
    if out.exists() and not arguments.overwrite:
        raise ConfigError(f"{out} is already there; choose another, or use --overwrite")
    path = resolve(arguments.checkpoint)
    checkpoint = read(path, only_weights=True)
    checkpoint.check_predicts()
    check_writable(out.parent)
    weights, config = without_classes(checkpoint.weights, checkpoint.config)
    if arguments.precision == "fp16":
        weights = {name: halved(name, weight) for name, weight in weights.items()}
    config = with_scale(config, arguments.spread_scale)
    save(out, replace(checkpoint, config=config, weights=weights, state={}, extra={}))
    content = out.read_bytes()
    console.print(
        f"wrote {out}: {len(content) / 10**6:.1f} MB, SHA-256 {hashlib.sha256(content).hexdigest()}"
    )
    console.print(f"next: depth-unet predict photo.jpg --weights {out}")
    return []


def without_classes(weights: dict[str, Tensor], config: Config) -> tuple[dict[str, Tensor], Config]:
    """Weights and config without the head that is there in training only."""
    kept = {name: w for name, w in weights.items() if not name.startswith("semantic_head.")}
    return kept, replace(
        config,
        model=replace(config.model, num_classes=0),
        loss=replace(config.loss, semantics=0.0),
    )


def with_scale(config: Config, scale: float | None) -> Config:
    """The config with another factor on the spread; None leaves it.

    Raises:
        ConfigError: The network predicts no spread.
    """
    if scale is None:
        return config
    if not config.model.spread:
        raise ConfigError("the network predicts no spread; leave out --spread-scale")
    return replace(config, model=replace(config.model, spread_scale=scale))


def halved(name: str, weight: Tensor) -> Tensor:
    """A weight in half precision.

    Raises:
        ConfigError: It is too large for that.
    """
    half = weight.half()
    if not half.isfinite().all():
        raise ConfigError(f"{name} is too large for fp16; export with --precision fp32")
    return half
