"""Shards of a data set, named together, are the data set."""

import itertools
import json
import re
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depth_unet.data.info import INFO_NAME, Shard, read_info, write_info
from depth_unet.data.layout import read_index, write_index
from depth_unet.data.mixture import Mixture, open_data
from depth_unet.data.prepare import prepare
from depth_unet.data.shards import find_unlisted
from depth_unet.data.source import PairsSource
from depth_unet.data.survey import survey
from depth_unet.errors import ConfigError, DataError
from examples.box_rooms import write_box_rooms

SPLIT: dict[str, float] = {"fraction": 0.6, "holdout": 0.25, "seed": 3}
FEW = pytest.mark.filterwarnings("ignore:.*with fewer than 8")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven rooms and a test room, in the order of their names."""
    root = tmp_path_factory.mktemp("shards") / "whole"
    write_box_rooms(root, rooms=7, frames=3, size=(32, 24), test_rooms=1, test_frames=2, seed=5)
    rows = sorted(read_index(root), key=lambda row: row.room_group)
    write_index(root, rows)
    return root


@pytest.fixture(scope="module")
def shards(whole: Path) -> list[Path]:
    """Every third room each; the files lie in the whole set's folder."""
    rooms = [list(rows) for _, rows in itertools.groupby(read_index(whole), lambda r: r.room_group)]
    folders = []
    for number in range(3):
        folder = whole.parent / f"shard_{number + 1}"
        folder.mkdir()
        for name in ("train", "test"):
            (folder / name).symlink_to(whole / name, target_is_directory=True)
        write_index(folder, [row for room in rooms[number::3] for row in room])
        write_info(folder, replace(read_info(whole), shard=Shard(number + 1, 3, "abc")))
        folders.append(folder)
    return folders


def opened(*folders: object) -> Mixture:
    """Data sets as ``--data`` opens them."""
    return open_data([str(folder) for folder in folders])


@FEW
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_shards_are_the_set(order: tuple[int, ...], whole: Path, shards: list[Path]) -> None:
    """Rows, splits, frames and digests are those of the whole set, in any order of the shards."""
    one, together = opened(whole), opened(*(shards[place] for place in order))
    assert together.rows == one.rows
    assert together.info == one.info
    assert together.split(**SPLIT) == one.split(**SPLIT)
    assert together.arguments() == [str(shards[place].resolve()) for place in order]
    for index in range(len(one.rows)):
        assert together.digest(index) == one.digest(index)
        np.testing.assert_array_equal(together.read(index).image, one.read(index).image)
    together.check(range(len(one.rows)))


def test_caches_of_shards(whole: Path, shards: list[Path], tmp_path: Path) -> None:
    """Shards may be prepared on their own; their caches are shards of the set's cache."""
    for folder in (whole, *shards):
        prepare(PairsSource(folder), tmp_path / folder.name, height=12, width=16)
    one = opened(tmp_path / "whole")
    together = opened(*(tmp_path / folder.name for folder in shards))
    assert (together.rows, together.info) == (one.rows, one.info)
    assert [source.stored_size for source in together.sources] == [(12, 16)] * 3
    for index in range(len(one.rows)):
        assert together.digest(index) == one.digest(index)
        np.testing.assert_array_equal(together.read(index).depth_mm, one.read(index).depth_mm)


@FEW
def test_shards_in_a_mixture(whole: Path, shards: list[Path], box_rooms: Path) -> None:
    """Beside another data set, shards are one part in any order, and their weights add up."""
    first, second, third = shards
    mixed = opened(f"{second}:1", f"{box_rooms}:2", f"{first}:1", f"{third}:1")
    assert mixed.weights == [3.0, 2.0]
    assert [len(part.source.rows) for part in mixed.parts] == [
        len(read_index(whole)),
        len(read_index(box_rooms)),
    ]
    assert mixed.rows[0].rgb == f"shard_1/{read_index(whole)[0].rgb}"
    other = opened(f"{third}:1", f"{box_rooms}:2", f"{first}:1", f"{second}:1")
    assert (other.rows, other.weights) == (mixed.rows, mixed.weights)
    again = open_data(mixed.arguments())
    assert (again.rows, again.weights) == (mixed.rows, mixed.weights)
    splits = mixed.split(**SPLIT)
    assert splits.for_source(mixed.parts[0].source) == opened(whole).split(**SPLIT)


