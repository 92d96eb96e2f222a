"""SIGTERM, which systems send before they stop a machine, ends every command as Ctrl-C does."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from depth_unet.files.owner import LOCK_NAME
from depth_unet.rooms import generate
from tests.integration.commandline import FEW_STEPS, bytes_below, depth_unet, start
from tests.rooms import fake_shots

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("unchecked", "without_pictures")]

PAUSED = "tests.integration.paused"
NAMES = ("train", "prepare", "rooms", "predict", "evaluate", "compare", "export")


@pytest.fixture
def as_a_program() -> Iterator[None]:
    """Signals are handled here as the program handles its own."""
    from depth_unet.cli.main import _interrupt_on_terminate

    before = signal.getsignal(signal.SIGTERM)
    _interrupt_on_terminate()
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def commands(
    run_folder: Path, few_pairs: Path, photo: Path, tmp_path: Path
) -> dict[str, tuple[object, ...]]:
    """Every command that writes, here ``out``."""
    out, frames = tmp_path / "out", ("--data", few_pairs, "--split", "test")
    return {
        "train": ("train", "seed", "--data", few_pairs, "--out", out, *FEW_STEPS, "--auto-resume"),
        "prepare": ("prepare", few_pairs, out, "--size", "32x24"),
        "rooms": ("rooms", out, "--images", 2, "--size", "64x48", "--workers", 1),
        "predict": ("predict", photo, "--weights", run_folder, "--out", out, "--fov", 60),
        "evaluate": ("evaluate", run_folder, *frames, "--out", out),
        "compare": ("compare", run_folder, run_folder, *frames, "--out", out),
        "export": ("export", run_folder, out.with_suffix(".safetensors")),
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
