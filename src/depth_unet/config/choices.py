"""The words that options take, and a default that help shows and the library shares."""

from typing import Literal

EDGE = 0.2  # leaves out 5 % of the points of rendered rooms (docs/log.md)

SplitChoice = Literal["all", "train", "seen", "unseen", "test"]
ComparedChoice = Literal["all", "seen", "unseen", "test"]
ProtocolChoice = Literal["nyu-eigen", "densedepth", "full"]
PairingChoice = Literal["name", "order"]
AlignmentChoice = Literal["none", "median", "scale_shift", "log_scale_shift"]
SortChoice = Literal[
    "abs_rel", "rmse", "log10", "delta1", "delta2", "delta3", "edge_f1", "boundary_f1"
]
SaveChoice = Literal[
    "png16", "npy", "npz", "exr", "pfm", "color", "panel", "ply", "glb", "plot3d", "json", "rrd"
]
VideoChoice = Literal["side", "color", "ffv1", "png16", "rrd"]
ColormapChoice = Literal["magma", "inferno", "viridis", "cividis", "turbo", "gray"]
EngineChoice = Literal["onnx", "torch"]
InferenceChoice = Literal["fp32", "bf16", "fp16"]
StoredChoice = Literal["fp16", "fp32", "int8"]
TrackerChoice = Literal["none", "tensorboard", "trackio", "wandb"]
DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]
FormChoice = Literal[
    "pairs",
    "kaggle",
    "mat",
    "mat-raw",
    "h5",
    "h5-tar",
    "bts",
    "parquet",
    "record3d",
    "stray",
    "tum",
    "rosbag",
    "folders",
]
SamplerChoice = Literal["grid", "random", "tpe"]
PrunerChoice = Literal["none", "median"]
