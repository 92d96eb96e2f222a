"""Textures tile without a seam, depend only on their seed, and differ between splits."""

import numpy as np
import pytest

from depth_unet.errors import ConfigError
from depth_unet.rooms.textures.pool import MAKERS, SINGLE, SIZE_M, TexturePool, make_texture

SIDE_PX = 256
REPEATING = [kind for kind in MAKERS if kind not in SINGLE]


@pytest.mark.parametrize("kind", MAKERS)
def test_same_seed_same_bytes(kind: str) -> None:
    """A texture is a function of the generator's state, an sRGB picture with some contrast."""
    first, second, other = (make_texture(kind, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first.shape == (SIDE_PX, SIDE_PX, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", REPEATING)
def test_repeats_without_a_seam(kind: str) -> None:
    """The step over the edge is no larger than steps inside, along both axes."""
    for seed in range(4):
        texture = make_texture(kind, np.random.default_rng(seed)).astype(np.float32)
        for axis in (0, 1):
            following = np.roll(texture, -1, axis)
            steps = np.abs(following - texture).mean(axis=(1 - axis, 2))
            assert steps[-1] <= 1.05 * steps[:-1].max() + 0.5, (kind, seed, axis)


@pytest.mark.parametrize("kind", MAKERS)
def test_shares_are_disjoint(kind: str) -> None:
    """No texture of the training rooms is used in test rooms."""
    rng = np.random.default_rng(0)
    pools = [TexturePool(split, per_kind=3) for split in ("train", "test")]
    train, test = ({pool.pick(kind, rng).tobytes() for _ in range(12)} for pool in pools)
    assert not train & test


def test_picks_keep_their_identity() -> None:
    """A pool returns the same read-only array again."""
    rng = np.random.default_rng(0)
    pool, twin = TexturePool("train", per_kind=1), TexturePool("train", per_kind=1)
    assert pool.pick("wood", rng) is twin.pick("wood", rng)
    assert not pool.pick("wood", rng).flags.writeable


def test_unknown_kind() -> None:
    """An unknown kind is refused, and the known ones are listed."""
    with pytest.raises(ConfigError, match="choose one of wood"):
        make_texture("lava", np.random.default_rng(0))
    with pytest.raises(ConfigError, match="choose one of wood"):
        TexturePool("train").pick("lava", np.random.default_rng(0))


def test_sizes_are_of_known_kinds() -> None:
    """Sizes are given for tiling textures only, from 0.1 to 3 m."""
    assert set(SIZE_M) <= set(REPEATING)
    assert all(0.3 <= low < high <= 3 for low, high in SIZE_M.values())
