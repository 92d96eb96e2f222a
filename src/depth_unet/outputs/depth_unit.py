"""Which unit a depth map's file states, in itself or in the JSON file beside it."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from depth_unet.files.damage import as_data_error
from depth_unet.outputs.depth_exr import read_exr_text
from depth_unet.outputs.depth_write import beside

KEY = "unit"
METRES_PER_WORD = {
    **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters"), 1e-3),
    **dict.fromkeys(("cm", "centimetre", "centimetres", "centimeter", "centimeters"), 1e-2),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), 1.0),
}


def stated_unit(path: Path) -> float | None:
    """Metres per count as the file itself says; None where it says nothing that is known.

    Args:
        path: A file that ``write`` or another program wrote; its text chunk, entry, attribute or
            JSON file's key ``unit`` counts, up to the first semicolon.

    Raises:
        ConfigError: OpenEXR is not installed.
        DataError: The file cannot be read.
    """
    with as_data_error(path, "cannot be read", "replace it"):
        text = _text(path).partition(";")[0].strip().lower()
    return METRES_PER_WORD.get(text)


def _text(path: Path) -> str:
    match path.suffix.lower():
        case ".png":
            with Image.open(path) as image:
                return str(image.info.get(KEY, ""))
        case ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return str(archive[KEY]) if KEY in archive.files else ""
        case ".exr":
            return read_exr_text(path, KEY)
        case _:
            said = beside(path)
            if not said.is_file():
                return ""
            values = json.loads(said.read_text(encoding="utf-8"))
            return str(values.get(KEY, "")) if isinstance(values, dict) else ""
