"""The order of training frames, and the content of batches."""

import hashlib
import itertools
import json
import shutil
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch

from depth_unet.data.fit import fit_frame
from depth_unet.data.loader import Loader, RawBatch, collate
from depth_unet.data.order import EpochOrder, hash_key
from depth_unet.data.prepare import prepare
from depth_unet.data.source import PairsSource
from depth_unet.images.resize import resize_depth, resize_image

INDICES = [*range(3, 40), 50, 70]  # 39 rows, not those from 0 on
SIZE = (30, 40)
Plan = list[tuple[int, int]]


@pytest.fixture(scope="module")
def source(box_rooms: Path) -> PairsSource:
    """Box rooms as they lie."""
    return PairsSource(box_rooms)


def make(source: PairsSource, **changes: int) -> Loader:
    """A loader of 39 frames in batches of 8: five steps per epoch, the last of 7 frames."""
    order = EpochOrder([INDICES], seed=changes.pop("seed", 1))
    return Loader(source, order, size=SIZE, **({"batch_size": 8} | changes))


def epoch(loader: Loader, number: int) -> Plan:
    """All that one epoch plans, step after step."""
    steps = loader.steps_per_epoch
    return list(
        itertools.chain(
            *(loader.plan(step) for step in range(number * steps, (number + 1) * steps))
        )
    )


def rows(plan: Plan) -> list[int]:
    """The rows of a plan."""
    return [row for row, _ in plan]


