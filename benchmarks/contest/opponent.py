"""The other end of a side's pipes: start it, give it turns, watch its memory."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from contest.meter import Settings, Turn

BENCHMARKS = Path(__file__).resolve().parents[1]
MODULES = {"student": "contest.theirs", "ours": "contest.ours"}
SAMPLE_S = 0.02


class Opponent:
    """A side in a process of its own, on its way to its first turn.

    Args:
        settings: What it does.
        source: Folder of the package that it runs; None: this one.

    Attributes:
        memory_bytes: Most anonymous memory of its process and their children before it.
        cuda_peak_bytes: Most memory that tensors took on the GPU; 0 without one.
    """

    def __init__(self, settings: Settings, source: Path | None = None) -> None:
        path = filter(None, (source, BENCHMARKS, os.environ.get("PYTHONPATH")))
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULES[settings.side], json.dumps(asdict(settings))],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.memory_bytes = self.cuda_peak_bytes = 0
        self._watch = MemoryWatch(self._process.pid)

    def facts(self) -> dict[str, Any]:
        """Wait until it is warm; what it tells of itself."""
        answer = self._answer()
        self.memory_bytes = self._watch.end()
        return answer

    def take_turn(self, *, least_s: float, least_steps: int) -> Turn:
        """Let it train for this long; nothing else should run meanwhile."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"seconds": least_s, "steps": least_steps}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        self.cuda_peak_bytes = answer.pop("cuda_peak_bytes")
        return Turn(**answer)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a side ended with exit code {self._process.wait()}; see above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """No more turns: end of input ends the side."""
        self._watch.end()
        self._process.communicate()


class MemoryWatch:
    """Samples the anonymous memory of a process and its children.

    A page that a fork shares counts once (``Pss_Anon``): the workers of a DataLoader begin with
    all pages of their parent. Files that are mapped or cached do not count; nor does shared
    memory, in which a DataLoader hands over its batches.
    """

    def __init__(self, process_id: int) -> None:
        self._peak_bytes = 0
        self._root = psutil.Process(process_id)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def end(self) -> int:
        """The most there was, bytes."""
        self._ended.set()
        self._thread.join()
        return self._peak_bytes

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            with suppress(psutil.Error):
                family = [self._root, *self._root.children(recursive=True)]
                now_bytes = sum(anonymous_bytes(process.pid) for process in family)
                self._peak_bytes = max(self._peak_bytes, now_bytes)


def anonymous_bytes(process_id: int) -> int:
    """Anonymous memory of a process, its share of shared pages; 0 once it is gone."""
    with suppress(OSError):
        rollup = Path(f"/proc/{process_id}/smaps_rollup").read_text(encoding="ascii")
        for line in rollup.splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
    return 0
