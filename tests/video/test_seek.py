"""Frames of a video by their number."""

import random
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from depth_unet.errors import DataError
from depth_unet.video.seek import SeekableVideo
from tests.video.clips import pictures, write_clip

COUNT = 23


@pytest.fixture(params=["mp4", "mkv"])
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A video with frames that are stored in another order than they are shown."""
    return write_clip(tmp_path / f"clip.{request.param}", pictures(COUNT), codec="libx264")


def test_any_order_and_thread(clip: Path) -> None:
    """Each frame is the one of its number, whichever was read before."""
    with av.open(str(clip)) as container:
        expected = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    video = SeekableVideo(clip)
    assert (video.num_frames, video.size) == (COUNT, (64, 48))
    numbers = [*range(COUNT), *random.Random(0).sample(range(COUNT), COUNT), 5, 5, 4]
    with ThreadPoolExecutor(3) as pool:
        for number, image in zip(numbers, pool.map(video.read, numbers), strict=True):
            np.testing.assert_array_equal(image, expected[number])


def test_two_videos_in_turn(tmp_path: Path) -> None:
    """A thread goes from one video to the other and back."""
    ways = [[image if way == 0 else image[::-1] for image in pictures(4)] for way in range(2)]
    videos = [
        SeekableVideo(write_clip(tmp_path / f"{way}.mp4", images))
        for way, images in enumerate(ways)
    ]
    for number in (0, 2, 1, 3):
        for video, images in zip(videos, ways, strict=True):
            assert np.abs(video.read(number).astype(int) - images[number]).mean() < 6


def test_video_that_was_replaced(tmp_path: Path) -> None:
    """A file of the same name is another video once it is opened again."""
    path, images = tmp_path / "clip.mp4", pictures(4)
    SeekableVideo(write_clip(path, images)).read(0)
    path.unlink()
    video = SeekableVideo(write_clip(path, [image[::-1] for image in images]))
    for number in (1, 2):
        assert np.abs(video.read(number).astype(int) - images[number][::-1]).mean() < 6


def test_turned_video(tmp_path: Path) -> None:
    """Frames are those of the sensor, as depth and camera are."""
    path = write_clip(tmp_path / "turned.mp4", pictures(3), rotation=90)
    assert SeekableVideo(path).read(1).shape == (48, 64, 3)


def test_frames_that_an_edit_list_hides(tmp_path: Path) -> None:
    """A frame before the start of the clip is not shown by players, and has its number here."""
    path, images = tmp_path / "early.mp4", pictures(6)
    options = {"avoid_negative_ts": "disabled", "use_editlist": "1"}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=60)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        stream.options = {"crf": "1", "bf": "0"}
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = number - 1, Fraction(1, 60)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        assert len(list(container.decode(video=0))) == len(images) - 1
    video = SeekableVideo(path)
    assert video.num_frames == len(images)
    for number in (0, 5, 2):
        assert np.abs(video.read(number).astype(int) - images[number]).mean() < 3


def test_what_is_not_there(clip: Path, tmp_path: Path) -> None:
    """A frame after the last, a damaged file and no video are one line each."""
    with pytest.raises(DataError, match=rf"clip.* has {COUNT} frames, not {COUNT + 1}"):
        SeekableVideo(clip).read(COUNT)
    with pytest.raises(DataError, match="does not exist"):
        SeekableVideo(tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("text")
    with pytest.raises(DataError, match="is not a readable video"):
        SeekableVideo(tmp_path / "text.mp4")
