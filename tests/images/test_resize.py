"""Photos are averaged when resized; depth is picked, so no value is invented."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from depth_unet.images.resize import resize_bilinear, resize_depth, resize_image

SIZES = [(6, 8), (5, 7), (3, 4), (12, 16), (24, 32), (48, 64), (1, 1)]


def random_image(height: int = 24, width: int = 32) -> np.ndarray:
    """Any photo."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def random_depth(height: int = 24, width: int = 32, holes: float = 0.0) -> np.ndarray:
    """Depth between 0.5 and 10 m, every value once; the share ``holes`` of it is 0."""
    generator = np.random.default_rng(1)
    depth_mm = generator.choice(np.arange(500, 10_000), (height, width), replace=False)
    return np.where(generator.random((height, width)) < holes, 0, depth_mm).astype(np.uint16)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_sizes(height: int, width: int) -> None:
    """The result has the size that was asked for, and the type of its input."""
    image = resize_image(random_image(), height, width)
    depth_mm = resize_depth(random_depth(), height, width)
    assert (image.shape, image.dtype) == ((height, width, 3), np.uint8)
    assert (depth_mm.shape, depth_mm.dtype) == ((height, width), np.uint16)


def test_same_size_is_the_same() -> None:
    """At its own size nothing changes, not the last bit."""
    assert np.array_equal(resize_image(random_image(), 24, 32), random_image())
    assert np.array_equal(resize_depth(random_depth(holes=0.3), 24, 32), random_depth(holes=0.3))


def test_shrunk_photo_is_the_mean_of_each_cell() -> None:
    """Downwards, every pixel is the mean of the pixels that it stands for: nothing is skipped."""
    image = random_image()
    means = image.reshape(6, 4, 8, 4, 3).mean(axis=(1, 3))
    assert np.abs(resize_image(image, 6, 8) - means).max() <= 0.5 + 1e-9


def test_enlarged_photo_stays_between_its_pixels() -> None:
    """Upwards, values are interpolated between neighbours, so flat stays flat and range holds."""
    ramp = np.repeat(np.arange(0, 250, 10, dtype=np.uint8)[None, :, None], 3, axis=2)
    large = resize_image(np.repeat(ramp, 4, axis=0), 8, 50).astype(int)
    assert (np.diff(large[..., 0], axis=1) >= 0).all()
    assert large.min() == 0
    assert large.max() == 240
    assert len(np.unique(large)) > 25


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("holes", [0.0, 0.3, 0.95])
def test_every_depth_was_measured(height: int, width: int, holes: float) -> None:
    """Each resized depth is a value of the original: there is nothing in mid-air at an edge."""
    depth_mm = random_depth(holes=holes)
    resized = resize_depth(depth_mm, height, width)
    assert set(np.unique(resized)) <= set(np.unique(depth_mm)) | {0}


def test_without_holes_there_are_none_after() -> None:
    """Depth without a hole has none at any size."""
    for height, width in SIZES:
        assert resize_depth(random_depth(), height, width).all()


def test_depth_of_the_centre_of_the_cell() -> None:
    """An odd ratio takes the pixel in the middle; enlarging repeats pixels."""
    depth_mm = random_depth(24, 33)
    assert np.array_equal(resize_depth(depth_mm, 8, 11), depth_mm[1::3, 1::3])
    large = resize_depth(depth_mm, 48, 66)
    assert np.array_equal(large, depth_mm.repeat(2, axis=0).repeat(2, axis=1))


@pytest.mark.parametrize("ratio", [2, 3, 4, 5, 8])
def test_depth_comes_from_its_own_cell(ratio: int) -> None:
    """For any holes, each depth was measured inside its own cell."""
    depth_mm = random_depth(8 * ratio, 8 * ratio, holes=0.7)
    resized = resize_depth(depth_mm, 8, 8)
    for row, column in zip(*np.nonzero(resized), strict=True):
        cell = depth_mm[row * ratio : (row + 1) * ratio, column * ratio : (column + 1) * ratio]
        assert resized[row, column] in cell


