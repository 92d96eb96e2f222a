"""Reads the subset of Wavefront OBJ and MTL files that the furniture libraries use."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from depth_unet.errors import DataError

ENCODING = "latin1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """A material of an MTL file.

    Attributes:
        colour: sRGB, 0 to 1 (the libraries were drawn for viewers without colour management).
        specular: Mean of the specular colour.
        opacity: 0 is clear glass.
        texture: Path of the picture that replaces the colour, or None.
    """

    colour: tuple[float, float, float] = (0.6, 0.6, 0.6)
    specular: float = 0.0
    opacity: float = 1.0
    texture: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wavefront:
    """Triangles of an OBJ file.

    Attributes:
        positions: Corners, in the file's axes and unit.
        uv: Texture coordinates of the corners; 0 if the file gives none.
        part: Index into ``paints`` for every triangle.
        paints: The materials in use.
    """

    positions: Float64[np.ndarray, "t 3 3"]
    uv: Float64[np.ndarray, "t 3 2"]
    part: Int64[np.ndarray, " t"]
    paints: tuple[Paint, ...]


def read_wavefront(path: Path) -> Wavefront:
    """Read an OBJ file and its MTL file; polygons become triangle fans.

    Raises:
        DataError: A line cannot be parsed, a face refers to a missing vertex, or there is no face.
    """
    points: list[list[float]] = []
    coordinates: list[list[float]] = [[0.0, 0.0]]
    corners: list[tuple[int, int]] = []
    parts: list[int] = []
    names, library = ["", ""], dict[str, Paint]()
    current = 0
    try:
        for line in path.read_text(encoding=ENCODING).splitlines():
            words = line.split()
            match words[:1]:
                case ["v"]:
                    points.append([float(word) for word in words[1:4]])
                case ["vt"]:
                    coordinates.append([float(word) for word in words[1:3]])
                case ["usemtl"]:
                    name = " ".join(words[1:])
                    names += [] if name in names else [name]
                    current = names.index(name)
                case ["mtllib"]:
                    library |= _read_paints(path.parent / " ".join(words[1:]))
                case ["f"]:
                    ends = [_corner(word, len(points), len(coordinates)) for word in words[1:]]
                    for second, third in pairwise(ends[1:]):
                        corners += [ends[0], second, third]
                        parts.append(current)
        if not corners:
            raise ValueError("no face found")
        index = np.array(corners, np.int64).reshape(-1, 3, 2)
        positions = np.array(points, np.float64)[index[..., 0]]
        uv = np.array(coordinates, np.float64)[index[..., 1]]
    except (ValueError, IndexError) as error:
        raise DataError(f"{path} is not a Wavefront file with triangles ({error})") from None
    used, part = np.unique(np.array(parts, np.int64), return_inverse=True)
    paints = tuple(library.get(names[number], Paint()) for number in used)
    return Wavefront(positions=positions, uv=uv, part=part.astype(np.int64), paints=paints)


def _corner(word: str, num_points: int, num_coordinates: int) -> tuple[int, int]:
    """Indices of a face's corner; coordinate 0 means none, negative numbers count from the end."""
    point, _, rest = word.partition("/")
    coordinate = rest.partition("/")[0] or "0"
    number, place = int(point), int(coordinate)
    return (
        number - 1 if number > 0 else num_points + number,
        place if place >= 0 else num_coordinates + place,
    )


def _read_paints(path: Path) -> dict[str, Paint]:
    if not path.is_file():
        return {}
    values: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] = {}
    for line in path.read_text(encoding=ENCODING).splitlines():
        words = line.split()
        if words and words[0].lower() == "newmtl":
            current = values.setdefault(" ".join(words[1:]), {})
        elif words:
            current[words[0].lower()] = words[1:]
    return {name: _paint(keys, path.parent) for name, keys in values.items()}


def _paint(keys: dict[str, list[str]], folder: Path) -> Paint:
    red, green, blue = (float(word) for word in keys.get("kd", ["0.6"] * 3)[:3])
    opacity = float(keys["d"][-1]) if "d" in keys else 1.0
    if "d" not in keys and "tr" in keys:
        opacity = 1 - float(keys["tr"][-1])
    texture = folder / keys["map_kd"][-1] if keys.get("map_kd") else None
    return Paint(
        colour=(red, green, blue),
        specular=float(np.mean([float(word) for word in keys.get("ks", ["0"])[:3]])),
        opacity=opacity,
        texture=texture if texture and texture.is_file() else None,
    )
