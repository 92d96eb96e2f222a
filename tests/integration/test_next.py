"""The commands that are printed work as printed: from any folder, with spaces, on any data set."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from examples.box_rooms import write_box_rooms
from tests.integration.commandline import FEW_STEPS, Outcome, depth_unet
from tests.integration.short_run import signal_after

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


@pytest.fixture
def here(few_pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with pairs below it; both names have spaces."""
    folder = tmp_path / "my work"
    shutil.copytree(few_pairs, folder / "my pairs")
    monkeypatch.chdir(folder)
    return folder


def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another working folder."""
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    return folder


def printed(outcome: Outcome) -> list[str]:
    """The words after ``next: depth-unet``."""
    assert outcome.code == 0, outcome.err
    (line,) = (line for line in outcome.err.splitlines() if line.startswith("next: "))
    return shlex.split(line)[2:]


def test_from_pairs_to_depth(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """prepare, train, evaluate, export and predict, each as the one before it says."""
    training = printed(depth_unet("prepare", "my pairs", "my cache", "--size", "64x48"))
    elsewhere(tmp_path / "a", monkeypatch)
    evaluating = printed(depth_unet(*training, "--out", "my run", *FEW_STEPS))
    elsewhere(tmp_path / "b", monkeypatch)
    assert depth_unet(*evaluating).code == 0
    assert (tmp_path / "a" / "my run" / "evaluation" / "report.html").is_file()
    predicting = printed(depth_unet("export", tmp_path / "a" / "my run", "my weights.safetensors"))
    photos = elsewhere(tmp_path / "c", monkeypatch)
    shutil.copyfile(next((here / "my pairs").rglob("*_rgb.png")), photos / "photo.jpg")
    assert depth_unet(*predicting).code == 0
    assert (photos / "depth" / "photo_depth.npy").is_file()


@pytest.mark.parametrize("options", [(), ("--holdout", "none")], ids=["one-room", "none"])
def test_without_unseen_and_test_frames(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing was held out, the command scores what there is."""
    rooms = write_box_rooms(tmp_path / "pairs", rooms=1, frames=4, size=(64, 48))
    run = tmp_path / "run"
    words = printed(
        depth_unet("train", "seed", "--data", rooms, "--out", run, *FEW_STEPS, *options)
    )
    elsewhere(tmp_path / "a", monkeypatch)
    outcome = depth_unet(*words)
    assert outcome.code == 0, outcome.err
    assert (run / "evaluation" / "report.html").is_file()


def test_over_an_earlier_evaluation(here: Path) -> None:
    """A run that replaces another is evaluated in place of it."""
    train = ("train", "seed", "--data", "my pairs", "--out", "run", *FEW_STEPS)
    assert depth_unet(*printed(depth_unet(*train))).code == 0
    assert depth_unet(*printed(depth_unet(*train, "--overwrite", "--seed", 1))).code == 0
    assert (here / "run" / "evaluation" / "report.html").is_file()


def test_a_mixture(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run on two data sets says one command for each."""
    write_box_rooms(here / "more", rooms=3, frames=2, size=(64, 48), seed=2)
    train = ("train", "seed", "--data", "my pairs", "more", "--out", "run", *FEW_STEPS)
    outcome = depth_unet(*train)
    lines = [line for line in outcome.err.splitlines() if line.startswith("next: ")]
    assert len(lines) == 2, outcome.err
    elsewhere(tmp_path / "a", monkeypatch)
    for line in lines:
        assert depth_unet(*shlex.split(line)[2:]).code == 0
    assert (here / "run" / "evaluation-my pairs" / "report.html").is_file()
    assert (here / "run" / "evaluation-more" / "report.html").is_file()


@pytest.mark.usefixtures("here")
def test_the_best_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search's command trains with the best settings."""
    options = ("--out", "my search", "--trials", 1, *FEW_STEPS)
    words = printed(depth_unet("search", "seed", "--data", "my pairs", *options))
    elsewhere(tmp_path / "a", monkeypatch)
    assert depth_unet(*words).code == 0
    assert (tmp_path / "my work" / "my search" / "best" / BEST_NAME).is_file()


def test_resuming(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So do the commands that an interrupted run and a folder in use name."""
    train = ("train", "seed", "--data", "my pairs", "--out", "my run", *FEW_STEPS)
    with monkeypatch.context() as patch:
        signal_after(patch, 1)
        interrupted = depth_unet(*train)
    assert interrupted.code == 130
    refused = depth_unet(*train)
    assert refused.code == 2
    other = depth_unet("train", "--resume", "my run", "--seed", 3)
    assert other.code == 2
    command = f"depth-unet train --resume '{here / 'my run'}'"
    assert interrupted.err.rstrip().endswith(f"resume with: {command}")
    assert f"`{command}`" in refused.err
    assert f"{command}, or " in other.err
    assert re.search(r"--init '.*my run/last\.safetensors'", other.err)
    elsewhere(tmp_path / "a", monkeypatch)
    assert depth_unet(*shlex.split(command)[1:]).code == 0
    assert read(here / "my run" / LAST_NAME).step == 2
