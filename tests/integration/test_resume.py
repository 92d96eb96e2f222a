"""A run that was stopped and resumed is the run that was not stopped, to the last bit."""

import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from depth_unet.model.checkpoint import Checkpoint, read, read_config
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.records import Batch
from depth_unet.train.folder import CONFIG_NAME
from depth_unet.train.history import METRICS_NAME, read_history
from depth_unet.train.step import MicroBatches
from tests.integration.commandline import (
    assert_refused,
    bytes_below,
    depth_unet,
    no_pictures,
    start_two,
)
from tests.integration.short_run import (
    NUM_STEPS,
    OPTIONS,
    assert_same,
    assert_same_weights,
    interrupt,
    signal_after,
    torch_threads,
    train,
)

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


@pytest.fixture(scope="module")
def undisturbed(cache: Path) -> Path:
    """A run of seven steps."""
    out = cache.parent / "undisturbed"
    with no_pictures():
        assert train(cache, out).code == 0
    return out


@pytest.mark.chaos
@pytest.mark.parametrize(
    "stop",
    [(1, signal.SIGINT), (3, signal.SIGTERM), (4, signal.SIGINT), (6, signal.SIGINT)],
    ids=["first step", "after a validation", "end of an epoch", "last but one"],
)
def test_resumed_run_is_the_same_run(
    cache: Path,
    undisturbed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop: tuple[int, signal.Signals],
) -> None:
    """Weights, averages, moments, best and figures are bit-identical on the CPU."""
    out, (step, number) = tmp_path / "run", stop
    with monkeypatch.context() as context:
        signal_after(context, step, number)
        stopped = train(cache, out)
    assert stopped.code == 130
    assert stopped.complaints[-1] == (
        f"depth-unet: interrupted; saved after step {step} of {NUM_STEPS}; "
        f"resume with: depth-unet train --resume {out}"
    )
    assert read(out / LAST_NAME).step == step
    assert depth_unet("train", "--resume", out).code == 0
    for name in (LAST_NAME, BEST_NAME):
        assert_same(out / name, undisturbed / name)


