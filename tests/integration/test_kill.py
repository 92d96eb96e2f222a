"""Processes that are killed without a warning end, started again, in the weights of one run."""

import hashlib
import random
import time
from pathlib import Path

import psutil
import pytest

from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import LAST_NAME
from tests.integration.commandline import TINY_MODEL, depth_unet, free_port, start, torchrun
from tests.integration.short_run import assert_same

OPTIONS = (
    *("--fraction", "0.4", "--holdout", "0.1", "--batch-size", "6", "--micro-batch-size", "4"),
    *("--validate-every", "1000", "--log-every", "1", "--auto-resume", *TINY_MODEL),
)


def sha256(path: Path) -> str:
    """Of everything that a checkpoint has learned."""
    checkpoint, digest = read(path), hashlib.sha256()
    for tensors in (checkpoint.weights, checkpoint.state):
        for name, tensor in sorted(tensors.items()):
            digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def killed_after(command: tuple[object, ...], rng: random.Random, most_lines: int) -> bool:
    """Start, and kill after some lines and a moment; False where it had ended by then."""
    process = start(*command, variables={"OMP_NUM_THREADS": 1})
    assert process.stderr is not None
    lines, wanted = 0, rng.randint(0, most_lines)
    for line in process.stderr:
        lines += line.startswith("step ")
        if lines >= wanted:
            break
    time.sleep(rng.random() * 0.2)
    killed = process.poll() is None
    process.kill()
    process.communicate()
    return killed


@pytest.mark.chaos
@pytest.mark.slow  # test_resume has one interruption, bit by bit, in this process
@pytest.mark.parametrize(("num_kills", "num_steps", "every"), [(1, 6, 2), (20, 200, 7)])
def test_killed_runs_end_in_the_same_bits(
    cache: Path, tmp_path: Path, num_kills: int, num_steps: int, every: int
) -> None:
    """However often it is killed, the same command ends in weights with the same SHA-256."""
    given = ("train", "seed", "--data", cache, *OPTIONS, "--steps", num_steps)
    given = (*given, "--checkpoint-every", every, "--out")
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    whole = start(*given, straight, variables={"OMP_NUM_THREADS": 1})
    _, err = whole.communicate(timeout=300)
    assert whole.returncode == 0, err
    rng, kills = random.Random(0), 0
    for _ in range(num_kills):
        kills += killed_after((*given, killed), rng, num_steps // num_kills)
    assert kills >= num_kills / 2, "most of them came too late"
    last = start(*given, killed, variables={"OMP_NUM_THREADS": 1})
    _, err = last.communicate(timeout=300)
    assert last.returncode == 0, err
    assert read(killed / LAST_NAME).step == num_steps
    assert sha256(killed / LAST_NAME) == sha256(straight / LAST_NAME)


@pytest.mark.chaos
@pytest.mark.slow
def test_two_machines_survive_the_loss_of_a_worker(cache: Path, tmp_path: Path) -> None:
    """Two agents of torchrun: one worker is killed, both restart from the last checkpoint.

    They end in the bits of the undisturbed run.
    """
    num_steps = 60
    ends = {}
    for name in ("straight", "killed"):
        port, out = free_port(), tmp_path / name
        given = ("train", "seed", "--data", cache, "--out", out, *OPTIONS)
        given = (*given, "--steps", num_steps, "--checkpoint-every", 5)
        agents = [
            torchrun(
                *("--nnodes", 2, "--nproc-per-node", 1, "--node-rank", rank, "--max-restarts", 3),
                *("--rdzv-backend", "c10d", "--rdzv-id", name),
                *("--rdzv-endpoint", f"127.0.0.1:{port}"),
                arguments=given,
            )
            for rank in range(2)
        ]
        if name == "killed":
            while not (out / LAST_NAME).exists() or read(out / LAST_NAME).step < 10:
                time.sleep(0.05)
            (worker,) = psutil.Process(agents[1].pid).children()
            worker.kill()
        try:
            for agent in agents:
                _, ends[name] = agent.communicate(timeout=300)
                assert agent.returncode == 0, ends[name]
        finally:
            for agent in agents:
                agent.kill()
    assert_same(tmp_path / "straight" / LAST_NAME, tmp_path / "killed" / LAST_NAME)


@pytest.mark.chaos
@pytest.mark.slow
def test_run_killed_before_its_first_checkpoint_is_due(cache: Path, tmp_path: Path) -> None:
    """What a run writes before its first step is enough to go on."""
    out = tmp_path / "run"
    given = ("train", "seed", "--data", cache, "--out", out, *OPTIONS, "--steps", 12)
    process = start(*given, variables={"OMP_NUM_THREADS": 1})
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("step "):
            break
    process.kill()
    process.communicate()
    assert read(out / LAST_NAME).step == 0
    assert depth_unet("train", "--resume", out).code == 0
    assert read(out / LAST_NAME).step == 12
