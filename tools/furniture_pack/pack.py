"""Build a furniture pack: ``python -m tools.furniture_pack.pack FOLDER``.

The models come from Debian's package sweethome3d-furniture. Large models are simplified; a model is
left out if this is visible. The full pack holds models under CC-BY 3.0: ATTRIBUTION-full.txt names
their authors and must accompany every copy of the pack.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from depth_unet.errors import DataError
from depth_unet.files.atomic import replacing, write_text
from depth_unet.rooms.furniture.assets import ATTRIBUTION_NAME, CC0_NAMES, FULL_NAMES
from depth_unet.rooms.furniture.models import Model, ModelPart
from depth_unet.rooms.textures.palette import linear
from tools.furniture_pack.decimate import decimate
from tools.furniture_pack.difference import visible_difference
from tools.furniture_pack.encode import encode
from tools.furniture_pack.library import LICENCES, Entry, read_library
from tools.furniture_pack.wavefront import Paint, Wavefront
from tools.furniture_pack.welding import Surface, corner_normals, weld

LIBRARIES = Path("/usr/share/sweethome3d/furniture")
CC0_LIBRARY = "BlendSwap-CC-0"
MIN_OPACITY = 0.35
"""Parts with less opacity are left out as glass, because depth sensors look through them."""
MAX_DIFFERENCE = 0.02
TRIANGLES_PER_METRE = 2400
MIN_AREA_M2 = 1e-9
"""Smaller triangles have no usable normal."""
MIN_CAP, MAX_CAP = 600, 3000
TRIANGLE_FACTORS = (1, 2, 4)
"""Factors on the number of triangles, tried in turn until the model looks right."""
TEXTURE_SIDE_PX, JPEG_QUALITY = 128, 80
LICENCE_URLS = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
}


class Textures:
    """The pictures of a pack, each stored once."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self._numbers: dict[Path, int] = {}

    def number(self, path: Path | None) -> int:
        """Number of the picture at ``path``; -1 without a path or if the file is not a picture."""
        if path is None:
            return -1
        if path not in self._numbers:
            self._numbers[path] = self._add(path)
        return self._numbers[path]

    def _add(self, path: Path) -> int:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            return -1
        side = (TEXTURE_SIDE_PX, TEXTURE_SIDE_PX)
        small = cv2.resize(picture, side, interpolation=cv2.INTER_AREA)
        data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        if data in self.files:
            return self.files.index(data)
        self.files.append(data)
        return len(self.files) - 1


def build(libraries: Path, folder: Path, *, cc0: bool = False) -> str:
    """Write a pack and its manifest into ``folder``.

    Args:
        libraries: Folder of the ``.sh3f`` files.
        folder: Folder of the pack, created if missing.
        cc0: Build the pack that ships, from the CC0 library alone.

    Returns:
        A summary in one line.

    Raises:
        DataError: A library is missing or cannot be read.
    """
    names = [CC0_LIBRARY] if cc0 else list(LICENCES)
    arrays_name, manifest_name = CC0_NAMES if cc0 else FULL_NAMES
    textures, seen = Textures(), Counter[str]()
    models, texture_of, left_out = list[Model](), list[int](), list[str]()
    paths = (libraries / f"{name}.sh3f" for name in names)
    for entry, wavefront in chain.from_iterable(map(read_library, paths)):
        seen[entry.name] += 1
        name = entry.name if seen[entry.name] == 1 else f"{entry.name} {seen[entry.name]}"
        surface = _without_glass(wavefront)
        simple = _simplify(surface, _max_triangles(entry))
        if simple is None:
            left_out.append(name)
            continue
        model, numbers = _model(name, entry, simple, wavefront.paints, textures)
        models.append(model)
        texture_of += numbers
    arrays = encode(models, textures.files, texture_of)
    with replacing(folder / arrays_name) as temporary:
        np.savez_compressed(temporary, **arrays)
    manifest = {
        "source": "Debian sweethome3d-furniture",
        "models": [_entry_of(m) for m in models],
    }
    write_text(folder / manifest_name, json.dumps(manifest, indent=1) + "\n")
    if not cc0:
        write_text(folder / ATTRIBUTION_NAME, _attribution(models))
    num_triangles = sum(len(part.positions_m) for model in models for part in model.parts)
    return (
        f"{len(models)} models, {num_triangles} triangles, {len(textures.files)} textures in "
        f"{folder}; left out because simplification is visible: {', '.join(left_out) or 'none'}"
    )


