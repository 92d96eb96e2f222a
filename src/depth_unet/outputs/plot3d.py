"""Points as an interactive HTML page that works offline, in any browser."""

from pathlib import Path
from typing import Any

import numpy as np

from depth_unet.arrays import Float64, Int64
from depth_unet.errors import ConfigError, install_command
from depth_unet.files.atomic import write_text
from depth_unet.outputs.cloud import PointCloud

MAX_POINTS = 60_000
_POINT_PX = 2
_BEHIND = np.array((0.0, -0.15, 0.15))  # of the viewpoint: shares of the longest axis
_GOLDEN = (5**0.5 - 1) / 2
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="description" content="{{ description }}">
<title>{{ title }}</title>
<style>
html, body { height: 100%; margin: 0; }
h1 { position: absolute; z-index: 1; margin: 0.8rem; font: 1.1rem sans-serif; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
{{ plot|safe }}
</body>
</html>
"""


def write_plot3d(cloud: PointCloud, path: Path, title: str, description: str = "") -> None:
    """Write one HTML page that shows the points in the colours of the photo.

    The axes point right, forward and up from the camera, in metres and of equal scale. The first
    view is from slightly behind the camera, so that the room looks as in the photo.

    Args:
        cloud: The points; at most 60,000 are drawn. Without points the axes are empty.
        path: The file to write; missing parent folders are made. An existing file is replaced.
        title: Heading of the page; plain text, not mark-up.
        description: A line for the page's head, such as unit and model; plain text.

    Raises:
        ConfigError: plotly is not installed.
        DataError: A parent of ``path`` is a regular file, or the folder cannot be made.
    """
    from jinja2 import Environment

    try:
        import plotly.io
    except ImportError:
        raise ConfigError(f"{path}: plotly is not installed: {install_command('plotly')}") from None
    plot = plotly.io.to_html(
        _figure(cloud),
        config={"displaylogo": False, "responsive": True},
        include_plotlyjs=True,
        full_html=False,
        default_height="100vh",
        validate=False,
        div_id="room",
    )
    page = Environment(autoescape=True).from_string(_PAGE)
    write_text(path, page.render(title=title, description=description, plot=plot))


def spread_indices(num_points: int, most: int) -> Int64[np.ndarray, " n"]:
    """At most ``most`` of ``num_points`` indices, one from each of ``most`` equal parts.

    The position within the part follows the golden ratio, because equal steps that divide the
    photo's width would take the same columns of every row.
    """
    if num_points <= most:
        return np.arange(num_points)
    parts = np.arange(most)
    return np.unique(((parts + parts * _GOLDEN % 1.0) * (num_points / most)).astype(np.int64))


def _figure(cloud: PointCloud) -> dict[str, Any]:
    """The figure as plain dictionaries: plotly's classes check 60,000 colours for seconds."""
    drawn = spread_indices(len(cloud.points_m), MAX_POINTS)
    # plotly rotates a scene about its third axis, which is therefore up. To the millimetre.
    places_m = (cloud.points_m[drawn][:, (0, 2, 1)] * np.array((1.0, 1.0, -1.0))).round(3)
    colours = map(bytes, cloud.colours[drawn])
    points = {
        "type": "scatter3d",
        "mode": "markers",
        **{axis: values.tolist() for axis, values in zip("xyz", places_m.T, strict=True)},
        "marker": {"size": _POINT_PX, "color": [f"#{colour.hex()}" for colour in colours]},
        "hovertemplate": "right %{x} m<br>forward %{y} m<br>up %{z} m<extra></extra>",
    }
    layout = {
        "margin": {"l": 0, "r": 0, "b": 0, "t": 60},  # room for the heading
        "scene": _scene(places_m),
    }
    return {"data": [points], "layout": layout}


def _scene(places_m: Float64[np.ndarray, "n 3"]) -> dict[str, Any]:
    """Axes around the points and the camera; plotly places the eye in units of the axes' box."""
    inside_m = np.concatenate((places_m, np.zeros((1, 3))))
    low_m, high_m = inside_m.min(axis=0), inside_m.max(axis=0)
    high_m = np.maximum(high_m, low_m + 0.1)
    longest_m = float((high_m - low_m).max())

    def by_axis(values: np.ndarray) -> dict[str, float]:
        return dict(zip("xyz", values.tolist(), strict=True))

    centre_m = (low_m + high_m) / 2
    # The view centre lies on the optical axis, in the middle of the room.
    target_m = np.array((0.0, centre_m[1], 0.0))
    return {
        **{
            f"{axis}axis": {"title": {"text": f"{name} (m)"}, "range": [float(low), float(high)]}
            for axis, name, low, high in zip(
                "xyz", ("right", "forward", "up"), low_m, high_m, strict=True
            )
        },
        "aspectmode": "manual",
        "aspectratio": by_axis((high_m - low_m) / longest_m),
        "camera": {
            "eye": by_axis(_BEHIND - centre_m / longest_m),
            "center": by_axis((target_m - centre_m) / longest_m),
            "up": {"x": 0, "y": 0, "z": 1},
        },
        "dragmode": "turntable",
    }
