"""What people record themselves gives the same frames, as exactly as each form holds them."""

import json
import math
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from depth_unet.config.choices import FormChoice
from depth_unet.data.fit import fit_frame
from depth_unet.data.forms.recognise import RECORDINGS, open_original, open_source, recognise
from depth_unet.data.forms.recordings import find_recordings
from depth_unet.data.prepare import prepare
from tests.data.forms.recorders import (
    CAMERAS_PX,
    HEIGHT,
    NUM_FRAMES,
    RECORDERS,
    WIDTH,
    Recorded,
    Rooms,
    record,
    write_camera,
    write_video,
)

LOSSY = ("record3d", "stray", "compressed")  # photos as JPEG or video
LEVELS = 3  # by which they may differ, on average
CONFIDENT = ("record3d", "record3d unpacked", "stray", "stray early")
FORM_OF: dict[str, FormChoice] = {
    kind: form  # type: ignore[misc]
    for kind in RECORDERS
    for form in RECORDINGS
    if kind.startswith(form)
}
each_kind = pytest.mark.parametrize("kind", RECORDERS)


def write(kind: str, at: Path, rooms: Rooms | None = None) -> tuple[Path, list[Recorded]]:
    """Both rooms in a form, and the frames that have depth, in the order of their names."""
    recorder, size = RECORDERS[kind]
    rooms = rooms or record(size)
    root = recorder(at, rooms)
    frames = [frame for _, room in sorted(rooms.items()) for frame in room]
    if kind.startswith("stray"):
        frames = [frame for number, frame in enumerate(frames) if number % NUM_FRAMES != 1]
    return root, frames


def expected_camera(written: Recorded, kind: str, size: tuple[int, int]) -> list[float]:
    """A ray through the left edge of a pixel meets the left edge of the pixels that replace it."""
    fx, fy, cx, cy = CAMERAS_PX["hall"] if kind.startswith("folders") else written.camera_px
    across, down = size[0] / WIDTH, size[1] / HEIGHT
    return [fx * across, fy * down, (cx + 0.5) * across - 0.5, (cy + 0.5) * down - 0.5]


