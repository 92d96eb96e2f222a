"""Points as an interactive page that needs no network: turned and zoomed in any browser."""

import html
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from depth_unet.errors import ConfigError
from depth_unet.files.atomic import write_text
from depth_unet.outputs.cloud import PointCloud

MAX_POINTS = 60_000
_POINT_PX = 2
_BEHIND = np.array((0.0, -0.15, 0.15))  # of the eye: shares of the longest axis, back and up
_GOLDEN = (5**0.5 - 1) / 2
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>html, body {{ height: 100%; margin: 0; }}</style>
</head>
<body>
{plot}
</body>
</html>
"""


def write_plot3d(cloud: PointCloud, path: Path, title: str) -> None:
    """Write one HTML page that shows the points, coloured as the photo.

    The axes are to the right, forward and up from the camera, in metres and of equal scale; the
    first view is from slightly behind the camera, so that the room is as in the photo.

    Args:
        cloud: The points; at most 60,000 of them are drawn, taken evenly.
        path: The file to write; missing parent folders are made. An existing file is replaced.
        title: Heading of the page; plain text, nothing in it is mark-up.

    Raises:
        ConfigError: plotly is not installed.
        DataError: A parent of ``path`` is a regular file, or the folder cannot be made.

    A cloud without points is a page with empty axes.
    """
    try:
        import plotly.io  # an extra
    except ImportError:
        raise ConfigError(
            f"{path} is drawn with plotly, which is not installed; pip install 'depth-unet[plot3d]'"
        ) from None
    safe = html.escape(title)
    plot = plotly.io.to_html(
        _figure(cloud, safe),
        config={"displaylogo": False, "responsive": True},
        include_plotlyjs=True,
        full_html=False,
        default_height="100vh",
        validate=False,
        div_id="room",
    )
    write_text(path, _PAGE.format(title=safe, plot=plot))


def evenly(num_points: int, most: int) -> Int64[np.ndarray, " n"]:
    """At most ``most`` of ``num_points`` indices: one from each of as many equal parts.

    The place within the part follows the golden ratio: equal steps may divide the photo's width,
    and then take the same columns of every row. Parts of less than two may share an index; it is
    taken once.
    """
    if num_points <= most:
        return np.arange(num_points)
    parts = np.arange(most)
    return np.unique(((parts + parts * _GOLDEN % 1.0) * (num_points / most)).astype(np.int64))


def _figure(cloud: PointCloud, title: str) -> dict[str, Any]:
    """What plotly draws, as its own format: its classes take seconds to check 60,000 colours."""
    drawn = evenly(len(cloud.points_m), MAX_POINTS)
    # Turned so that the third axis is up, about which plotly turns a scene; to the millimetre.
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
        "title": {"text": title},
        "margin": {"l": 0, "r": 0, "b": 0, "t": 60},
        "scene": _scene(places_m),
    }
    return {"data": [points], "layout": layout}


def _scene(places_m: Float64[np.ndarray, "n 3"]) -> dict[str, Any]:
    """Axes around the points and the camera, and the eye, which plotly wants in boxes."""
    inside_m = np.concatenate((places_m, np.zeros((1, 3))))
    low_m, high_m = inside_m.min(axis=0), inside_m.max(axis=0)
    high_m = np.maximum(high_m, low_m + 0.1)
    longest_m = float((high_m - low_m).max())

    def named(values: np.ndarray) -> dict[str, float]:
        return dict(zip("xyz", values.tolist(), strict=True))

    centre_m = (low_m + high_m) / 2
    # The eye looks past the camera to the point of the optical axis in the middle of the room.
    target_m = np.array((0.0, centre_m[1], 0.0))
    return {
        **{
            f"{axis}axis": {"title": {"text": f"{name} (m)"}, "range": [float(low), float(high)]}
            for axis, name, low, high in zip(
                "xyz", ("right", "forward", "up"), low_m, high_m, strict=True
            )
        },
        "aspectmode": "manual",
        "aspectratio": named((high_m - low_m) / longest_m),
        "camera": {
            "eye": named(_BEHIND - centre_m / longest_m),
            "center": named((target_m - centre_m) / longest_m),
            "up": {"x": 0, "y": 0, "z": 1},
        },
        "dragmode": "turntable",
    }
