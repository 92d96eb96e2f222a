"""Photos are well exposed, keep detail, and depend only on light and the generator."""

import numpy as np
import pytest

from depth_unet.rooms.shots.sensor import Sensor, photograph


def light(scale: float = 1.0) -> np.ndarray:
    """A dim wall, brighter to the right, with a bright square and dark stripes."""
    columns = np.linspace(0.2, 1.0, 160, dtype=np.float32)
    picture = np.repeat(np.tile(columns, (120, 1))[..., None], 3, axis=2)
    picture[20:40, 20:50] = 6
    picture[60:100, ::8] *= 0.2
    return picture * np.float32(scale)


def taken(radiance: np.ndarray, seed: int) -> np.ndarray:
    """A photo by a random camera."""
    rng = np.random.default_rng(seed)
    return photograph(radiance, Sensor.draw(rng), rng)


def test_same_generator_same_photo() -> None:
    """The same state of the generator gives the same bytes."""
    first, second = (taken(light(), 3) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_light_is_not_changed() -> None:
    """The caller's radiance is not changed."""
    radiance = light()
    taken(radiance, 0)
    np.testing.assert_array_equal(radiance, light())


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_exposure_follows_the_light(scale: float) -> None:
    """The scale of radiance does not matter."""
    photo = taken(light(), 5).astype(int)
    scaled = taken(light(scale), 5).astype(int)
    assert np.abs(photo - scaled).max() <= 1


@pytest.mark.parametrize("seed", range(8))
def test_photos_are_neither_dark_nor_burnt_out(seed: int) -> None:
    """The median brightness of every photo is neither black nor white."""
    photo = taken(light(), seed)
    assert 45 < np.median(photo) < 215
    assert (photo == 255).mean() < 0.25


@pytest.mark.parametrize("seed", range(8))
def test_stripes_stay_visible(seed: int) -> None:
    """Lines of one pixel, 8 apart, keep much of their contrast."""
    rows = taken(light(), seed)[65:95, 60:124].mean(axis=(0, 2))
    profile = rows.reshape(-1, 8).mean(axis=0)
    assert profile.max() - profile.min() > 12


def test_black_picture() -> None:
    """A picture without light is dark, not an error."""
    photo = taken(np.zeros((24, 32, 3), np.float32), 0)
    assert photo.max() < 60


def test_noise_is_not_part_of_the_camera() -> None:
    """Two frames by one camera differ only by their noise."""
    sensor = Sensor.draw(np.random.default_rng(8))
    first, second = (
        photograph(light(), sensor, np.random.default_rng(seed)).astype(int) for seed in (1, 2)
    )
    assert 0 < np.abs(first - second).mean() < 12
    assert abs((first - second).mean()) < 0.5
