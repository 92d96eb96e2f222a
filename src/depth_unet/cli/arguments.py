"""What each command takes; the help texts on the command line are these docstrings.

Standard library and tyro's markers only, so that help answers without importing torch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from depth_unet.cli.scoring_arguments import (
    CompareArguments,
    EvaluateArguments,
    LeaderboardArguments,
)
from depth_unet.config.choices import (
    ColormapChoice,
    DeviceChoice,
    FormChoice,
    InferenceChoice,
    PrunerChoice,
    SamplerChoice,
    SaveChoice,
    StoredChoice,
    VideoChoice,
)
from depth_unet.config.run import Config
from depth_unet.rooms.options import RoomsOptions

Folders = Annotated[tuple[str, ...], tyro.conf.arg(metavar="PATH[:WEIGHT]...")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainArguments:
    """Train a recipe on a data set."""

    config: Annotated[Config, tyro.conf.arg(name="")]
    data: Folders
    """Folders in the pairs layout, or caches made by `depth-unet prepare`; PATH:WEIGHT mixes."""
    out: Path | None = None
    """Run folder to write; default runs/RECIPE."""
    fold: str = ""
    """FILE:FOLD keeps the rooms of one fold apart, in place of --holdout (CSV: room_group,fold)."""
    init: str | None = None
    """Checkpoint file or run folder whose weights the run begins with, where they fit."""
    device: DeviceChoice = "auto"
    """Where the network is trained."""
    auto_resume: bool = False
    """Go on with the run in the run folder if there is one, else begin."""
    overwrite: bool = False
    """Replace a run that is already there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeArguments:
    """Go on with an interrupted run, from its last checkpoint."""

    config: Annotated[Config, tyro.conf.arg(name="")]
    resume: Path
    """Run folder that holds last.safetensors."""
    data: Folders = ()
    """The data sets, if they were moved."""
    device: DeviceChoice = "auto"
    """Where the network is trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchArguments:
    """Train a recipe many times with other settings and find the best; killed, it goes on."""

    config: Annotated[Config, tyro.conf.arg(name="")]
    data: Folders
    """Folders in the pairs layout, or caches made by `depth-unet prepare`; PATH:WEIGHT mixes."""
    space: tuple[str, ...] = ()
    """What varies: NAME=VALUE,VALUE or NAME=LOW..HIGH[:log]; default: the paper's loss weights."""
    sampler: SamplerChoice = "random"
    """How values are drawn; grid runs every combination of choices once."""
    trials: int = 0
    """Trials of all processes together; 0: the whole grid, or 20."""
    pruner: PrunerChoice = "none"
    """median ends a trial early that does worse than half of the others did at the same step."""
    storage: str = ""
    """Database that processes share, as Optuna's URL; default: OUT/study.db (SQLite)."""
    out: Path | None = None
    """Folder of the search, one run folder per trial; default runs/RECIPE-search."""
    device: DeviceChoice = "auto"
    """Where the networks are trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictArguments:
    """Predict metric depth of photos and videos."""

    inputs: Annotated[
        tuple[str, ...],
        tyro.conf.Positional,
        tyro.conf.arg(metavar="INPUT [INPUT ...]", help_behavior_hint="(required)"),
    ]
    """Photos, videos, folders, or patterns in quotes.
    A number such as 0 is a camera of this machine; - reads file names from standard input."""
    weights: Annotated[str, tyro.conf.arg(metavar="NAME|PATH")] = "transfer"
    """Included weights (transfer or scratch), a checkpoint file, or a run folder."""
    out: Annotated[Path, tyro.conf.arg(metavar="FOLDER")] = Path("depth")
    """Output folder."""
    save: Annotated[tuple[SaveChoice, ...], tyro.conf.arg(metavar="FORMAT [FORMAT ...]")] = (
        "png16",
        "npy",
        "color",
    )
    """Output formats for photos:
    png16: depth in millimetres, 16-bit PNG
    npy, exr, pfm: depth in metres, float32
    npz: NumPy archive with depth in metres, uncertainty and camera
    color: coloured depth with a colour bar, PNG
    panel: photo and coloured depth side by side, PNG
    ply, glb: point cloud, textured mesh
    plot3d: interactive 3D points, HTML
    json: camera and percentiles of depth"""
    video: Annotated[tuple[VideoChoice, ...], tyro.conf.arg(metavar="FORMAT [FORMAT ...]")] = (
        "side",
    )
    """Output formats for videos:
    side: picture and coloured depth side by side, MP4 with the sound
    color: coloured depth, MP4 with the sound
    ffv1: depth in millimetres, lossless MKV with the sound
    png16: depth in millimetres, a folder of 16-bit PNG files"""
    stabilise: bool = True
    """Remove flicker from the depth of videos."""
    range: Annotated[
        str,
        tyro.conf.arg(
            metavar="NEAR:FAR", help_behavior_hint="(default: the range of each photo or video)"
        ),
    ] = ""
    """Depth range of the colours in metres, such as 0.5:6."""
    colormap: ColormapChoice = "magma"
    """Colour map; near is bright, or red with turbo."""
    fov: Annotated[
        float | None,
        tyro.conf.arg(metavar="DEGREES", help_behavior_hint="(default: see --focal-px)"),
    ] = None
    """Field of view across the longer side of the photos."""
    focal_px: Annotated[
        float | None,
        tyro.conf.arg(
            metavar="PIXELS",
            help_behavior_hint="(default: from Exif data, else the training camera's)",
        ),
    ] = None
    """Horizontal focal length of the photos in pixels."""
    camera: Annotated[
        Path | None,
        tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: see --focal-px)"),
    ] = None
    """Camera calibration: camera_info of ROS, OpenCV's YAML, XML or JSON, cameras.txt of COLMAP."""
    device: DeviceChoice = "auto"
    """Where the network runs."""
    precision: InferenceChoice = "fp32"
    """Precision of the network: bf16 is faster where supported; fp16 needs a GPU."""
    overwrite: bool = False
    """Replace existing outputs; otherwise inputs with complete outputs are skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments:
    """Write one small file to predict with, from a run."""

    checkpoint: Annotated[str, tyro.conf.Positional]
    """Checkpoint file or run folder (its best weights)."""
    out: Annotated[Path, tyro.conf.Positional]
    """File to write, NAME.safetensors."""
    average: tuple[str, ...] = ()
    """Further runs that began with the same weights, to write the mean of all."""
    precision: StoredChoice = "fp16"
    """How weights are stored; half precision moves depth by less than a thousandth."""
    spread_scale: float | None = None
    """Factor on the predicted spread, as benchmarks/accuracy/uncertainty.py measures it."""
    overwrite: bool = False
    """Replace a file that is already there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectArguments:
    """Say what a data set holds, and which of the usual mistakes it shows signs of."""

    source: Annotated[Path, tyro.conf.Positional]
    """A data set in any form: pairs layout, cache, or NYU in one of its forms (docs/data.md)."""
    form: FormChoice | None = None
    """Form of the data set; default: recognised by what lies there."""
    most: int = 1000
    """Pairs to read, evenly spaced; 0 reads all."""
    sheet: Path | None = None
    """Contact sheet to write: a PNG or SVG of twelve photos beside their depth."""
    overwrite: bool = False
    """Replace a sheet that is already there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareArguments:
    """Decode and resize a data set once, into a memory-mapped cache."""

    source: Annotated[Path, tyro.conf.Positional]
    """A data set: a folder in the pairs layout, or NYU in one of its forms (docs/data.md)."""
    out: Annotated[Path, tyro.conf.Positional]
    """Folder to write; interrupted, the same command goes on."""
    size: str = "320x240"
    """WIDTHxHEIGHT of the training frames; test frames keep their size. Smaller saves disk."""
    form: FormChoice | None = None
    """Form of the data set; default: recognised by what lies there."""
    labels: Path | None = None
    """Folder of 8-bit PNG files with the class of every pixel, named as the training photos are;
    255 marks none. For `train --model.num-classes`."""
    workers: int = 0
    """Threads; 0 takes one per core."""
    skip_bad: bool = False
    """Leave out pairs that cannot be read, and list them; every pair is read twice."""
    overwrite: bool = False
    """Replace a cache of other data or another size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsArguments:
    """Render procedural rooms: photos with exact depth, in the pairs layout."""

    out: Annotated[Path, tyro.conf.Positional]
    """Folder to write. Resumable: after an interrupt, run the same command again."""
    options: Annotated[RoomsOptions, tyro.conf.arg(name="")]
    workers: int = 0
    """Processes; 0: one per core. The images do not depend on it."""
    preview: bool = False
    """Draw preview.png: twelve photos beside their depth."""
    overwrite: bool = False
    """Replace rooms of other options."""


Arguments = (
    TrainArguments
    | ResumeArguments
    | SearchArguments
    | EvaluateArguments
    | LeaderboardArguments
    | CompareArguments
    | PredictArguments
    | ExportArguments
    | InspectArguments
    | PrepareArguments
    | RoomsArguments
)
