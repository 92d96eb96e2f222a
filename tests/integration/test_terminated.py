"""SIGTERM, which systems send before they stop a machine, ends every command as Ctrl-C does."""

import signal
from pathlib import Path

import pytest

from depth_unet.files.owner import LOCK_NAME
from tests.integration.commandline import FEW_STEPS, bytes_below, start

PAUSED = "tests.integration.paused"
NAMES = ("train", "prepare", "rooms", "predict", "evaluate", "compare")


def command(name: str, places: dict[str, Path]) -> tuple[object, ...]:
    """A command that writes into ``out``."""
    out, run = places["out"], places["run"]
    frames = ("--data", places["pairs"], "--split", "test")
    match name:
        case "train":
            return ("train", "seed", "--data", places["pairs"], "--out", out, *FEW_STEPS)
        case "prepare":
            return ("prepare", places["pairs"], out, "--size", "32x24")
        case "rooms":
            given = ("--images", 2, "--size", "32x32", "--samples", 1, "--furniture", "boxes")
            return ("rooms", out, *given, "--workers", 1)
        case "predict":
            return ("predict", places["photo"], "--weights", run, "--out", out, "--fov", 60)
        case "evaluate":
            return ("evaluate", run, *frames, "--out", out)
        case _:
            return ("compare", run, run, *frames, "--out", out)


@pytest.mark.chaos
@pytest.mark.parametrize(
    "name",
    [name if name == "predict" else pytest.param(name, marks=pytest.mark.slow) for name in NAMES],
)
def test_terminated(
    name: str, run_folder: Path, few_pairs: Path, photo: Path, tmp_path: Path
) -> None:
    """It exits 130 with one line, no temporary file and no lock; the same command completes."""
    out = tmp_path / "out"
    places = {"out": out, "run": run_folder, "pairs": few_pairs, "photo": photo}
    given = command(name, places)
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
    left = bytes_below(tmp_path)
    assert not [file for file in left if ".part" in file or file.endswith(LOCK_NAME)]
    again = start(*given, *(("--auto-resume",) if name == "train" else ()))
    _, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
