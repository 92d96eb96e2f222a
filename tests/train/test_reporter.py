"""What a run reports, to metrics.csv and to trackers."""

import json
import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from depth_unet.config.choices import TrackerChoice
from depth_unet.config.run import Config
from depth_unet.config.values import to_dict
from depth_unet.errors import ConfigError
from depth_unet.train.folder import clear_run_folder
from depth_unet.train.history import read_history
from depth_unet.train.reporter import Reporter
from depth_unet.train.tracker import EVENTS_NAME, NAME_FILE, import_tracker
from tests.imports import imported_by


def report(out: Path, tracker: TrackerChoice, *, step: int = 1, may_open: bool = True) -> None:
    """One step with a validation and a picture."""
    with Reporter(
        out,
        total_steps=9,
        steps_per_epoch=3,
        start_step=step - 1,
        unreported={},
        console=Console(quiet=True),
        tracker=import_tracker(Config(tracker=tracker)),
    ) as reporter:
        assert reporter.shows_pictures == (tracker != "none" and may_open)
        reporter.count(step, 4, {"mae": torch.tensor(1 / 3, dtype=torch.float64)})
        reporter.losses(step, 0.25, 10**9)
        reporter.metrics(step, "unseen", {"abs_rel": 0.1, "rmse": 1.0, "delta1": 0.5})
        reporter.picture(step, "unseen", np.zeros((4, 4, 3), np.uint8))