@each_kind
def test_frames_as_recorded(kind: str, tmp_path: Path) -> None:
    """Depth to the millimetre where it is measured, the camera to .01 px, photos beside it."""
    root, frames = write(kind, tmp_path / "captures")
    source = open_source(root)
    assert recognise(root) == FORM_OF[kind]
    assert len(source.rows) == len(frames)
    assert [row.room_group for row in source.rows] == sorted(row.room_group for row in source.rows)
    assert {row.room_group for row in source.rows} == set(CAMERAS_PX)
    size = RECORDERS[kind][1]
    for index, written in enumerate(frames):
        frame = source.read(index)
        used = written.depth_m > 0
        if kind in CONFIDENT:
            used &= ~written.low
        np.testing.assert_array_equal(frame.depth_mm > 0, used)
        assert np.abs(frame.depth_mm / 1000 - written.depth_m)[used].max() <= 1e-3
        found_px = frame.intrinsics.values_px
        np.testing.assert_allclose(found_px, expected_camera(written, kind, size), atol=0.01)
        step = WIDTH // size[0]
        shape = (HEIGHT // step, step, WIDTH // step, step, 3)
        photo = written.image.reshape(shape).mean(axis=(1, 3))
        apart = np.abs(frame.image - photo)
        if any(word in kind for word in LOSSY):
            assert apart.mean() < LEVELS
        else:
            assert apart.max() <= 0.5


@each_kind
def test_one_recording(kind: str, tmp_path: Path) -> None:
    """A recording is a data set of its own, and its name does not count."""
    root, frames = write(kind, tmp_path / "captures")
    room = root if kind.startswith("folders") else sorted(root.iterdir())[0]
    alone = shutil.move(room, tmp_path / f"mine{room.suffix}")
    source = open_original(alone)
    expected = frames if kind.startswith("folders") else frames[: len(frames) // 2]
    assert len(source.rows) == len(expected)
    cache = prepare(source, tmp_path / "cache", height=24, width=32)
    moved = shutil.move(alone, tmp_path / f"yours{room.suffix}")
    again = prepare(open_original(moved), tmp_path / "cache", height=24, width=32)
    assert again.manifest == cache.manifest
    if not kind.startswith("folders"):
        assert len({row.room_group for row in source.rows}) == 1
        assert source.rows[0].room_group


@each_kind
def test_cache(kind: str, tmp_path: Path) -> None:
    """A cache holds the frames resized; recordings with other depth need another one."""
    root, frames = write(kind, tmp_path / "captures")
    source = open_original(root)
    cache = prepare(source, tmp_path / "cache", height=24, width=32)
    for index in range(len(frames)):
        fitted, stored = fit_frame(source.read(index), 24, 32), cache.read(index)
        np.testing.assert_array_equal(stored.image, fitted.image)
        np.testing.assert_array_equal(stored.depth_mm, fitted.depth_mm)
        assert stored.intrinsics == fitted.intrinsics
        assert cache.digest(index) == source.digest(index)
    rooms = record(RECORDERS[kind][1])
    rooms["hall"][2] = replace(rooms["hall"][2], depth_m=rooms["hall"][2].depth_m[::-1].copy())
    other, _ = write(kind, tmp_path / "other", rooms)
    with pytest.raises(ValueError, match="--overwrite"):
        prepare(open_original(other), tmp_path / "cache", height=24, width=32)


def test_names_that_are_the_same(tmp_path: Path) -> None:
    """Two bags of one name but for their endings cannot be told apart."""
    root, _ = write("rosbag 1", tmp_path / "captures")
    bag, _ = write("rosbag 2 mcap", tmp_path / "other")
    shutil.move(next((bag / "hall").glob("*.mcap")), root / "hall.mcap")
    with pytest.raises(ValueError, match=r"hall.mcap, .* has the name of .*hall.bag, .*; rename"):
        open_source(root)


def test_what_lies_in_a_recording_is_part_of_it(tmp_path: Path) -> None:
    """A recording in a folder of images and depth is not another one."""
    root, frames = write("folders mm", tmp_path / "captures")
    other, _ = write("record3d", tmp_path / "more")
    shutil.move(other / "hall.r3d", root / "hall.r3d")
    assert recognise(root) == "folders"
    assert len(open_source(root).rows) == len(frames)


def test_several_forms(tmp_path: Path) -> None:
    """Recordings of one form would be read and the others lost, so none are; --form selects one."""
    root, frames = write("record3d", tmp_path / "captures")
    other, _ = write("stray", tmp_path / "more")
    shutil.move(other / "hall", root / "office" / "hall")
    with pytest.raises(
        ValueError, match=r"several forms: record3d \(.*hall.r3d\), stray \(.*office"
    ):
        recognise(root)
    with pytest.raises(ValueError, match="several forms"):
        open_source(root)
    assert len(open_source(root, "record3d").rows) == len(frames)


@pytest.mark.parametrize("form", [form for form in get_args(FormChoice) if form != "tum"])
def test_another_form_than_the_folders(form: FormChoice, tmp_path: Path) -> None:
    """What the form needs is missing, which is no fault of the recording; so is a lost folder."""
    root, _ = write("tum", tmp_path / "captures")
    with pytest.raises(ValueError, match=r"holds no |is a folder|is missing") as refused:
        open_source(root, form)
    assert "; name " in str(refused.value) or "; leave --form out, or name" in str(refused.value)
    with pytest.raises(ValueError, match="nothing does not exist; name a data set"):
        open_source(tmp_path / "nothing", form)


@pytest.mark.parametrize("kind", [kind for kind in RECORDERS if not kind.startswith("folders")])
def test_recording_that_cannot_be_used(kind: str, tmp_path: Path) -> None:
    """Its error is one of the bad ones; the other recordings are read."""
    root, frames = write(kind, tmp_path / "captures")
    original, _, _ = next(find_recordings(root, [RECORDINGS[FORM_OF[kind]]]))
    broken = root / "aside" / original.name
    broken.parent.mkdir()
    if original.is_dir():
        shutil.copytree(original, broken)
        (broken / "dataset.json").write_text("{")
    else:
        broken.write_bytes(b"PK")
    bad = list[ValueError]()
    assert len(open_original(root, on_bad=bad.append).rows) == len(frames)
    assert len(bad) == 1
    assert str(broken) in str(bad[0])
    with pytest.raises(ValueError, match=re.escape(str(bad[0]))):
        open_original(root)
    with pytest.raises(ValueError, match=re.escape(str(bad[0]))):
        open_original(broken, on_bad=bad.append)


def spoil_zip(path: Path) -> None:
    """A recording without its frames."""
    with zipfile.ZipFile(path) as archive:
        metadata = archive.read("metadata")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata", metadata)


def lose_byte(path: Path) -> None:
    """Lengths in the second half of the file are read from the wrong places."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + data[len(data) // 2 + 1 :])


PARTS: dict[str, tuple[str, str, Callable[[Path], object], str]] = {
    "no video": ("stray", "hall/*/rgb.mp4", Path.unlink, "rgb.mp4 is missing; copy the whole"),
    "no depth": ("stray", "hall/*/depth", shutil.rmtree, "depth holds no depth maps; copy the"),
    "no list": ("tum", "hall/rgb.txt", Path.unlink, "rgb.txt is missing; export the recording"),
    "no EXR": ("record3d exr", "hall/*/depth", shutil.rmtree, "holds no photo with depth; record"),
    "no frames": ("record3d", "hall.r3d", spoil_zip, "hall.r3d holds no photo with depth; record"),
    "no rgbd": (
        "record3d unpacked",
        "hall/rgbd",
        shutil.rmtree,
        "hall holds no photo with depth; record",
    ),
    "no data": ("rosbag 2 mcap", "hall/*.mcap", Path.unlink, "hall cannot be read as a bag"),
    "no byte": ("rosbag 2 mcap", "hall/*.mcap", lose_byte, "hall is damaged or too large (a part"),
    "no database": ("rosbag 2 sqlite", "hall/*.db3", Path.unlink, "hall cannot be read as a bag"),
}


@pytest.mark.parametrize("what", PARTS)
def test_part_of_a_recording(what: str, tmp_path: Path) -> None:
    """What is left of a recording is refused by name, beside good ones and alone."""
    kind, pattern, spoil, message = PARTS[what]
    root, frames = write(kind, tmp_path / "captures")
    (spoilt,) = root.glob(pattern)
    spoil(spoilt)
    assert recognise(root) == FORM_OF[kind]
    bad = list[ValueError]()
    kitchen = len(open_original(root, on_bad=bad.append).rows)
    assert 0 < kitchen < len(frames)
    (error,) = bad
    assert "captures/hall" in str(error)
    assert message in str(error)
    (alone,) = root.glob("hall*")
    assert recognise(alone) == FORM_OF[kind]
    with pytest.raises(ValueError, match=re.escape(message)):
        open_source(alone)


def test_part_of_images_and_depth(tmp_path: Path) -> None:
    """A folder with images and no depth is missed only beside folders that have both."""
    root, frames = write("folders mm", tmp_path / "captures" / "one")
    (tmp_path / "captures" / "two" / "images").mkdir(parents=True)
    bad = list[ValueError]()
    assert len(open_original(root.parent, on_bad=bad.append).rows) == len(frames)
    assert "captures/two/depth is missing; restore it, or move" in str(bad[0])
    shutil.rmtree(root / "depth")
    (root / "frame.h5").touch()
    assert recognise(root.parent) == "h5"


def test_part_of_a_recording_of_another_form(tmp_path: Path) -> None:
    """It is left out with a warning; what is whole in one form is no part of another."""
    root, frames = write("tum", tmp_path / "captures")
    (root / "hall" / "metadata.json").write_text("{}")
    assert len(open_source(root).rows) == len(frames)
    (root / "attic").mkdir()
    (root / "attic" / "camera_matrix.csv").touch()
    with pytest.warns(UserWarning, match="captures/attic holds a part .*another form and is left"):
        assert len(open_source(root).rows) == len(frames)


@pytest.mark.parametrize("kind", ["record3d", "tum"])
def test_recordings_beside_a_part(kind: str, tmp_path: Path) -> None:
    """Folders of recordings may hold what could be a part of one, such as pictures of them."""
    root, frames = write(kind, tmp_path / "captures")
    (root / "images").mkdir()
    (root / "metadata.json").touch()
    (root / "camera_matrix.csv").touch()
    assert recognise(root) == FORM_OF[kind]
    assert len(open_source(root).rows) == len(frames)


def test_links_to_recordings(tmp_path: Path) -> None:
    """A file counts once, under its own name, wherever links to it lie."""
    root, frames = write("record3d", tmp_path / "captures")
    shutil.move(root / "kitchen.r3d", tmp_path / "kitchen.r3d")
    for link, target in (("a.r3d", "hall.r3d"), ("cellar.r3d", "../kitchen.r3d")):
        (root / link).symlink_to(target)
    (root / "loop.r3d").symlink_to("loop.r3d")
    bad = list[ValueError]()
    source = open_original(root, on_bad=bad.append)
    assert len(source.rows) == len(frames)
    assert {row.room_group for row in source.rows} == {"cellar", "hall"}
    assert "loop.r3d cannot be read as a zip" in str(bad[0])


def test_names_that_no_list_can_hold(tmp_path: Path) -> None:
    """The index is a UTF-8 text, and the names of files need not be."""
    root, _ = write("folders mm", tmp_path / "captures")
    for folder in ("images", "depth"):
        hall = os.fsencode(root / folder / "hall")
        os.rename(hall, hall + b"\xff")  # noqa: PTH104  # not every name is a path
    with pytest.raises(ValueError, match=r"captures has files named 'hall\\udcff/.*rename"):
        open_source(root)


def nan_camera(root: Path) -> None:
    """A camera of a frame that is not a number."""
    file = root / "kitchen" / "metadata"
    values = json.loads(file.read_text())
    values["perFrameIntrinsicCoeffs"][2][0] = math.nan
    file.write_text(json.dumps(values))


def other_depth(root: Path) -> None:
    """A depth map of half the size, with the confidence map of the whole."""
    file = next(root.glob("hall/*/depth/000003.png"))
    Image.fromarray(np.full((12, 16), 2000, np.uint16)).save(file)


def dangling(root: Path) -> None:
    """A link to a depth map that is gone."""
    file = root / "depth" / "hall" / "0003.png"
    file.unlink()
    file.symlink_to("gone.png")


SPOILT: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "camera": (
        *("record3d unpacked", nan_camera),
        r"kitchen/metadata: the camera has fx, fy, cx, cy = \(nan, .*correct the intrinsics",
    ),
    "no camera": (
        *("stray", lambda root: next(root.glob("hall/*/camera_matrix.csv")).write_text("")),
        r"camera_matrix.csv is not a matrix of three lines of three numbers .*copy the whole",
    ),
    "size of depth": (
        *("stray", other_depth),
        r"depth/000003.png has 16x12 pixels, and the first depth map of its recording 32x24",
    ),
    "video": (
        *("stray", lambda root: next(root.glob("hall/*/rgb.mp4")).write_bytes(b"no video")),
        r"rgb.mp4 is not a readable video .*copy the whole recording from the device again",
    ),
    "link": ("folders mm", dangling, r"depth/hall/0003.png is missing; restore it"),
    "metadata": (
        *("record3d unpacked", lambda root: (root / "hall" / "metadata").unlink()),
        r"hall/metadata is missing; restore it$",
    ),
    "unit": (
        *("folders npy", lambda root: write_camera(root, CAMERAS_PX["hall"], "m")),
        r"depth/hall/000..npy has no valid depth: it would be \d.* to \d.* m, not .*depth_unit",
    ),
    "range": (
        *("tum", lambda root: (root / "dataset.json").write_text('{"max_depth_m": 0.5}')),
        r"png has no valid depth: it is 1.* m, and max_depth_m is 0.5; correct .*skip-bad",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_cause_and_remedy(what: str, tmp_path: Path) -> None:
    """The file that is wrong is named, with what to do about a recording."""
    kind, spoil, message = SPOILT[what]
    root, _ = write(kind, tmp_path / "captures")
    spoil(root)
    with pytest.raises(ValueError, match=message):
        read_all(root)


def read_all(root: Path) -> None:
    """Read every frame."""
    source = open_source(root)
    for index in range(len(source.rows)):
        source.read(index)


def test_frames_beyond_a_video(tmp_path: Path) -> None:
    """Each depth map that has no frame is bad."""
    root, frames = write("stray", tmp_path / "captures")
    video = next(root.glob("hall/*/rgb.mp4"))
    write_video(video, [frame.image for frame in frames[:3]])
    bad = list[ValueError]()
    assert len(open_original(root, on_bad=bad.append).rows) == len(frames) - len(bad)
    numbers = [re.search(r"rgb.mp4 has 3 frames, and .* is of frame (\d);", str(e)) for e in bad]
    assert [int(found[1]) for found in numbers if found] == [3, 4, 5, 6]


def test_recording_without_frames(tmp_path: Path) -> None:
    """It is named, and not left out in silence."""
    root, _ = write("tum associated", tmp_path / "captures")
    (root / "hall" / "associations.txt").write_text("# none\n")
    with pytest.raises(ValueError, match="captures/hall holds no photo with depth"):
        open_source(root)


@pytest.mark.parametrize("field", ["max_depth_m", "border_px", "name"])
def test_what_a_recording_cannot_state(field: str, tmp_path: Path) -> None:
    """A field that holds for a whole data set counts in its folder, and is refused elsewhere."""
    root, _ = write("rosbag 2 mcap", tmp_path / "captures")
    file = root / "hall" / "dataset.json"
    file.write_text(json.dumps({field: 2}))
    assert getattr(open_source(root / "hall").info, field) in (2, "2")
    with pytest.raises(
        ValueError, match=rf"hall/dataset.json states {field}, .*folder that you name"
    ):
        open_source(root)
    shutil.move(file, root)
    assert getattr(open_source(root).info, field) in (2, "2")


@pytest.mark.parametrize("kind", ["stray", "record3d", "record3d exr"])
def test_unit_that_the_files_state(kind: str, tmp_path: Path) -> None:
    """Another unit for these forms is refused, and not ignored."""
    root, _ = write(kind, tmp_path / "captures")
    (root / "dataset.json").write_text('{"depth_unit": "cm"}')
    with pytest.raises(ValueError, match=r"captures/dataset.json states depth_unit, .*remove"):
        open_source(root)


def test_unit_of_all_and_camera_of_one(tmp_path: Path) -> None:
    """A recording's own camera does not hide the unit of the data set's folder."""
    root, _ = write("tum", tmp_path / "captures")
    plain = open_source(root).read(0)
    (root / "dataset.json").write_text('{"depth_unit": 0.0001}')
    half = open_source(root).read(0)
    assert half.intrinsics == plain.intrinsics
    assert np.abs(half.depth_mm - plain.depth_mm / 2).max() <= 1


def test_room_of_several_recordings(tmp_path: Path) -> None:
    """Recordings in one folder show one room."""
    root, frames = write("record3d", tmp_path / "captures")
    (tmp_path / "all" / "flat").mkdir(parents=True)
    for file in sorted(root.iterdir()):
        shutil.move(file, tmp_path / "all" / "flat" / file.name)
    rows = open_source(tmp_path / "all").rows
    assert {row.room_group for row in rows} == {"flat"}
    assert rows[0].rgb == "flat/hall/0.png"
    assert len(rows) == len(frames)


def test_unknown_and_implausible_cameras(tmp_path: Path) -> None:
    """Folders without camera are read with a warning, as the pairs layout is; so are mistakes."""
    root, frames = write("folders mm", tmp_path / "captures")
    stated = (root / "dataset.json").read_text()
    (root / "dataset.json").unlink()
    with pytest.warns(UserWarning, match=r"captures states no camera .*add intrinsics"):
        source = open_source(root)
    assert source.rows[0].camera_px is None
    assert source.read(len(frames) - 1).intrinsics.fx_px == pytest.approx(0.811 * WIDTH, rel=1e-3)
    (root / "dataset.json").write_text(stated.replace("60.5", "4.2"))
    source = open_original(root)
    with pytest.warns(UserWarning, match="14 photos have an implausible camera, such as hall/0000"):
        prepare(source, tmp_path / "cache", height=24, width=32)