def test_missing_shards(shards: list[Path]) -> None:
    """A set without all of its shards is used with a warning."""
    with pytest.warns(UserWarning, match=r"shard_3: shard 1/3, 3/3 of a set without the others"):
        assert len(opened(shards[0], shards[2]).rows) == 15
    with pytest.warns(UserWarning, match=r"shard 2/3 of a set"):
        opened(shards[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened(*shards)


def test_shards_with_different_weights(shards: list[Path], box_rooms: Path) -> None:
    """Frames of one set are drawn alike, so other weights would be ignored; they are refused."""
    first, second, third = shards
    for more in ((), (f"{box_rooms}:1",)):
        with pytest.raises(
            ConfigError, match=r"shard_1:2 .*shard_3:2 are shards of one .*the same"
        ):
            opened(f"{first}:2", f"{second}:3", f"{third}:2", *more)
    assert opened(f"{first}:2", f"{second}:2", f"{third}:2").weights is None


def test_shards_copied_into_one_folder(shards: list[Path], tmp_path: Path) -> None:
    """Only the rooms of the last copy are listed, which the records of all rooms tell."""
    merged = tmp_path / "merged"
    shutil.copytree(shards[2], merged, symlinks=True)
    listed = len({row.room_group for row in read_index(merged)})
    for number in range(listed):
        put(merged / "records" / f"{number:06d}.json")
    assert not find_unlisted(PairsSource(merged))
    put(merged / "records" / "000099.json")
    message = rf"merged holds {listed + 1} rooms and lists {listed}: .*without --shard"
    with pytest.warns(UserWarning, match=message), pytest.warns(UserWarning, match="shard 3/3"):
        opened(merged)
    assert [text for text in survey(PairsSource(merged)).mistakes if re.search(message, text)]


def put(path: Path) -> None:
    """Make an empty file, and the folder above it."""
    path.parent.mkdir(exist_ok=True)
    path.touch()


def test_a_frame_in_two_shards(shards: list[Path], tmp_path: Path) -> None:
    """A shard that is named twice, as by a copy, is refused."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in shards[0].iterdir():
        (copy / path.name).symlink_to(path)
    with pytest.raises(DataError, match=r"both hold train/.*name every shard once"):
        opened(shards[0], shards[1], copy)


def test_shard_in_words(shards: list[Path]) -> None:
    """dataset.json names the shard, and what it says comes back."""
    assert json.loads((shards[1] / INFO_NAME).read_text())["shard"] == "2/3 of abc"
    assert read_info(shards[1]).shard == (2, 3, "abc")


@pytest.mark.parametrize(
    "shard",
    [
        *("1/0 of abc", "0/2 of abc", "5/2 of abc", "-1/2 of abc", "1/2", "of", "1/2 of ", "  "),
        *("x/y of abc", "1/2 off abc", f"1/{'9' * 5000} of abc", "", None, 2, ["1/2 of abc"]),
    ],
)
def test_misspelt_shards(shard: object, shards: list[Path], tmp_path: Path) -> None:
    """What names no shard is refused in one line: read as a whole set, its rooms would be split."""
    for path in shards[0].iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / INFO_NAME).unlink()
    (tmp_path / INFO_NAME).write_text(json.dumps({"shard": shard}))
    with pytest.raises(DataError, match=r"dataset\.json cannot be used .*shard") as caught:
        opened(tmp_path)
    assert str(caught.value).isprintable()
