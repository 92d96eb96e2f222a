"""The command line as a user meets it: in this process, or as a program of its own."""

import contextlib
import importlib.util
import io
import json
import os
import re
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from depth_unet.cli import compare as comparing
from depth_unet.cli.evaluate import command as evaluation
from depth_unet.cli.main import main
from depth_unet.search import page as searching
from depth_unet.train import validate as validation

# A network of 60,000 weights: what is tested is what happens around it.
TINY_MODEL = (
    *("--model.widths", "8", "16", "32"),
    *("--model.blocks", "1", "1", "1"),
    *("--model.attention-blocks", "0", "1", "1"),
    *("--model.head-width", "8"),
    *("--canvas.height", "48", "--canvas.width", "64", "--precision", "fp32"),
)
UNCHANGED = (  # photos as they are, so that a network can learn them by heart
    *("--augment.flip", "0", "--augment.channel-swap", "0"),
    *("--augment.brightness", "0", "--augment.contrast", "0", "--augment.saturation", "0"),
    *("--augment.rotation-deg", "0", "--augment.zoom", "1", "--augment.frame", "0"),
)
FEW_STEPS = ("--steps", 2, "--batch-size", 2, "--fraction", 1, "--validate-every", 2, *TINY_MODEL)
ERROR = "depth-unet: error: "
_PROGRESS = re.compile(
    r"warning: |engine: |.*━|preparing |ep(o?c?h?…?) |step \d+ |"
    r".*; \d+ pairs$|\w+: \d+ training frames|.*: \d+ predicted, \d+ failed"
)


@dataclass(frozen=True)
class Outcome:
    """What a command left on the screen."""

    code: int
    out: str
    err: str

    @property
    def warnings(self) -> list[str]:
        """Lines on stderr that warn."""
        return [line for line in self.err.splitlines() if line.startswith("warning: ")]

    @property
    def complaints(self) -> list[str]:
        """Lines on stderr that are neither warnings nor progress."""
        return [line for line in self.err.splitlines() if line and not _PROGRESS.match(line)]


def depth_unet(*arguments: object) -> Outcome:
    """Run ``depth-unet`` in this process; warnings go to stderr, as they do for a user."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("always", UserWarning)
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as leaving:
            code = leaving.code  # type: ignore[assignment]
    assert type(code) is int, f"left with {code!r}"
    return Outcome(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def no_pictures() -> Iterator[None]:
    """Commands in this process draw no photos, no depth and no curves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "write_pictures", lambda *_: [])
        patch.setattr(comparing, "write_side_by_side", lambda *_: [])
        patch.setattr(comparing, "write_curves", lambda *_: {})
        patch.setattr(searching, "draw_plots", lambda *_: {})
        patch.setattr(validation, "panel", lambda _: None)
        patch.setattr(validation, "render_array", lambda _: np.zeros((8, 8, 3), np.uint8))
        yield


def source_path() -> str:
    """PYTHONPATH of the copy that is tested here, and of the tests."""
    spec = importlib.util.find_spec("depth_unet")
    assert spec is not None
    assert spec.origin is not None
    source, tests = Path(spec.origin).parents[1], Path(__file__).parents[2]
    return os.pathsep.join((str(source), str(tests)))


def start(
    *arguments: object,
    module: str = "depth_unet",
    variables: Mapping[str, object] | None = None,
    encoding: str | None = None,
    stdout: int | IO[str] = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """Start ``python -m depth_unet`` (or another module) on the copy that is tested here."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *(str(argument) for argument in arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        encoding=encoding,
        env={
            **os.environ,
            "PYTHONPATH": source_path(),
            **{name: str(value) for name, value in (variables or {}).items()},
        },
    )


def start_two(*arguments: object) -> list[subprocess.Popen[str]]:
    """Start a command as the two processes of one torchrun, without its agent."""
    variables = {
        "OMP_NUM_THREADS": 1,
        "WORLD_SIZE": 2,
        "LOCAL_WORLD_SIZE": 2,
        "GROUP_RANK": 0,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": free_port(),
        "TORCHELASTIC_RUN_ID": "test",
        "TORCHELASTIC_USE_AGENT_STORE": "False",
    }
    return [
        start(*arguments, variables=variables | {"RANK": rank, "LOCAL_RANK": rank})
        for rank in range(2)
    ]


def torchrun(
    *options: object, arguments: Sequence[object], module: str = "depth_unet"
) -> subprocess.Popen[str]:
    """Start ``torchrun OPTIONS -m MODULE ARGUMENTS`` with one thread per process."""
    given = options or ()
    if "--rdzv-endpoint" not in given:
        given = ("--master-port", free_port(), *given)
    return start(
        *(*given, "-m", module, *arguments),
        module="torch.distributed.run",
        # With a store that agents share, one that restarts for another's sake counts its restarts
        # differently, and the workers wait for each other under different names.
        variables={"OMP_NUM_THREADS": 1, "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": 1},
    )


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def files_below(folder: Path) -> set[str]:
    """Every file and folder below ``folder``, by relative path."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def bytes_below(folder: Path) -> dict[str, bytes]:
    """The content of every file below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def evaluate(run: Path, data: Path, out: Path, *options: object) -> Outcome:
    """Evaluate a checkpoint."""
    return depth_unet("evaluate", run, "--data", data, "--out", out, *options)


def results_in(folder: Path) -> dict[str, Any]:
    """What ``metrics.json`` holds."""
    results: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return results


def assert_refused(outcome: Outcome, *words: str, code: int = 2) -> None:
    """One line on stderr says what is wrong (the words) and what to do, and nothing else does."""
    assert outcome.code == code, outcome.err
    assert len(outcome.complaints) == 1, outcome.err
    line = outcome.complaints[0]
    assert line.startswith(ERROR)
    for word in words:
        assert word in line
    assert line.isprintable()
    assert outcome.out == ""


def predict(run: Path, out: Path, *arguments: object) -> Outcome:
    """Predict photos."""
    return depth_unet("predict", *arguments, "--weights", run, "--out", out)