def test_hole_is_filled_from_its_cell() -> None:
    """A hole in the centre of a cell takes the nearest valid depth of the whole cell."""
    depth_mm = np.zeros((5, 5), np.uint16)
    depth_mm[0, 2], depth_mm[2, 3] = 1111, 2222
    assert resize_depth(depth_mm, 1, 1) == [[2222]]
    depth_mm[2, 3] = 0
    assert resize_depth(depth_mm, 1, 1) == [[1111]]
    depth_mm[0, 2], depth_mm[0, 0] = 0, 3333  # a corner
    assert resize_depth(depth_mm, 1, 1) == [[3333]]
    depth_mm[0, 0] = 0
    assert resize_depth(depth_mm, 1, 1) == [[0]]


@pytest.mark.parametrize("size", [(5, 7), (9, 11), (24, 5), (13, 64), (48, 10)])
def test_hole_takes_the_nearest_of_its_cell(size: tuple[int, int]) -> None:
    """At any ratio: a hole takes a value of its own cell, and none is nearer to the centre."""
    depth_mm = random_depth(holes=0.8)
    resized = resize_depth(depth_mm, *size)
    for place in np.ndindex(*size):
        centre, cell = [], []
        for index, old, new in zip(place, depth_mm.shape, size, strict=True):
            start = index * old // new
            centre.append((2 * index + 1) * old // (2 * new))
            cell.append(range(start, max(start + 1, (index + 1) * old // new)))
        valid = {
            int(depth_mm[y, x]): (y - centre[0]) ** 2 + (x - centre[1]) ** 2
            for y in {*cell[0]}
            for x in {*cell[1]}
            if depth_mm[y, x]
        }
        if depth_mm[*centre]:
            assert resized[place] == depth_mm[*centre]
        elif valid:
            assert valid[int(resized[place])] == min(valid.values())
        else:
            assert resized[place] == 0


def test_holes_never_pull_depth() -> None:
    """Depth beside a hole keeps its value: a hole is not averaged in as 0 m."""
    depth_mm = np.full((40, 40), 5000, np.uint16)
    depth_mm[::2] = 0
    for side in (10, 13, 20, 37):
        assert set(np.unique(resize_depth(depth_mm, side, side))) <= {0, 5000}


@pytest.mark.parametrize("side", [8, 16, 24, 48])
def test_photo_and_depth_stay_on_top_of_each_other(side: int) -> None:
    """An edge lies at the same column of the resized photo and of the resized depth."""
    step = np.arange(32) >= 16
    image = np.repeat(np.repeat(step[None, :, None] * np.uint8(200), 32, axis=0), 3, axis=2)
    depth_mm = np.where(np.repeat(step[None], 32, axis=0), 6000, 2000).astype(np.uint16)
    far = resize_depth(depth_mm, side, side) == 6000
    assert np.array_equal(far, resize_image(image, side, side)[..., 0] > 100)


def test_predictions_are_resized_bilinearly() -> None:
    """Values between pixels are interpolated; at its own size a map stays as it is."""
    ramp = np.arange(4, dtype=np.float32)[None] + 1
    large = resize_bilinear(ramp, 2, 8)
    assert large.shape == (2, 8)
    np.testing.assert_allclose(large[1], [1.0, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4.0])
    same = np.random.default_rng(0).random((3, 5), np.float32)
    assert np.array_equal(resize_bilinear(same, 3, 5), same)
    assert np.array_equal(resize_bilinear(same[:, ::-1], 3, 5), same[:, ::-1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((240, 320), (480, 640)),
        ((96, 128), (1000, 1500)),
        ((272, 288), (640, 480)),
        ((480, 640), (96, 128)),
        ((32, 480), (100, 3000)),
        ((241, 37), (517, 333)),
        ((1, 1), (40, 50)),
    ],
)
def test_predictions_are_resized_as_torch_does(old: tuple[int, int], new: tuple[int, int]) -> None:
    """Without torch, the values are those of its `interpolate`, up to the last bit of fp32."""
    values = np.random.default_rng(0).uniform(0.3, 10, old).astype(np.float32)
    theirs = F.interpolate(torch.from_numpy(values)[None, None], size=new, mode="bilinear")[0, 0]
    np.testing.assert_allclose(resize_bilinear(values, *new), theirs.numpy(), rtol=2.5e-7)
