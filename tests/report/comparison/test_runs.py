"""Names of the compared runs, and the number of images they have seen."""

import dataclasses
from pathlib import Path

import pytest

from depth_unet.config.run import Config
from depth_unet.data.splits import Splits
from depth_unet.report.comparison.runs import Run, run_names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (("x/one/best", "x/two/best"), ["one", "two"]),
        (("x/seed/best", "y/seed/best"), ["x/seed", "y/seed"]),
        (("x/a/seed/best", "x/b/seed/best", "x/c/best"), ["a/seed", "b/seed", "c"]),
        (("x/one/best", "x/one/best", "x/one/best"), ["one", "one (2)", "one (3)"]),
        (("x/one/best", "x/one/last"), ["one", "one/last"]),
        (("x/one (2)/best", "x/one/best", "x/one/best"), ["one (2)", "one", "one (3)"]),
    ],
)
def test_names_are_short_and_differ(
    paths: tuple[str, ...], names: list[str], tmp_path: Path
) -> None:
    """Folders of one name are distinguished by their parents, a run given twice by a number."""
    files = [tmp_path / f"{path}.safetensors" for path in paths]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert run_names(files) == names


def test_last_stands_for_its_folder_without_a_best(tmp_path: Path) -> None:
    """A run that was stopped before its first validation is called like any other."""
    folder = tmp_path / "early"
    folder.mkdir()
    (folder / "last.safetensors").touch()
    assert run_names([folder / "last.safetensors"]) == ["early"]


def test_images_seen_counts_short_batches() -> None:
    """The last batch of an epoch of ten frames in fours has two images."""
    run = Run(
        name="a",
        path=Path("a"),
        config=Config(batch_size=4),
        step=0,
        origin="",
        num_weights=1,
        splits=Splits(train=tuple(str(number) for number in range(10))),
        curves={},
    )
    seen = [run.images_seen(step) for step in range(8)]
    assert seen == [0, 4, 8, 10, 14, 18, 20, 24]
    assert dataclasses.replace(run, splits=Splits()).images_seen(0) == 0
