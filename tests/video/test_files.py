"""Video files, read and written: times, rotated frames, sound, metadata."""

import itertools
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import av
import cv2
import numpy as np
import pytest

from depth_unet.errors import DataError
from depth_unet.video.camera import open_camera
from depth_unet.video.read import Clip, open_clip, open_container, sample_frames
from depth_unet.video.sound import Sound
from depth_unet.video.write import VideoFile
from tests.video.clips import pictures, write_clip


def copied(source: Path, target: Path, *, lossless: bool = False) -> list[np.ndarray]:
    """Write the frames of a clip into a new file; return them."""
    frames = []
    with (
        open_clip(source) as clip,
        VideoFile(target, clip, {"title": "é"}, lossless=lossless) as file,
    ):
        for frame in clip.frames:
            frames.append(frame.image)
            values = frame.image[..., 0].astype(np.uint16) * 257 if lossless else frame.image
            file.add(values, frame.time)
    return frames


def times_of(path: Path) -> list[Fraction]:
    """When each frame is shown, seconds."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def sound_of(path: Path) -> list[bytes]:
    """The packets of the sound as they are stored."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_times_and_sound_stay(tmp_path: Path, ending: str) -> None:
    """Frames keep their number and times, also at a varying rate; sound is copied bytewise."""
    times = [0, 4, 8, 20, 22, 30, 31, 50]
    source = write_clip(tmp_path / "a.mp4", pictures(8), times=times, sound="aac")
    copied(source, tmp_path / f"b{ending}")
    found = times_of(tmp_path / f"b{ending}")
    if ending == ".mkv":  # which has no negative times, where AAC begins
        found = [time - found[0] for time in found]
    assert found == times_of(source)
    assert [round(100 * time) for time in times_of(source)] == times
    assert sound_of(tmp_path / f"b{ending}") == sound_of(source)
    with av.open(str(tmp_path / f"b{ending}")) as container:
        assert {key.lower(): text for key, text in container.metadata.items()}["title"] == "é"


def test_sound_that_the_container_does_not_take(tmp_path: Path) -> None:
    """It is encoded anew, and lasts as long."""
    source = write_clip(tmp_path / "a.mkv", pictures(10), sound="wavpack")
    copied(source, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        (track,) = container.streams.audio
        assert track.codec_context.name == "aac"
        length = sum(frame.samples for frame in container.decode(track)) / track.rate
    assert abs(length - 0.36) < 0.2


def test_unsupported_sound_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unsupported audio beside a usual track is skipped with a warning; the video is written."""
    source, opened = write_clip(tmp_path / "a.mp4", pictures(4), sound="aac"), av.open

    class Unknown:
        """A container with sound that FFmpeg cannot decode."""

        def __init__(self, container: av.container.InputContainer) -> None:
            self.streams = SimpleNamespace(audio=[SimpleNamespace(codec_context=None, index=1)])
            self.close = container.close

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

    target = opened(str(tmp_path / "b.mp4"), "w")
    monkeypatch.setattr(av, "open", lambda *given, **more: Unknown(opened(*given, **more)))
    with target, pytest.warns(UserWarning, match="audio skipped"):
        Sound(source, target).finish()


def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    """Frames are resized to square pixels, so depth has the scene's proportions."""
    source = write_clip(tmp_path / "a.mp4", pictures(3), pixel=Fraction(4, 3))
    with open_clip(source) as clip:
        assert {frame.image.shape for frame in clip.frames} == {(48, 85, 3)}
    assert sample_frames(source, 2)[1][0].shape == (48, 85, 3)


@pytest.mark.parametrize("ending", [".mkv", ".webm"])
def test_a_video_that_ends_before_its_stated_end(tmp_path: Path, ending: str) -> None:
    """FFmpeg takes the end of the file for the video's end; the stated duration reveals the cut."""
    codec = "libvpx-vp9" if ending == ".webm" else "libx264"
    whole = write_clip(tmp_path / f"whole{ending}", pictures(100), codec=codec)
    assert sample_frames(whole, 2)[0] == 100
    cut = tmp_path / f"cut{ending}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(DataError, match=r"cut.* is damaged"):
        sample_frames(cut, 2)
    with pytest.raises(DataError, match=r"cut.* is damaged"), open_clip(cut) as clip:
        list(clip.frames)


def test_what_ffmpeg_refuses_is_no_full_disk(tmp_path: Path) -> None:
    """A picture that the encoder does not take is an error of this video alone."""
    with (
        pytest.raises(DataError, match=r"cannot be written as \.mp4"),
        open_clip(write_clip(tmp_path / "a.mp4", pictures(2))) as clip,
        VideoFile(tmp_path / "b.mp4", clip, {}, lossless=False) as file,
    ):
        file.add(np.zeros((40000, 2, 3), np.uint8), 0)


def test_turned_videos_are_read_upright(tmp_path: Path) -> None:
    """Rotated frames equal those of OpenCV, which rotates them itself."""
    source = write_clip(tmp_path / "a.mp4", pictures(2), rotation=90)
    with open_clip(source) as clip:
        frame = next(clip.frames)
    other = cv2.VideoCapture(str(source))
    _, image = other.read()
    assert (frame.rotated, frame.image.shape) == (True, (64, 48, 3))
    difference = np.abs(frame.image[..., ::-1].astype(int) - image)
    assert np.median(difference) <= 3


@pytest.mark.parametrize("size", [(48, 64), (31, 45)])
def test_colours_and_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    """OpenCV reads the colours that went in, and a row or column more where sides are odd."""
    frames = copied(write_clip(tmp_path / "a.mkv", pictures(3, size)), tmp_path / "b.mp4")
    reader = cv2.VideoCapture(str(tmp_path / "b.mp4"))
    for frame in frames:
        read, image = reader.read()
        assert read
        assert image.shape == (size[0] + size[0] % 2, size[1] + size[1] % 2, 3)
        inside = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)[: size[0], : size[1]]
        assert abs(float(np.mean(inside.astype(float) - frame))) < 4


