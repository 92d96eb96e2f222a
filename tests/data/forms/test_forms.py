"""Every form gives the same frames, as exactly as it holds them."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from depth_unet.camera.nyu import NYU_CAMERA
from depth_unet.config.choices import FormChoice
from depth_unet.data.fit import fit_frame
from depth_unet.data.forms.description import FORMS
from depth_unet.data.forms.recognise import open_original, open_source, recognise
from depth_unet.data.prepare import prepare
from depth_unet.errors import DataError
from tests.data.forms.conftest import HEIGHT, WIDTH, WRITERS, Written

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*official test frames"),
    pytest.mark.filterwarnings("ignore:.*splits.mat is missing"),
]
FORM_OF = {"kaggle folder": "kaggle", "kaggle nested": "kaggle", "kaggle zip": "kaggle"}
QUANTUM_M = {"kaggle folder": 10 / 255, "kaggle nested": 10 / 255, "kaggle zip": 10 / 255}
ROOMS = {"basement_0001", "kitchen_0002"}
BORDER = 1  # 10 of 640 pixels, at 64


@pytest.mark.parametrize("kind", WRITERS)
def test_same_frames_through_every_reader(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """Photos to the last bit, depth to the form's own steps, training frames first."""
    source = open_source(WRITERS[kind](tmp_path / "nyu", frames))
    assert len(source.rows) == len(frames)
    for index, written in enumerate(frames):
        row, frame = source.rows[index], source.read(index)
        np.testing.assert_array_equal(frame.image, written.image)
        official = row.official_split == "test"
        assert official == (written.split == "test" and kind != "mat")
        inner = slice(None) if official else slice(BORDER, -BORDER)
        found_m = frame.depth_mm[inner, inner] / 1000
        step = 1e-3 if written.split == "test" else QUANTUM_M.get(kind, 1e-3)
        assert np.abs(found_m - written.depth_m[inner, inner]).max() <= step / 2 + 1e-3
        if not official:
            assert not frame.depth_mm[0].any()
        if not (kind == "bts" and official):
            assert frame.intrinsics == NYU_CAMERA.resized(WIDTH, HEIGHT)


