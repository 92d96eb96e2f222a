"""Options of the commands that describe or make data sets."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from depth_unet.cli.arguments.kinds import CommandArguments, Form, Switch, operand, option
from depth_unet.cli.arguments.predict import CameraArguments
from depth_unet.rooms.options import RoomsOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectArguments(CommandArguments):
    """Describe a data set and look for common mistakes in it."""

    source: Annotated[Path, tyro.conf.Positional, operand("SOURCE")]
    """A data set in any supported form: pairs layout, cache, recordings, or a form of NYU
    (docs/data.md)."""
    form: Form = None
    """Form of the data set."""
    most: Annotated[int, option("PAIRS")] = 1000
    """Number of pairs to read, evenly spaced; 0 reads all."""
    sheet: Annotated[Path | None, option("FILE")] = None
    """Contact sheet to write, PNG or SVG: twelve photos beside their depth."""
    overwrite: Switch = False
    """Replace an existing contact sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareArguments(CommandArguments):
    """Decode and resize a data set once, into a cache."""

    source: Annotated[Path, tyro.conf.Positional, operand("SOURCE")]
    """A data set in any supported form: pairs layout, recordings, or a form of NYU
    (docs/data.md)."""
    out: Annotated[Path, tyro.conf.Positional, operand("OUT")]
    """Folder to write. Resumable: run the same command again."""
    size: Annotated[str, option("WIDTHxHEIGHT")] = "320x240"
    """Size of the training frames in pixels; test frames keep their size."""
    form: Form = None
    """Form of the data set."""
    labels: Annotated[Path | None, option("DIR")] = None
    """Folder of 8-bit PNG files with the class of each pixel, named like the training photos; 255
    means no class. For `train --model.num-classes`."""
    workers: Annotated[int, option(default="one per core")] = 0
    """Number of threads."""
    skip_bad: Switch = False
    """List pairs that cannot be read and leave them out. Reads every pair twice."""
    overwrite: Switch = False
    """Replace a cache of other data or another size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsArguments(CommandArguments):
    """Render procedural rooms: photos with exact depth, in the pairs layout."""

    out: Annotated[Path, tyro.conf.Positional, operand("OUT")]
    """Folder to write. Resumable: run the same command again."""
    options: Annotated[RoomsOptions, tyro.conf.arg(name=""), tyro.conf.FlagCreatePairsOff] = field(
        default_factory=RoomsOptions
    )
    workers: Annotated[int, option(default="one per core")] = 0
    """Number of processes. The images do not depend on it."""
    preview: Switch = False
    """Draw preview.png: twelve photos beside their depth."""
    overwrite: Switch = False
    """Replace rooms of other options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelArguments(CameraArguments):
    """Label photos without depth by networks: a data set to train on."""

    inputs: Annotated[tuple[str, ...], tyro.conf.Positional, operand("PHOTO...")]
    """Photos, folders, or patterns in quotes such as "*.jpg". With -, file names are read from
    standard input."""
    out: Annotated[Path, option("DIR", short="-o")]
    """Folder to write. Resumable: run the same command again."""
    teacher: Annotated[tuple[str, ...], option("NAME[:WEIGHT]...")] = ("transfer",)
    """Networks whose weighted geometric mean is the label; the first gives the scale. Weights
    that ship with the package ({shipped}), a run, a checkpoint, or an .onnx file
    (docs/labels.md)."""
    disagreement: Annotated[float, option("RATIO")] = 0.15
    """Standard deviation of log-depth beyond which a pixel gets no label."""
    overwrite: Switch = False
    """Replace labels of other teachers, settings or cameras."""
