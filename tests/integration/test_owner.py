"""Two commands never write into one folder; a killed one leaves it to the next."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from depth_unet.errors import ConfigError
from depth_unet.files.owner import LOCK_NAME, own_folder
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.rooms import generate
from tests.integration.commandline import (
    FEW_STEPS,
    Outcome,
    assert_refused,
    bytes_below,
    depth_unet,
    files_below,
    start,
    torchrun,
)
from tests.integration.short_run import NUM_STEPS, interrupt
from tests.rooms import fake_shots

PAUSED = "tests.integration.paused"
NAMES = ("train", "prepare", "rooms", "predict", "label", "evaluate", "compare", "app")

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures", "page")


@contextlib.contextmanager
def paused(*command: object) -> Iterator[subprocess.Popen[str]]:
    """A command that stands still in mid-work in a process of its own, until it is killed."""
    process = start(*command, module=PAUSED)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "paused\n", process.communicate()
        yield process
    finally:
        process.kill()
        process.communicate()


def assert_owned(outcome: Outcome, folder: Path) -> None:
    """The command was refused in one line because another one writes into the folder."""
    assert_refused(outcome, f"another command is writing into {folder};", "wait until it ends")


@pytest.fixture
def commands(
    cache: Path, run_folder: Path, few_pairs: Path, photo: Path, tmp_path: Path
) -> dict[str, tuple[object, ...]]:
    """Every command that writes a folder, here ``out``."""
    out, frames = tmp_path / "new" / "out", ("--data", few_pairs, "--split", "test")
    return {
        "train": ("train", "seed", "--data", cache, "--out", out, *FEW_STEPS),
        "prepare": ("prepare", few_pairs, out, "--size", "32x24"),
        "rooms": ("rooms", out, "--images", 2, "--size", "64x48", "--workers", 1),
        "predict": ("predict", photo, "--weights", run_folder, "--out", out, "--fov", 60),
        "label": ("label", photo, "--teacher", run_folder, "--out", out),
        "evaluate": ("evaluate", run_folder, *frames, "--out", out),
        "compare": ("compare", run_folder, run_folder, *frames, "--out", out),
        "app": ("app", "--weights", run_folder, "--static", out),
    }


@pytest.mark.chaos
@pytest.mark.parametrize("name", NAMES)
def test_command_owns_its_folder(
    commands: dict[str, tuple[object, ...]],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is refused where another one writes, owns the folder while it writes, leaves no lock."""
    command, out = commands[name], tmp_path / "new" / "out"
    with own_folder(out):
        assert_owned(depth_unet(*command), out)
        assert_owned(depth_unet(*command, "--overwrite"), out)
    replace, written = Path.replace, list[Path]()

    def replaced(temporary: Path, path: Path) -> Path:
        if not written:
            with pytest.raises(ConfigError, match="another command is writing"), own_folder(out):
                pass
        written.append(path)
        return replace(temporary, path)

    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(generate, "make_room", fake_shots.make_room)
    outcome = depth_unet(*command)
    assert outcome.code == 0, outcome.err
    assert written
    assert not (out / LOCK_NAME).exists()


