"""``depth-unet export``: weights for prediction, as one small file or as an ONNX file."""

import hashlib
from dataclasses import replace
from pathlib import Path

from depth_unet.cli.arguments import ExportArguments
from depth_unet.cli.program.console import make_console
from depth_unet.errors import ConfigError, DataError, check_installed, own_command
from depth_unet.export.checkpoint import (
    average,
    in_half_precision,
    load_weights,
    set_spread_scale,
)
from depth_unet.files.atomic import check_writable
from depth_unet.model.checkpoint import Checkpoint, resolve, save, short_name
from depth_unet.model.shipped import CHECKPOINT, ONNX


def run(arguments: ExportArguments) -> list[DataError]:
    """Write the weights for prediction, without what only resuming needs."""
    console = make_console(stderr=True)
    out = arguments.out
    suffix = out.suffix.lower()
    if suffix not in (CHECKPOINT, ONNX):
        raise ConfigError(f"{out} does not end in {CHECKPOINT} or {ONNX}; choose a name that does")
    if out.exists() and not arguments.overwrite:
        raise ConfigError(f"{out} already exists; choose another name, or use --overwrite")
    if suffix == ONNX:
        check_installed(str(out), "onnx")
    names = (arguments.checkpoint, *arguments.average)
    checkpoint = average([load_weights(name) for name in names])
    check_writable(out.parent)
    config = set_spread_scale(checkpoint.config, arguments.spread_scale)
    checkpoint = replace(checkpoint, config=config, state={}, extra={})
    half = arguments.precision == "fp16"
    if suffix == ONNX:
        _write_onnx(out, checkpoint, [resolve(name) for name in names], half=half)
    else:
        weights = in_half_precision(checkpoint.weights) if half else checkpoint.weights
        save(out, replace(checkpoint, weights=weights))
    size = out.stat().st_size / 10**6
    console.print(f"wrote {out}: {size:.1f} MB, SHA-256 {_checksum(out)}")
    console.print(f"next: {own_command('predict', 'photo.jpg', '--weights', out)}")
    return []


def _write_onnx(out: Path, checkpoint: Checkpoint, sources: list[Path], *, half: bool) -> None:
    from depth_unet.export.onnx import Source, write  # noqa: PLC0415  # onnx is optional

    checksums = ", ".join(_checksum(path) for path in sources)
    source = Source(name=short_name(sources[0]), sha256=checksums)
    write(out, checkpoint, source, half=half)


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
