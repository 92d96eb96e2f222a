"""What people record themselves, at the command line: from the recording to a score."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.data.forms.recorders import (
    NUM_FRAMES,
    RECORDERS,
    encoded,
    put,
    record,
    registered_messages,
    write_rosbag1,
    write_video,
    write_viewer,
)
from tests.data.forms.test_recordings import FORM_OF
from tests.integration.commandline import (
    FEW_STEPS,
    assert_refused,
    depth_unet,
    evaluate,
    results_in,
)

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")
WHOLE_WAY = ("record3d", "stray", "tum", "rosbag 1", "rosbag 2 mcap", "viewer", "folders mm")
OTHERS = [pytest.param(kind, marks=pytest.mark.slow) for kind in RECORDERS if kind not in WHOLE_WAY]
NUM = {"stray": NUM_FRAMES - 1, "stray early": NUM_FRAMES - 1, "viewer": 2}  # of frames in a room


def write_viewer_rooms(at: Path) -> Path:
    """A slanted wall in front of two cameras that stand side by side, for each room."""
    cameras_px = (60.0, 60.0, 31.5, 23.5), (120.0, 120.0, 63.5, 47.5)
    still, beside = (0.0, 0, 0, 0, 0, 0, 1), (-0.02, 0, 0, 0, 0, 0, 1)
    for room, depth_mm in (("hall", 1800.0), ("kitchen", 2600.0)):
        wall_mm = depth_mm + np.arange(48)[:, None] * 9 + np.arange(64) * 5
        sizes = (64, 48), (128, 96)
        write_viewer(at / f"{room}.bag", wall_mm, cameras_px, sizes, (still, beside), unit_m=0.0001)
    return at


def write(kind: str, at: Path) -> Path:
    """Two rooms in a form."""
    if kind == "viewer":
        return write_viewer_rooms(at)
    recorder, size = RECORDERS[kind]
    return recorder(at, record(size))


@pytest.mark.parametrize("kind", [*WHOLE_WAY, *OTHERS])
def test_from_recording_to_score(kind: str, tmp_path: Path) -> None:
    """``inspect``, ``prepare``, two steps of ``train`` and ``evaluate`` in a room left out."""
    root, cache, run = write(kind, tmp_path / "mine"), tmp_path / "cache", tmp_path / "run"
    seen = depth_unet("inspect", root)
    assert seen.code == 0, seen.err
    num, form = 2 * NUM.get(kind, NUM_FRAMES), FORM_OF.get(kind, "rosbag")
    for words in (f"{form}: ", f"{num} (", "2 (2 no split)", "no sign of common mistakes"):
        assert words in seen.out, seen.out
    prepared = depth_unet("prepare", root, cache, "--size", "64x48")
    assert prepared.code == 0, prepared.err
    trained = depth_unet("train", "seed", "--data", cache, "--out", run, *FEW_STEPS)
    assert trained.code == 0, trained.err
    for data in (cache, root):
        scored = evaluate(run, data, tmp_path / f"scored_{data.name}", "--split", "unseen")
        assert scored.code == 0, scored.err
    for data in (cache, root):
        results = results_in(tmp_path / f"scored_{data.name}")
        assert results["num_images"] == {"unseen": num // 2}


def test_training_without_cache(tmp_path: Path) -> None:
    """``train`` reads recordings as they lie, and sees the frames that a cache would hold."""
    root, cache = write("rosbag 1", tmp_path / "mine"), tmp_path / "cache"
    assert depth_unet("prepare", root, cache, "--size", "64x48").code == 0
    losses = []
    for data in (root, cache):
        run = tmp_path / f"run {data.name}"
        trained = depth_unet("train", "seed", "--data", data, "--out", run, *FEW_STEPS)
        assert trained.code == 0, trained.err
        losses.append((run / "metrics.csv").read_text().splitlines()[:2])
    assert losses[0] == losses[1]


def shorten_video(root: Path) -> None:
    """A video with five frames."""
    frames = record()["hall"][:5]
    write_video(next((root / "hall").rglob("rgb.mp4")), [frame.image for frame in frames])


def remove(pattern: str) -> Callable[[Path], None]:
    """Remove the files of one room that fit."""

    def spoil(root: Path) -> None:
        found = [path for path in sorted(root.rglob(pattern)) if "hall" in str(path)]
        assert found
        for path in found:
            path.unlink()

    return spoil


def late(root: Path) -> None:
    """Time stamps of depth that are a minute late."""
    path = root / "hall" / "depth.txt"
    lines = [line.split() for line in path.read_text().splitlines()[1:]]
    put(path, "\n".join(f"{float(time_s) + 60:.6f} {name}" for time_s, name in lines))


def late_bag(root: Path) -> None:
    """Time stamps of depth in a bag that are late by four frames."""
    messages = list(registered_messages(record()["hall"], late_ns=4 * 33_333_333))
    write_rosbag1(root / "hall.bag", messages)


def without_depth(root: Path) -> None:
    """A bag of photos alone."""
    messages = registered_messages(record()["hall"])
    write_rosbag1(root / "hall.bag", [found for found in messages if "depth" not in found[0]])


def first_depth(root: Path) -> Path:
    """The first depth map of a room."""
    return sorted(path for path in root.glob("hall/**/depth/*") if "alone" not in path.name)[0]


def crop_depth(root: Path) -> None:
    """Depth that shows less than its photos."""
    for path in sorted((root / "depth").rglob("*.png")):
        put(path, encoded(np.full((40, 64), 2000, np.uint16)))


SPOILT: dict[str, tuple[str, Callable[[Path], None], tuple[str, ...]]] = {
    "missing topic": (
        *("rosbag 1", without_depth),
        ("hall.bag has no topic of depth images", "aligned_depth_to_color"),
    ),
    "stamps of a bag": (
        *("rosbag 1", late_bag),
        ("hall.bag: by when the bag received", "0.133 s ahead of", "correct the time stamps"),
    ),
    "stamps of lists": (
        *("tum", late),
        ("hall: no photo was taken within 20 ms", "s apart", "correct the time stamps"),
    ),
    "short video": (
        *("stray", shorten_video),
        ("rgb.mp4 has 5 frames", "000005.png is of frame 5", "copy the whole recording"),
    ),
    "no camera_matrix.csv": (
        *("stray", remove("camera_matrix.csv")),
        ("camera_matrix.csv is missing", "copy the whole recording", "dataset.json"),
    ),
    "no metadata": (
        *("record3d unpacked", remove("metadata")),
        ("hall/metadata is missing", "restore it"),
    ),
    "no metadata.json": (
        *("record3d exr", remove("metadata.json")),
        ("metadata.json is missing", "export the recording again"),
    ),
    "no camera of TUM": (
        *("tum", remove("dataset.json")),
        ("hall states no camera", "freiburg1", "add a dataset.json with intrinsics"),
    ),
    "depth of a part": (
        *("folders mm", crop_depth),
        ("dataset.json has a camera of 64x48 pixels and depth maps of 64x40", "register"),
    ),
    "line of a list": (
        *("tum", lambda root: put(root / "hall" / "rgb.txt", "1305031102.2 rgb/a.png x")),
        ("rgb.txt, line 1: '1305031102.2 rgb/a.png x' is not `time file`", "correct it"),
    ),
    "damaged file": (
        *("record3d", lambda root: put(root / "hall.r3d", b"PK")),
        ("hall.r3d cannot be read as a zip", "export the recording again"),
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_one_line(what: str, tmp_path: Path) -> None:
    """What is wrong with which file, and what to do; ``inspect`` describes the others."""
    kind, spoil, words = SPOILT[what]
    root = write(kind, tmp_path / "mine")
    spoil(root)
    seen = depth_unet("inspect", root)
    assert seen.code in (2, 3), seen.err
    assert any(all(word in line for word in words) for line in seen.complaints), seen.err
    assert (seen.code == 3) == (f"{len(seen.complaints)} bad" in seen.out)
    assert_refused(depth_unet("prepare", root, tmp_path / "cache"), *words)
    assert not (tmp_path / "cache").exists()


def test_frames_that_are_bad_are_left_out(tmp_path: Path) -> None:
    """With --skip-bad, bad frames and damaged recordings cost what they hold alone."""
    for kind, spoil, words, kept in (
        ("record3d", SPOILT["damaged file"][1], "hall.r3d cannot be read as a zip", NUM_FRAMES),
        ("stray", shorten_video, "rgb.mp4 has 5 frames", 2 * NUM_FRAMES - 2 - 2),
        ("folders mm", lambda root: (root / "images/hall/0003.png").unlink(), "no partner", 13),
        ("tum", lambda root: put(first_depth(root), b"text"), "cannot identify image file", 13),
        (
            "record3d exr",
            lambda root: put(first_depth(root), b"text"),
            "cannot be read as Open",
            13,
        ),
    ):
        root, cache = write(kind, tmp_path / kind), tmp_path / f"cache {kind}"
        spoil(root)
        assert_refused(depth_unet("prepare", root, cache), words)
        outcome = depth_unet("prepare", root, cache, "--size", "64x48", "--skip-bad")
        assert outcome.code == 3, outcome.err
        assert words in outcome.err
        assert f"{kept} frames at 64x48" in outcome.err


@pytest.mark.parametrize(
    ("kind", "library"),
    [("record3d", "lzfse"), ("record3d exr", "OpenEXR"), ("rosbag 1", "rosbags"), ("stray", "av")],
)
def test_library_that_is_not_installed(
    kind: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that installs it."""
    root = write(kind, tmp_path / "mine")
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    if library == "av":
        monkeypatch.setattr("depth_unet.errors.find_spec", lambda _: None)
    assert_refused(depth_unet("inspect", root), library, "pip install")


def test_author_cameras_of_tum(tmp_path: Path) -> None:
    """The folders of TUM's own sequences name their cameras."""
    room = write("tum", tmp_path / "mine") / "kitchen"
    (room / "dataset.json").unlink()
    root = shutil.move(room, tmp_path / "rgbd_dataset_freiburg2_desk")
    from depth_unet.data.forms.recognise import open_source

    camera = open_source(root).read(0).intrinsics
    # 640x480 pixels become 64x48.
    expected = (52.09, 52.10, (325.1 + 0.5) / 10 - 0.5, (249.7 + 0.5) / 10 - 0.5)
    np.testing.assert_allclose(camera.values_px, expected, atol=0.01)
