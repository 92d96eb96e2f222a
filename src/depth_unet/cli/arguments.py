"""The options of each command; the docstrings are the help texts.

Standard library and tyro only, so that help never imports torch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from depth_unet.config import choices
from depth_unet.config.run import Config
from depth_unet.rooms.options import RoomsOptions


def option(metavar: str | None = None, *, default: str | None = None, short: str = "") -> Any:
    """How help shows an option: its value, the default where code derives it, a short form."""
    hint = None if default is None else f"(default: {default})"
    aliases = (short,) if short else None
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=hint, aliases=aliases)


def operand(metavar: str) -> Any:
    """How help shows a required positional argument that may be repeated."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="(required)")


Settings = Annotated[Config, tyro.conf.arg(name="")]
DataSets = Annotated[tuple[str, ...], option("PATH[:WEIGHT]...")]
DataSet = Annotated[Path, option("DIR")]
Form = Annotated[choices.FormChoice | None, option(default="recognised")]
Switch = Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help_behavior_hint="")]
"""A flag that is off by default and has no --no- form."""
FOCAL = "from Exif data, else the training camera's"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeArguments:
    """What train and search share."""

    config: Settings
    data: DataSets
    """Data sets to train on: folders in the pairs layout, or caches from `depth-unet prepare`.
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
    """Start from the weights of this run folder or checkpoint file. Weights whose name or shape
    differs are not used."""
    auto_resume: Switch = False
    """Resume the run in --out if there is one. Otherwise start a new run."""
    overwrite: Switch = False
    """Replace an existing run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeArguments:
    """Resume an interrupted run from its last checkpoint."""

    config: Settings
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringArguments:
    """What evaluate and compare share."""

    data: DataSet
    """Data set to score on: a folder in the pairs layout, or a cache from `depth-unet prepare`."""
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
    """Run folder (its best checkpoint), checkpoint file, or the name of shipped weights; leave it
    out with --predictions."""
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
class LeaderboardArguments:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareArguments(ScoringArguments):
    """Compare runs on frames that none of them was trained on."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional, operand("RUN RUN...")]
    """Run folders (their best checkpoints) or checkpoint files. The first is the reference."""
    split: Annotated[tuple[choices.ComparedChoice, ...], option(default="unseen")] = ()
    """Parts of the data set to score, without rooms that any run was trained on. Keep test for
    final results."""
    out: Annotated[Path, option("DIR", short="-o")] = Path("comparison")
    """Folder for comparison.html, comparison.json and pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictArguments:
    """Predict metric depth for photos and videos."""

    inputs: Annotated[tuple[str, ...], tyro.conf.Positional, operand("INPUT...")]
    """Photos, videos, folders, or patterns in quotes such as "*.jpg". A number such as 0 stands for
    a webcam. With -, file names are read from standard input."""
    weights: Annotated[str, option("NAME|PATH")] = "transfer"
    """Shipped weights (transfer or scratch), an .onnx file, a run folder or a checkpoint file."""
    out: Annotated[Path, option("DIR", short="-o")] = Path("depth")
    """Output folder."""
    save: Annotated[tuple[choices.SaveChoice, ...], option("FORMAT...")] = ("png16", "npy", "color")
    """Output formats for photos:
    png16: depth in millimetres, 16-bit PNG
    npy, exr, pfm: depth in metres, float32
    npz: NumPy archive with depth in metres, uncertainty and camera
    color: coloured depth with a colour bar, PNG
    panel: photo and coloured depth side by side, PNG
    ply: coloured point cloud
    glb: textured mesh
    plot3d: interactive 3D points, HTML page
    json: camera, model and percentiles of depth"""
    video: Annotated[tuple[choices.VideoChoice, ...], option("FORMAT...")] = ("side",)
    """Output formats for videos:
    side: picture and coloured depth side by side, MP4 with the sound
    color: coloured depth, MP4 with the sound
    ffv1: depth in millimetres, lossless MKV with the sound
    png16: depth in millimetres, a folder of 16-bit PNG files"""
    stabilise: bool = True
    """Remove flicker from the depth of videos."""
    range: Annotated[str, option("NEAR:FAR", default="the range of each photo or video")] = ""
    """Range of depth that the colours cover, in metres, such as 0.5:6."""
    colormap: choices.ColormapChoice = "magma"
    """Colour map. Near points are bright; with turbo they are red."""
    fov: Annotated[float | None, option("DEGREES", default=FOCAL)] = None
    """Field of view of the camera, across the longer side of the photos."""
    focal_px: Annotated[float | None, option("PIXELS", default=FOCAL)] = None
    """Horizontal focal length of the photos in pixels."""
    camera: Annotated[Path | None, option("FILE", default=FOCAL)] = None
    """Camera calibration: camera_info of ROS, a YAML, XML or JSON file of OpenCV, or cameras.txt of
    COLMAP. Give only one of --fov, --focal-px and --camera."""
    device: choices.DeviceChoice = "auto"
    """Device to run on."""
    precision: choices.InferenceChoice = "fp32"
    """Number format in which the network computes. bf16 and fp16 need torch, and are faster than
    fp32 in torch on hardware that supports them. fp16 needs a GPU."""
    overwrite: Switch = False
    """Replace outputs of earlier runs. Otherwise, inputs with complete outputs are skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments:
    """Write the weights of a run as one small file for prediction."""

    checkpoint: Annotated[str, tyro.conf.Positional, operand("RUN")]
    """Run folder (its best checkpoint) or checkpoint file."""
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
    overwrite: Switch = False
    """Replace an existing file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectArguments:
    """Describe a data set and look for common mistakes in it."""

    source: Annotated[Path, tyro.conf.Positional, operand("SOURCE")]
    """A data set in any supported form: pairs layout, cache, or a form of NYU (docs/data.md)."""
    form: Form = None
    """Form of the data set."""
    most: Annotated[int, option("PAIRS")] = 1000
    """Number of pairs to read, evenly spaced; 0 reads all."""
    sheet: Annotated[Path | None, option("FILE")] = None
    """Contact sheet to write, PNG or SVG: twelve photos beside their depth."""
    overwrite: Switch = False
    """Replace an existing contact sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareArguments:
    """Decode and resize a data set once, into a memory-mapped cache."""

    source: Annotated[Path, tyro.conf.Positional, operand("SOURCE")]
    """A data set in any supported form: pairs layout, or a form of NYU (docs/data.md)."""
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
class RoomsArguments:
    """Render procedural rooms: photos with exact depth, in the pairs layout."""

    out: Annotated[Path, tyro.conf.Positional, operand("OUT")]
    """Folder to write. Resumable: run the same command again."""
    options: Annotated[RoomsOptions, tyro.conf.arg(name=""), tyro.conf.FlagCreatePairsOff]
    workers: Annotated[int, option(default="one per core")] = 0
    """Number of processes. The images do not depend on it."""
    preview: Switch = False
    """Draw preview.png: twelve photos beside their depth."""
    overwrite: Switch = False
    """Replace rooms of other options."""
