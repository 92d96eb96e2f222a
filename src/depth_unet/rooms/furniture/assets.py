"""Furniture models: the shipped CC0 pack, or the full pack that a user has built."""

import hashlib
import json
import os
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

import numpy as np

from depth_unet.errors import DataError
from depth_unet.rooms.furniture.models import Model
from depth_unet.rooms.furniture.pack_format import decode
from depth_unet.rooms.scene import Share

TEST_SHARE = 5
"""One model in five furnishes rooms of the test share only."""
ARRAYS_NAME = "{}.npz"
ATTRIBUTION_NAME = "ATTRIBUTION-full.txt"
"""Authors and licences of the full pack: CC-BY wants them beside every copy and every picture."""
MANIFEST_NAME = {"cc0": "manifest.json", "full": "full.json"}


@cache
def load_pack(furniture: Literal["cc0", "full"]) -> tuple[Model, ...]:
    """All models of a pack; read once per process.

    Args:
        furniture: The shipped pack, or the one in ``full_pack_folder()``.

    Raises:
        DataError: The pack is not there, or is not one of this version.
    """
    folder: Traversable = resources.files("depth_unet.rooms") / "assets"
    if furniture == "full":
        folder = full_pack_folder()
    arrays_file, manifest = (
        folder / ARRAYS_NAME.format(furniture),
        folder / MANIFEST_NAME[furniture],
    )
    needed = [arrays_file, manifest]
    if furniture == "full":
        needed.append(folder / ATTRIBUTION_NAME)
    missing = [file.name for file in needed if not file.is_file()]
    if missing:
        raise DataError(
            f"the furniture pack {furniture!r} in {folder} lacks {', '.join(missing)}; build it "
            f"with `python -m tools.furniture_pack.pack {folder}`, or choose --furniture cc0"
        )
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["models"]
        with arrays_file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return decode(dict(arrays), entries)
    except (ValueError, KeyError, IndexError, OSError) as error:
        raise DataError(
            f"{arrays_file} cannot be used ({type(error).__name__}: {error}); build it again with "
            f"`python -m tools.furniture_pack.pack {folder}`"
        ) from None


def full_pack_folder() -> Path:
    """Where the full pack lies: ``DEPTH_UNET_CACHE`` or the user's cache folder."""
    named = os.environ.get("DEPTH_UNET_CACHE")
    cache_home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(named) if named else Path(cache_home) / "depth-unet"


def models_of(pack: tuple[Model, ...], share: Share) -> tuple[Model, ...]:
    """The models of one share; every model belongs to exactly one, told by its name."""
    return tuple(model for model in pack if _is_test(model.name) == (share == "test"))


def _is_test(name: str) -> bool:
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") % TEST_SHARE == 0
