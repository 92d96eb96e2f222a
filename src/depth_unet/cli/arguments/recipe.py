"""Options of the commands that train a recipe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from depth_unet.cli.arguments.kinds import CommandArguments, Switch, option
from depth_unet.config import choices
from depth_unet.config.run import Config

Settings = Annotated[Config, tyro.conf.arg(name="")]
DataSets = Annotated[tuple[str, ...], option("PATH[:WEIGHT]...")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeArguments(CommandArguments):
    """What train and search share."""

    settings: Settings
    data: DataSets
    """Data sets to train on: caches from `depth-unet prepare`, or any form (docs/data.md).
    Several data sets are mixed; WEIGHT is the share of each (default: its size)."""
    device: choices.DeviceChoice = "auto"
    """Device to train on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainArguments(RecipeArguments):
    """Train a network on a data set. Every setting of the recipe can be changed."""

    out: Annotated[Path | None, option("DIR", default="runs/RECIPE", short="-o")] = None
    """Run folder to write: checkpoints, metrics and settings."""
    fold: Annotated[str, option("FILE:FOLD")] = ""
    """Hold out the rooms of this fold, in place of --holdout. FILE is a CSV file with the columns
    room_group and fold."""
    init: Annotated[str | None, option("RUN", default="random or ImageNet weights")] = None
    """Start from the weights of this run folder or checkpoint file, or from weights that ship with
    the package ({shipped}). Weights whose name or shape differs are not used."""
    auto_resume: Switch = False
    """Resume the run in --out if there is one. Otherwise start a new run."""
    overwrite: Switch = False
    """Replace an existing run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeArguments(CommandArguments):
    """Resume an interrupted run from its last checkpoint."""

    settings: Settings
    resume: Annotated[Path, option("RUN")]
    """Run folder with last.safetensors."""
    data: Annotated[tuple[str, ...], option("PATH[:WEIGHT]...", default="as the run began")] = ()
    """New places of the data sets, if they were moved."""
    device: choices.DeviceChoice = "auto"
    """Device to train on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchArguments(RecipeArguments):
    """Train a recipe with many settings and find the best. Resumable: run the command again."""

    space: Annotated[tuple[str, ...], option("NAME=VALUES...", default="the loss weights")] = ()
    """Settings to vary: NAME=VALUE,VALUE (choices) or NAME=LOW..HIGH[:log] (a range)."""
    sampler: choices.SamplerChoice = "random"
    """How settings are chosen; grid runs every combination of the choices once."""
    trials: Annotated[int, option(default="20, or the whole grid")] = 0
    """Number of trials, over all processes."""
    pruner: choices.PrunerChoice = "none"
    """median stops a trial that is worse than half of the others at the same step."""
    storage: Annotated[str, option("URL", default="OUT/study.db, SQLite")] = ""
    """Optuna database that the processes share."""
    out: Annotated[Path | None, option("DIR", default="runs/RECIPE-search", short="-o")] = None
    """Folder of the search, with one run folder per trial."""