def test_signal_in_the_last_step_ends_the_run(
    cache: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to go on with: the run is complete and exits 0."""
    signal_after(monkeypatch, NUM_STEPS)
    assert train(cache, tmp_path / "run").code == 0
    assert_same(tmp_path / "run" / LAST_NAME, undisturbed / LAST_NAME)


def test_run_stopped_twice(
    cache: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run may be stopped as often as one likes."""
    out = tmp_path / "run"
    for step in (2, 5):
        with monkeypatch.context() as context:
            signal_after(context, step)
            outcome = depth_unet("train", "--resume", out) if out.exists() else train(cache, out)
        assert outcome.code == 130
        assert read(out / LAST_NAME).step == step
    assert depth_unet("train", "--resume", out / LAST_NAME).code == 0
    assert_same(out / LAST_NAME, undisturbed / LAST_NAME)


def test_resuming_a_finished_run_changes_nothing(undisturbed: Path, tmp_path: Path) -> None:
    """Checkpoints, figures and config stay as they are, and the command says so."""
    out = tmp_path / "run"
    shutil.copytree(undisturbed, out)
    before = bytes_below(out)
    assert set(before) == {BEST_NAME, LAST_NAME, METRICS_NAME, CONFIG_NAME}
    outcome = depth_unet("train", "--resume", out)
    assert outcome.code == 0
    assert "had already ended after step" in outcome.err
    assert "wrote" not in outcome.err
    assert bytes_below(out) == before


def test_resumed_run_keeps_its_curves(cache: Path, undisturbed: Path, tmp_path: Path) -> None:
    """Its figures are those of the undisturbed run, to the last bit; TensorBoard has each once."""
    out = tmp_path / "run"
    interrupt(3, cache, out, "--tracker", "tensorboard")
    assert read_config(out / LAST_NAME).tracker == "tensorboard"
    with (out / METRICS_NAME).open("a") as stream:
        stream.write("4,loss/total,0.5\n5,loss/to")  # as if it had been killed two steps later
    (out / ".last.0123abcd.part.safetensors").write_bytes(b"half")  # while it saved
    assert depth_unet("train", "--resume", out).code == 0
    assert not list(out.glob(".*"))
    ours, theirs = read_history(out), read_history(undisturbed)
    assert list(ours) == list(theirs)
    assert ours["loss/total"].steps == (1, 2, 3, 4, 5, 6, 7)
    assert ours["unseen/abs_rel"].steps == (3, 6, 7)
    for name, curve in theirs.items():
        assert ours[name].steps == curve.steps
        if name not in ("run/images_per_s", "run/memory_gb"):
            assert ours[name] == curve, name
    events = EventAccumulator(str(out / "tensorboard"))
    events.Reload()
    shown = {tag: tuple(event.step for event in events.Scalars(tag)) for tag in ours}
    assert shown == {name: curve.steps for name, curve in ours.items()}


def test_rows_average_the_steps_before_the_stop(cache: Path, tmp_path: Path) -> None:
    """A row of ``metrics.csv`` is the mean since the row before, also if the run was stopped."""
    whole, out = tmp_path / "whole", tmp_path / "run"
    options = ("--log-every", 3)  # after the same option in OPTIONS: the last counts
    assert train(cache, whole, *options).code == 0
    interrupt(5, cache, out, *options)
    assert depth_unet("train", "--resume", out).code == 0
    ours, theirs = read_history(out), read_history(whole)
    assert ours["loss/total"].steps == (3, 6, 7)
    for name in (name for name in theirs if name.startswith("loss/")):
        assert ours[name] == theirs[name], name
    assert_same(out / LAST_NAME, whole / LAST_NAME)


def test_run_from_before_metrics_csv(cache: Path, undisturbed: Path, tmp_path: Path) -> None:
    """A folder with TensorBoard's events alone is resumed, and has figures from there on."""
    out = tmp_path / "run"
    interrupt(4, cache, out)
    (out / METRICS_NAME).unlink()
    (out / CONFIG_NAME).unlink()
    (out / "tensorboard").mkdir()
    (out / "tensorboard" / "events.out.tfevents.1.host").write_bytes(b"events")
    assert depth_unet("train", "--resume", out).code == 0
    assert_same(out / LAST_NAME, undisturbed / LAST_NAME)
    assert read_history(out)["loss/total"].steps == (5, 6, 7)
    assert (out / CONFIG_NAME).read_bytes() == (undisturbed / CONFIG_NAME).read_bytes()


def test_tracker_may_change(
    cache: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It changes nothing in the run; a missing one is refused before anything is written."""
    out = tmp_path / "run"
    interrupt(3, cache, out)
    before = bytes_below(out)
    with monkeypatch.context() as context:
        context.setitem(sys.modules, "torch.utils.tensorboard", None)
        refused = depth_unet("train", "--resume", out, "--tracker", "tensorboard")
        assert_refused(refused, "needs tensorboard", "pip install")
        again = train(cache, out, "--tracker", "tensorboard", "--overwrite")
        assert_refused(again, "needs tensorboard", "pip install")
    assert bytes_below(out) == before
    assert depth_unet("train", "--resume", out, "--tracker", "tensorboard").code == 0
    assert_same_weights(out / LAST_NAME, undisturbed / LAST_NAME)


def test_data_set_may_have_moved(cache: Path, undisturbed: Path, tmp_path: Path) -> None:
    """``--data`` names its new place; without it, one line says what is missing."""
    moved, out = tmp_path / "moved", tmp_path / "run"
    shutil.copytree(cache, tmp_path / "cache")
    interrupt(2, tmp_path / "cache", out)
    (tmp_path / "cache").rename(moved)
    refused = depth_unet("train", "--resume", out)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert str(tmp_path / "cache") in refused.complaints[0]
    assert depth_unet("train", "--resume", out, "--data", moved).code == 0
    assert_same_weights(out / LAST_NAME, undisturbed / LAST_NAME)


def test_data_set_must_be_the_same(box_rooms: Path, cache: Path, tmp_path: Path) -> None:
    """A data set without one of the run's training frames is refused: it is another run."""
    out, other = tmp_path / "run", tmp_path / "other"
    interrupt(2, cache, out)
    before = (out / LAST_NAME).read_bytes()
    shutil.copytree(box_rooms, other)
    gone = read(out / LAST_NAME).splits["train"][0]
    lines = (other / "index.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(gone)]
    assert len(kept) == len(lines) - 1
    (other / "index.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    refused = depth_unet("train", "--resume", out, "--data", other)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert (out / LAST_NAME).read_bytes() == before


def test_micro_batches_do_not_change_the_run(
    cache: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """Batches of 4 at once or one by one: the same run, beyond rounding in fp32.

    Adam divides by the size of the gradient, so a weight whose gradient is rounding may move
    either way; the distance is measured over all weights, in units of the way they went.
    """
    assert train(cache, tmp_path / "run", "--micro-batch-size", "1").code == 0
    ours, theirs = read(tmp_path / "run" / LAST_NAME), read(undisturbed / LAST_NAME)
    assert ours.config.micro_batch_size != theirs.config.micro_batch_size
    assert distance(ours, theirs) < 0.01 * distance(start_of(theirs), theirs)
    for name, value in theirs.metrics.items():
        assert ours.metrics[name] == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_passes_in_threads_do_not_change_the_run(
    precision: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at a time, whichever ends first, or one by one: the same bits, resumed or not."""
    runs = one_by_one, in_threads = tmp_path / "one by one", tmp_path / "in threads"
    options = ("--batch-size", "8", "--precision", precision)
    with torch_threads(1):
        assert train(cache, one_by_one, *options, "--micro-batch-size", "4").code == 0
    names = list[str]()
    item: Callable[..., Batch] = MicroBatches.__getitem__

    def first_is_last(self: MicroBatches, number: int) -> Batch:
        names.append(threading.current_thread().name)
        if number == 0:
            time.sleep(0.2)
        return item(self, number)

    monkeypatch.setattr(MicroBatches, "__getitem__", first_is_last)
    with torch_threads(2):
        interrupt(3, cache, in_threads, *options, "--micro-batch-size", "0")
        assert depth_unet("train", "--resume", in_threads).code == 0
    assert threading.main_thread().name not in names
    assert [read(run / LAST_NAME).extra["plan"]["workers"] for run in runs] == [1, 2]
    assert_same_weights(one_by_one / LAST_NAME, in_threads / LAST_NAME)


@pytest.mark.chaos
def test_a_resumed_run_keeps_its_threads(cache: Path, tmp_path: Path) -> None:
    """Another number would change the last bits of every sum over pixels."""
    runs = whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    options = ("--batch-size", "8", "--micro-batch-size", "8")
    with torch_threads(3):
        assert train(cache, whole, *options).code == 0
        interrupt(3, cache, resumed, *options)
    with torch_threads(1):
        assert depth_unet("train", "--resume", resumed).code == 0
        assert torch.get_num_threads() == 1
    assert_same_weights(whole / LAST_NAME, resumed / LAST_NAME)
    assert [read(run / LAST_NAME).extra["plan"]["threads"] for run in runs] == [3, 3]


def test_batch_size_does_change_the_run(cache: Path, undisturbed: Path, tmp_path: Path) -> None:
    """The measure above tells another run from the same one."""
    assert train(cache, tmp_path / "run", "--batch-size", "5").code == 0
    ours, theirs = read(tmp_path / "run" / LAST_NAME), read(undisturbed / LAST_NAME)
    assert distance(ours, theirs) > 0.1 * distance(start_of(theirs), theirs)


def distance(one: Checkpoint, other: Checkpoint) -> float:
    """Euclidean distance of the raw weights."""
    return float((flat(one) - flat(other)).norm())


def flat(run: Checkpoint) -> Tensor:
    """The raw weights in one row."""
    network = {name: value for name, value in run.state.items() if name.startswith("network/")}
    return torch.cat([network[name].flatten() for name in sorted(network)])


def start_of(run: Checkpoint) -> Checkpoint:
    """The run before its first step."""
    from depth_unet.train.setup import new_network

    weights = new_network(run.config)[0].state_dict()
    return Checkpoint(
        config=run.config,
        step=0,
        weights={},
        splits={},
        state={f"network/{name}": value for name, value in weights.items()},
    )


@pytest.mark.slow  # test_parity has two processes, too
def test_two_processes_train_the_same_network(
    cache: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """Under torchrun's variables two processes share each batch; the run is that of one."""
    out = tmp_path / "run"
    command = ("train", "seed", "--data", cache, "--out", out, "--steps", NUM_STEPS, *OPTIONS)
    for process in start_two(*command):
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    ours, theirs = read(out / LAST_NAME), read(undisturbed / LAST_NAME)
    assert ours.step == theirs.step
    assert distance(ours, theirs) < 0.01 * distance(start_of(theirs), theirs)
