"""Options of ``export``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from depth_unet.cli.arguments.kinds import CommandArguments, Switch, operand, option
from depth_unet.config import choices


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments(CommandArguments):
    """Write the weights of a run as one small file for prediction."""

    checkpoint: Annotated[str, tyro.conf.Positional, operand("RUN")]
    """Run folder (its best checkpoint), checkpoint file, or weights that ship with the package
    ({shipped})."""
    out: Annotated[Path, tyro.conf.Positional, operand("FILE")]
    """File to write: `.safetensors` (weights) or `.onnx` (whole model, photo in, metres out)."""
    average: Annotated[tuple[str, ...], option("RUN...")] = ()
    """More runs that started from the same weights; the mean of all weights is written."""
    precision: choices.StoredChoice = "fp16"
    """Number format of the stored weights; fp16 changes depth by less than 0.1 %. int8 (`.onnx`
    only) also computes in 8 bits; it renders rooms to choose scales and is refused where depth
    changes by 2 % (docs/export.md)."""
    spread_scale: Annotated[float | None, option("FACTOR", default="as in the run")] = None
    """Factor on the predicted uncertainty, measured by benchmarks/accuracy/uncertainty.py."""
    correlation: Annotated[
        tuple[float, float, float, float] | None,
        option("FAR LENGTH RATIO WIDENING", default="as in the run"),
    ] = None
    """How alike the errors at two pixels are, measured by benchmarks/accuracy/measure.py."""
    overwrite: Switch = False
    """Replace an existing file."""
