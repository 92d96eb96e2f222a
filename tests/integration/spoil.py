"""Ways to spoil a data set, and how a refusal looks."""

import csv
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from tests.integration.commandline import FEW_STEPS, Outcome, depth_unet


def lines_of(pairs: Path) -> list[dict[str, str]]:
    """The lines of the index."""
    with (pairs / "index.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write_lines(pairs: Path, lines: list[dict[str, str]]) -> None:
    """Replace the index."""
    with (pairs / "index.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def with_columns(pairs: Path, **cells: str) -> None:
    """Add columns to every line of the index."""
    write_lines(pairs, [line | cells for line in lines_of(pairs)])


def with_info(pairs: Path, **values: Any) -> None:
    """Change fields of ``dataset.json``."""
    info = json.loads((pairs / "dataset.json").read_text(encoding="utf-8"))
    (pairs / "dataset.json").write_text(json.dumps(info | values), encoding="utf-8")


def with_camera(pairs: Path, **values: Any) -> None:
    """Change fields of the camera in ``dataset.json``."""
    info = json.loads((pairs / "dataset.json").read_text(encoding="utf-8"))
    with_info(pairs, intrinsics=info["intrinsics"] | values)


def photo_of(pairs: Path) -> Path:
    """A photo of the data set."""
    return pairs / lines_of(pairs)[0]["rgb"]


def depth_of(pairs: Path) -> Path:
    """A depth map of the data set."""
    return pairs / lines_of(pairs)[0]["depth"]


def cut(path: Path) -> None:
    """Keep the first half of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def as_cut_jpeg(pairs: Path) -> None:
    """The first photo becomes a JPEG of which the second half is missing."""
    photo, lines = photo_of(pairs), lines_of(pairs)
    with Image.open(photo) as image:
        image.save(photo.with_suffix(".jpg"), quality=95)
    photo.unlink()
    lines[0]["rgb"] = lines[0]["rgb"].replace(".png", ".jpg")
    write_lines(pairs, lines)
    cut(photo.with_suffix(".jpg"))


def with_depth(pairs: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Change the first depth map."""
    depth = cv2.imread(str(depth_of(pairs)), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(depth_of(pairs)), change(depth))


def index_as(pairs: Path, encoding: str) -> None:
    """Save the index in another encoding."""
    text = (pairs / "index.csv").read_text(encoding="utf-8")
    (pairs / "index.csv").write_text(text, encoding=encoding)


# What is done to the data set, and words that the complaint must hold.
DEFECTS: dict[str, tuple[Callable[[Path], Any], tuple[str, ...]]] = {
    "no index": (lambda pairs: (pairs / "index.csv").unlink(), ("index.csv", "form")),
    "empty folder": (
        lambda pairs: (shutil.rmtree(pairs), pairs.mkdir()),
        ("pairs", "index.csv"),
    ),
    "no folder": (shutil.rmtree, ("pairs",)),
    "file for a folder": (lambda pairs: (shutil.rmtree(pairs), pairs.touch()), ("pairs",)),
    "index of zero bytes": (lambda pairs: (pairs / "index.csv").write_text(""), ("index.csv",)),
    "index without lines": (
        lambda pairs: (pairs / "index.csv").write_text("rgb,depth\n"),
        ("index.csv", "no pairs"),
    ),
    "index without depth": (
        lambda pairs: write_lines(pairs, [{"rgb": line["rgb"]} for line in lines_of(pairs)]),
        ("index.csv", "depth"),
    ),
    "index in UTF-16 without a mark": (
        lambda pairs: index_as(pairs, "utf-16-le"),
        ("index.csv",),
    ),
    "path out of the folder": (
        lambda pairs: write_lines(
            pairs, [line | {"rgb": f"../{line['rgb']}"} for line in lines_of(pairs)]
        ),
        ("index.csv, line 2", "../"),
    ),
    "photo missing": (lambda pairs: photo_of(pairs).unlink(), ("0_rgb.png",)),
    "depth missing": (lambda pairs: depth_of(pairs).unlink(), ("0_depth.png",)),
    "photo of zero bytes": (lambda pairs: photo_of(pairs).write_bytes(b""), ("0_rgb.png",)),
    "depth of zero bytes": (lambda pairs: depth_of(pairs).write_bytes(b""), ("0_depth.png",)),
    "photo is a text": (lambda pairs: photo_of(pairs).write_text("room"), ("0_rgb.png",)),
    "truncated JPEG": (as_cut_jpeg, ("0_rgb.jpg",)),
    "truncated PNG": (lambda pairs: cut(photo_of(pairs)), ("0_rgb.png",)),
    "truncated depth": (lambda pairs: cut(depth_of(pairs)), ("0_depth.png",)),
    "sizes differ": (
        lambda pairs: with_depth(pairs, lambda depth: depth[:, :-1]),
        ("0_rgb.png", "0_depth.png", "64x48", "63x48"),
    ),
    "depth of 8 bits": (
        lambda pairs: with_depth(pairs, lambda depth: (depth // 40).astype(np.uint8)),
        ("0_depth.png", "8-bit", "16-bit"),
    ),
    "depth in colour": (
        lambda pairs: with_depth(pairs, lambda depth: np.dstack([depth.astype(np.uint8)] * 3)),
        ("0_depth.png", "16-bit"),
    ),
    "depth all zero": (
        lambda pairs: with_depth(pairs, np.zeros_like),
        ("0_depth.png", "no valid depth"),
    ),
    "depth all too far": (
        lambda pairs: with_depth(pairs, lambda depth: np.full_like(depth, 65535)),
        ("0_depth.png", "no valid depth"),
    ),
    "border over all": (lambda pairs: with_info(pairs, border_px=24), ("no valid depth",)),
    "focal length NaN": (
        lambda pairs: with_columns(pairs, fx_px="nan", fy_px="50", cx_px="32", cy_px="24"),
        ("index.csv, line 2", "fx_px"),
    ),
    "focal length of all NaN": (
        lambda pairs: with_camera(pairs, fx_px=math.nan),
        ("dataset.json",),
    ),
    "focal length of all negative": (
        lambda pairs: with_camera(pairs, fy_px=-500.0),
        ("dataset.json",),
    ),
    "focal length of all a word": (
        lambda pairs: with_camera(pairs, fx_px="wide"),
        ("dataset.json",),
    ),
    "camera of no width": (lambda pairs: with_camera(pairs, width=0), ("dataset.json",)),
    "camera of negative height": (lambda pairs: with_camera(pairs, height=-480), ("dataset.json",)),
    "unit unknown": (lambda pairs: with_info(pairs, depth_unit="inch"), ("dataset.json",)),
    "unit NaN": (lambda pairs: with_info(pairs, depth_unit=math.nan), ("dataset.json",)),
    "range NaN": (lambda pairs: with_info(pairs, max_depth_m=math.nan), ("dataset.json",)),
    "facts are no JSON": (
        lambda pairs: (pairs / "dataset.json").write_text("name: rooms"),
        ("dataset.json",),
    ),
    "facts are a list": (
        lambda pairs: (pairs / "dataset.json").write_text("[1]"),
        ("dataset.json",),
    ),
    "facts of zero bytes": (
        lambda pairs: (pairs / "dataset.json").write_text(""),
        ("dataset.json",),
    ),
}


def run_on(command: str, pairs: Path, run_folder: Path, out: Path, *options: object) -> Outcome:
    """Give a command a data set."""
    match command:
        case "prepare":
            return depth_unet("prepare", pairs, out, "--size", "64x48", *options)
        case "train":
            return depth_unet("train", "seed", "--data", pairs, "--out", out, *FEW_STEPS, *options)
        case _:
            given = ("--data", pairs, "--out", out, "--split", "all", *options)
            return depth_unet("evaluate", run_folder, *given)
