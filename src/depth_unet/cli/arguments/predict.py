"""Options of ``predict``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from depth_unet.cli.arguments.kinds import CommandArguments, Switch, operand, option
from depth_unet.config import choices

FOCAL = "from Exif data, else the training camera's"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraArguments(CommandArguments):
    """The camera of photos, which predict, measure and label take."""

    fov: Annotated[float | None, option("DEGREES", default=FOCAL)] = None
    """Field of view of the camera, across the longer side of the photos."""
    focal_px: Annotated[float | None, option("PIXELS", default=FOCAL)] = None
    """Horizontal focal length of the photos in pixels."""
    camera: Annotated[Path | None, option("FILE", default=FOCAL)] = None
    """Camera calibration: camera_info of ROS, a YAML, XML or JSON file of OpenCV, or cameras.txt of
    COLMAP. Give only one of --fov, --focal-px and --camera."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoArguments(CameraArguments):
    """What predict and measure share."""

    weights: Annotated[str, option("NAME|PATH|URL")] = "transfer"
    """Weights that ship with the package ({shipped}), an .onnx file, a run folder, a checkpoint
    file, the URL of a file, or hf://OWNER/NAME on the Hugging Face Hub. A shipped name wins over a
    folder of that name, which ./NAME names."""
    known: Annotated[tuple[str, ...], option("X,Y=METRES...")] = ()
    """True depths of pixels of the one photo, along the optical axis, or true lengths between two
    pixels (X1,Y1:X2,Y2=METRES). All depth is multiplied by one factor to fit them."""
    save_calibration: Annotated[Path | None, option("FILE")] = None
    """Camera file to write (YAML), with focal length and scale. Give it to --camera for other
    photos of the same camera."""
    device: choices.DeviceChoice = "auto"
    """Device to run on."""
    overwrite: Switch = False
    """Replace existing files. Without it, predict skips inputs whose outputs are complete."""
    offline: Switch = False
    """Use no network: refuse URLs, and take weights of the Hub from the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictArguments(PhotoArguments):
    """Predict metric depth for photos and videos."""

    inputs: Annotated[tuple[str, ...], tyro.conf.Positional, operand("INPUT...")]
    """Photos, videos, folders, patterns in quotes such as "*.jpg", or URLs of photos (http or
    https). A number such as 0 stands for a webcam. With -, file names are read from standard
    input."""
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
    json: camera, model and percentiles of depth
    rrd: photo, depth, uncertainty, camera and points for the Rerun viewer"""
    video: Annotated[tuple[choices.VideoChoice, ...], option("FORMAT...")] = ("side",)
    """Output formats for videos:
    side: picture and coloured depth side by side, MP4 with the sound
    color: coloured depth, MP4 with the sound
    ffv1: depth in millimetres, lossless MKV with the sound
    png16: depth in millimetres, a folder of 16-bit PNG files
    rrd: picture, depth, camera and points for the Rerun viewer"""
    stabilise: bool = True
    """Remove flicker from the depth of videos."""
    range: Annotated[str, option("NEAR:FAR", default="the range of each photo or video")] = ""
    """Range of depth that the colours cover, in metres, such as 0.5:6."""
    colormap: choices.ColormapChoice = "magma"
    """Colour map. Near points are bright; with turbo they are red."""
    edge: Annotated[float, option("SHARE")] = choices.EDGE
    """Leave out points, and cut meshes, where depth jumps by more than this share from one surface
    to another: networks smear such edges. 0 keeps all points."""
    max_uncertainty: Annotated[float | None, option("SHARE", default="keep all")] = None
    """Leave out points, and cut meshes, where half the width of the 80 % interval of depth is more
    than this share of depth, such as 0.35. Needs weights that predict uncertainty."""
    normals: Switch = False
    """Add the normal of the surface to the points of ply."""
    precision: choices.InferenceChoice = "fp32"
    """Number format in which the network computes. bf16 and fp16 need torch, and are faster than
    fp32 in torch on hardware that supports them. fp16 needs a GPU."""
