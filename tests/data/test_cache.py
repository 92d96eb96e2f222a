"""Prepared data sets: what is read from the blocks, how, and what is refused."""

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.cache import (
    MANIFEST_NAME,
    PREPARING_NAME,
    CacheSource,
    Manifest,
    block_names,
    read_manifest,
)
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.info import DatasetInfo, write_info
from depth_unet.data.layout import PairRow, write_index
from depth_unet.data.source import PairsSource, Source
from depth_unet.errors import DataError
from depth_unet.files.checksum import seal, sha256_of, unseal

HEIGHT, WIDTH, BLOCK_SIZE, FRAMES = 6, 8, 4, 6
CAMERA = Intrinsics.centred(640, 480, 520.0)


def random_block(block: int, height: int = HEIGHT, width: int = WIDTH) -> tuple[np.ndarray, ...]:
    """RGB and depth of one block; the last is not full."""
    generator = np.random.default_rng(block)
    count = min(BLOCK_SIZE, FRAMES - block * BLOCK_SIZE)
    return (
        generator.integers(0, 256, (count, height, width, 3)).astype(np.uint8),
        generator.integers(1, 9999, (count, height, width)).astype(np.uint16),
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A cache of six frames that were 16x12, in two blocks; the fourth has its own camera."""
    root = tmp_path / "cache"
    (root / "blocks").mkdir(parents=True)
    checksums = {}
    for block in range(2):
        for name, array in zip(block_names(block), random_block(block), strict=True):
            np.save(root / name, array)
            checksums[name] = sha256_of(root / name)
    own = (20.0, 21.0, 7.5, 5.5)
    write_index(
        root,
        [
            PairRow(rgb=f"{i}.jpg", depth=f"{i}.png", camera_px=own if i == 3 else None)
            for i in range(FRAMES)
        ],
    )
    write_info(root, DatasetInfo(name="x", intrinsics=CAMERA))
    manifest = Manifest(
        fingerprint="f",
        height=HEIGHT,
        width=WIDTH,
        block_size=BLOCK_SIZE,
        native_sizes=[[12, 16]] * FRAMES,
        pixels=[[f"{i}"] for i in range(FRAMES)],
        checksums=checksums,
    )
    (root / MANIFEST_NAME).write_text(json.dumps(seal(asdict(manifest))), encoding="utf-8")
    return root


def change_manifest(root: Path, **changes: Any) -> None:
    """Write other values into the manifest, and the checksums of the blocks as they are."""
    path = root / MANIFEST_NAME
    found = sorted((root / "blocks").glob("*.npy"))
    changes["checksums"] = {f"blocks/{file.name}": sha256_of(file) for file in found}
    values = unseal(json.loads(path.read_text())) | changes
    path.write_text(json.dumps(seal(values)), encoding="utf-8")


def test_frames_come_from_their_place(root: Path) -> None:
    """Every frame is its slice of its block, across blocks and in any order."""
    source = CacheSource(root)
    assert isinstance(source, Source)
    for index in (5, 0, 3, 4, 1, 2):
        block, offset = divmod(index, BLOCK_SIZE)
        rgb, depth_mm = random_block(block)
        frame = source.read(index)
        assert np.array_equal(frame.image, rgb[offset])
        assert np.array_equal(frame.depth_mm, depth_mm[offset])


def test_cameras_are_of_the_prepared_size(root: Path) -> None:
    """The camera follows from the native photo's to the cache's size, a row's own likewise."""
    source = CacheSource(root)
    assert source.read(0).intrinsics == CAMERA.resized(16, 12).resized(WIDTH, HEIGHT)
    assert source.read(3).intrinsics == Intrinsics(
        width=8, height=6, fx_px=10.0, fy_px=10.5, cx_px=3.5, cy_px=2.5
    )


def test_frames_are_copies(root: Path) -> None:
    """Changing a frame changes neither the file nor the next reading of it."""
    source = CacheSource(root)
    frame = source.read(4)
    for array, kept in zip((frame.image, frame.depth_mm), random_block(1), strict=True):
        assert not isinstance(array, np.memmap)
        array[:] = 0
        assert kept[0].any()
    assert np.array_equal(source.read(4).depth_mm, random_block(1)[1][0])


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="lists open files in /dev/fd")
def test_no_file_stays_open(root: Path) -> None:
    """However many blocks were read, none is open."""
    frames = 20
    for number in range(frames):
        for name, array in zip(block_names(number), random_block(0), strict=True):
            np.save(root / name, array[:1])
    write_index(root, [PairRow(rgb=f"{i}.jpg", depth=f"{i}.png") for i in range(frames)])
    pixels = [[f"{i}"] for i in range(frames)]
    change_manifest(root, block_size=1, native_sizes=[[12, 16]] * frames, pixels=pixels)
    before = len(list(Path("/dev/fd").iterdir()))
    source = CacheSource(root)
    for index in range(frames):
        assert source.read(index).depth_mm.any()
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_reading_takes_no_memory(root: Path) -> None:
    """Reading takes the memory of the frames that are held, not that of their blocks."""
    height, width = 480, 640
    for block in range(2):
        for name, array in zip(block_names(block), random_block(block, height, width), strict=True):
            np.save(root / name, array)
    change_manifest(root, height=height, width=width)
    source = CacheSource(root)
    tracemalloc.start()
    frames = [source.read(index) for index in range(FRAMES)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    held = sum(frame.image.nbytes + frame.depth_mm.nbytes for frame in frames)
    assert held > 5_000_000
    assert peak - held < 200_000


def test_manifest_round_trip(root: Path) -> None:
    """The manifest comes back from its file."""
    manifest = read_manifest(root)
    assert (manifest.height, manifest.width, manifest.block_size) == (HEIGHT, WIDTH, BLOCK_SIZE)
    assert asdict(manifest) == unseal(json.loads((root / MANIFEST_NAME).read_text()))


def test_open_source_knows_both_forms(root: Path, box_rooms: Path) -> None:
    """A folder with a manifest is a cache; without one it is the pairs layout."""
    assert isinstance(open_source(root), CacheSource)
    assert isinstance(open_source(box_rooms), PairsSource)


def test_half_made_cache_is_refused(root: Path) -> None:
    """An unfinished cache is not mistaken for a data set."""
    (root / MANIFEST_NAME).rename(root / PREPARING_NAME)
    with pytest.raises(DataError, match="unfinished cache; run the same `depth-unet prepare`"):
        open_source(root)


def test_photos_may_lie_in_a_folder_named_blocks(root: Path, box_rooms: Path) -> None:
    """A data set of photos is not a half-made cache because of a folder's name."""
    lines = (box_rooms / "index.csv").read_text().splitlines()
    (root / MANIFEST_NAME).unlink()
    for path in (root / "blocks").iterdir():
        path.unlink()
    names = lines[1].split(",")[:2]
    for name, place in zip(names, ("blocks/a.png", "blocks/b.png"), strict=True):
        (root / place).write_bytes((box_rooms / name).read_bytes())
    write_index(root, [PairRow(rgb="blocks/a.png", depth="blocks/b.png")])
    assert len(open_source(root).rows) == 1


def test_nothing_is_no_data_set(tmp_path: Path) -> None:
    """A path that does not exist, and an empty folder, are refused with what to name."""
    with pytest.raises(DataError, match=r"none does not exist; name a data set"):
        open_source(tmp_path / "none")
    with pytest.raises(DataError, match=r"the form of .* is not recognised"):
        open_source(tmp_path)


@pytest.mark.parametrize("name", [*block_names(0), *block_names(1)])
def test_missing_block_is_refused_at_once(root: Path, name: str) -> None:
    """A cache with a block missing is refused when it is opened, not in the middle of a run."""
    (root / name).unlink()
    with pytest.raises(DataError, match=f"{name} is missing; run the same"):
        CacheSource(root)


@pytest.mark.parametrize("name", block_names(1))
@pytest.mark.parametrize("length", [0, 60, 200])
def test_short_block_is_refused(root: Path, name: str, length: int) -> None:
    """A block that was cut short is refused by name when the cache is opened."""
    (root / name).write_bytes((root / name).read_bytes()[:length])
    with pytest.raises(DataError, match=name):
        CacheSource(root)


@pytest.mark.parametrize(
    "array",
    [np.ones((2, 5, 8, 3), np.uint8), np.ones((1, 6, 8, 3), np.uint8), np.ones((2, 6, 8, 3))],
    ids=["size", "count", "type"],
)
def test_block_of_another_form_is_refused(root: Path, array: np.ndarray) -> None:
    """A block of another size, number or type than the manifest says is refused by name."""
    name = block_names(1)[0]
    np.save(root / name, array)
    with pytest.raises(DataError, match=name):
        CacheSource(root)


@pytest.mark.parametrize("name", block_names(1))
def test_changed_block_is_refused(root: Path, name: str) -> None:
    """A block with one other bit is named when its first frame is read; other blocks are read."""
    data = bytearray((root / name).read_bytes())
    data[-3] ^= 1
    (root / name).write_bytes(data)
    source = CacheSource(root)
    assert source.read(0).depth_mm.any()
    for _ in range(2):
        with pytest.raises(DataError, match=f"{name} is damaged .*run the same `depth-unet prep"):
            source.read(BLOCK_SIZE)


def test_changed_manifest_is_refused(root: Path) -> None:
    """A number that was changed by mistake is found."""
    path = root / MANIFEST_NAME
    path.write_text(
        path.read_text().replace('"native_sizes": [[12, 16]', '"native_sizes": [[12, 17]')
    )
    with pytest.raises(DataError, match=r"cache\.json is damaged .* prepare with --overwrite"):
        CacheSource(root)


@pytest.mark.chaos
@pytest.mark.parametrize("name", block_names(1))
def test_block_that_is_lost_while_it_is_used(root: Path, name: str) -> None:
    """A file that is cut or removed while it is used is one line; mapped, it would be a crash."""
    source, path = CacheSource(root), root / name
    assert source.read(BLOCK_SIZE).depth_mm.any()
    with path.open("rb+") as stream:
        stream.truncate(130)
    with pytest.raises(DataError, match=f"{name} is damaged .cut short.*run the same"):
        source.read(BLOCK_SIZE)
    path.unlink()
    with pytest.raises(DataError, match=f"{name} cannot be read .No such file.*restore it"):
        source.read(BLOCK_SIZE)


def test_index_and_blocks_belong_together(root: Path) -> None:
    """An index with more rows than the blocks have frames is refused."""
    rows = [PairRow(rgb=f"{i}.jpg", depth=f"{i}.png") for i in range(FRAMES + 1)]
    write_index(root, rows)
    with pytest.raises(DataError, match="lists 7 training rows and its blocks hold 6"):
        CacheSource(root)


@pytest.mark.parametrize("schema", [1, 3])
def test_other_schema_is_refused(root: Path, schema: int) -> None:
    """A cache of another version says what to do; photos of the first were not turned upright."""
    change_manifest(root, schema=schema)
    with pytest.raises(DataError, match=f"schema {schema} and this version reads 2; prepare"):
        CacheSource(root)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text(""),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text("{}"),
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: path.write_text('{"name": "my app", "version": "1"}'),
    ],
    ids=["empty", "list", "no fields", "no text", "foreign"],
)
def test_damaged_manifest_is_refused(root: Path, spoil: Callable[[Path], object]) -> None:
    """A manifest that is not one is refused in one line that names the file."""
    spoil(root / MANIFEST_NAME)
    with pytest.raises(DataError, match=r"cache\.json") as caught:
        CacheSource(root)
    assert "\n" not in str(caught.value)


def test_manifest_of_other_data(tmp_path: Path) -> None:
    """A folder of pairs may have a manifest of its own, as rooms do; that makes it no cache."""
    write_index(tmp_path, [PairRow(rgb="0.jpg", depth="0.png", camera_px=(9.0, 9.0, 5.0, 5.0))])
    for name in ("0.jpg", "0.png"):
        (tmp_path / name).touch()
    (tmp_path / "manifest.json").write_text('{"title": "rooms"}', encoding="utf-8")
    assert isinstance(open_source(tmp_path), PairsSource)
    (tmp_path / MANIFEST_NAME).write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="damaged"):
        open_source(tmp_path)
