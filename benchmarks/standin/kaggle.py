"""A stand-in for Kaggle's ``soumikrakshit/nyu-depth-v2``: its layout and length, small photos.

284 scene folders whose names end in a letter where a room has several parts, lists with CRLF lines
and ``data/`` prefixes, everything below ``nyu_data/data/``; training depth of 8 bits, test depth of
16-bit millimetres. The photos are noise: nothing can be learned from them.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from depth_unet.data.forms.nyu import official_frames

NUM_TRAIN = 50_688
NUM_SCENES = 284
TYPES = ("basement", "bathroom", "bedroom", "kitchen", "living_room", "office", "study")
PARTS = 3
WIDTH, HEIGHT = 64, 48
ROOT = "nyu_data/data"
COARSE = (6, 8)


def write_zip(path: Path, num_train: int) -> None:
    """Write the stand-in as a zip; members are stored as they are, as photos do not shrink."""
    unfinished = path.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w") as archive:
        for name, data in members(num_train):
            archive.writestr(name, data)
    unfinished.replace(path)


def write_folder(root: Path, num_train: int) -> None:
    """Write the stand-in as a folder."""
    made = set[Path]()
    for name, data in members(num_train):
        path = root / name
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        path.write_bytes(data)


def members(num_train: int) -> Iterator[tuple[str, bytes]]:
    """Names and content of all files, photos first, the two lists last."""
    random = np.random.default_rng(0)
    names = scenes()
    lists: dict[str, list[str]] = {"train": [], "test": []}
    for number in range(num_train):
        scene, place = number % len(names), number // len(names) + 1
        stem = f"nyu2_train/{names[scene]}_out/{place}"
        lists["train"].append(f"data/{stem}.jpg,data/{stem}.png")
        depth_m = random.uniform(1, 9.9, COARSE)
        yield f"{ROOT}/{stem}.jpg", _photo(random, "jpeg")
        yield f"{ROOT}/{stem}.png", _png(_smooth(depth_m / 10 * 255).astype(np.uint8))
    for index in sorted(official_frames("test")):
        stem = f"nyu2_test/{index:05d}"
        lists["test"].append(f"data/{stem}_colors.png,data/{stem}_depth.png")
        depth_m = random.uniform(1, 9.9, COARSE)
        yield f"{ROOT}/{stem}_colors.png", _photo(random, "png")
        yield f"{ROOT}/{stem}_depth.png", _png(_smooth(depth_m * 1000).astype(np.uint16))
    for split, lines in lists.items():
        yield f"{ROOT}/nyu2_{split}.csv", "".join(f"{line}\r\n" for line in lines).encode()


def scenes() -> list[str]:
    """Folder names: rooms of up to three lettered parts."""
    found = []
    for number in range(NUM_SCENES):
        room, part = divmod(number, PARTS)
        found.append(f"{TYPES[room % len(TYPES)]}_{room // len(TYPES) + 1:04d}{'abc'[part]}")
    return found


def _photo(random: np.random.Generator, kind: str) -> bytes:
    coarse = Image.fromarray(random.integers(0, 256, (*COARSE, 3), np.uint8))
    stream = io.BytesIO()
    coarse.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR).save(stream, kind)
    return stream.getvalue()


def _smooth(coarse: np.ndarray) -> np.ndarray:
    image = Image.fromarray(coarse.astype(np.float32))
    return np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))


def _png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()
