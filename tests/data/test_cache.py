"""Prepared data sets: what is read from the blocks, how, and what is refused."""

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_unet.data.cache import (
    MANIFEST_NAME,
    CacheSource,
    Manifest,
    block_names,
    manifest_json,
    open_source,
    read_manifest,
    sha256_of,
)
from depth_unet.data.source import PairsSource, Source
from depth_unet.errors import DataError
from depth_unet.layout import DatasetInfo, PairRow, write_index, write_info

HEIGHT, WIDTH, BLOCK_SIZE = 6, 8, 4


def write_cache(root: Path, frames: int = 6, **info: Any) -> Path:
    """A cache of random frames of 16x12, in blocks of four, written without the package's help."""
    generator = np.random.default_rng(0)
    (root / "blocks").mkdir(parents=True)
    checksums = {}
    for block in range(-(-frames // BLOCK_SIZE)):
        count = min(BLOCK_SIZE, frames - block * BLOCK_SIZE)
        arrays = (
            generator.integers(0, 256, (count, HEIGHT, WIDTH, 3)).astype(np.uint8),
            generator.integers(1, 9999, (count, HEIGHT, WIDTH)).astype(np.uint16),
        )
        for name, array in zip(block_names(block), arrays, strict=True):
            np.save(root / name, array)
            checksums[name] = sha256_of(root / name)
    write_index(root, [PairRow(rgb=f"{i}.jpg", depth=f"{i}.png") for i in range(frames)])
    camera = {"camera_px": None}
    write_info(root, DatasetInfo(name="x", **info) if info else DatasetInfo(name="x"))
    assert camera
    manifest = Manifest(
        fingerprint="f",
        height=HEIGHT,
        width=WIDTH,
        block_size=BLOCK_SIZE,
        native_sizes=[[12, 16]] * frames,
        checksums=checksums,
    )
    (root / MANIFEST_NAME).write_text(manifest_json(manifest), encoding="utf-8")
    return root
