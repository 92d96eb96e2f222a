"""Preparing a data set: exact, complete, and resumable."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.data import prepare as module
from depth_unet.data.cache import (
    MANIFEST_NAME,
    PREPARING_NAME,
    CacheSource,
    block_names,
)
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.layout import PairRow, write_index
from depth_unet.data.prepare import prepare
from depth_unet.data.source import Frame, PairsSource
from depth_unet.errors import ConfigError, DataError
from depth_unet.images.resize import resize_depth, resize_image
from examples.box_rooms import write_box_rooms

HEIGHT, WIDTH = 30, 40
FRAMES_PER_BLOCK = 5
NUM_BLOCKS = 4


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighteen training frames and two test frames."""
    root = tmp_path_factory.mktemp("rooms") / "rooms"
    return write_box_rooms(root, rooms=3, size=(80, 60), test_rooms=1, seed=7)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of five frames, so that there are four of them, the last not full."""
    monkeypatch.setattr(module, "BLOCK_BYTES", FRAMES_PER_BLOCK * HEIGHT * WIDTH * 5)


def run(source: PairsSource, out: Path, **changes: bool) -> CacheSource:
    """Prepare with one thread, so that blocks are written in their order."""
    return prepare(source, out, height=HEIGHT, width=WIDTH, workers=1, **changes)


def stamps(out: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of each file: they change if it is rewritten."""
    return {
        path.relative_to(out).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def contents(out: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


class Failing(PairsSource):
    """A data set that cannot be read from one frame on, like a machine that is switched off."""

    def __init__(self, root: Path, first: int, error: BaseException) -> None:
        super().__init__(root)
        self.first = first
        self.error = error

    def read(self, index: int) -> Frame:
        """The frame, or the failure."""
        if index >= self.first:
            raise self.error
        return super().read(index)


def interrupt(rooms: Path, out: Path) -> None:
    """Prepare until Ctrl-C in the third block."""
    with pytest.raises(KeyboardInterrupt):
        run(Failing(rooms, 2 * FRAMES_PER_BLOCK + 1, KeyboardInterrupt()), out)


def test_values_are_the_source_resized(rooms: Path, tmp_path: Path) -> None:
    """Every prepared frame is the source's, resized once, with the source's camera resized."""
    source = PairsSource(rooms)
    cache = run(source, tmp_path / "cache")
    assert cache.rows == source.rows
    assert cache.info == source.info
    for index, row in enumerate(source.rows):
        if row.official_split == "test":
            continue
        raw, ready = source.read(index), cache.read(index)
        assert np.array_equal(ready.image, resize_image(raw.image, HEIGHT, WIDTH))
        assert np.array_equal(ready.depth_mm, resize_depth(raw.depth_mm, HEIGHT, WIDTH))
        assert ready.intrinsics == raw.intrinsics.resized(WIDTH, HEIGHT)


def test_test_rows_stay_as_they_are(rooms: Path, tmp_path: Path) -> None:
    """Test frames are the original files, byte for byte, and read at native size."""
    source = PairsSource(rooms)
    cache = run(source, tmp_path / "cache")
    tests = [index for index, row in enumerate(source.rows) if row.official_split == "test"]
    assert len(tests) == 2
    for index in tests:
        row = source.rows[index]
        for name in (row.rgb, row.depth):
            assert (tmp_path / "cache" / name).read_bytes() == (rooms / name).read_bytes()
        assert np.array_equal(cache.read(index).depth_mm, source.read(index).depth_mm)
        assert cache.read(index).image.shape == (480, 640, 3)
    assert len(list((tmp_path / "cache").rglob("*.png"))) == 4


def test_border_and_unit_are_settled(rooms: Path, tmp_path: Path) -> None:
    """Border, range and unit are applied once: the cache holds millimetres, holes are 0."""
    root = tmp_path / "rooms"
    shutil.copytree(rooms, root)
    (root / "dataset.json").write_text(
        '{"depth_unit": 0.0005, "border_px": 8, "max_depth_m": 2.0, "intrinsics": {"width": 80, '
        '"height": 60, "fx_px": 64.0, "fy_px": 64.0, "cx_px": 40.0, "cy_px": 30.0}}'
    )
    cache = run(PairsSource(root), tmp_path / "cache")
    depth_mm = np.stack([cache.read(index).depth_mm for index in range(18)])
    assert 0 < depth_mm.max() <= 2000
    assert not depth_mm[:, :4].any()
    assert not depth_mm[:, :, -4:].any()
    assert depth_mm[:, 4:-4, 4:-4].any()
    test = next(index for index, row in enumerate(cache.rows) if row.official_split == "test")
    assert np.array_equal(cache.read(test).depth_mm, PairsSource(root).read(test).depth_mm)


def test_any_number_of_threads_writes_the_same(rooms: Path, tmp_path: Path) -> None:
    """The cache does not depend on how many threads made it."""
    run(PairsSource(rooms), tmp_path / "one")
    prepare(PairsSource(rooms), tmp_path / "four", height=HEIGHT, width=WIDTH, workers=4)
    assert contents(tmp_path / "one") == contents(tmp_path / "four")


def test_progress_counts_frames(rooms: Path, tmp_path: Path) -> None:
    """Progress grows to the number of all frames."""
    told: list[tuple[int, int]] = []
    prepare(
        PairsSource(rooms),
        tmp_path / "cache",
        height=HEIGHT,
        width=WIDTH,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (20, 20)
    assert told == sorted(told)
    assert len(told) == NUM_BLOCKS + 2


def test_finished_cache_is_kept(rooms: Path, tmp_path: Path) -> None:
    """Preparing again writes no block and copies no file anew, and gives the same cache."""
    out = tmp_path / "cache"
    run(PairsSource(rooms), out)
    before, files = stamps(out), contents(out)
    run(PairsSource(rooms), out)
    assert contents(out) == files
    after = stamps(out)
    for name in before:
        if name.startswith(("blocks/", "test/")):
            assert after[name] == before[name], name


def test_interrupted_cache_is_refused(rooms: Path, tmp_path: Path) -> None:
    """An unfinished cache is refused with the command that completes it."""
    interrupt(rooms, tmp_path / "cache")
    with pytest.raises(DataError, match="unfinished cache; run the same"):
        open_source(tmp_path / "cache")


def test_interrupted_cache_goes_on(rooms: Path, tmp_path: Path) -> None:
    """The same call resumes: finished blocks are kept, and the cache is that of one run."""
    out = tmp_path / "cache"
    interrupt(rooms, out)
    before = stamps(out)
    assert {*block_names(0), *block_names(1)} <= set(before)
    assert not set(block_names(2)) & set(before)
    run(PairsSource(rooms), out)
    after = stamps(out)
    for name in (*block_names(0), *block_names(1)):
        assert after[name] == before[name]
    run(PairsSource(rooms), tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")


def test_refreshing_is_not_trusted_before_its_end(rooms: Path, tmp_path: Path) -> None:
    """While a finished cache is prepared again, it is no cache: blocks may be missing."""
    out = tmp_path / "cache"
    run(PairsSource(rooms), out)
    (out / block_names(2)[0]).unlink()
    interrupt(rooms, out)
    assert not (out / MANIFEST_NAME).exists()


@pytest.mark.parametrize("name", [*block_names(1), "blocks/00001.json"])
@pytest.mark.parametrize(
    "spoil",
    [
        Path.unlink,
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_bytes(b"?" + path.read_bytes()[1:]),
    ],
    ids=["missing", "short", "changed"],
)
def test_corrupted_block_is_rewritten(
    rooms: Path, tmp_path: Path, name: str, spoil: Callable[[Path], object]
) -> None:
    """Only a block that does not match its checksum is written again."""
    out = tmp_path / "cache"
    run(PairsSource(rooms), out)
    files, before = contents(out), stamps(out)
    spoil(out / name)
    run(PairsSource(rooms), out)
    assert contents(out) == files
    after = stamps(out)
    for other in (*block_names(0), *block_names(2), *block_names(3)):
        assert after[other] == before[other]


@pytest.mark.parametrize("keep", [0, 100])
def test_corrupted_test_file_is_copied_again(rooms: Path, tmp_path: Path, keep: int) -> None:
    """An incomplete copy of a test frame is replaced: test frames are byte-identical."""
    out = tmp_path / "cache"
    run(PairsSource(rooms), out)
    files = contents(out)
    copy = next(out.glob("test/**/*_rgb.png"))
    copy.write_bytes(copy.read_bytes()[:keep])
    run(PairsSource(rooms), out)
    assert contents(out) == files


def test_other_content_needs_overwrite(rooms: Path, tmp_path: Path) -> None:
    """A cache of another size or data is refused and stays; with overwrite it is replaced whole."""
    out = tmp_path / "cache"
    run(PairsSource(rooms), out)
    files = contents(out)
    other = write_box_rooms(tmp_path / "other", rooms=2, size=(80, 60), seed=1)
    with pytest.raises(DataError, match=r"other data or another size, .* --overwrite"):
        prepare(PairsSource(rooms), out, height=HEIGHT, width=WIDTH + 8)
    with pytest.raises(DataError, match="other data or another size"):
        run(PairsSource(other), out)
    assert contents(out) == files
    run(PairsSource(other), out, overwrite=True)
    run(PairsSource(other), tmp_path / "fresh")
    assert contents(out) == contents(tmp_path / "fresh")


def test_half_made_cache_of_other_content_is_refused(rooms: Path, tmp_path: Path) -> None:
    """An unfinished cache is not completed with other content."""
    interrupt(rooms, tmp_path / "cache")
    with pytest.raises(DataError, match="other data or another size"):
        prepare(PairsSource(rooms), tmp_path / "cache", height=HEIGHT, width=WIDTH + 8)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["letter.txt", "photos/a.jpg", "cache.json", "index.csv"])
def test_foreign_folder_is_refused(rooms: Path, tmp_path: Path, name: str, overwrite: bool) -> None:
    """A folder with anything else in it is never touched, not even with overwrite."""
    out = tmp_path / "mine"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text('{"name": "my app"}')
    with pytest.raises(DataError, match=r"mine.*(choose another|damaged)"):
        run(PairsSource(rooms), out, overwrite=overwrite)
    assert contents(out) == {name: b'{"name": "my app"}'}


@pytest.mark.parametrize("text", ['{"schema": 0}', "", "{"])
def test_damaged_or_old_cache_can_be_overwritten(rooms: Path, tmp_path: Path, text: str) -> None:
    """The message says to prepare with --overwrite, and that helps."""
    out = tmp_path / "cache"
    run(PairsSource(rooms), out)
    files = contents(out)
    (out / MANIFEST_NAME).write_text(text)
    with pytest.raises(DataError, match="--overwrite"):
        run(PairsSource(rooms), out)
    run(PairsSource(rooms), out, overwrite=True)
    assert contents(out) == files


@pytest.mark.parametrize("overwrite", [False, True])
def test_source_is_not_overwritten(rooms: Path, tmp_path: Path, overwrite: bool) -> None:
    """A data set cannot be prepared into its own folder."""
    root = tmp_path / "rooms"
    shutil.copytree(rooms, root)
    before = contents(root)
    with pytest.raises(DataError, match="choose another output"):
        run(PairsSource(root), root, overwrite=overwrite)
    assert contents(root) == before


@pytest.mark.parametrize("parts", [("file",), ("file", "cache")])
def test_path_at_a_file_is_refused(rooms: Path, tmp_path: Path, parts: tuple[str, ...]) -> None:
    """A cache cannot be a regular file, nor lie below one."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="is a file, not a folder; choose another"):
        run(PairsSource(rooms), tmp_path.joinpath(*parts))
    assert (tmp_path / "file").read_text() == "mine"


def test_empty_folder_may_be_used(rooms: Path, tmp_path: Path) -> None:
    """An empty folder can become the cache."""
    (tmp_path / "cache").mkdir()
    assert len(run(PairsSource(rooms), tmp_path / "cache").rows) == 20


def test_bad_headers_are_found_before_anything_is_written(rooms: Path, tmp_path: Path) -> None:
    """One bad pair among many is refused with its name, and there is no folder yet."""
    root = tmp_path / "rooms"
    shutil.copytree(rooms, root)
    bad = sorted(root.glob("train/*/*_depth.png"))[-1]
    Image.fromarray(np.ones((60, 80), np.uint8)).save(bad)
    with pytest.raises(DataError, match=f"{bad.name} is an 8-bit image"):
        run(PairsSource(root), tmp_path / "cache")
    Image.fromarray(np.ones((50, 80), np.uint16)).save(bad)
    with pytest.raises(DataError, match=f"{bad.name} is 80x50"):
        run(PairsSource(root), tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_damage_found_on_the_way_is_named(rooms: Path, tmp_path: Path) -> None:
    """Damage that a header hides stops preparing and names the file; repaired, it resumes."""
    root = tmp_path / "rooms"
    shutil.copytree(rooms, root)
    bad = sorted(root.glob("train/*/*_depth.png"))[-1]
    whole = bad.read_bytes()
    bad.write_bytes(whole[:200] + b"\0" * (len(whole) - 200))  # of the same length
    with pytest.raises(DataError, match=bad.name):
        run(PairsSource(root), tmp_path / "cache")
    with pytest.raises(DataError, match="unfinished"):
        open_source(tmp_path / "cache")
    bad.write_bytes(whole)
    assert run(PairsSource(root), tmp_path / "cache").read(17).depth_mm.any()


def test_repaired_file_costs_its_own_block(rooms: Path, tmp_path: Path) -> None:
    """A file of another length, repaired in a cache that is not finished: other blocks are kept."""
    root, out = Path(shutil.copytree(rooms, tmp_path / "rooms")), tmp_path / "cache"
    bad = root / PairsSource(root).rows[-3].rgb
    whole = bad.read_bytes()
    bad.write_bytes(whole[:-500])
    with pytest.raises(DataError, match=bad.name):
        run(PairsSource(root), out)
    before = stamps(out)
    bad.write_bytes(whole)
    run(PairsSource(root), out)
    assert stamps(out)[block_names(0)[0]] == before[block_names(0)[0]]
    run(PairsSource(root), tmp_path / "fresh")
    assert contents(out) == contents(tmp_path / "fresh")


def write_depth(path: Path, depth_mm: int) -> None:
    """A depth file whose length and age do not depend on its depth."""
    pixels = np.full((60, 80), depth_mm, np.uint16)
    Image.fromarray(pixels).save(path, compress_level=0)
    os.utime(path, (10**9, 10**9))


def test_replaced_file_of_equal_length_and_age(rooms: Path, tmp_path: Path) -> None:
    """Its old depth is not kept: a finished cache is refused, or replaced with overwrite."""
    root, out = Path(shutil.copytree(rooms, tmp_path / "rooms")), tmp_path / "cache"
    row = PairsSource(root).rows[7]
    write_depth(root / row.depth, 2000)
    run(PairsSource(root), out)
    files, length = contents(out), (root / row.depth).stat().st_size
    write_depth(root / row.depth, 3000)
    assert (root / row.depth).stat().st_size == length
    with pytest.raises(DataError, match=r"files that have changed since; .* with --overwrite"):
        run(PairsSource(root), out)
    assert contents(out) == files
    assert (run(PairsSource(root), out, overwrite=True).read(7).depth_mm == 3000).all()


def test_replaced_file_in_an_unfinished_cache(rooms: Path, tmp_path: Path) -> None:
    """The block that holds the old depth is written again, and no other."""
    root, out = Path(shutil.copytree(rooms, tmp_path / "rooms")), tmp_path / "cache"
    row = PairsSource(root).rows[7]
    write_depth(root / row.depth, 2000)
    interrupt(root, out)
    before = stamps(out)
    write_depth(root / row.depth, 3000)
    assert (run(PairsSource(root), out).read(7).depth_mm == 3000).all()
    assert stamps(out)[block_names(0)[1]] == before[block_names(0)[1]]


@pytest.mark.filterwarnings("ignore:.*states no camera")
def test_copied_data_set_is_the_same(rooms: Path, tmp_path: Path) -> None:
    """Place, name and age of the files do not matter: no block is written again."""
    root, out = Path(shutil.copytree(rooms, tmp_path / "rooms")), tmp_path / "cache"
    (root / "dataset.json").write_text('{"max_depth_m": 9}')  # its folder gives the name
    run(PairsSource(root), out)
    before = stamps(out)
    copy = root.rename(tmp_path / "copy")
    for path in copy.rglob("*.png"):
        os.utime(path, (10**9, 10**9))
    assert run(PairsSource(copy), out).info.name == "copy"
    after = stamps(out)
    assert {name: after[name] for name in before if name.endswith(".npy")} == {
        name: before[name] for name in before if name.endswith(".npy")
    }


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_damaged_claim_is_rebuilt(rooms: Path, tmp_path: Path, text: str) -> None:
    """Unreadable parts of an unfinished cache are written again."""
    interrupt(rooms, tmp_path / "cache")
    (tmp_path / "cache" / PREPARING_NAME).write_text(text)
    assert len(run(PairsSource(rooms), tmp_path / "cache").rows) == 20


def test_negative_number_of_threads_is_refused(rooms: Path, tmp_path: Path) -> None:
    """A negative number of threads is refused."""
    with pytest.raises(ConfigError, match="workers is -1"):
        prepare(PairsSource(rooms), tmp_path / "cache", height=HEIGHT, width=WIDTH, workers=-1)


def test_names_of_test_files_do_not_collide(rooms: Path, tmp_path: Path) -> None:
    """Test photos may lie in a folder named blocks, but not under the name of a block."""
    root = Path(shutil.copytree(rooms, tmp_path / "rooms"))
    rows = list(PairsSource(root).rows)
    (root / "blocks").mkdir()
    for name in ("blocks/a.png", block_names(0)[0]):
        shutil.copyfile(root / rows[-1].rgb, root / name)
        write_index(root, [*rows, PairRow(rgb=name, depth=rows[-1].depth, official_split="test")])
        if name == "blocks/a.png":
            cache = run(PairsSource(root), tmp_path / "cache")
            assert cache.read(len(rows)).image.shape == (480, 640, 3)
        else:
            with pytest.raises(DataError, match="has a name that the cache needs"):
                run(PairsSource(root), tmp_path / "other")


def test_nothing_is_left_beside(rooms: Path, tmp_path: Path) -> None:
    """A finished cache holds its blocks, test files and three descriptions, and nothing else."""
    out = tmp_path / "cache"
    run(PairsSource(rooms), out)
    names = {path.name for path in out.iterdir()}
    assert names == {"blocks", "test", "index.csv", "dataset.json", MANIFEST_NAME}
    assert PREPARING_NAME not in names
    assert len(list((out / "blocks").iterdir())) == 3 * NUM_BLOCKS
