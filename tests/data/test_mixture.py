"""Several data sets as one."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from depth_unet.data.mixture import Mixture, open_data
from depth_unet.data.source import PairsSource
from depth_unet.data.splits import Splits, frames_of
from depth_unet.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def folders(box_rooms: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same rooms twice, under two names."""
    root = tmp_path_factory.mktemp("mixture")
    names = [root / "rooms", root / "others"]
    for name in names:
        shutil.copytree(box_rooms, name)
    return names


@pytest.fixture(scope="module")
def mixed(folders: list[Path]) -> Mixture:
    """Both data sets, weighted 3 to 1."""
    return open_data([f"{folders[0]}:3", f"{folders[1]}:1"])


def test_one_folder_is_itself(box_rooms: Path) -> None:
    """A single data set keeps its names, with a weight or without."""
    for text in (str(box_rooms), f"{box_rooms}:2"):
        source = open_data([text])
        assert source.rows == PairsSource(box_rooms).rows
        assert source.weights is None
        assert source.arguments() == [str(box_rooms.resolve())]


def test_frames_are_those_of_the_parts(mixed: Mixture, box_rooms: Path) -> None:
    """Every row reads the frame of its data set, and all names are different."""
    single = PairsSource(box_rooms)
    num = len(single.rows)
    assert len(mixed.rows) == len({row.rgb for row in mixed.rows}) == 2 * num
    for index in (0, num - 1, num, 2 * num - 1):
        frame, own = mixed.read(index), single.read(index % num)
        assert np.array_equal(frame.image, own.image)
        assert np.array_equal(frame.depth_mm, own.depth_mm)
        assert frame.intrinsics == own.intrinsics
    assert mixed.rows[0].rgb == f"rooms/{single.rows[0].rgb}"
    assert mixed.rows[num].rgb == f"others/{single.rows[0].rgb}"
    assert mixed.rows[num].room_group == f"others/{single.rows[0].room_group}"


def test_each_data_set_is_split_as_if_alone(mixed: Mixture, box_rooms: Path) -> None:
    """Frames that are unseen in a run on one data set are unseen in a run on several."""
    alone = open_data([str(box_rooms)]).split(fraction=1.0, holdout=0.3, seed=4)
    both = mixed.split(fraction=1.0, holdout=0.3, seed=4)
    for name, frames in alone.to_dict().items():
        expected = [f"{part}/{frame}" for part in ("rooms", "others") for frame in frames]
        assert both.to_dict()[name] == expected


def test_samples_go_by_weight(mixed: Mixture) -> None:
    """A data set with three quarters of the weight gives 30 of 40 validation frames."""
    chosen = mixed.sample(range(len(mixed.rows)), 40)
    assert [len(group) for group in mixed.group(chosen)[0]] == [30, 10]
    assert mixed.group(chosen)[1] == [3.0, 1.0]


def test_arguments_open_the_same(mixed: Mixture) -> None:
    """The arguments that a checkpoint stores open the same data sets."""
    again = open_data(mixed.arguments())
    assert [row.rgb for row in again.rows] == [row.rgb for row in mixed.rows]
    assert again.weights == mixed.weights
    assert again.digest(100) == mixed.digest(100)


def test_a_part_finds_its_frames_in_the_splits(mixed: Mixture, folders: list[Path]) -> None:
    """A run on several data sets can be evaluated on one of them."""
    splits = mixed.split(fraction=1.0, holdout=0.3, seed=0)
    for folder in folders:
        one = PairsSource(folder)
        found = splits.for_source(one).unseen
        mine = [name for name in splits.unseen if name.startswith(f"{folder.name}/")]
        assert [f"{folder.name}/{name}" for name in found] == mine
        assert len(frames_of(one.rows, splits.for_source(one), "unseen")) == len(mine) > 0
    assert splits.for_source(mixed) == splits


def test_a_part_is_found_under_another_name(mixed: Mixture, box_rooms: Path) -> None:
    """A data set that was mixed as `rooms` is recognised in a folder of another name."""
    splits = mixed.split(fraction=1.0, holdout=0.3, seed=0)
    only = Splits.from_dict(
        {
            split: [name for name in names if name.startswith("rooms/")] + ["others/unknown.jpg"]
            for split, names in splits.to_dict().items()
        }
    )
    found = only.for_source(PairsSource(box_rooms))
    assert [f"rooms/{name}" for name in found.train] == list(only.train[:-1])


def test_contradictions_are_refused(folders: list[Path], tmp_path: Path) -> None:
    """Missing or non-positive weights, no data set and a missing folder are refused."""
    one, other = folders
    with pytest.raises(ConfigError, match="1 of 2 data sets a weight; give all of them one"):
        open_data([f"{one}:1", str(other)])
    with pytest.raises(ConfigError, match=r"choose numbers in \(0, 1000000\]"):
        open_data([f"{one}:1", f"{other}:0"])
    with pytest.raises(ConfigError, match=r"choose numbers in \(0, 1000000\]"):
        open_data([f"{one}:1", f"{other}:nan"])
    with pytest.raises(ConfigError, match="two data sets are called rooms"):
        open_data([str(one), str(one)])
    with pytest.raises(ConfigError, match="names no folder"):
        open_data([])
    with pytest.raises(DataError, match="does not exist"):
        open_data([str(one), str(tmp_path / "nothing")])


def test_held_out_rooms_are_those_of_the_data_set_that_has_them(mixed: Mixture) -> None:
    """Rooms of one data set can be held out; rooms that no data set has are refused."""
    room = mixed.parts[0].source.rows[0].room_group
    splits = mixed.split(fraction=1.0, holdout=0.3, seed=0, held_out={room})
    ours = {row.rgb for row in mixed.rows if row.room_group == f"rooms/{room}"}
    assert ours <= set(splits.unseen)
    with pytest.raises(DataError, match="1 of the 2 held-out rooms are not in the data"):
        mixed.split(fraction=1.0, holdout=0.3, seed=0, held_out={room, "elsewhere"})
