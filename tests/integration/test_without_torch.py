"""An installation for prediction alone: no torch, no matplotlib, nothing of training."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from depth_unet.errors import install_command
from depth_unet.model.shipped import shipped_names
from tests.imports import WITHOUT_TRAINING
from tests.integration.commandline import Outcome, assert_refused

MAIN = "from depth_unet.cli.main import main; sys.exit(main(sys.argv[1:]))"


def run(*arguments: object, program: str = MAIN) -> Outcome:
    """Run a program in a Python that has no library of training."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TRAINING + program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_photo_in_every_form(photo: Path, tmp_path: Path) -> None:
    """`predict photo.jpg` writes every kind of file that needs no extra."""
    kinds = ("png16", "npy", "npz", "pfm", "color", "panel", "ply", "glb", "json")
    outcome = run("predict", photo, "--out", tmp_path, "--fov", 60, "--save", *kinds)
    assert outcome.code == 0, outcome.err
    assert "engine: ONNX Runtime" in outcome.err
    stated = json.loads((tmp_path / "room_depth.json").read_text(encoding="utf-8"))
    assert stated["engine"].startswith("ONNX Runtime ")
    assert stated["model"] == "depth-unet transfer"
    stored = np.load(tmp_path / "room_depth.npz")
    assert np.isfinite(stored["depth_m"]).all()
    assert stored["uncertainty_m"].shape == stored["depth_m"].shape
    assert len(list(tmp_path.glob("room_*"))) == len(kinds) + 2  # NAME.npy.json, NAME.pfm.json


def test_folder_and_video(photo: Path, tmp_path: Path) -> None:
    """Folders and videos need no torch either."""
    clips = pytest.importorskip("tests.video.clips", reason="videos need PyAV")
    folder = tmp_path / "inputs"
    folder.mkdir()
    shutil.copyfile(photo, folder / "a.png")
    shutil.copyfile(photo, folder / "b.png")
    clips.write_clip(folder / "clip.mp4", clips.pictures(3))
    outcome = run("predict", folder, "--out", tmp_path / "out", "--fov", 60)
    assert outcome.code == 0, outcome.err
    assert ": 3 predicted, 0 failed" in outcome.err
    assert (tmp_path / "out" / "clip_side.mp4").is_file()


def test_python(photo: Path) -> None:
    """`load` takes a name or a file; public names of torch are not needed."""
    program = (
        "import depth_unet; from pathlib import Path; "
        "weights = Path(depth_unet.__file__).parent / 'weights'; "
        "one, two = (depth_unet.load(name).predict(sys.argv[1]) "
        "for name in ('scratch', weights / 'scratch.onnx')); "
        "assert (one.depth_m == two.depth_m).all(); print(one.engine)"
    )
    outcome = run(photo, program=program)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("ONNX Runtime ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("engine='tensorrt'", "engine is 'tensorrt'; choose onnx, torch or None"),
        ("precision='fp8'", "precision is 'fp8'; choose fp32, bf16, fp16"),
    ],
)
def test_python_refuses(arguments: str, words: str) -> None:
    """An engine or a precision that does not exist is refused, not ignored."""
    outcome = run(program=f"import depth_unet; depth_unet.load('scratch', {arguments})")
    assert f"ConfigError: {words}" in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "seed", "--data", "cache"),
        ("train", "--resume", "run"),
        ("evaluate", "transfer", "--data", "cache"),
        ("compare", "one", "two", "--data", "cache"),
        ("leaderboard", "evaluation"),
        ("search", "seed", "--data", "cache"),
        ("export", "run", "model.onnx"),
        ("push", "run", "anna/rooms"),
        ("predict", "photo.jpg", "--weights", "."),
        ("predict", "photo.jpg", "--precision", "bf16"),
        ("predict", "photo.jpg", "--device", "cuda"),
    ],
    ids=" ".join,
)
def test_what_needs_torch_says_so(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else says in one line what to install, and writes nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").touch()
    (tmp_path / "best.safetensors").touch()
    outcome = run(*arguments)
    assert_refused(outcome, "needs torch, which is not installed; run: pip install", '"torch')
    assert {path.name for path in tmp_path.iterdir()} == {"photo.jpg", "best.safetensors"}


def test_public_name_of_torch() -> None:
    """The one public name that needs torch says what to install."""
    outcome = run(program="import depth_unet; depth_unet.DepthModel")
    words = "depth_unet.DepthModel needs torch, which is not installed; run: pip install"
    assert f"ConfigError: {words}" in outcome.err


@pytest.mark.parametrize(
    "arguments", [("inspect", "set", "--sheet", "sheet.png"), ("rooms", "set", "--preview")]
)
def test_sheets_need_matplotlib_alone(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contact sheets are refused before anything is read or rendered, without a word on torch."""
    monkeypatch.chdir(tmp_path)
    outcome = run(*arguments)
    assert_refused(outcome, f"{arguments[2]} needs matplotlib", install_command("matplotlib"))
    assert not list(tmp_path.iterdir())


def test_wrong_weights_need_no_torch(photo: Path) -> None:
    """A mistyped name is refused as such: installing torch would not help."""
    outcome = run("predict", photo, "--weights", "transfr")
    assert_refused(outcome, "transfr does not exist", ", ".join(shipped_names()))


@pytest.mark.parametrize("command", ["inspect", "prepare", "rooms"])
def test_data_commands_load(command: str) -> None:
    """Commands that read and write data sets need no torch."""
    program = f"import importlib; importlib.import_module('depth_unet.cli.{command}')"
    assert run(program=program).code == 0
