"""Folds: the same rooms held out in every experiment."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from depth_unet.data.layout import PairRow, read_index
from depth_unet.data.splits import rooms_of_fold, split_rooms
from depth_unet.errors import ConfigError, DataError

pytestmark = pytest.mark.filterwarnings("ignore:this data set and holdout leave")  # few rooms

NYU_FOLDS = Path(__file__).parents[2] / "folds" / "nyu_train.csv"
NAMES = ("0", "1", "2")


def rows() -> list[PairRow]:
    """Six rooms with five frames each."""
    return [
        PairRow(rgb=f"{room}/{frame}.jpg", depth="d.png", room_group=f"room {room}")
        for room in range(6)
        for frame in range(5)
    ]


def test_rooms_of_a_fold_are_unseen(tmp_path: Path) -> None:
    """Exactly the fold's rooms are held out, whatever seed and holdout; others are trained on."""
    path = tmp_path / "folds.csv"
    lines = ["room_group,fold", *(f"room {room},{room % 3}" for room in range(6))]
    path.write_text("\n".join(lines), encoding="utf-8")
    held_out = rooms_of_fold(f"{path}:1")
    assert held_out == {"room 1", "room 4"}
    for seed in range(3):
        splits = split_rooms(rows(), fraction=1.0, holdout=0.5, seed=seed, held_out=held_out)
        assert {name[0] for name in splits.unseen} == {"1", "4"}
        assert {name[0] for name in splits.train} == {"0", "2", "3", "5"}


@pytest.mark.parametrize("held_out", [{"elsewhere"}, {f"room {room}" for room in range(6)}])
def test_rooms_that_cannot_be_held_out(held_out: set[str]) -> None:
    """A fold with none or all of the data set's rooms is refused, with what was found."""
    with pytest.raises(DataError, match=r"of the data set's 6 rooms are among the"):
        split_rooms(rows(), fraction=1.0, holdout=0.1, seed=0, held_out=held_out)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read as CSV"),
        ("room,part\na,0\n", "has no lines of room_group and fold"),
        ("room_group,fold\n", "has no lines of room_group and fold"),
        ("room_group,fold\na,0\nb,1\n", "has no fold '7'; choose among 0, 1"),
    ],
)
def test_bad_files(tmp_path: Path, text: str | None, message: str) -> None:
    """Bad files are refused in one line: what was found, what is expected."""
    path = tmp_path / "folds.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        rooms_of_fold(f"{path}:7")


@pytest.mark.parametrize("text", ["folds.csv", ":0", "folds.csv:"])
def test_file_and_fold_are_both_named(text: str) -> None:
    """A file without a fold, or the other way round, is refused with an example."""
    with pytest.raises(ConfigError, match="give FILE:FOLD"):
        rooms_of_fold(text)


def test_folds_of_nyu_share_no_room() -> None:
    """Every room of the file is in one fold, and the folds are three."""
    folds = [rooms_of_fold(f"{NYU_FOLDS}:{name}") for name in NAMES]
    with NYU_FOLDS.open(encoding="utf-8") as stream:
        listed = [line["room_group"] for line in csv.DictReader(stream)]
    assert len(listed) == len(set(listed)) == sum(map(len, folds))
    assert frozenset.union(*folds) == set(listed)


@pytest.mark.nyu
def test_folds_of_nyu_cover_its_training_frames(nyu_root: Path) -> None:
    """Every training room of the labelled pairs is in a fold, and folds are equally large."""
    frames = Counter(
        row.room_group for row in read_index(nyu_root) if row.official_split == "train"
    )
    folds = [rooms_of_fold(f"{NYU_FOLDS}:{name}") for name in NAMES]
    assert frozenset.union(*folds) == set(frames)
    assert {sum(frames[room] for room in fold) for fold in folds} == {265}
