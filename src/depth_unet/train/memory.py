"""How much memory a run takes: measured, and given back.

On the CPU it is the anonymous resident memory of this process and its children: what is shared
neither with files nor with other processes. On a GPU it is what torch has reserved there.
"""

import contextlib
import ctypes
import gc
import mmap
import os
import sys
import threading
from typing import Self

import psutil
import torch

INTERVAL_S = 0.002  # a wake-up between two kernels takes .2 ms: 10 % of the run
FIRST_SAMPLES = 1000  # at that interval
LATER_INTERVAL_S = 0.02  # steps repeat themselves, so that many of them show the peak
CHILDREN_EVERY = 250  # samples; looking for children is slow


class MemoryMeter:
    """The highest memory since it was entered or reset; used as a context.

    The system keeps no peak of anonymous memory, so a thread samples it: every two milliseconds for
    the first two seconds after a reset, then every twenty. A shorter peak may be missed.
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
        samples, resets, children = 0, -1, list[psutil.Process]()
        while not self._ended.wait(INTERVAL_S if samples < FIRST_SAMPLES else LATER_INTERVAL_S):
            if resets != self._resets:
                samples, resets = 0, self._resets
            if samples % CHILDREN_EVERY == 0:
                children = psutil.Process().children(recursive=True)
            samples += 1
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
    total = _process_bytes(os.getpid())
    for child in children:
        with contextlib.suppress(OSError, psutil.Error):
            total += _process_bytes(child.pid)
    return total


def _process_bytes(process_id: int) -> int:
    if sys.platform != "linux":  # all resident memory, shared or not
        return int(psutil.Process(process_id).memory_info().rss)
    with open(f"/proc/{process_id}/statm", "rb") as statm:  # noqa: PTH123 - 20 times as fast
        _, resident, shared, *_ = statm.read().split()
    return (int(resident) - int(shared)) * mmap.PAGESIZE
