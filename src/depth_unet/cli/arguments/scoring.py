"""Options of the commands that score predictions, and of leaderboards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from depth_unet.cli.arguments.kinds import CommandArguments, DataSet, Switch, operand, option
from depth_unet.config import choices


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringArguments(CommandArguments):
    """What evaluate and compare share."""

    data: DataSet
    """Data set to score on: a cache from `depth-unet prepare`, or any form (docs/data.md)."""
    protocol: Annotated[choices.ProtocolChoice | None, option(default="by size")] = None
    """Evaluation protocol: crop, valid pixels and averaging; nyu-eigen for ground truth of 640x480
    pixels, else full."""
    flip: Switch = False
    """Average the predictions for the image and its mirror image."""
    align: choices.AlignmentChoice = "none"
    """Fit each prediction to its ground truth before scoring; none keeps the metric scale."""
    device: choices.DeviceChoice = "auto"
    """Device to run on."""
    overwrite: Switch = False
    """Replace existing results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateArguments(ScoringArguments):
    """Score a checkpoint, or the depth files of another program."""

    checkpoint: Annotated[
        str, tyro.conf.Positional, tyro.conf.arg(metavar="[CHECKPOINT]", help_behavior_hint="")
    ] = ""
    """Run folder (its best checkpoint), checkpoint file, or weights that ship with the package
    ({shipped}); leave it out with --predictions."""
    split: Annotated[
        tuple[choices.SplitChoice, ...], option(default="seen, unseen and test, where they exist")
    ] = ()
    """Parts of the data set to score. With --predictions: test (the default), train (all other
    frames) or all."""
    predictions: Annotated[Path | None, option("DIR")] = None
    """Score the depth files in this folder instead of a checkpoint, one per frame: 16-bit PNG or
    TIFF in millimetres; NumPy, OpenEXR or PFM in metres."""
    by: choices.PairingChoice = "name"
    """Match --predictions to frames by file name, or by number in the order of the data set."""
    unit: Annotated[str, option("UNIT", default="by file type")] = ""
    """Unit of --predictions: mm, cm, m, or metres per stored count, such as 0.0002."""
    name: Annotated[str, option("NAME", default="name of the folder or weights")] = ""
    """Name in leaderboards."""
    parameters: Annotated[str, option("COUNT")] = ""
    """Parameters of the network that made --predictions, such as 0.7M; for leaderboards."""
    out: Annotated[Path | None, option("DIR", default="RUN/evaluation", short="-o")] = None
    """Folder for report.html, metrics.json, per_image.csv and pictures; evaluation-NAME for shipped
    weights and --predictions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareArguments(ScoringArguments):
    """Compare runs on frames that none of them was trained on."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional, operand("RUN RUN...")]
    """Run folders (their best checkpoints), checkpoint files, or weights that ship with the package
    ({shipped}). The first is the reference."""
    split: Annotated[tuple[choices.ComparedChoice, ...], option(default="unseen")] = ()
    """Parts of the data set to score, without rooms that any run was trained on. Keep test for
    final results."""
    out: Annotated[Path, option("DIR", short="-o")] = Path("comparison")
    """Folder for comparison.html, comparison.json and pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardArguments(CommandArguments):
    """Rank evaluations in one table per data set, split and protocol."""

    results: Annotated[tuple[Path, ...], tyro.conf.Positional, operand("EVALUATION...")]
    """Folders written by `depth-unet evaluate`."""
    sort: choices.SortChoice = "abs_rel"
    """Metric to sort by, best first."""
    out: Annotated[tuple[Path, ...], option("FILE...", short="-o")] = (
        Path("leaderboard.md"),
        Path("leaderboard.html"),
    )
    """Files to write: .md, .html, or both."""
    overwrite: Switch = False
    """Replace existing files."""