def test_sixteen_bits_are_lossless(tmp_path: Path) -> None:
    """OpenCV reads the numbers that went in."""
    frames = copied(write_clip(tmp_path / "a.mkv", pictures(3)), tmp_path / "b.mkv", lossless=True)
    reader = cv2.VideoCapture(str(tmp_path / "b.mkv"))
    reader.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    for frame in frames:
        _, image = reader.read()
        np.testing.assert_array_equal(image, frame[..., 0].astype(np.uint16) * 257)
    assert not reader.read()[0]


def test_survey(tmp_path: Path) -> None:
    """It counts the frames, and returns some, evenly spaced."""
    source = write_clip(tmp_path / "a.mp4", pictures(20))
    count, images = sample_frames(source, 8)
    with open_clip(source) as clip:
        frames = [frame.image for frame in clip.frames]
    assert (count, len(images)) == (20, 5)
    for image, frame in zip(images, frames[::4], strict=True):
        np.testing.assert_array_equal(image, frame)


def test_what_is_no_video(tmp_path: Path) -> None:
    """Missing, empty, other and cut-off files are named."""
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "words.mp4").write_text("no video " * 99)
    whole = write_clip(tmp_path / "whole.mp4", pictures(30, (96, 128))).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    for name in ("missing", "empty", "words", "cut"):
        with pytest.raises(DataError, match=name):
            sample_frames(tmp_path / f"{name}.mp4", 4)


def test_a_video_that_is_damaged_inside(tmp_path: Path) -> None:
    """A video with an index but without its end is damaged, not short."""
    source = write_clip(tmp_path / "a.mp4", pictures(30, (96, 128)))
    with open_clip(source) as clip, av.open(str(source)) as container:
        first = tmp_path / "first.mp4"  # the index first, as for the web
        with av.open(str(first), "w", options={"movflags": "faststart"}) as out:
            stream = out.add_stream_from_template(container.streams.video[0])
            for packet in container.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)
        assert clip.sound_from is None
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(first.read_bytes()[: first.stat().st_size * 2 // 3])
    with pytest.raises(DataError, match=r"cut\.mp4 is damaged"):
        sample_frames(cut, 4)


class Device:
    """A camera that shows so many frames."""

    def __init__(self, count: int) -> None:
        self.frames, self.released = pictures(max(count, 1))[:count], False

    def isOpened(self) -> bool:
        """Always open."""
        return True

    def get(self, _: int) -> float:
        """Frames per second."""
        return 30.0

    def read(self) -> tuple[bool, np.ndarray | None]:
        """The next frame, BGR."""
        return (True, self.frames.pop(0)[..., ::-1]) if self.frames else (False, None)

    def release(self) -> None:
        """Release the device."""
        self.released = True


def test_a_camera_ends_with_its_device_or_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames are RGB and their times grow; the device is let go."""
    for stop_after, count in ((99, 5), (3, 3)):
        device, asked = Device(5), list[int]()
        monkeypatch.setattr(cv2, "VideoCapture", lambda _, device=device: device)

        def stopped(asked: list[int] = asked, limit: int = stop_after) -> bool:
            asked.append(0)
            return len(asked) > limit

        with open_camera(0, stopped) as clip:
            assert isinstance(clip, Clip)
            frames = list(clip.frames)
        assert len(frames) == count
        assert all(a.time < b.time for a, b in itertools.pairwise(frames))
        np.testing.assert_array_equal(frames[0].image, pictures(5)[0])
        assert device.released


def test_no_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing camera is one line, and so is one that returns no frames."""
    with pytest.raises(DataError, match="there is no camera 97"), open_camera(97, bool):
        pass
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: Device(0))
    with open_camera(0, bool) as clip, pytest.raises(DataError, match="returned no frames"):
        next(clip.frames)


def test_unknown_codec(tmp_path: Path) -> None:
    """Its code is changed in the header."""
    path = write_clip(tmp_path / "clip.mp4", pictures(2))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(DataError, match="unknown codec"), open_container(path):
        pass


def test_damage_that_states_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg calls it a lack of memory."""
    path = write_clip(tmp_path / "clip.mp4", pictures(2))

    def refuse(*_args: object, **_options: object) -> None:
        raise av.error.MemoryError(12, "Cannot allocate memory")

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(DataError, match="is damaged"), open_container(path):
        pass
