"""What each command takes; the help texts on the command line are these docstrings.

Standard library and tyro's markers only, so that help answers without importing torch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from depth_unet.config.run import Config

SplitChoice = Literal["all", "train", "seen", "unseen", "test"]
ComparedChoice = Literal["all", "seen", "unseen", "test"]
ProtocolChoice = Literal["nyu-eigen", "densedepth", "full"]
PairingChoice = Literal["name", "order"]
AlignmentChoice = Literal["none", "median", "scale_shift"]
SortChoice = Literal["abs_rel", "rmse", "log10", "delta1", "delta2", "delta3"]
SaveChoice = Literal[
    "png16", "npy", "npz", "exr", "pfm", "color", "panel", "ply", "glb", "plot3d", "json"
]
VideoChoice = Literal["side", "color", "ffv1", "png16"]
ColormapChoice = Literal["magma", "inferno", "viridis", "cividis", "turbo", "gray"]
InferenceChoice = Literal["fp32", "bf16", "fp16"]
DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]
Folders = Annotated[tuple[str, ...], tyro.conf.arg(metavar="PATH[:WEIGHT]...")]
FurnitureChoice = Literal["cc0", "full", "boxes"]
FormChoice = Literal["pairs", "kaggle", "mat", "mat-raw", "h5", "h5-tar", "bts", "parquet"]
SamplerChoice = Literal["grid", "random", "tpe"]
PrunerChoice = Literal["none", "median"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictArguments:
    """Predict metric depth of photos and videos."""

    inputs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Photos, videos, folders of them (and those below), patterns in quotes, - for a list on stdin,
    or a camera of this machine by its number, such as 0."""
    weights: str = "transfer"
    """Weights that ship (transfer, scratch), a checkpoint file, or a run folder (its best weights).
    """
    out: Path = Path("depth")
    """Folder for the results."""
    save: tuple[SaveChoice, ...] = ("png16", "npy", "color")
    """What to write of photos: 16-bit PNG in millimetres; float32 metres as NumPy array, archive
    with uncertainty and camera, OpenEXR or PFM; coloured PNG with a bar, or beside the photo; point
    cloud, textured mesh, points to turn in a browser; camera and percentiles as JSON."""
    video: tuple[VideoChoice, ...] = ("side",)
    """What to write of videos: picture and colours side by side, or colours alone (MP4 with the
    sound); depth in millimetres as FFV1 (MKV with the sound), or as a folder of 16-bit PNG."""
    stabilise: bool = True
    """Steady the depth of videos over time, so that it does not flicker."""
    range: str = ""
    """NEAR:FAR, metres, that the colours span, such as 0.5:6; default: each photo's or video's own.
    """
    colormap: ColormapChoice = "magma"
    """Colours, what is near bright (turbo: red)."""
    fov: float | None = None
    """Field of view across the longer side of the photos, degrees."""
    focal_px: float | None = None
    """Horizontal focal length of the photos, pixels. Without --fov, --focal-px and --camera: by the
    photo's Exif data, or else the training camera's."""
    camera: Path | None = None
    """The camera's calibration: camera_info of ROS, a file of OpenCV, cameras.txt of COLMAP."""
    device: DeviceChoice = "auto"
    """Where the network runs."""
    precision: InferenceChoice = "fp32"
    """Numbers that the network computes with: bf16 is faster where the processor has it; fp16
    needs a GPU."""
    overwrite: bool = False
    """Replace results that are already there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments:
    """Write one small file to predict with, from a run."""

    checkpoint: Annotated[str, tyro.conf.Positional]
    """Checkpoint file or run folder (its best weights)."""
    out: Annotated[Path, tyro.conf.Positional]
    """File to write, NAME.safetensors."""
    precision: Literal["fp16", "fp32"] = "fp16"
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
    """Folder to write; interrupted, the same command goes on."""
    images: int = 1000
    """Images of all rooms together; more keep those that are there."""
    size: str = "320x240"
    """WIDTHxHEIGHT of an image."""
    seed: int = 0
    """The same seed gives the same rooms."""
    views: int = 2
    """Images of a room."""
    samples: int = 4
    """Light paths per pixel: 2 is faster, 4 is less noisy."""
    workers: int = 0
    """Processes; 0 takes one per core. The images do not depend on it."""
    test_share: float = 0.1
    """Share of rooms in the official test part; their textures and furniture are their own."""
    fov: tuple[float, float] | None = None
    """Narrowest and widest horizontal field of view, degrees; default: NYU's camera."""
    walk: int = 0
    """Frames of one hand-held walk through each room, in place of --views."""
    furniture: FurnitureChoice = "cc0"
    """Models that ship with the package, the full pack (built once), or boxes alone."""
    kaggle: bool = False
    """Write the layout of NYU on Kaggle, 8-bit training depth included."""
    preview: bool = False
    """Draw preview.png: photos beside their depth."""
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
