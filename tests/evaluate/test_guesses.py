"""The guesses that a result must beat."""

from pathlib import Path

import numpy as np
import pytest
import torch

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.info import DatasetInfo
from depth_unet.data.layout import PairRow
from depth_unet.data.source import Frame, PairsSource, Source
from depth_unet.evaluate.guesses import COLUMNS, MOST_FRAMES, ROWS, fit_guesses, guess_predictors
from depth_unet.evaluate.score import score
from depth_unet.metrics.protocols import FULL

CAMERA = Intrinsics.centred(COLUMNS, ROWS, 50.0)


class Depths(Source):
    """A data set of given depth maps, in millimetres; it notes which were read."""

    def __init__(self, *depths_mm: np.ndarray) -> None:
        self.root = Path("memory")
        self.info = DatasetInfo(name="memory")
        self.depths_mm = depths_mm
        self.rows = [PairRow(rgb=f"{i}.jpg", depth=f"{i}.png") for i in range(len(depths_mm))]
        self.reads: list[int] = []

    def read(self, index: int) -> Frame:
        """One depth map with a black photo."""
        self.reads.append(index)
        depth_mm = self.depths_mm[index]
        height, width = depth_mm.shape
        return Frame(
            image=np.zeros((height, width, 3), np.uint8),
            depth_mm=depth_mm,
            intrinsics=Intrinsics.centred(width, height, 50.0),
        )


def flat(depth_mm: int, height: int = ROWS, width: int = COLUMNS) -> np.ndarray:
    """One depth everywhere."""
    return np.full((height, width), depth_mm, np.uint16)


def test_guesses_by_hand() -> None:
    """The constant is the median of valid depths, the map their mean at each pixel, in metres."""
    first, second, third = flat(1000), flat(2000), flat(6000)
    first[0, 0] = second[0, 0] = 0
    third[0, :2] = 0
    first[1, 1] = second[1, 1] = third[1, 1] = 0
    guesses = fit_guesses(Depths(first, second, third), [0, 1, 2])
    assert guesses["constant_m"].tolist() == [2.0]
    mean_m = guesses["mean_m"]
    assert mean_m.shape == (ROWS, COLUMNS)
    assert (mean_m.dtype, guesses["constant_m"].dtype) == (torch.float32, torch.float32)
    assert mean_m[5, 5] == 3.0
    assert mean_m[0, 1] == 1.5
    assert mean_m[1, 1] == 2.0, "a pixel that is never valid holds the constant"
    assert mean_m[0, 0] == 2.0


def test_holes_are_no_depth() -> None:
    """Holes, however many, pull neither guess towards the camera."""
    depth_mm = flat(4000)
    depth_mm[:, ::3] = 0
    depth_mm[::3] = 0
    guesses = fit_guesses(Depths(depth_mm, depth_mm), [0, 1])
    assert guesses["constant_m"].item() == 4.0
    assert (guesses["mean_m"] == 4).all()


def test_frames_of_any_size() -> None:
    """Frames of different size are brought to one grid."""
    guesses = fit_guesses(Depths(flat(1000, 96, 128), flat(3000, 480, 640)), [0, 1])
    assert (guesses["mean_m"] == 2).all()


def test_only_the_named_frames_count() -> None:
    """The guesses are fitted to training frames and to nothing else."""
    source = Depths(flat(1000), flat(9000), flat(1000))
    assert fit_guesses(source, [0, 2])["constant_m"].item() == 1.0
    assert source.reads == [0, 2]


def test_many_frames_are_sampled_evenly() -> None:
    """Of more than five hundred frames five hundred are read, from the first to the last."""
    source = Depths(*[flat(1000)] * (2 * MOST_FRAMES))
    fit_guesses(source, range(2 * MOST_FRAMES))
    assert len(set(source.reads)) == len(source.reads) == MOST_FRAMES
    assert (source.reads[0], source.reads[-1]) == (0, 2 * MOST_FRAMES - 1)


def test_predictors_say_what_was_fitted() -> None:
    """Each guess is a predictor under the name that tables show; the photo changes nothing."""
    depth_mm = flat(1000)
    depth_mm[:, COLUMNS // 2 :] = 3000
    predictors = guess_predictors(fit_guesses(Depths(depth_mm), [0]))
    assert list(predictors) == ["constant depth", "mean depth per pixel"]
    for value in (0, 255):
        image = np.full((9, 9, 3), value, np.uint8)
        constant = predictors["constant depth"](image, CAMERA)
        assert constant.tolist() == [[2.0]]
        mean_m = predictors["mean depth per pixel"](image, CAMERA)
        assert np.array_equal(mean_m, (depth_mm / 1000).astype(np.float32))


def test_guesses_score_as_they_should(box_rooms: Path) -> None:
    """On the frames they were fitted to, the mean per pixel has the smaller squared error."""
    source = PairsSource(box_rooms)
    indices = range(0, 72, 5)
    predictors = guess_predictors(fit_guesses(source, indices))
    found = {
        name: metrics.summary(num_resamples=2)["rmse"]["mean"]
        for name, metrics in score(predictors, source, indices, FULL).items()
    }
    assert found["mean depth per pixel"] < found["constant depth"]
    assert found["constant depth"] == pytest.approx(1, abs=0.8)
