"""SIGTERM, which systems send before they stop a machine, ends every command as Ctrl-C does."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from depth_unet.files.owner import LOCK_NAME
from depth_unet.rooms import generate
from tests.integration.commandline import (
    FEW_STEPS,
    bytes_below,
    depth_unet,
    evaluate,
    no_pictures,
    start,
)
from tests.rooms import fake_shots

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.usefixtures("unchecked", "without_pictures", "page"),
]

PAUSED = "tests.integration.paused"
NAMES = (
    *("train", "search", "prepare", "rooms", "predict", "measure", "label"),
    *("evaluate", "compare", "leaderboard", "inspect", "export", "app"),
)


@pytest.fixture
def as_a_program() -> Iterator[None]:
    """Signals are handled here as the program handles its own."""
    from depth_unet.cli.main import _interrupt_on_terminate

    before = signal.getsignal(signal.SIGTERM)
    _interrupt_on_terminate()
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def results(run_folder: Path, few_pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation."""
    out = tmp_path_factory.mktemp("results")
    with no_pictures():
        assert evaluate(run_folder, few_pairs, out, "--split", "test").code == 0
    return out


@pytest.fixture
def commands(
    run_folder: Path, few_pairs: Path, results: Path, photo: Path, tmp_path: Path
) -> dict[str, tuple[object, ...]]:
    """Every command that writes, here ``out``."""
    out, frames = tmp_path / "out", ("--data", few_pairs, "--split", "test")
    picture, training = out.with_suffix(".png"), ("--data", few_pairs, "--out", out, *FEW_STEPS)
    network = ("--weights", run_folder, "--fov", 60)
    return {
        "train": ("train", "seed", *training, "--auto-resume"),
        "search": ("search", "seed", *training, "--trials", 1),
        "prepare": ("prepare", few_pairs, out, "--size", "32x24"),
        "rooms": ("rooms", out, "--images", 2, "--size", "64x48", "--workers", 1),
        "predict": ("predict", photo, *network, "--out", out),
        "measure": ("measure", photo, "1,1", "2,2", *network, "--out", picture),
        "label": ("label", photo, "--teacher", run_folder, "--out", out),
        "evaluate": ("evaluate", run_folder, *frames, "--out", out),
        "compare": ("compare", run_folder, run_folder, *frames, "--out", out),
        "leaderboard": ("leaderboard", results, "--out", out.with_suffix(".md")),
        "inspect": ("inspect", few_pairs, "--sheet", picture),
        "export": ("export", run_folder, out.with_suffix(".safetensors")),
        "app": ("app", "--weights", run_folder, "--static", out),
    }


def assert_nothing_left(folder: Path) -> None:
    """No temporary file and no lock."""
    left = bytes_below(folder)
    assert not [name for name in left if ".part" in name or name.endswith(LOCK_NAME)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("as_a_program")
def test_in_the_middle_of_a_file(
    name: str,
    commands: dict[str, tuple[object, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It exits 130 with one line and leaves nothing half-written; the same command completes."""
    monkeypatch.setattr(generate, "make_room", fake_shots.make_room)
    replace = Path.replace

    def terminated(temporary: Path, path: Path) -> Path:
        signal.raise_signal(signal.SIGTERM)
        return replace(temporary, path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", terminated)
        outcome = depth_unet(*commands[name])
    assert outcome.code == 130, outcome.err
    assert outcome.complaints[-1].startswith("depth-unet: interrupted")
    assert_nothing_left(tmp_path)
    outcome = depth_unet(*commands[name])
    assert outcome.code == 0, outcome.err
    assert_nothing_left(tmp_path)


def test_program(photo: Path, tmp_path: Path) -> None:
    """A program of its own: one line, exit code 130, no temporary file, no lock."""
    given = ("predict", photo, "--out", tmp_path / "out", "--fov", 60)
    process = start(*given, module=PAUSED, variables={"OMP_NUM_THREADS": 1, "PAUSE_S": 2})
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "paused\n", process.communicate()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert err.splitlines()[-1].startswith("depth-unet: interrupted")
    assert "Traceback" not in err
    assert_nothing_left(tmp_path)
