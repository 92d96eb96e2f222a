"""What is known of every form: units, holes, border, camera and splits, each in one place."""

from dataclasses import dataclass
from typing import Literal

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.layout import DatasetInfo

FormName = Literal["cache", "pairs", "kaggle", "mat", "mat-raw", "h5", "h5-tar", "bts", "parquet"]

NYU_CAMERA = Intrinsics(
    width=640,
    height=480,
    fx_px=518.857901,
    fy_px=519.469611,
    cx_px=325.582449,
    cy_px=253.736166,
)
BORDER = 10 / 640
"""Width of the frame around NYU's photos that shows no scene, in widths of the photo."""
MAX_DEPTH_M = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One form in words.

    Attributes:
        title: What it is and where it comes from.
        depth: How its files hold depth.
        holes: What pixels without a measurement hold.
        rooms: How rooms are told apart.
        splits: Where the official split comes from.
    """

    title: str
    depth: str
    holes: str
    rooms: str
    splits: str


FORMS: dict[FormName, Description] = {
    "cache": Description(
        title="cache of `depth-unet prepare`",
        depth="16-bit, millimetres",
        holes="0",
        rooms="as in the data set it was made of",
        splits="as in the data set it was made of",
    ),
    "pairs": Description(
        title="pairs layout: a folder with index.csv",
        depth="16-bit PNG in the unit of dataset.json",
        holes="0",
        rooms="column room_group",
        splits="column official_split",
    ),
    "kaggle": Description(
        title="Kaggle soumikrakshit/nyu-depth-v2 (DenseDepth's nyu_data.zip), folder or zip",
        depth="training: 8-bit PNG, 255 is 10 m; test: 16-bit PNG, millimetres",
        holes="filled; 0 counts as a hole",
        rooms="scene folders; parts a, b, c of a scene are one room",
        splits="nyu2_train.csv and nyu2_test.csv",
    ),
    "mat": Description(
        title="nyu_depth_v2_labeled.mat, filled depth",
        depth="32-bit floats, metres",
        holes="filled",
        rooms="the names of its scenes; parts a, b, c of a scene are one room",
        splits="splits.mat beside it; none without it",
    ),
    "mat-raw": Description(
        title="nyu_depth_v2_labeled.mat, raw Kinect depth",
        depth="32-bit floats, metres",
        holes="0",
        rooms="the names of its scenes; parts a, b, c of a scene are one room",
        splits="splits.mat beside it; none without it",
    ),
    "h5": Description(
        title="folders of .h5 frames (MIT fast-depth)",
        depth="32-bit floats, metres",
        holes="filled; 0 counts as a hole",
        rooms="scene folders; parts a, b, c of a scene are one room",
        splits="the folders train and val",
    ),
    "h5-tar": Description(
        title="tar shards of .h5 frames (Hugging Face sayakpaul/nyu_depth_v2)",
        depth="32-bit floats, metres",
        holes="filled; 0 counts as a hole",
        rooms="scene folders; parts a, b, c of a scene are one room",
        splits="shards or folders train and val",
    ),
    "bts": Description(
        title="lists of photo, depth and focal length (BTS), with the folders that they name",
        depth="16-bit PNG, millimetres",
        holes="0",
        rooms="scene folders; parts a, b, c of a scene are one room",
        splits="the lists with train and test in their names",
    ),
    "parquet": Description(
        title="parquet files (Hugging Face tanganke/nyuv2)",
        depth="floats in metres, or images of 16 bits in millimetres",
        holes="0",
        rooms="none: rooms cannot be told apart",
        splits="files with train, and with val or test in their names",
    ),
}


def nyu_info(name: str, width: int = 640) -> DatasetInfo:
    """Border, range and camera of NYU's photos of a given width."""
    return DatasetInfo(
        name=name,
        border_px=round(BORDER * width),
        max_depth_m=MAX_DEPTH_M,
        intrinsics=NYU_CAMERA,
    )
