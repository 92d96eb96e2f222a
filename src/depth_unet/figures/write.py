"""Write a figure as PNG or SVG, whole or not at all, or draw it into an array."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from depth_unet.arrays import UInt8
from depth_unet.errors import ConfigError
from depth_unet.files.atomic import replacing


def write_figure(figure: Figure, path: Path) -> None:
    """Draw ``figure`` at its own size and dpi and write it as PNG or SVG.

    The bytes depend only on the figure and the matplotlib that draws it: no date, no version.

    Args:
        figure: A figure with its own Agg canvas or none; as PNG it may be drawn in any thread.
        path: A file name that ends in ``.png`` or ``.svg``; missing parent folders are made.

    Raises:
        ConfigError: Another suffix.
        DataError: A parent of ``path`` is a regular file, or the folder cannot be made.
    """
    suffix = check_name(path)
    with replacing(path) as temporary:
        # Not savefig: it obeys the user's matplotlibrc (dpi, bbox, background).
        if suffix == ".png":
            agg: Any = FigureCanvasAgg(figure)
            agg.print_png(temporary, metadata={"Software": None})
            return
        # Letters as shapes look the same everywhere; without a salt the ids inside are random.
        with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "depth-unet"}):
            svg: Any = FigureCanvasSVG(figure)
            svg.print_svg(temporary, metadata={"Date": None, "Creator": None})


def check_name(path: Path) -> str:
    """The suffix of a figure's file in lower case.

    Raises:
        ConfigError: The suffix is neither ``.png`` nor ``.svg``.
    """
    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg"):
        raise ConfigError(
            f"cannot write a figure as {path.name}; the name must end in .png or .svg"
        )
    return suffix


def render_array(figure: Figure) -> UInt8[np.ndarray, "h w 3"]:
    """Draw ``figure`` at its own size and dpi into an array of RGB, 0 to 255."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba(), dtype=np.uint8)[..., :3].copy()
