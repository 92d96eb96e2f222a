"""Classes of pixels: read from their folder, and unchanged by the cache."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.data.cache import CacheSource
from depth_unet.data.fit import crop_border
from depth_unet.data.labels import UNLABELLED, Labelled
from depth_unet.data.loader import collate
from depth_unet.data.prepare import prepare, skip_bad
from depth_unet.data.source import PairsSource
from depth_unet.errors import DataError
from examples.box_rooms import write_box_rooms

SIZE = (48, 64)


@pytest.fixture
def rooms(tmp_path: Path) -> PairsSource:
    """Four training frames and one test frame of 64x48."""
    root = tmp_path / "rooms"
    return PairsSource(
        write_box_rooms(root, rooms=2, frames=2, size=(64, 48), test_rooms=1, test_frames=1, seed=1)
    )


@pytest.fixture
def folder(rooms: PairsSource, tmp_path: Path) -> Path:
    """A class per pixel of every training frame: the lower byte of its depth."""
    folder = tmp_path / "classes"
    folder.mkdir()
    for index, row in enumerate(rooms.rows):
        if row.official_split != "test":
            low = (rooms.read(index).depth_mm % 256).astype(np.uint8)
            path = folder / row.rgb
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(low).save(path)
    return folder


def test_replaced_classes_are_noticed(rooms: PairsSource, folder: Path, tmp_path: Path) -> None:
    """A map of classes may be replaced by one of the same length and age."""

    def write(value: int) -> None:
        path = folder / rooms.rows[0].rgb
        Image.fromarray(np.full(SIZE, value, np.uint8)).save(path, compress_level=0)
        os.utime(path, (10**9, 10**9))

    source, out = Labelled(rooms, folder), tmp_path / "cache"
    write(3)
    prepare(source, out, height=SIZE[0], width=SIZE[1])
    write(4)
    with pytest.raises(DataError, match="files that have changed since"):
        prepare(source, out, height=SIZE[0], width=SIZE[1])
    made = prepare(source, out, height=SIZE[0], width=SIZE[1], overwrite=True)
    assert np.equal(made.read(0).labels, 4).all()


def test_cache_keeps_them(rooms: PairsSource, folder: Path, tmp_path: Path) -> None:
    """Classes come back from a cache pixel by pixel with depth; a smaller one picks centres."""
    prepare(Labelled(rooms, folder), tmp_path / "cache", height=SIZE[0], width=SIZE[1])
    prepare(Labelled(rooms, folder), tmp_path / "small", height=24, width=32)
    for name in ("cache", "small"):
        source = CacheSource(tmp_path / name)
        assert source.manifest.labelled
        for index, row in enumerate(source.rows):
            frame = source.read(index)
            if row.official_split == "test":
                assert frame.labels is None
                continue
            assert frame.labels is not None
            native = Labelled(rooms, folder).read(index)
            assert native.labels is not None
            assert (native.labels == native.depth_mm % 256).all()
            step = 48 // frame.labels.shape[0]
            picked = native.labels[step // 2 :: step, step // 2 :: step]
            assert (frame.labels == picked).all()


def test_they_are_a_part_of_the_request(rooms: PairsSource, folder: Path, tmp_path: Path) -> None:
    """A cache without classes is not mistaken for one with them; preparing again resumes."""
    out = tmp_path / "cache"
    prepare(rooms, out, height=24, width=32)
    assert not CacheSource(out).manifest.labelled
    with pytest.raises(DataError, match="--overwrite"):
        prepare(Labelled(rooms, folder), out, height=24, width=32)
    prepare(Labelled(rooms, folder), out, height=24, width=32, overwrite=True)
    again = prepare(Labelled(rooms, folder), out, height=24, width=32)
    assert again.manifest.labelled


def test_batches(rooms: PairsSource, folder: Path) -> None:
    """A batch has classes if any frame has; frames without have none anywhere."""
    plain, labelled = rooms.read(0), Labelled(rooms, folder).read(0)
    assert collate([plain, plain], [1, 2], SIZE).labels is None
    mixed = collate([plain, labelled], [1, 2], SIZE)
    assert mixed.labels is not None
    assert (mixed.labels[0] == UNLABELLED).all()
    assert labelled.labels is not None
    assert (mixed.labels[1, 0].numpy() == labelled.labels).all()
    assert mixed.slice(1, 2).labels is not None


def test_border_is_cut_alike(rooms: PairsSource, folder: Path) -> None:
    """The border is cropped from photo and classes alike."""
    frame = Labelled(rooms, folder).read(0)
    object.__setattr__(frame, "border_px", 5)
    inner = crop_border(frame)
    assert inner.labels is not None
    assert inner.labels.shape == inner.depth_mm.shape == (38, 54)
    known = inner.depth_mm > 0
    assert (inner.labels == inner.depth_mm % 256)[known].all()


def test_refusals(rooms: PairsSource, folder: Path, tmp_path: Path) -> None:
    """A missing map, another size or colours give one line that names the file."""
    first = folder / rooms.rows[0].rgb
    for size, mode, message in (((32, 24), "L", "same size"), ((64, 48), "RGB", "colour mode RGB")):
        Image.new(mode, size).save(first)
        with pytest.raises(DataError, match=message):
            Labelled(rooms, folder).read(0)
    first.write_bytes(b"no picture")
    with pytest.raises(DataError, match="is not an image file"):
        Labelled(rooms, folder).read(0)
    with pytest.raises(DataError, match="--labels"):
        Labelled(rooms, tmp_path / "nowhere")


@pytest.mark.parametrize("damage", ["missing", "size", "colours", "no image"])
def test_a_cache_is_not_given_up_for_bad_maps(
    damage: str, rooms: PairsSource, folder: Path, tmp_path: Path
) -> None:
    """Headers are checked before an existing cache is replaced."""
    out, first = tmp_path / "cache", folder / rooms.rows[0].rgb
    prepare(Labelled(rooms, folder), out, height=24, width=32)
    match damage:
        case "missing":
            first.unlink()
        case "size":
            Image.new("L", (32, 24)).save(first)
        case "colours":
            Image.new("RGB", (64, 48)).save(first)
        case _:
            first.write_bytes(b"no picture")
    with pytest.raises(DataError, match=str(first.name)):
        prepare(Labelled(rooms, folder), out, height=24, width=32, overwrite=True)
    assert CacheSource(out).manifest.labelled


def test_bad_maps_can_be_left_out(rooms: PairsSource, folder: Path, tmp_path: Path) -> None:
    """--skip-bad leaves out pairs whose map of classes cannot be read."""
    (folder / rooms.rows[0].rgb).write_bytes(b"no picture")
    bad: list[DataError] = []
    kept = skip_bad(Labelled(rooms, folder), bad.append)
    assert len(bad) == 1
    cache = prepare(kept, tmp_path / "cache", height=24, width=32)
    assert cache.manifest.labelled
    assert len(cache.rows) == len(rooms.rows) - 1
    assert cache.read(0).labels is not None


def test_test_rows_are_as_without_them(rooms: PairsSource, folder: Path, tmp_path: Path) -> None:
    """Test frames are copied byte for byte, and their depth may be all holes."""
    number = next(i for i, row in enumerate(rooms.rows) if row.official_split == "test")
    Image.fromarray(np.zeros((480, 640), np.uint16)).save(rooms.root / rooms.rows[number].depth)
    prepare(rooms, tmp_path / "without", height=24, width=32)
    prepare(Labelled(rooms, folder), tmp_path / "with", height=24, width=32)
    name = rooms.rows[number].rgb
    assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "without" / name).read_bytes()


def test_names_without_folders(rooms: PairsSource, folder: Path) -> None:
    """The photo's own name is enough where it is the only one; two of one name are refused."""
    row = rooms.rows[0]
    flat = folder / Path(row.rgb).name
    (folder / row.rgb).rename(flat)
    Labelled(rooms, folder).check(range(len(rooms.rows)))
    assert Labelled(rooms, folder).read(0).labels is not None
    namesake = next(other for other in rooms.rows[1:] if Path(other.rgb).name == flat.name)
    (folder / namesake.rgb).unlink()
    with pytest.raises(DataError, match="would both have the classes"):
        Labelled(rooms, folder).check(range(len(rooms.rows)))
