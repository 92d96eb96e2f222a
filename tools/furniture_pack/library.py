"""Reads furniture libraries of Sweet Home 3D (``.sh3f``: a zip of a catalogue and OBJ models)."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import Float64

from depth_unet.errors import DataError
from depth_unet.rooms.furniture.models import ModelEntry
from tools.furniture_pack.wavefront import ENCODING, Wavefront, read_wavefront

CATALOGUE_NAME = "PluginFurnitureCatalog.properties"
LICENCES = {
    "BlendSwap-CC-0": "CC0-1.0",
    "BlendSwap-CC-BY": "CC-BY-3.0",
    "KatorLegaz": "CC-BY-3.0",
    "Scopia": "CC-BY-3.0",
}
"""The furniture libraries by file name, and their licences according to Debian."""
MAX_OBJ_BYTES = 6_000_000
METRES_PER_CENTIMETRE = 0.01
SKIPPED_CATEGORIES = {*("Characters", "Doors and windows", "Exterior", "Staircases", "Vehicles")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(ModelEntry):
    """A model of a Sweet Home 3D library.

    Attributes:
        rotation: Rotation of the file's axes, row by row, or None.
    """

    rotation: tuple[float, ...] | None


def read_library(path: Path) -> Iterator[tuple[Entry, Wavefront]]:
    """Yield the indoor models of a library: z up, front towards -y, in metres.

    Models over ``MAX_OBJ_BYTES`` are left out.

    Args:
        path: The ``.sh3f`` file; its name determines the licence.

    Raises:
        DataError: The file is missing, damaged, or not one of ``LICENCES``.
    """
    if path.stem not in LICENCES:
        raise DataError(f"{path} is not one of the libraries {', '.join(LICENCES)}")
    with TemporaryDirectory(prefix="depth-unet-") as folder:
        root = Path(folder)
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(root)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(
                f"{path} cannot be read ({error}); run `apt-get install sweethome3d-furniture`, or "
                "give the folder of its .sh3f files with --libraries"
            ) from None
        for values in _catalogue(root / CATALOGUE_NAME):
            model = root / values.get("model", "").lstrip("/")
            is_readable = model.suffix == ".obj" and model.is_file()
            is_indoor = values.get("category") not in SKIPPED_CATEGORIES
            if is_indoor and is_readable and model.stat().st_size <= MAX_OBJ_BYTES:
                entry = _entry(values, LICENCES[path.stem])
                yield entry, _normalise(read_wavefront(model), entry)


def _catalogue(path: Path) -> list[dict[str, str]]:
    """The entries of a properties file with lines such as ``name#12=Bed``."""
    entries: dict[int, dict[str, str]] = {}
    for line in path.read_text(encoding=ENCODING).splitlines():
        if match := re.fullmatch(r"(\w+)#(\d+)=(.*)", line.strip()):
            text = match[3].encode(ENCODING).decode("unicode_escape")
            entries.setdefault(int(match[2]), {})[match[1]] = text
    return [entries[number] for number in sorted(entries)]


def _entry(values: dict[str, str], licence: str) -> Entry:
    sides = [float(values[side]) * METRES_PER_CENTIMETRE for side in ("width", "depth", "height")]
    top_m = float(values.get("dropOnTopElevation", -1)) * METRES_PER_CENTIMETRE
    rotation = values.get("modelRotation")
    return Entry(
        name=values["name"],
        category=values["category"],
        author=values.get("creator", "unknown"),
        licence=licence,
        size_m=(sides[0], sides[1], sides[2]),
        top_m=top_m if top_m > 0 else None,
        elevation_m=float(values.get("elevation", 0)) * METRES_PER_CENTIMETRE,
        rotation=tuple(float(word) for word in rotation.split()) if rotation else None,
    )


def _normalise(model: Wavefront, entry: Entry) -> Wavefront:
    """Convert a model to our axes and scale it to the size that the library lists."""
    positions: Float64[np.ndarray, "t 3 3"] = model.positions
    if entry.rotation is not None:
        positions = positions @ np.array(entry.rotation).reshape(3, 3).T
    # Sweet Home 3D: y up, front towards +z.
    positions = np.stack([positions[..., 0], -positions[..., 2], positions[..., 1]], axis=-1)
    low, high = positions.min((0, 1)), positions.max((0, 1))
    scale = np.array(entry.size_m) / np.maximum(high - low, 1e-6)
    origin = np.array([*(low + high)[:2] / 2, low[2]])
    return Wavefront(
        positions=(positions - origin) * scale, uv=model.uv, part=model.part, paints=model.paints
    )
