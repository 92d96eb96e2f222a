"""Where predictions meet the ground truth."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.info import DatasetInfo
from depth_unet.data.layout import PairRow
from depth_unet.data.source import Frame, PairsSource, Source
from depth_unet.errors import DataError
from depth_unet.evaluate.score import score, score_frame, with_flip_averaging
from depth_unet.metrics.depth import SUM_NAMES
from depth_unet.metrics.protocols import FULL, NYU_EIGEN
from tests.integration.short_run import torch_threads

Predict = Callable[[np.ndarray, Intrinsics], np.ndarray]
HEIGHT, WIDTH = 6, 8


class Frames(Source):
    """A data set in memory; it notes which frames were read."""

    def __init__(self, count: int) -> None:
        self.root = Path("memory")
        self.info = DatasetInfo(name="memory")
        self.rows = [PairRow(rgb=f"{i}.jpg", depth=f"{i}.png") for i in range(count)]
        self.reads: list[int] = []

    def read(self, index: int) -> Frame:
        """A frame whose photo and depth encode its number; one corner is a hole."""
        self.reads.append(index)
        depth_mm = np.full((HEIGHT, WIDTH), 1000 + 100 * index, np.uint16)
        depth_mm += np.arange(WIDTH, dtype=np.uint16)
        depth_mm[0, 0] = 0
        return Frame(
            image=np.full((HEIGHT, WIDTH, 3), index, np.uint8),
            depth_mm=depth_mm,
            intrinsics=Intrinsics.centred(WIDTH, HEIGHT, 10.0 + index),
        )


def truth(image: np.ndarray, _camera: Intrinsics) -> np.ndarray:
    """The depth of a frame in memory, known from its photo."""
    depth_m = (1000 + 100 * int(image[0, 0, 0]) + np.arange(WIDTH)) / 1000
    return np.broadcast_to(depth_m, (HEIGHT, WIDTH)).astype(np.float32)


def always(depth_m: float, height: int = 1, width: int = 1) -> Predict:
    """One depth everywhere, at this size."""
    return lambda _image, _camera: np.full((height, width), depth_m, np.float32)


def test_truth_against_itself_is_perfect(box_rooms: Path) -> None:
    """The ground truth as a prediction scores 0 and 1, up to the rounding of fp32."""
    source = PairsSource(box_rooms)
    tests = [index for index, row in enumerate(source.rows) if row.official_split == "test"]
    indices = [0, 13, *tests]
    depths = {
        frame.image.tobytes(): frame.depth_mm / np.float64(1000)
        for frame in map(source.read, indices)
    }
    predictors = {"truth": lambda image, _camera: depths[image.tobytes()].astype(np.float32)}
    summary = score(predictors, source, indices, FULL)["truth"].summary(num_resamples=10)
    for name, value in summary.items():
        best = float(name.startswith(("delta", "edge", "boundary")))
        assert value["mean"] == pytest.approx(best, abs=1e-5)
    eigen = score(predictors, source, tests, NYU_EIGEN)["truth"].summary(num_resamples=10)
    assert eigen["delta1"]["mean"] == 1


def test_every_frame_once_for_all_predictors() -> None:
    """Each frame is read once for any number of predictors, and progress is reported."""
    source, calls = Frames(10), []
    indices = [7, 0, 3, 9, 1, 2]
    found = score(
        {"truth": truth, "one": always(1.0)}, source, indices, FULL, lambda: calls.append(1)
    )
    assert sorted(source.reads) == sorted(indices)
    assert len(calls) == len(indices)
    for metrics in found.values():
        names = [name for name, _ in metrics.per_image()]
        assert names == sorted(f"{index}.jpg" for index in indices)


@pytest.mark.parametrize("in_threads", [False, True])
@pytest.mark.parametrize("count", [1, 3, 4, 5, 9])
def test_any_number_of_frames(count: int, *, in_threads: bool) -> None:
    """Working ahead neither skips nor repeats: every frame meets its own photo."""
    source = Frames(10)
    with torch_threads(3):
        found = score({"truth": truth}, source, range(count), FULL, in_threads=in_threads)
    metrics = found["truth"]
    assert metrics.num_images == count
    assert metrics.summary(num_resamples=2)["abs_rel"]["mean"] == pytest.approx(0, abs=1e-6)


def test_one_thread_of_torch_for_each_frame() -> None:
    """Frames are scored at the same time, and add up in their order."""
    meeting, threads = threading.Barrier(3), set[int]()

    def meet(image: np.ndarray, camera: Intrinsics) -> np.ndarray:
        meeting.wait(timeout=10)
        threads.add(torch.get_num_threads())
        return 1.3 * truth(image, camera)

    with torch_threads(3):
        found = score({"it": meet}, Frames(9), range(9), FULL, in_threads=True)["it"]
        with ThreadPoolExecutor(1) as later:
            assert later.submit(torch.get_num_threads).result() == 3
    alone = score({"it": lambda *x: 1.3 * truth(*x)}, Frames(9), range(9), FULL)["it"]
    assert threads == {1}
    assert found.images == alone.images


def test_score_by_hand() -> None:
    """Sums are over the valid pixels, in metres, in float64."""
    sums = dict(
        zip(
            SUM_NAMES, score_frame(always(2.0, HEIGHT, WIDTH), Frames(1).read(0), FULL), strict=True
        )
    )
    target = np.broadcast_to((1000 + np.arange(WIDTH)) / 1000, (HEIGHT, WIDTH)).ravel()[1:]
    assert sums["count"] == HEIGHT * WIDTH - 1
    assert float(sums["abs_rel"]) == pytest.approx((np.abs(2 - target) / target).sum(), rel=1e-6)
    assert float(sums["square"]) == pytest.approx(((2 - target) ** 2).sum(), rel=1e-6)


def test_camera_reaches_the_predictor() -> None:
    """A predictor gets the photo as stored and the camera of its frame."""
    seen = []

    def predict(image: np.ndarray, camera: Intrinsics) -> np.ndarray:
        seen.append((int(image[0, 0, 0]), camera.fx_px))
        return truth(image, camera)

    score({"x": predict}, Frames(3), [2, 0], FULL)
    assert seen == [(2, 12.0), (0, 10.0)]


def test_flip_averaging_mirrors_back() -> None:
    """The mean of the answer and of the mirror image's answer, mirrored back, with its camera."""
    cameras = []

    def leaning(image: np.ndarray, camera: Intrinsics) -> np.ndarray:
        """Return the photo's depth, plus an error that grows to the right."""
        cameras.append(camera)
        return image[..., 0].astype(np.float32) + np.arange(4, dtype=np.float32)

    image = np.zeros((2, 4, 3), np.uint8)
    image[..., 0] = [10, 20, 30, 40]
    camera = Intrinsics(width=4, height=2, fx_px=5.0, fy_px=5.0, cx_px=1.0, cy_px=0.5)
    averaged = with_flip_averaging(leaning)(image, camera)
    assert averaged[0].tolist() == [11.5, 21.5, 31.5, 41.5]
    assert cameras == [camera, camera.flipped()]
    assert image[0, 0, 0] == 10


