"""The page works offline, is upright, thins points evenly, and escapes its title."""

import builtins
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plotly import graph_objects

from depth_unet.errors import ConfigError
from depth_unet.outputs.cloud import PointCloud, unproject
from depth_unet.outputs.plot3d import MAX_POINTS, spread_indices, write_plot3d
from tests.imports import imported_by
from tests.outputs.conftest import Room


class Page(HTMLParser):
    """What a browser would load, show as title and run."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and what it would load."""
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        """Keep the text under the tag opened last."""
        self.texts.setdefault(self.tags[-1] if self.tags else "", []).append(data)

    def figure(self) -> graph_objects.Figure:
        """The figure that the last script draws; plotly's classes refuse what plotly lacks."""
        drawing = [text for text in self.texts["script"] if "Plotly.newPlot(" in text][-1]
        arguments = drawing.rpartition("Plotly.newPlot(")[2].partition(",")[2]
        decoder = json.JSONDecoder()
        data, end = decoder.raw_decode(arguments.lstrip())
        layout, _ = decoder.raw_decode(arguments.lstrip()[end:].lstrip(" ,"))
        return graph_objects.Figure(data, layout)


def cloud_of(num_points: int) -> PointCloud:
    """Points of three colours, farther and farther to the right, below the camera."""
    place = np.arange(num_points, dtype=np.float32)
    return PointCloud(
        points_m=np.stack((place, 0 * place + 1, 0 * place + 2), axis=-1),
        colours=np.stack((place % 3, 0 * place + 16, 0 * place + 255), axis=-1).astype(np.uint8),
    )


def page_of(cloud: PointCloud, folder: Path, title: str = "a room") -> Page:
    """The page of a cloud, written and read."""
    write_plot3d(cloud, folder / "room.html", title)
    return Page(folder / "room.html")


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    """No tag names a source: library and points are inside."""
    page = page_of(cloud_of(5), tmp_path / "deep")
    assert page.sources == []
    assert not {"link", "img", "iframe"} & set(page.tags)
    assert max(map(len, page.texts["script"])) > 1_000_000
    assert len(list((tmp_path / "deep").iterdir())) == 1


def test_the_heading_stands_above_the_scene(tmp_path: Path) -> None:
    """The margin of the figure has room for the heading, which would cover the points."""
    assert page_of(cloud_of(5), tmp_path).figure().layout.margin.t >= 50


def test_points_stand_upright_in_their_colours(tmp_path: Path) -> None:
    """The axes are right, forward and up in metres; colours are those of the photo."""
    (points,) = page_of(cloud_of(3), tmp_path).figure().data
    assert [list(axis) for axis in (points.x, points.y, points.z)] == [
        [0.0, 1.0, 2.0],
        [2.0, 2.0, 2.0],
        [-1.0, -1.0, -1.0],
    ]
    assert list(points.marker.color) == ["#0010ff", "#0110ff", "#0210ff"]


def test_the_scale_is_equal_and_the_view_from_behind_the_camera(room: Room, tmp_path: Path) -> None:
    """A metre is as long on every axis; the eye is up to a metre behind the camera, upright."""
    cloud = unproject(room.depth_m, room.rays, room.image)
    scene = page_of(cloud, tmp_path).figure().layout.scene
    axes = (scene.xaxis, scene.yaxis, scene.zaxis)
    shares = (scene.aspectratio.x, scene.aspectratio.y, scene.aspectratio.z)
    boxes_per_metre = [
        share / (axis.range[1] - axis.range[0]) for share, axis in zip(shares, axes, strict=True)
    ]
    assert boxes_per_metre == pytest.approx([boxes_per_metre[0]] * 3)
    middle_m = np.array([sum(axis.range) / 2 for axis in axes])
    eye, centre = scene.camera.eye, scene.camera.center
    eye_m = middle_m + np.array((eye.x, eye.y, eye.z)) / boxes_per_metre
    centre_m = middle_m + np.array((centre.x, centre.y, centre.z)) / boxes_per_metre
    assert eye_m[0] == pytest.approx(0)
    assert -1 < eye_m[1] < 0 < eye_m[2] < 1
    assert centre_m == pytest.approx([0, middle_m[1], 0])
    assert (scene.camera.up.x, scene.camera.up.y, scene.camera.up.z) == (0, 0, 1)
    assert [axis.title.text for axis in axes] == ["right (m)", "forward (m)", "up (m)"]


def test_at_most_60000_points_are_drawn(tmp_path: Path) -> None:
    """More are thinned, from the first to the last of them."""
    (points,) = page_of(cloud_of(3 * MAX_POINTS + 7), tmp_path).figure().data
    assert len(points.x) == MAX_POINTS
    assert points.x[0] < 4
    assert points.x[-1] > 3 * MAX_POINTS


@pytest.mark.parametrize("num_points", [0, 99, 100, 101, 150, 480 * 640])
def test_thinning_is_even(num_points: int) -> None:
    """Distinct, rising, no gap over two parts; columns of a photo are taken alike."""
    most = 100 if num_points < 1000 else MAX_POINTS
    drawn = spread_indices(num_points, most)
    assert 0.7 * min(num_points, most) <= len(drawn) <= most
    assert (np.diff(drawn) > 0).all()
    if num_points > 1000:
        assert np.diff(drawn).max() <= 2 * num_points / most
        columns = np.bincount(drawn % 640, minlength=640)
        assert columns.min() > 0.7 * columns.mean()


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "</title><b>&{x}", '"$x$" é'])
def test_the_title_is_text(title: str, tmp_path: Path) -> None:
    """Mark-up in it adds no tag; page and heading show it as it is."""
    page = page_of(cloud_of(2), tmp_path, title)
    assert page.tags == page_of(cloud_of(2), tmp_path).tags
    for tag in ("title", "h1"):
        assert "".join(page.texts[tag]).strip() == title


def test_a_cloud_of_none_is_a_page(tmp_path: Path) -> None:
    """Without a point there are axes of some length."""
    figure = page_of(cloud_of(0), tmp_path).figure()
    assert not figure.data[0].x
    scene = figure.layout.scene
    for axis in (scene.xaxis, scene.yaxis, scene.zaxis):
        assert axis.range[0] < axis.range[1]


def test_without_plotly_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names what to install; no file is written."""
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.startswith("plotly"):
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ConfigError, match='pip install "plotly>='):
        write_plot3d(cloud_of(1), tmp_path / "room.html", "a room")
    assert not list(tmp_path.iterdir())


def test_modules_load_without_their_libraries() -> None:
    """Importing the writers loads neither plotly nor trimesh."""
    found = imported_by(
        "import depth_unet.outputs.glb, depth_unet.outputs.plot3d, depth_unet.outputs.ply"
    )
    assert not found & {"plotly", "trimesh", "torch"}
