"""The contact sheet: photos beside their depth."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_unet.rooms import generate as generating
from depth_unet.rooms.generate import generate
from depth_unet.rooms.options import RoomsOptions
from depth_unet.rooms.output.preview import (
    GAP_PX,
    HOLE_GREY,
    TILE_PX,
    coloured,
    sheet,
    write_preview,
)
from tests.rooms import fake_shots


@pytest.mark.parametrize(
    ("num_images", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (7, 3, 3), (60, 3, 8)]
)
def test_sheet_of_a_set(
    num_images: int, columns: int, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most 24 pairs, three in a row, of either layout."""
    monkeypatch.setattr(generating, "make_room", fake_shots.make_room)
    monkeypatch.setattr(generating, "LIBRARIES", ())
    options = RoomsOptions(num_images=num_images, width=32, height=24, kaggle=num_images == 7)
    records = generate(options, tmp_path / "set", workers=1)
    write_preview(tmp_path / "set", records, tmp_path / "preview.png")
    page = cv2.imread(str(tmp_path / "preview.png"))
    height, width = TILE_PX * 24 // 32, 2 * TILE_PX
    assert page.shape == (
        rows * (height + GAP_PX) + GAP_PX,
        columns * (width + GAP_PX) + GAP_PX,
        3,
    )


def test_near_is_bright() -> None:
    """Colours darken with depth, holes are grey, and depth beyond the range keeps the last one."""
    picture = coloured(np.array([[0, 400, 1000, 3000, 9000, 10_000, 30_000]], np.uint16))[0]
    assert picture[0].tolist() == [HOLE_GREY] * 3
    light = picture[1:].astype(int).sum(axis=1)
    assert (np.diff(light)[:4] < 0).all()
    assert picture[5].tolist() == picture[6].tolist()


def test_empty_places_are_white() -> None:
    """Four tiles need two rows; the rest of the second is white."""
    page = sheet([np.zeros((4, 8, 3), np.uint8)] * 4)
    assert (page[-GAP_PX - 4 :, 2 * GAP_PX + 8 :] == 255).all()
