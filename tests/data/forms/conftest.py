"""The same six frames in every form, written with the libraries that the forms come from."""

import csv
import io
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

HEIGHT, WIDTH = 48, 64
TRAIN_SCENES = ("basement_0001a", "basement_0001b", "kitchen_0002", "kitchen_0002")
NUM_TEST = 2


@dataclass(frozen=True)
class Written:
    """A frame as it was made."""

    scene: str
    split: str
    image: np.ndarray
    depth_m: np.ndarray


@pytest.fixture(scope="session")
def frames() -> list[Written]:
    """Smooth photos and depth from 1 to 9 m, training frames first."""
    random = np.random.default_rng(0)
    found = []
    for scene in (*TRAIN_SCENES, *[""] * NUM_TEST):
        coarse = random.integers(0, 256, (6, 8, 3), np.uint8)
        image = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT)))
        near = Image.fromarray(random.uniform(1, 9, (6, 8)).astype(np.float32))
        depth_m = np.asarray(near.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))
        found.append(Written(scene, "train" if scene else "test", image, depth_m))
    return found


def png(pixels: np.ndarray) -> bytes:
    """A PNG file."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


def millimetres(depth_m: np.ndarray) -> np.ndarray:
    """Whole millimetres, 16 bits."""
    return np.rint(depth_m * 1000).astype(np.uint16)


def kaggle_members(frames: list[Written], prefix: str = "data/") -> dict[str, bytes]:
    """The files of Kaggle's folder; photos are PNG under the form's own names."""
    members, lists = dict[str, bytes](), {"train": list[str](), "test": list[str]()}
    for number, frame in enumerate(frames):
        if frame.split == "train":
            stem = f"nyu2_train/{frame.scene}_out/{number + 1}"
            names = f"{stem}.jpg", f"{stem}.png"
            depth = np.rint(frame.depth_m / 10 * 255).astype(np.uint8)
        else:
            stem = f"nyu2_test/{number:05d}"
            names = f"{stem}_colors.png", f"{stem}_depth.png"
            depth = millimetres(frame.depth_m)
        members[prefix + names[0]], members[prefix + names[1]] = png(frame.image), png(depth)
        lists[frame.split].append(",".join(f"data/{name}" for name in names))
    for split, lines in lists.items():
        members[f"{prefix}nyu2_{split}.csv"] = ("\r\n".join(lines) + "\r\n").encode()
    return members


def write_members(root: Path, members: dict[str, bytes]) -> Path:
    """Files below a folder."""
    for name, data in members.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    """A zip, with an entry for every folder as zip programs make them."""
    with zipfile.ZipFile(path, "w") as archive:
        for folder in sorted({str(Path(name).parent) for name in members}):
            archive.mkdir(folder)
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def write_mat(path: Path, frames: list[Written]) -> Path:
    """MATLAB 7.3: columns first, names of scenes by reference."""
    with h5py.File(path, "w") as stored:
        stored["images"] = np.stack([frame.image.transpose(2, 1, 0) for frame in frames])
        stored["depths"] = np.stack([frame.depth_m.T for frame in frames])
        raw = np.stack([frame.depth_m.T for frame in frames])
        raw[:, 30:34, 20:24] = 0
        stored["rawDepths"] = raw
        references = []
        for number, frame in enumerate(frames):
            codes = np.frombuffer((frame.scene or "office_0009").encode("utf-16-le"), np.uint16)
            stored[f"#refs#/{number}"] = codes[:, None]
            references.append(stored[f"#refs#/{number}"].ref)
        stored.create_dataset(
            "scenes", data=np.array(references, dtype=object)[None], dtype=h5py.ref_dtype
        )
    return path


def h5_bytes(frame: Written) -> bytes:
    """One frame as fast-depth stores it."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as stored:
        stored["rgb"] = frame.image.transpose(2, 0, 1)
        stored["depth"] = frame.depth_m
    return stream.getvalue()


def h5_members(frames: list[Written]) -> dict[str, bytes]:
    """Frames below train/SCENE and val/official."""
    return {
        (f"train/{frame.scene}" if frame.scene else "val/official") + f"/{number:05d}.h5": h5_bytes(
            frame
        )
        for number, frame in enumerate(frames)
    }


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    """An uncompressed tar."""
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def bts_members(frames: list[Written]) -> dict[str, bytes]:
    """Two lists, and the folders that they name; the test list has a camera of its own."""
    members, lists = dict[str, bytes](), {"train": list[str](), "test": list[str]()}
    for number, frame in enumerate(frames):
        folder = frame.scene or "bathroom"
        names = f"{folder}/rgb_{number:05d}.jpg", f"{folder}/sync_depth_{number:05d}.png"
        place = "sync/" if frame.split == "train" else "official_splits/test/"
        members[place + names[0]] = png(frame.image)
        members[place + names[1]] = png(millimetres(frame.depth_m))
        slash, focal = ("/", "518.8579") if frame.split == "train" else ("", "500.0")
        lists[frame.split].append(f"{slash}{names[0]} {slash}{names[1]} {focal}")
    lists["train"].append("kitchen_0002/rgb_00077.jpg None 518.8579")
    for split, lines in lists.items():
        members[f"nyudepthv2_{split}_files_with_gt.txt"] = "\n".join(lines).encode()
    return members


def write_parquet(root: Path, frames: list[Written], *, encoded: bool) -> Path:
    """One file per split, in groups of two rows: images in bytes, or nested lists of floats."""
    root.mkdir(parents=True, exist_ok=True)
    for split, name in (("train", "train-00000-of-00001"), ("test", "val-00000-of-00001")):
        some = [frame for frame in frames if frame.split == split]
        if encoded:
            columns = {
                "image": [{"bytes": png(frame.image), "path": None} for frame in some],
                "depth_map": [{"bytes": png(millimetres(f.depth_m)), "path": None} for f in some],
            }
        else:
            columns = {
                "image": [(f.image.transpose(2, 0, 1) / 255).tolist() for f in some],
                "depth": [f.depth_m[None].tolist() for f in some],
            }
        parquet.write_table(pa.table(columns), root / f"{name}.parquet", row_group_size=2)
    return root


def csv_of(rows: list[tuple[str, str]]) -> bytes:
    """A list as Kaggle's."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


Writer = Callable[[Path, list[Written]], Path]
WRITERS: dict[str, Writer] = {
    "kaggle folder": lambda at, frames: write_members(at, kaggle_members(frames)),
    "kaggle nested": lambda at, frames: write_members(at, kaggle_members(frames, "nyu_data/data/")),
    "kaggle zip": lambda at, frames: write_zip(at.with_suffix(".zip"), kaggle_members(frames)),
    "mat": lambda at, frames: write_mat(at.with_suffix(".mat"), frames),
    "h5": lambda at, frames: write_members(at, h5_members(frames)),
    "h5-tar": lambda at, frames: write_tar(at.with_suffix(".tar"), h5_members(frames)),
    "bts": lambda at, frames: write_members(at, bts_members(frames)),
    "parquet images": lambda at, frames: write_parquet(at, frames, encoded=True),
    "parquet lists": lambda at, frames: write_parquet(at, frames, encoded=False),
}