def test_figures_are_recorded_at_full_precision(tmp_path: Path) -> None:
    """Losses, learning rate, speed, memory and metrics; without a tracker, nothing else."""
    report(tmp_path, "none")
    curves = read_history(tmp_path)
    figures = {name: curve.values[0] for name, curve in curves.items()}
    assert figures.pop("run/images_per_s") > 0
    assert figures == {
        "loss/mae": 1 / 3,
        "run/learning_rate": 0.25,
        "run/memory_gb": 1.0,
        "unseen/abs_rel": 0.1,
        "unseen/rmse": 1.0,
        "unseen/delta1": 0.5,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


def test_tensorboard_shows_the_same(tmp_path: Path) -> None:
    """TensorBoard gets every figure of metrics.csv, and the picture."""
    report(tmp_path, "tensorboard")
    events = EventAccumulator(str(tmp_path / EVENTS_NAME))
    events.Reload()
    for name, curve in read_history(tmp_path).items():
        (shown,) = events.Scalars(name)
        assert (shown.step,) == curve.steps
        assert shown.value == pytest.approx(curve.values[0], rel=1e-6)
    assert events.Tags()["images"] == ["unseen"]


# Prints what trackio holds of a project, and every address that was connected to.
TRACKIO = """
import json, socket, sys
from pathlib import Path
reached = []
socket.socket.connect = lambda self, address: reached.append(repr(address))
from tests.train.test_reporter import report
for step in (1, 2):
    report(Path(sys.argv[1]), "trackio", step=step)
from trackio.sqlite_storage import SQLiteStorage
runs = SQLiteStorage.get_runs("depth-unet")
held = [SQLiteStorage.get_logs("depth-unet", run) for run in runs]
print(json.dumps([runs, held, SQLiteStorage.get_run_config("depth-unet", runs[0]), reached]))
"""


def test_trackio_shows_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trackio gets every figure and the pictures of a resumed run, and connects to nothing."""
    out, data = tmp_path / "my runs" / "a:b", tmp_path / "trackio"
    out.mkdir(parents=True)
    monkeypatch.setenv("TRACKIO_DIR", str(data))
    ran = subprocess.run(
        [sys.executable, "-c", TRACKIO, out], capture_output=True, text=True, check=True
    )
    (name,), (logs,), config, reached = json.loads(ran.stdout.splitlines()[-1])
    assert len(ran.stdout.splitlines()) == 1  # what trackio prints does not go to stdout
    assert re.fullmatch(r"my-runs-a-b-[0-9a-f]{8}", name)
    assert name == (out / NAME_FILE).read_text()
    assert reached == []
    for figure, curve in read_history(out).items():
        shown = {log["step"]: log[figure] for log in logs if figure in log}
        assert shown == dict(zip(curve.steps, curve.values, strict=True))
    pictures = [log["unseen"]["file_path"] for log in logs if "unseen" in log]
    assert [(data / "media" / picture).is_file() for picture in pictures] == [True, True]
    settings = json.loads(json.dumps(to_dict(Config(tracker="trackio"))))
    assert {key: config[key] for key in settings} == settings


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What is called of a stand-in for wandb, which is not tested itself."""
    made = list[tuple[str, dict[str, Any]]]()
    stand_in: Any = ModuleType("wandb")
    stand_in.init = lambda **given: made.append(("init", given))
    stand_in.log = lambda values, step: made.append(("log", {"step": step, **values}))
    stand_in.finish = lambda: made.append(("finish", {}))
    stand_in.Image = lambda image, caption: (image.shape, caption)
    monkeypatch.setitem(sys.modules, "wandb", stand_in)
    return made


def test_trackio_without_a_folder(
    calls: list[tuple[str, dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where trackio cannot write, one line of ours says so; trackio is not asked to."""
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "trackio"
    stand_in: Any = sys.modules["wandb"]
    stand_in.TRACKIO_DIR = folder
    monkeypatch.setitem(sys.modules, "trackio", stand_in)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report(tmp_path, "trackio", may_open=False)
    (warning,) = caught
    assert f"the tracker failed (DataError: cannot write into {folder}" in str(warning.message)
    assert calls == []


def test_wandb_is_called_as_trackio_is(
    calls: list[tuple[str, dict[str, Any]]], tmp_path: Path
) -> None:
    """The adapter gives wandb an id and a folder besides, the same when a run is resumed."""
    for step in (1, 2):
        report(tmp_path, "wandb", step=step)
    names = [name for name, _ in calls]
    assert names == ["init", *["log"] * 4, "finish"] * 2
    first, second = (given for name, given in calls if name == "init")
    assert first == second
    assert (first["project"], first["resume"], first["dir"]) == (
        "depth-unet",
        "allow",
        str(tmp_path),
    )
    assert first["id"] == first["name"] == (tmp_path / NAME_FILE).read_text()
    assert calls[4][1] == {"step": 1, "unseen": ((4, 4, 3), "unseen")}
    clear_run_folder(tmp_path)
    assert not list(tmp_path.iterdir())
    report(tmp_path, "wandb")
    assert calls[-6][1]["id"] != first["id"]  # a run that replaces another is another


@pytest.mark.parametrize("call", ["init", "log", "Image", "finish"])
def test_a_tracker_may_fail(
    call: str,
    calls: list[tuple[str, dict[str, Any]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tracker that fails is given up with one warning; metrics.csv has everything."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(f"no route to {call}\nmore")

    monkeypatch.setattr(sys.modules["wandb"], call, fail)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report(tmp_path, "wandb", may_open=call != "init")
    (warning,) = caught
    assert str(warning.message) == (
        f"the tracker failed (OSError: no route to {call}); the run goes on without it, and "
        "metrics.csv has all figures"
    )
    assert len(read_history(tmp_path)) == 7
    done = {"init": 0, "log": 1, "Image": 4, "finish": 5}
    assert len(calls) == done[call]


@pytest.mark.parametrize("tracker", ["tensorboard", "trackio", "wandb"])
def test_missing_tracker_is_said(tracker: TrackerChoice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is refused in one line with the command that installs it."""
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    monkeypatch.setitem(sys.modules, "trackio", None)
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ConfigError, match=rf'{tracker} needs .* pip install "{tracker}'):
        import_tracker(Config(tracker=tracker))
    assert import_tracker(Config()) is None


@pytest.mark.parametrize(
    "code",
    [
        "import depth_unet, numpy; model = depth_unet.load('scratch'); "
        "model.predict(numpy.zeros((48, 64, 3), numpy.uint8))",
        "import depth_unet.train.loop",
    ],
    ids=["predict", "train"],
)
def test_trackers_are_not_imported(code: str) -> None:
    """Neither prediction nor training imports a tracker that is not asked for."""
    assert not {"tensorboard", "trackio", "wandb"} & imported_by(code)