def _max_triangles(entry: Entry) -> int:
    """Largest number of triangles for a model of this size."""
    return int(np.clip(TRIANGLES_PER_METRE * max(entry.size_m), MIN_CAP, MAX_CAP))


def _without_glass(wavefront: Wavefront) -> Surface:
    """The model without its glass, welded."""
    is_solid = np.array([paint.opacity >= MIN_OPACITY for paint in wavefront.paints])
    shown = is_solid[wavefront.part]
    return weld(wavefront.positions[shown], wavefront.uv[shown], wavefront.part[shown])


def _simplify(surface: Surface, num_triangles: int) -> Surface | None:
    """Simplify a surface; None if the result always differs visibly from the original."""
    for factor in TRIANGLE_FACTORS:
        simple = decimate(surface, num_triangles * factor)
        if visible_difference(surface, simple) <= MAX_DIFFERENCE:
            return simple
    return None


def _model(
    name: str, entry: Entry, surface: Surface, paints: Sequence[Paint], textures: Textures
) -> tuple[Model, list[int]]:
    corners, normals = surface.points_m[surface.triangles], corner_normals(surface)
    edges = corners[:, 1:] - corners[:, :1]
    has_area = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1) > MIN_AREA_M2
    parts, numbers = [], []
    for number in np.unique(surface.part[has_area]):
        paint, here = paints[number], has_area & (surface.part == number)
        texture = textures.number(paint.texture)
        colour = np.clip(np.array(paint.colour, np.float32), 0, 1)
        picture = np.zeros((1, 1, 3), np.uint8)
        part = ModelPart(
            positions_m=corners[here].astype(np.float32),
            normals=normals[here].astype(np.float32),
            uv=_wrap_uv(surface.uv[here]).astype(np.float32),
            albedo=(1.0, 1.0, 1.0) if texture >= 0 else linear(colour),
            texture=picture if texture >= 0 else None,
            gloss=min(0.15 * paint.specular, 0.08),
        )
        parts.append(part)
        numbers.append(texture)
    return (
        Model(
            name=name,
            category=entry.category,
            author=entry.author,
            licence=entry.licence,
            size_m=entry.size_m,
            top_m=entry.top_m,
            elevation_m=entry.elevation_m,
            parts=tuple(parts),
        ),
        numbers,
    )


def _wrap_uv(uv: np.ndarray) -> np.ndarray:
    """Subtract whole repetitions from texture coordinates, so that half precision is enough."""
    return np.asarray(uv - np.floor(uv.min(axis=(0, 1))))


def _entry_of(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "category": model.category,
        "author": model.author,
        "licence": model.licence,
        "size_m": [round(side, 4) for side in model.size_m],
        "top_m": model.top_m and round(model.top_m, 4),
        "elevation_m": round(model.elevation_m, 4),
    }


def _attribution(models: Sequence[Model]) -> str:
    lines = [
        "3D models of the Sweet Home 3D furniture libraries, as packaged by Debian",
        "(sweethome3d-furniture). Changed: simplified, textures made smaller, glass removed.",
        *(f"{licence}: {url}" for licence, url in LICENCE_URLS.items()),
        "",
        *(f"{model.name}, by {model.author}, {model.licence}" for model in models),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Build a pack from the arguments of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of the pack, created if missing")
    parser.add_argument(
        "--libraries", type=Path, default=LIBRARIES, help=f"folder of .sh3f files ({LIBRARIES})"
    )
    parser.add_argument("--cc0", action="store_true", help="build the pack that ships instead")
    options = parser.parse_args()
    try:
        line = build(options.libraries, options.folder, cc0=options.cc0)
    except DataError as error:
        raise SystemExit(f"furniture_pack: error: {error}") from None
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