@pytest.mark.parametrize("kind", WRITERS)
def test_form_is_recognised(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """By what lies there; and named in words."""
    root = WRITERS[kind](tmp_path / "nyu", frames)
    form = recognise(root)
    assert form == FORM_OF.get(kind, kind.split(maxsplit=1)[0])
    assert FORMS[form].title
    assert open_original(root, form).rows == open_source(root).rows


@pytest.mark.parametrize("kind", [kind for kind in WRITERS if "parquet" not in kind])
def test_parts_of_a_room_are_one_room(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """The letters a and b name parts of one basement."""
    rows = open_source(WRITERS[kind](tmp_path / "nyu", frames)).rows
    assert {row.room_group for row in rows[: len(frames) - 2]} == ROOMS


@pytest.mark.parametrize("kind", WRITERS)
def test_other_depth_is_another_cache(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """Of files with the same names, and in some forms of the same lengths."""
    turned = [replace(frame, depth_m=frame.depth_m[::-1].copy()) for frame in frames]
    roots = [
        WRITERS[kind](tmp_path / name, some) for name, some in (("one", frames), ("other", turned))
    ]
    prepare(open_original(roots[0]), tmp_path / "cache", height=24, width=32)
    moved = roots[0].rename(roots[0].with_stem("moved"))
    prepare(open_original(moved), tmp_path / "cache", height=24, width=32)
    with pytest.raises(DataError, match="--overwrite"):
        prepare(open_original(roots[1]), tmp_path / "cache", height=24, width=32)


@pytest.mark.parametrize("kind", WRITERS)
def test_digests_survive_preparing(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """A cache of any size knows the digests of the frames that it was made from, all different."""
    source = open_original(WRITERS[kind](tmp_path / "nyu", frames))
    cache = prepare(source, tmp_path / "cache", height=24, width=32)
    digests = [source.digest(index) for index in range(len(frames))]
    assert [cache.digest(index) for index in range(len(frames))] == digests
    assert len(set(digests)) == len(frames)


def test_digests_do_not_depend_on_the_form(frames: list[Written], tmp_path: Path) -> None:
    """Kaggle's zip, unpacked into any folder, is the same data."""
    folder, nested, packed = (
        open_original(WRITERS[kind](tmp_path / kind, frames))
        for kind in ("kaggle folder", "kaggle nested", "kaggle zip")
    )
    for index in range(len(frames)):
        assert folder.digest(index) == nested.digest(index) == packed.digest(index)


@pytest.mark.parametrize("kind", WRITERS)
def test_every_form_can_be_prepared(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """A cache holds training frames resized and test frames as they are, and is made once."""
    root = WRITERS[kind](tmp_path / "nyu", frames)
    source = open_original(root)
    cache = prepare(source, tmp_path / "cache", height=24, width=32)
    assert [row.rgb for row in cache.rows] == [row.rgb for row in source.rows]
    again = prepare(open_original(root), tmp_path / "cache", height=24, width=32)
    assert again.manifest == cache.manifest
    for index, row in enumerate(source.rows):
        frame, stored = source.read(index), cache.read(index)
        if row.official_split == "test":
            np.testing.assert_array_equal(stored.image, frame.image)
            np.testing.assert_array_equal(stored.depth_mm, frame.depth_mm)
        else:
            fitted = fit_frame(frame, 24, 32)
            np.testing.assert_array_equal(stored.image, fitted.image)
            np.testing.assert_array_equal(stored.depth_mm, fitted.depth_mm)


def test_command_line_offers_every_form() -> None:
    """What can be named, and one more: a cache is known by itself."""
    assert {*get_args(FormChoice), "cache"} == set(FORMS)


def test_split_may_be_a_folder(frames: list[Written], tmp_path: Path) -> None:
    """Files of one name in folders train and val are told apart, and words within words are not."""
    made = WRITERS["parquet images"](tmp_path / "made", frames)
    for split in ("train", "val"):
        (tmp_path / "interval" / split).mkdir(parents=True)
        (made / f"{split}-00000-of-00001.parquet").rename(
            tmp_path / "interval" / split / "0000.parquet"
        )
    rows = open_source(tmp_path / "interval").rows
    assert [row.official_split for row in rows] == [frame.split for frame in frames]
    assert len({row.rgb for row in rows}) == len(rows)


def test_raw_depth_keeps_its_holes(frames: list[Written], tmp_path: Path) -> None:
    """The Kinect's own depth is another data set of the same file."""
    root = WRITERS["mat"](tmp_path / "nyu", frames)
    filled, raw = (open_source(root, form).read(0) for form in ("mat", "mat-raw"))
    holes = (raw.depth_mm == 0) & (filled.depth_mm > 0)
    assert holes[20:24, 30:34].all()
    assert holes.sum() == 16


def test_focal_length_of_a_list_is_kept(frames: list[Written], tmp_path: Path) -> None:
    """BTS's third column is the camera of the photo."""
    source = open_source(WRITERS["bts"](tmp_path / "nyu", frames))
    assert source.read(len(frames) - 1).intrinsics.fx_px == 500.0


@pytest.mark.parametrize(("scale", "guess"), [(1, False), (4, True), (257, False)])
def test_lists_of_whole_numbers(scale: int, guess: bool, tmp_path: Path) -> None:
    """Whole numbers up to 255 have 8 bits; what is white in larger ones is found as in files."""
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3))
    image[0] = 255
    depth_m = np.full((HEIGHT, WIDTH), 2.0)
    table = pa.table({"image": [(image * scale).tolist()], "depth": [depth_m.tolist()]})
    parquet.write_table(table, tmp_path / "train.parquet")
    with pytest.warns(UserWarning, match="1023 is assumed") if guess else nullcontext():
        found = open_source(tmp_path).read(0).image
    assert np.abs(found.astype(int) - image).max() <= (scale == 4)
