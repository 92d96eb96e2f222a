"""Options of ``export`` and ``push``."""

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
    """Number format of the stored weights; fp16 changes depth by less than 0.1 % on average. int8
    (`.onnx` only) also computes in 8 bits; it renders rooms to choose scales and is refused where
    depth changes by 2 % (docs/export.md)."""
    spread_scale: Annotated[float | None, option("FACTOR", default="as in the run")] = None
    """Factor on the predicted uncertainty, measured by benchmarks/accuracy/uncertainty.py."""
    correlation: Annotated[
        tuple[float, float, float, float] | None,
        option("FAR LENGTH RATIO WIDENING", default="as in the run"),
    ] = None
    """How alike the errors at two pixels are, measured by benchmarks/accuracy/measure.py."""
    overwrite: Switch = False
    """Replace an existing file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushArguments(CommandArguments):
    """Write a run to the Hugging Face Hub: weights, ONNX file, settings and model card."""

    checkpoint: Annotated[str, tyro.conf.Positional, operand("RUN")]
    """Run folder (its best checkpoint), checkpoint file, or weights that ship with the package
    ({shipped})."""
    model: Annotated[str, tyro.conf.Positional, operand("OWNER/NAME")]
    """Name on the Hub. Log in with `hf auth login` before."""
    licence: Annotated[str, option("SPDX", default="that of shipped weights, else unknown")] = ""
    """Licence of the weights, such as apache-2.0 or cc-by-nc-4.0; their data decide it."""
    data: Annotated[tuple[str, ...], option("NAME...")] = ()
    """Names of the data sets they were trained on, for the card; OWNER/NAME if on the Hub."""
    evaluation: Annotated[Path | None, option("DIR", default="RUN/evaluation, if any")] = None
    """Folder that `depth-unet evaluate` wrote for these weights; its figures go into the card."""
    card: Annotated[Path | None, option("FILE")] = None
    """Markdown text of the card in place of the one that is made, without front matter."""
    private: Switch = False
    """Let only its owner see it."""
    overwrite: Switch = False
    """Replace files of a model that exists. Its history keeps the old ones."""
