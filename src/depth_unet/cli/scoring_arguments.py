"""What the commands that score take; the help texts are these docstrings, as in ``arguments``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from depth_unet.config.choices import (
    AlignmentChoice,
    ComparedChoice,
    DeviceChoice,
    PairingChoice,
    ProtocolChoice,
    SortChoice,
    SplitChoice,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateArguments:
    """Score a checkpoint, or depth files of another program, on test frames and other parts."""

    checkpoint: Annotated[str, tyro.conf.Positional] = ""
    """Checkpoint file or run folder (its best weights); none with --predictions."""
    data: Path
    """Folder in the pairs layout, or a cache made by `depth-unet prepare`."""
    predictions: Path | None = None
    """Folder with one depth file per frame to score in place of a checkpoint: 16-bit PNG or TIFF
    in millimetres; NumPy, OpenEXR or PFM in metres."""
    by: PairingChoice = "name"
    """How --predictions are paired with frames: by name, or numbered files in the data's order."""
    unit: str = ""
    """Unit of --predictions: mm, cm, m, or metres per stored count, such as 0.0002."""
    name: str = ""
    """What leaderboards call it; default: the folder's or the weights' name."""
    parameters: str = ""
    """How many weights made --predictions, such as 0.7M; for leaderboards."""
    split: tuple[SplitChoice, ...] = ()
    """Parts to score; default: those of seen, unseen and test that exist. With --predictions:
    test, train (all others) or all; default test."""
    protocol: ProtocolChoice | None = None
    """Crop, mask and averaging; default nyu-eigen for native 640x480 ground truth, else full."""
    flip: bool = False
    """Average the predictions for the image and its mirror image."""
    align: AlignmentChoice = "none"
    """Fit every prediction to its ground truth first; none keeps the metric scale."""
    out: Path | None = None
    """Folder for report.html, metrics.json, per_image.csv and pictures; default RUN/evaluation
    (of weights that ship, and of --predictions: evaluation-NAME)."""
    device: DeviceChoice = "auto"
    """Where the network runs."""
    overwrite: bool = False
    """Replace results that are already there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardArguments:
    """Set evaluations beside one another, one table for every part, protocol and set of photos."""

    results: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folders that `depth-unet evaluate` wrote, of checkpoints or of --predictions."""
    sort: SortChoice = "abs_rel"
    """What rows are sorted by, the best first."""
    out: tuple[Path, ...] = (Path("leaderboard.md"), Path("leaderboard.html"))
    """Files to write: .md, .html, or both."""
    overwrite: bool = False
    """Replace files that are already there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareArguments:
    """Compare runs on the frames that none of them was trained on, as one page."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Run folders (their best weights) or checkpoint files; the others are held against the first.
    """
    data: Path
    """Folder in the pairs layout, or a cache made by `depth-unet prepare`."""
    split: tuple[ComparedChoice, ...] = ()
    """Parts to score, without the rooms that a run knows; default: unseen (test: final figures)."""
    protocol: ProtocolChoice | None = None
    """Crop, mask and averaging; default nyu-eigen for native 640x480 ground truth, else full."""
    flip: bool = False
    """Average the predictions for the image and its mirror image."""
    align: AlignmentChoice = "none"
    """Fit every prediction to its ground truth first; none keeps the metric scale."""
    out: Path = Path("comparison")
    """Folder for comparison.html, comparison.json and pictures."""
    device: DeviceChoice = "auto"
    """Where the networks run."""
    overwrite: bool = False
    """Replace a comparison that is already there."""
