"""``depth-unet export``: weights for prediction, as one small file or as an ONNX file."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from depth_unet.arrays import UInt8
from depth_unet.cli.arguments.export import ExportArguments
from depth_unet.cli.program.console import make_console
from depth_unet.cli.program.new_file import check_new_file
from depth_unet.config.choices import StoredChoice
from depth_unet.errors import ConfigError, DataError, check_installed, own_command
from depth_unet.export.checkpoint import (
    average,
    in_half_precision,
    load_weights,
    set_errors,
)
from depth_unet.files.checksum import sha256_of, unchanged
from depth_unet.images.photo import read_photo
from depth_unet.model.checkpoint import Checkpoint, resolve, save
from depth_unet.model.shipped import CHECKPOINT, ONNX, short_name
from depth_unet.rooms.generate import generate
from depth_unet.rooms.options import RoomsOptions

ROOMS = RoomsOptions(images=48, views=1, seed=17, test_share=0.0)


def run(arguments: ExportArguments) -> list[DataError]:
    """Write the weights for prediction, without what only resuming needs."""
    console = make_console(stderr=True)
    out = arguments.out
    suffix = out.suffix.lower()
    check_new_file(out, (CHECKPOINT, ONNX), overwrite=arguments.overwrite)
    if arguments.precision == "int8" and suffix != ONNX:
        raise ConfigError(f"int8 is for ONNX files and {out} is none; name it {out.stem}{ONNX}")
    if suffix == ONNX:
        check_installed(str(out), "onnx")
    paths = [resolve(name) for name in (arguments.checkpoint, *arguments.average)]
    with unchanged(*paths) as checksums:
        checkpoint = average([load_weights(path) for path in paths])
    config = set_errors(checkpoint.config, arguments.spread_scale, arguments.correlation)
    checkpoint = replace(checkpoint, config=config, state={}, extra={})
    if suffix == ONNX:
        sources = dict(zip(paths, checksums, strict=True))
        write_onnx(out, checkpoint, sources, arguments.precision)
    elif arguments.precision == "fp16":
        save(out, replace(checkpoint, weights=in_half_precision(checkpoint.weights)))
    else:
        save(out, checkpoint)
    size = out.stat().st_size / 10**6
    console.print(f"wrote {out}: {size:.1f} MB, SHA-256 {sha256_of(out)}")
    console.print(f"next: {own_command('predict', 'photo.jpg', '--weights', out)}")
    return []


def write_onnx(
    out: Path, checkpoint: Checkpoint, sources: Mapping[Path, str], precision: StoredChoice
) -> None:
    """Write an ONNX file of weights that were read from ``sources``, files by checksum."""
    from depth_unet.export import external, int8, onnx  # noqa: PLC0415  # onnx is optional

    licences = {external.licence_of(path) for path in sources}
    source = onnx.Source(
        name=short_name(next(iter(sources))),
        sha256=", ".join(sources.values()),
        licence=licences.pop() if len(licences) == 1 else onnx.LICENCE,
    )
    if precision == "int8":
        int8.write(out, checkpoint, source, _render_photos())
    else:
        onnx.write(out, checkpoint, source, half=precision == "fp16")


def _render_photos() -> list[UInt8[np.ndarray, "h w 3"]]:
    """Photos of rendered rooms, always the same."""
    with tempfile.TemporaryDirectory() as folder:
        generate(ROOMS, Path(folder))
        return [read_photo(path).image for path in sorted(Path(folder).rglob("*.jpg"))]
