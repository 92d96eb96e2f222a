"""``predict`` for videos and cameras: steady metres as files that others read."""

import signal
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from depth_unet.figures.colour import colourise
from tests.integration.commandline import assert_refused, files_below, predict, start
from tests.video.clips import pictures, write_clip
from tests.video.test_files import Device, times_of

KINDS = ("side", "color", "ffv1", "png16")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twelve frames of 64x48 with sound."""
    return write_clip(tmp_path / "clips" / "walk.mp4", pictures(12), sound="aac")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    """Where the clips go."""
    (tmp_path / "clips").mkdir()


def read_back(path: Path, *, sixteen_bits: bool = False) -> list[np.ndarray]:
    """The frames of a video as OpenCV reads them; RGB, or 16-bit grey."""
    reader, frames = cv2.VideoCapture(str(path)), []
    if sixteen_bits:
        reader.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    while (found := reader.read())[0]:
        frames.append(found[1] if sixteen_bits else found[1][..., ::-1])
    return frames


def test_every_kind_holds_the_same_depth(run_folder: Path, clip: Path, tmp_path: Path) -> None:
    """As many frames at the same times; FFV1 and PNG to the millimetre, colours to a few levels."""
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, clip, "--video", *KINDS, "--range", "0.5:6", "--fov", 60)
    assert (outcome.code, outcome.complaints) == (0, [f"{clip}: {_told(outcome.err)}"])
    exact = read_back(out / "walk_depth.mkv", sixteen_bits=True)
    assert len(exact) == 12
    for number, depth_mm in enumerate(exact):
        with Image.open(out / "walk_depth" / f"{number:06d}.png") as image:
            assert "millimetres" in image.text["unit"]
            np.testing.assert_array_equal(np.asarray(image), depth_mm)
    colours, sides = read_back(out / "walk_color.mp4"), read_back(out / "walk_side.mp4")
    assert (len(colours), len(sides)) == (12, 12)
    for depth_mm, colour, side in zip(exact, colours, sides, strict=True):
        wanted = colourise(depth_mm / 1000, 0.5, 6.0).astype(float)
        assert abs(colour - wanted).mean() < 6
        assert abs(side[:48, 64:128] - wanted).mean() < 6
    rows = (out / "walk_depth" / "times.csv").read_text().splitlines()
    assert [float(row.split(",")[1]) for row in rows[1:]] == [float(t) for t in times_of(clip)]


def _told(err: str) -> str:
    return next(line for line in err.splitlines() if " per second" in line).split(": ", 1)[1]


def test_sound_words_and_times(run_folder: Path, clip: Path, tmp_path: Path) -> None:
    """By default a video beside its depth, with its sound; it states unit, model and range."""
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, clip)
    assert outcome.code == 0
    assert "the photo states no focal length" in outcome.warnings[0]
    assert files_below(out) == {"walk_side.mp4"}
    assert times_of(out / "walk_side.mp4") == times_of(clip)
    with av.open(str(out / "walk_side.mp4")) as container:
        (track,) = container.streams.audio
        assert track.codec_context.name == "aac"
        for words in ("unit: metres", "model: ", "colours: magma_r"):
            assert words in container.metadata["comment"]
    again = predict(run_folder, out, clip)
    assert again.err.splitlines()[-1] == f"{out}: 0 predicted, 0 failed, 1 already there"


def test_stabilising_can_be_turned_off(run_folder: Path, clip: Path, tmp_path: Path) -> None:
    """Unstabilised frames have the depth of single photos; stabilised frames differ."""
    options = ("--video", "png16", "--fov", 60)
    assert predict(run_folder, tmp_path / "raw", clip, *options, "--no-stabilise").code == 0
    assert predict(run_folder, tmp_path / "steady", clip, *options).code == 0
    frame = read_back(clip)[5]
    Image.fromarray(np.ascontiguousarray(frame)).save(tmp_path / "frame.png")
    photo = ("--save", "png16", "--fov", 60)
    assert predict(run_folder, tmp_path, tmp_path / "frame.png", *photo).code == 0
    alone = np.asarray(Image.open(tmp_path / "frame_depth.png")).astype(float)
    raw = np.asarray(Image.open(tmp_path / "raw" / "walk_depth" / "000005.png")).astype(float)
    steady = np.asarray(Image.open(tmp_path / "steady" / "walk_depth" / "000005.png"))
    np.testing.assert_allclose(raw, alone, rtol=0.01)  # OpenCV turns YUV into RGB a little unlike
    assert (steady != raw).any()


@pytest.mark.parametrize(
    ("name", "count", "size"), [("one.mkv", 1, (48, 64)), ("odd.avi", 3, (37, 51))]
)
def test_short_and_odd(
    run_folder: Path, tmp_path: Path, name: str, count: int, size: tuple[int, int]
) -> None:
    """A clip of one frame, of odd sides, without sound."""
    source = write_clip(tmp_path / "clips" / name, pictures(count, size), codec="ffv1")
    out = tmp_path / "depth"
    assert predict(run_folder, out, source, "--video", "side", "ffv1").code == 0
    depths = read_back(out / f"{source.stem}_depth.mkv", sixteen_bits=True)
    assert [depth.shape for depth in depths] == [size] * count
    assert len(read_back(out / f"{source.stem}_side.mp4")) == count


def test_bad_videos_do_not_end_it(
    run_folder: Path, clip: Path, photo: Path, tmp_path: Path
) -> None:
    """A folder's photos and videos are predicted; what is broken is named at the end, exit 3."""
    whole = clip.read_bytes()
    (clip.parent / "broken.mp4").write_bytes(whole[: len(whole) // 2])
    (clip.parent / "room.png").write_bytes(photo.read_bytes())
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, clip.parent, "--save", "png16", "--fov", 60)
    assert outcome.code == 3
    (error,) = [line for line in outcome.complaints if "error" in line]
    assert "broken.mp4" in error
    assert files_below(out) == {"room_depth.png", "walk_side.mp4"}
    assert f"{out}: 2 predicted, 1 failed, 0 already there" in outcome.err


def test_without_the_library(
    run_folder: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names how to install PyAV."""
    monkeypatch.setattr("depth_unet.cli.predict.targets.find_spec", lambda _: None)
    outcome = predict(run_folder, tmp_path / "depth", clip, "--save", "npy", "--fov", 60)
    assert_refused(outcome, "walk.mp4", 'pip install "av>=', code=3)


def test_a_camera_is_recorded(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number is a camera, recorded until it ends; a missing camera is an error."""
    monkeypatch.chdir(tmp_path)
    refused = predict(run_folder, tmp_path / "none", "97", "--fov", 60)
    assert refused.code == 3
    assert "there is no camera 97" in refused.complaints[-1]
    assert files_below(tmp_path / "none") == set()
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: Device(6))
    outcome = predict(run_folder, tmp_path / "live", "0", "--fov", 60)
    assert outcome.code == 0
    monkeypatch.undo()
    (path,) = (tmp_path / "live").iterdir()
    assert path.name.startswith("camera0-")
    assert len(read_back(path)) == 6


def test_ctrl_c_ends_a_recording(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recording up to Ctrl-C is a complete file."""

    class Endless(Device):
        """It sends Ctrl-C with its fourth frame."""

        taken = 0

        def read(self) -> tuple[bool, np.ndarray | None]:
            """Always the same frame."""
            self.taken += 1
            if self.taken == 4:
                signal.raise_signal(signal.SIGINT)
            return True, self.frames[0][..., ::-1]

    monkeypatch.setattr(cv2, "VideoCapture", lambda _: Endless(1))
    outcome = predict(run_folder, tmp_path / "live", "0", "--fov", 60)
    monkeypatch.undo()
    assert outcome.code == 0
    assert "ending the recording" in outcome.err
    (path,) = (tmp_path / "live").iterdir()
    assert len(read_back(path)) == 4


def test_a_folder_of_other_things_is_not_replaced(
    run_folder: Path, clip: Path, tmp_path: Path
) -> None:
    """A folder that holds other files is not replaced by frames; the error names it."""
    out = tmp_path / "depth"
    photos = out / f"{clip.stem}_depth"
    photos.mkdir(parents=True)
    (photos / "mine.png").write_bytes(b"photo")
    for options in ((), ("--overwrite",)):
        outcome = predict(run_folder, out, clip, "--video", "png16", "--fov", 60, *options)
        assert_refused(outcome, str(photos))
        assert files_below(out) == {photos.name, f"{photos.name}/mine.png"}


def test_an_error_leaves_no_part(
    run_folder: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If writing fails, the error is one line and no partial file remains."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("depth_unet.video.sinks.as_millimetres", full)
    outcome = predict(
        run_folder, tmp_path / "depth", clip, "--video", "side", "png16", "ffv1", "--fov", 60
    )
    assert outcome.code == 2
    assert "No space left" in outcome.complaints[-1]
    assert files_below(tmp_path / "depth") == set()


@pytest.mark.chaos
@pytest.mark.slow
def test_killed_and_run_again(run_folder: Path, tmp_path: Path) -> None:
    """After kill -9 nothing looks complete; the same command completes it and clears the rest."""
    source = write_clip(tmp_path / "clips" / "long.mp4", pictures(400))
    out = tmp_path / "depth"
    arguments = ("predict", source, "--weights", run_folder, "--out", out, "--fov", 60)
    arguments += ("--video", "side", "ffv1", "png16")
    process = start(*arguments)
    while process.poll() is None and len(list(out.rglob("*.png"))) < 20:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert [path.name for path in out.iterdir() if not path.name.startswith(".")] == []
    assert list(out.iterdir()) != []
    assert predict(run_folder, out, source, *arguments[6:]).code == 0
    assert {path.name for path in out.iterdir()} == {
        "long_side.mp4",
        "long_depth.mkv",
        "long_depth",
    }
    assert len(list((out / "long_depth").glob("*.png"))) == 400