@pytest.mark.parametrize("batch_size", [1, 8, 13, 39, 100])
@pytest.mark.parametrize("number", [0, 1, 7])
def test_every_frame_exactly_once(source: PairsSource, batch_size: int, number: int) -> None:
    """An epoch is each training frame once, whatever the batch; the last batch may be smaller."""
    loader = make(source, batch_size=batch_size)
    assert loader.steps_per_epoch == -(-39 // batch_size)
    assert sorted(rows(epoch(loader, number))) == INDICES
    first = loader.plan(number * loader.steps_per_epoch)
    assert len(first) == min(batch_size, 39)


def test_epochs_differ_in_order(source: PairsSource) -> None:
    """Every epoch has its own order, no two alike, and none that of the index."""
    orders = [tuple(rows(epoch(make(source), number))) for number in range(5)]
    assert len({*orders, tuple(INDICES)}) == 6


def test_order_is_fair(source: PairsSource) -> None:
    """Over many epochs every frame comes first about equally often."""
    loader = make(source, batch_size=39)
    first = [loader.plan(step)[0][0] for step in range(39 * 20)]
    counts = np.bincount(first, minlength=71)[INDICES]
    assert counts.min() > 5
    assert counts.max() < 45


def test_same_step_same_batch(source: PairsSource) -> None:
    """A step's batch follows from its number alone: no earlier step has to be planned."""
    straight = [make(source).plan(step) for step in range(12)]
    loader = make(source)
    backwards = [loader.plan(step) for step in reversed(range(12))]
    assert straight == backwards[::-1]


def test_seed_decides(source: PairsSource) -> None:
    """Another seed has another order and other keys."""
    one, other = epoch(make(source, seed=1), 0), epoch(make(source, seed=2), 0)
    assert rows(one) != rows(other)
    assert not {key for _, key in one} & {key for _, key in other}


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_processes_share_every_batch(source: PairsSource, world_size: int) -> None:
    """The shares of all processes, in their order, are the batch of one process, keys and all."""
    alone = make(source)
    team = [make(source, rank=rank, world_size=world_size) for rank in range(world_size)]
    for step in range(12):
        shares = [loader.plan(step) for loader in team]
        assert list(itertools.chain(*shares)) == alone.plan(step)
        lengths = [len(share) for share in shares]
        assert max(lengths) - min(lengths) <= 1


def test_keys_belong_to_frames(source: PairsSource) -> None:
    """A frame's key in an epoch does not depend on batch size or number of processes."""
    keys = dict(epoch(make(source), 3))
    for batch_size, rank, world_size in ((1, 0, 1), (13, 0, 1), (8, 1, 2), (39, 2, 3)):
        loader = make(source, batch_size=batch_size, rank=rank, world_size=world_size)
        part = epoch(loader, 3)
        assert part
        assert all(keys[row] == key for row, key in part)


def test_keys_are_all_different(source: PairsSource) -> None:
    """No two frames, and no two epochs of one frame, share a key."""
    keys = [key for number in range(20) for _, key in epoch(make(source), number)]
    assert len(set(keys)) == len(keys) == 39 * 20


def test_batches_hold_the_planned_frames(source: PairsSource) -> None:
    """A batch holds the planned frames: photos, depth in metres, cameras and keys, resized."""
    loader = make(source)
    for step, batch in loader.batches(3, 6):
        plan = loader.plan(step)
        assert batch.keys.tolist() == [key for _, key in plan]
        assert (batch.image.dtype, batch.depth_m.dtype) == (torch.uint8, torch.float32)
        assert batch.image.shape == (len(plan), 3, *SIZE)
        for position, (row, _) in enumerate(plan):
            frame = source.read(row)
            image = torch.from_numpy(resize_image(frame.image, *SIZE).copy()).permute(2, 0, 1)
            assert torch.equal(batch.image[position], image)
            depth_m = resize_depth(frame.depth_mm, *SIZE).astype(np.float32) / 1000
            assert np.array_equal(batch.depth_m[position, 0].numpy(), depth_m)
            camera = frame.intrinsics.resized(SIZE[1], SIZE[0])
            expected = [camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px]
            assert batch.intrinsics_px[position].tolist() == pytest.approx(expected, rel=1e-6)


def test_batches_begin_and_end_where_told(source: PairsSource) -> None:
    """Steps come in their order, from the first to before the last; resumed, they are the same."""
    loader = make(source)
    whole = dict(loader.batches(0, 7))
    assert list(whole) == list(range(7))
    resumed = dict(make(source).batches(4, 7))
    assert list(resumed) == [4, 5, 6]
    for step, batch in resumed.items():
        assert torch.equal(batch.image, whole[step].image)
        assert torch.equal(batch.keys, whole[step].keys)
    assert not list(loader.batches(5, 5))


def digest(batches: Iterable[tuple[int, RawBatch]]) -> dict[int, str]:
    """SHA-256 of every batch: photos, depth, cameras, keys."""
    return {
        step: hashlib.sha256(
            b"".join(
                tensor.contiguous().numpy().tobytes()
                for tensor in (batch.image, batch.depth_m, batch.intrinsics_px, batch.keys)
            )
        ).hexdigest()
        for step, batch in batches
    }


@pytest.mark.parametrize("form", ["pairs", "cache"])
def test_workers_and_stops_do_not_change_batches(
    source: PairsSource, tmp_path: Path, form: str
) -> None:
    """Batches have one hash with 0 (one per core), 1 and 4 workers, and from mid-epoch on."""
    data = source if form == "pairs" else prepare(source, tmp_path / "c", height=45, width=60)

    def loader(workers: int) -> Loader:
        order = EpochOrder([INDICES], seed=1)
        return Loader(data, order, size=SIZE, batch_size=8, workers=workers)

    whole = digest(loader(0).batches(0, 11))
    assert len(set(whole.values())) == 11
    for workers in (1, 4):
        assert digest(loader(workers).batches(0, 11)) == whole
        resumed = digest(loader(workers).batches(7, 11))  # two steps into the second epoch
        assert resumed == {step: whole[step] for step in range(7, 11)}


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_every_pair_arrives_once_per_epoch(source: PairsSource, world_size: int) -> None:
    """What all processes read in an epoch is every pair exactly once, and nothing else."""
    team = [make(source, rank=rank, world_size=world_size) for rank in range(world_size)]
    expected = {
        hashlib.sha256(fit_frame(source.read(row), *SIZE).image.tobytes()).hexdigest()
        for row in INDICES
    }
    for number in (0, 1):
        found = Counter(
            hashlib.sha256(image.permute(1, 2, 0).contiguous().numpy().tobytes()).hexdigest()
            for loader in team
            for _, batch in loader.batches(number * 5, (number + 1) * 5)
            for image, depth_m in zip(batch.image, batch.depth_m, strict=True)
            if depth_m.any()  # a process without a share takes part with a frame without depth
        )
        assert set(found) == expected
        assert len(expected) == len(INDICES)
        assert set(found.values()) == {1}


def test_stopping_early_leaves_nothing_running(source: PairsSource) -> None:
    """Leaving the loop early ends the loader's threads."""
    before = threading.active_count()
    for _ in make(source).batches(0, 100):
        break
    assert threading.active_count() == before


def test_process_without_a_frame_takes_part(source: PairsSource) -> None:
    """A process without frames gets one without depth, which adds no loss."""
    loader = make(source, batch_size=2, rank=2, world_size=3)
    assert loader.plan(0) == []
    ((_, batch),) = loader.batches(0, 1)
    assert len(batch) == 1
    assert not batch.depth_m.any()


def test_collate_by_hand(source: PairsSource) -> None:
    """Millimetres become metres, 0 stays 0, rows and channels change places."""
    frame = fit_frame(source.read(0), 6, 8)
    frame.depth_mm[0, 0] = 0
    frame.depth_mm[0, 1] = 1234
    batch = collate([frame, frame], [5, 6], (6, 8))
    assert isinstance(batch, RawBatch)
    assert batch.depth_m[0, 0, 0, :2].tolist() == [0.0, pytest.approx(1.234, rel=1e-7)]
    assert batch.image[1, 2, 3, 4] == frame.image[3, 4, 2]
    assert batch.keys.tolist() == [5, 6]
    assert len(batch) == 2


def test_mix_is_even() -> None:
    """Keys of near numbers are unrelated: each bit is set in half of them; none is negative."""
    keys = np.array([hash_key(0, i, j) for i in range(50) for j in range(100)])
    assert keys.min() >= 0
    bits = (keys[:, None] >> np.arange(63)) & 1
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.05
    assert hash_key(1, 2) != hash_key(2, 1)
    assert hash_key(0) != hash_key(0, 0)
    neighbours = bits[1:] != bits[:-1]
    assert abs(neighbours.mean() - 0.5) < 0.01


def test_borders_are_not_trained_on(box_rooms: Path, tmp_path: Path) -> None:
    """A data set that states a border is trained on without it, from files and from a cache."""
    pairs = tmp_path / "pairs"
    shutil.copytree(box_rooms, pairs)
    facts = json.loads((pairs / "dataset.json").read_text()) | {"border_px": 12}
    (pairs / "dataset.json").write_text(json.dumps(facts))
    bordered = PairsSource(pairs)
    cache = prepare(bordered, tmp_path / "cache", height=60, width=80)
    for source in (bordered, cache):
        loader = Loader(source, EpochOrder([[0, 1]], seed=0), size=SIZE, batch_size=2)
        _, raw = next(loader.batches(0, 1))
        valid = raw.depth_m[:, 0] > 0
        for edge in (valid[:, 0], valid[:, -1], valid[..., 0], valid[..., -1]):
            assert edge.float().mean() > 0.5
        ratio = raw.intrinsics_px[:, 0] / source.read(0).intrinsics.resized(40, 30).fx_px
        assert ratio.tolist() == pytest.approx([160 / 128] * 2)  # 4:3 of 136x96