def test_flip_is_the_protocols_choice() -> None:
    """A predictor runs once per photo, and twice where the protocol averages over the mirror."""
    calls = []

    def predict(image: np.ndarray, camera: Intrinsics) -> np.ndarray:
        calls.append(image.flags.c_contiguous)
        return truth(image, camera)

    frame = Frames(1).read(0)
    straight = score_frame(predict, frame, FULL)
    assert calls == [True]
    averaged = score_frame(predict, frame, replace(FULL, flip=True))
    assert calls == [True, True, True]
    assert not torch.equal(straight, averaged)


def test_protocol_is_applied() -> None:
    """Range, alignment and native size are the protocol's."""
    frame = Frames(6).read(5)
    near = replace(FULL, max_depth_m=1.502)
    assert score_frame(always(1.0), frame, near)[0] == 3 * HEIGHT - 1
    aligned = replace(FULL, alignment="median")
    metrics = score({"x": lambda i, c: 3 * truth(i, c)}, Frames(3), [0, 1, 2], aligned)["x"]
    assert metrics.summary(num_resamples=2)["abs_rel"]["mean"] == pytest.approx(0, abs=1e-6)
    with pytest.raises(DataError, match="needs ground truth of 640x480"):
        score({"x": truth}, Frames(1), [0], NYU_EIGEN)


def test_nan_is_not_hidden() -> None:
    """A prediction of NaN shows in the scores."""
    sums = score_frame(always(float("nan")), Frames(1).read(0), FULL)
    assert sums[SUM_NAMES.index("abs_rel")].isnan()


@pytest.mark.parametrize("in_threads", [False, True])
def test_errors_while_reading_arrive(*, in_threads: bool) -> None:
    """A frame that cannot be read stops the work with its own message."""
    source = Frames(9)
    whole = source.read

    def read(index: int) -> Frame:
        if index == 6:
            raise DataError("6.jpg is damaged")
        return whole(index)

    source.read = read
    with pytest.raises(DataError, match=r"6\.jpg is damaged"):
        score({"x": truth}, source, range(9), FULL, in_threads=in_threads)
