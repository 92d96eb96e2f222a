"""How much memory a run takes: measured, and given back.

On the CPU it is the anonymous resident memory of this process and its children: what is shared
neither with files nor with other processes. On a GPU it is what torch has reserved there.
"""

import contextlib
import ctypes
import gc
import threading
from pathlib import Path
from typing import Self

import psutil
import torch

INTERVAL_S = 0.002
CHILDREN_EVERY = 250  # samples; looking for children is slow


class MemoryMeter:
    """The highest memory since it was entered or reset; used as a context.

    The system keeps no peak of anonymous memory, so a thread samples it every two milliseconds. A
    shorter peak may be missed.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._peak, self._resets = 0, 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start sampling."""
        self.reset()
        self._ended.clear()
        if self.device.type != "cuda":
            self._thread = threading.Thread(target=self._watch, daemon=True, name="memory meter")
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop sampling."""
        self._ended.set()
        if self._thread:
            self._thread.join()

    @property
    def peak_bytes(self) -> int:
        """The highest memory so far."""
        if self.device.type == "cuda":
            return int(torch.cuda.max_memory_reserved(self.device))
        self._add_sample(current_bytes(self.device), self._resets)
        return self._peak

    def reset(self) -> None:
        """Forget the peak."""
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            return
        now = current_bytes(self.device)
        with self._lock:
            self._peak, self._resets = now, self._resets + 1

    def _add_sample(self, sample_bytes: int, resets: int) -> None:
        """Count a sample unless the peak was reset while it was taken."""
        with self._lock:
            if resets == self._resets:
                self._peak = max(self._peak, sample_bytes)

    def _watch(self) -> None:
        samples, children = 0, list[psutil.Process]()
        while not self._ended.wait(INTERVAL_S):
            if samples % CHILDREN_EVERY == 0:
                children = psutil.Process().children(recursive=True)
            samples += 1
            resets = self._resets
            self._add_sample(_anonymous_bytes(children), resets)


def current_bytes(device: torch.device) -> int:
    """Memory that the run takes now."""
    if device.type == "cuda":
        return int(torch.cuda.memory_reserved(device))
    return _anonymous_bytes(psutil.Process().children(recursive=True))


def release(device: torch.device) -> None:
    """Give memory that is free but still held back to the system."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        return
    with contextlib.suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def _anonymous_bytes(children: list[psutil.Process]) -> int:
    total = _process_bytes("self")
    for child in children:
        with contextlib.suppress(OSError, psutil.Error):
            total += _process_bytes(str(child.pid))
    return total


def _process_bytes(pid: str) -> int:
    path = Path("/proc") / pid / "status"
    if not path.exists():  # not Linux: all resident memory, shared or not
        process = psutil.Process() if pid == "self" else psutil.Process(int(pid))
        return int(process.memory_info().rss)
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0