@pytest.mark.chaos
@pytest.mark.parametrize(
    "name",
    [name if name == "prepare" else pytest.param(name, marks=pytest.mark.slow) for name in NAMES],
)
def test_second_command_is_refused(
    commands: dict[str, tuple[object, ...]],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It changes nothing; after kill -9 of the first, it runs, and leaves no lock."""
    command, out = commands[name], tmp_path / "new" / "out"
    with paused(*command):
        before = bytes_below(out)
        assert_owned(depth_unet(*command), out)
        assert_owned(depth_unet(*command, "--overwrite"), out)
        assert bytes_below(out) == before
    assert (out / LOCK_NAME).exists()
    monkeypatch.setattr(generate, "make_room", fake_shots.make_room)
    outcome = depth_unet(*command)
    assert outcome.code == 0, outcome.err
    assert not (out / LOCK_NAME).exists()


@pytest.mark.chaos
def test_resumed_run_has_one_owner(cache: Path, few_pairs: Path, tmp_path: Path) -> None:
    """A live run is not resumed, nor replaced; reading it needs nothing."""
    run = tmp_path / "run"
    interrupt(4, cache, run)
    resume = ("train", "--resume", run)
    fresh = ("train", "seed", "--data", cache, "--out", run)
    with paused(*resume):
        before = bytes_below(run)
        assert_owned(depth_unet(*resume), run)
        assert_owned(depth_unet("train", "--resume", run / LAST_NAME), run)
        assert_owned(depth_unet(*fresh, "--auto-resume"), run)
        assert_owned(depth_unet(*fresh, "--overwrite"), run)
        assert bytes_below(run) == before
        outcome = depth_unet("evaluate", run, "--data", few_pairs, "--split", "test")
        assert outcome.code == 0, outcome.err
        assert (run / "evaluation" / "metrics.json").exists()
    assert depth_unet(*resume).code == 0
    assert read(run / LAST_NAME).step == NUM_STEPS


def test_clearing_a_folder_keeps_its_owner(few_pairs: Path, tmp_path: Path) -> None:
    """A cache that is being replaced belongs to the command that cleared it."""
    out = tmp_path / "cache"
    assert depth_unet("prepare", few_pairs, out, "--size", "32x24").code == 0
    other = ("prepare", few_pairs, out, "--size", "16x16", "--overwrite")
    with paused(*other):
        assert not (out / "cache.json").exists()
        assert_owned(depth_unet(*other), out)
    assert depth_unet(*other).code == 0
    assert "blocks" in files_below(out)
    assert LOCK_NAME not in files_below(out)


@pytest.mark.chaos
@pytest.mark.slow  # three trainings; test_second_command_is_refused is near it
def test_trials_are_owned_and_the_study_is_shared(few_pairs: Path, tmp_path: Path) -> None:
    """A second search runs the other trials; a run folder of the first is refused."""
    out = tmp_path / "search"
    search = ("search", "seed", "--data", few_pairs, "--out", out, *FEW_STEPS, "--trials", 2)
    train = ("train", "seed", "--data", few_pairs, "--out", out / "trial-0000", *FEW_STEPS)
    with paused(*search):
        assert_owned(depth_unet(*train), out / "trial-0000")
        outcome = depth_unet(*search)
        assert outcome.code == 0, outcome.err
        assert "running in other processes: 1" in outcome.err
        assert not (out / "trial-0000" / BEST_NAME).exists()
        assert (out / "trial-0001" / BEST_NAME).exists()
    assert depth_unet(*search).code == 0
    assert (out / "trial-0000" / BEST_NAME).exists()
    assert not [name for name in files_below(out) if name.endswith(LOCK_NAME)]


@pytest.mark.parametrize("name", NAMES)
def test_refused_command_leaves_no_folder(
    commands: dict[str, tuple[object, ...]], name: str, tmp_path: Path
) -> None:
    """A command that fails before it writes removes the folders that it made."""
    wrong = {
        **dict.fromkeys(("train", "evaluate", "compare"), ("--data", tmp_path / "none")),
        "prepare": ("--size", "0x0"),
        "rooms": ("--furniture", tmp_path / "none"),
        "predict": ("--weights", tmp_path / "none"),
        "label": ("--teacher", tmp_path / "none"),
        "app": ("--weights", tmp_path / "none"),
    }
    command = list(commands[name])
    option, value = wrong[name]
    if option in command:
        command[command.index(option) + 1] = value
    else:
        command += [option, value]
    outcome = depth_unet(*command)
    assert outcome.code == 2, outcome.err
    assert not (tmp_path / "new").exists()


@pytest.mark.slow  # starts several processes
def test_main_process_of_torchrun_owns_the_run(cache: Path, tmp_path: Path) -> None:
    """Its run is refused to others, and a folder that others own is refused to it in one line."""
    out = tmp_path / "run"
    train = ("train", "seed", "--data", cache, "--out", out, *FEW_STEPS)
    with paused(*train):
        agent = torchrun("--nproc-per-node", 2, arguments=train)
        _, err = agent.communicate(timeout=300)
        assert agent.returncode != 0
        assert err.count("another command is writing into") == 1
    agent = torchrun("--nproc-per-node", 2, arguments=train, module=PAUSED)
    try:
        assert agent.stdout is not None
        assert agent.stdout.readline() == "paused\n"
        assert_owned(depth_unet(*train), out)
    finally:
        for worker in psutil.Process(agent.pid).children(recursive=True):
            worker.kill()
        agent.communicate(timeout=300)
    assert depth_unet(*train).code == 0
