"""Writing: whole files only, in any thread, the same bytes every time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import pytest
from matplotlib.figure import Figure

from depth_unet.errors import ConfigError, DataError
from depth_unet.figures.panel import PanelRow, panel
from depth_unet.figures.surface import surfaces
from depth_unet.figures.write import write_figure
from tests.imports import imported_by

MakeRow = Callable[..., PanelRow]


def test_the_picture_has_the_size_of_the_figure(make_row: MakeRow, tmp_path: Path) -> None:
    """Inches times dpi, in folders that did not exist, with nothing left beside the file."""
    figure = panel([make_row()])
    path = tmp_path / "deep" / "panel.png"
    write_figure(figure, path)
    height, width, _ = cv2.imread(str(path)).shape
    assert figure.get_size_inches() * figure.dpi == pytest.approx((width, height), abs=1)
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_drawing_leaves_the_old_picture(
    make_row: MakeRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If drawing fails, the old file stays and no other file appears."""
    path = tmp_path / "panel.png"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise MemoryError

    figure = panel([make_row()])
    monkeypatch.setattr(Figure, "draw", fail)
    with pytest.raises(MemoryError):
        write_figure(figure, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_path_below_a_file_is_refused(make_row: MakeRow, tmp_path: Path) -> None:
    """The error is the package's own, and nothing is written."""
    blocker = tmp_path / "file"
    blocker.touch()
    with pytest.raises(DataError, match="is a file"):
        write_figure(panel([make_row()]), blocker / "panel.png")
    assert list(tmp_path.iterdir()) == [blocker]


def test_svg_is_the_same_every_time(make_row: MakeRow, tmp_path: Path) -> None:
    """Vector files hold neither date nor random names, and letters as shapes."""
    paths = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for path in paths:
        write_figure(panel([make_row()]), path)
    text = paths[0].read_text(encoding="utf-8")
    assert paths[1].read_text(encoding="utf-8") == text
    assert text.startswith("<?xml")
    assert "<text" not in text
    assert "<dc:date>" not in text


def test_only_png_and_svg_are_written(make_row: MakeRow, tmp_path: Path) -> None:
    """A name that promises another format is refused before anything is drawn."""
    with pytest.raises(ConfigError, match=r"panel\.jpg; the name must end in \.png or \.svg"):
        write_figure(panel([make_row()]), tmp_path / "panel.jpg")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow  # draws for long
def test_threads_draw_what_the_main_thread_draws(make_row: MakeRow, tmp_path: Path) -> None:
    """Figures made in four threads at once equal, byte for byte, those made alone."""
    rows = [make_row(far_m=far_m) for far_m in (2.0, 4.0, 6.0, 8.0)]

    def draw(index: int, folder: str) -> bytes:
        path = tmp_path / folder / f"{index}.png"
        figure = surfaces(rows[index]) if index % 2 else panel([rows[index]])
        write_figure(figure, path)
        return path.read_bytes()

    alone = [draw(index, "alone") for index in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(draw, range(4), ["together"] * 4))
    assert together == alone


def test_no_global_state_is_touched() -> None:
    """Neither pyplot nor torch comes with the figures."""
    figures = ("panel", "surface", "write")
    found = imported_by("; ".join(f"import depth_unet.figures.{name}" for name in figures))
    assert not found & {"torch", "matplotlib.pyplot"}
