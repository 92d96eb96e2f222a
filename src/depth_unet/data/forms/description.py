"""What ``inspect`` says about each form."""

from dataclasses import dataclass
from typing import Literal

from depth_unet.config.choices import FormChoice

FormName = FormChoice | Literal["cache"]

SCENES = "scene folders; parts a, b, c of a scene are one room"
RECORDED = "the first folder of a recording's path below the data set"
NO_SPLIT = "none"
CACHED = "as in the data set it was made of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One form in words: where it comes from, and where its depth, rooms and splits come from."""

    title: str
    depth: str
    rooms: str
    splits: str


FORMS: dict[FormName, Description] = {
    "cache": Description(
        title="cache of `depth-unet prepare`",
        depth="16-bit, millimetres; holes 0",
        rooms=CACHED,
        splits=CACHED,
    ),
    "pairs": Description(
        title="pairs layout: a folder with index.csv",
        depth="16-bit PNG in the unit of dataset.json; holes 0",
        rooms="column room_group",
        splits="column official_split",
    ),
    "kaggle": Description(
        title="Kaggle soumikrakshit/nyu-depth-v2 (DenseDepth's nyu_data.zip), folder or zip",
        depth="training: 8-bit PNG, 255 is 10 m; test: 16-bit, millimetres; holes filled or 0",
        rooms=SCENES,
        splits="nyu2_train.csv and nyu2_test.csv",
    ),
    "mat": Description(
        title="nyu_depth_v2_labeled.mat, filled depth",
        depth="32-bit floats, metres; holes filled",
        rooms="the names of its scenes; parts a, b, c of a scene are one room",
        splits="splits.mat beside it; none without it",
    ),
    "mat-raw": Description(
        title="nyu_depth_v2_labeled.mat, raw Kinect depth",
        depth="32-bit floats, metres; holes 0",
        rooms="the names of its scenes; parts a, b, c of a scene are one room",
        splits="splits.mat beside it; none without it",
    ),
    "h5": Description(
        title="folders of .h5 frames (MIT fast-depth)",
        depth="32-bit floats, metres; holes filled or 0",
        rooms=SCENES,
        splits="the folders train and val",
    ),
    "h5-tar": Description(
        title="tar shards of .h5 frames (Hugging Face sayakpaul/nyu_depth_v2)",
        depth="32-bit floats, metres; holes filled or 0",
        rooms=SCENES,
        splits="shards or folders train and val",
    ),
    "bts": Description(
        title="lists of photo, depth and focal length (BTS), with the folders that they name",
        depth="16-bit PNG, millimetres; holes 0",
        rooms=SCENES,
        splits="the lists with train and test in their names",
    ),
    "parquet": Description(
        title="parquet files (Hugging Face tanganke/nyuv2)",
        depth="floats in metres, or images of 16 bits in millimetres; holes 0",
        rooms="none: rooms cannot be distinguished",
        splits="files with train, and with val or test in their names",
    ),
    "record3d": Description(
        title="recordings of Record3D: .r3d files, or EXR + JPG sequences",
        depth="32-bit floats, metres; holes 0, and where confidence is low",
        rooms=RECORDED,
        splits=NO_SPLIT,
    ),
    "stray": Description(
        title="recordings of Stray Scanner: a video with depth maps",
        depth="16-bit PNG, millimetres; holes 0, and where confidence is low",
        rooms=RECORDED,
        splits=NO_SPLIT,
    ),
    "tum": Description(
        title="TUM's RGB-D layout: rgb.txt and depth.txt, paired by their time stamps",
        depth="16-bit PNG in 1/5000 m, or the unit of dataset.json; holes 0",
        rooms=RECORDED,
        splits=NO_SPLIT,
    ),
    "rosbag": Description(
        title="bags of ROS 1 and 2, and of the RealSense Viewer, paired by their time stamps",
        depth="integers: millimetres, or the unit that the bag states; floats: metres; holes 0",
        rooms=RECORDED,
        splits=NO_SPLIT,
    ),
    "folders": Description(
        title="folders images and depth, whose files have the same names",
        depth="integers: millimetres; floats: metres; dataset.json may state another unit; holes 0",
        rooms="the folders below images/; without them, none",
        splits=NO_SPLIT,
    ),
}
