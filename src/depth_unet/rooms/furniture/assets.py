"""Loads furniture packs: the shipped CC0 pack, or a full pack that the user has built."""

import hashlib
import json
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

import numpy as np

from depth_unet.errors import DataError
from depth_unet.rooms.furniture.models import Model, decode
from depth_unet.rooms.options import Split

TEST_MODELS_ONE_IN = 5
"""One model in five is used in test rooms only."""
CC0_NAMES = ("cc0.npz", "manifest.json")
FULL_NAMES = ("full.npz", "full.json")
"""Arrays and manifest of a pack."""
ATTRIBUTION_NAME = "ATTRIBUTION-full.txt"
"""Authors and licences of the full pack: CC-BY requires them with every copy and picture."""


@cache
def load_pack(furniture: Literal["cc0"] | Path) -> tuple[Model, ...]:
    """All models of a pack; read once per process.

    Args:
        furniture: "cc0" for the shipped pack, or the folder of a full pack.

    Raises:
        DataError: The pack is incomplete or damaged.
    """
    if isinstance(furniture, Path):
        folder: Traversable = furniture
        names, attribution = FULL_NAMES, [ATTRIBUTION_NAME]
    else:
        folder = resources.files("depth_unet.rooms") / "assets"
        names, attribution = CC0_NAMES, []
    missing = [name for name in (*names, *attribution) if not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"the furniture pack {folder} lacks {', '.join(missing)}; build it with `python -m "
            f"tools.furniture_pack.pack {folder}` from a clone, or choose --furniture cc0 or boxes"
        )
    arrays_file, manifest = (folder / name for name in names)
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["models"]
        with arrays_file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return decode(dict(arrays), entries)
    except (ValueError, KeyError, IndexError, OSError) as error:
        raise DataError(
            f"{arrays_file} cannot be used ({type(error).__name__}: {error}); build it again with "
            f"`python -m tools.furniture_pack.pack {folder}` from a clone"
        ) from None


def models_for(split: Split, pack: tuple[Model, ...]) -> tuple[Model, ...]:
    """The models of one split, which a hash of the model's name decides."""
    return tuple(model for model in pack if _is_test(model.name) == (split == "test"))


def _is_test(name: str) -> bool:
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") % TEST_MODELS_ONE_IN == 0
