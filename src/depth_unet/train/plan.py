"""How a batch is cut into micro-batches: into the largest that fit into memory."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from depth_unet.config.compute import Switch
from depth_unet.errors import ConfigError

GB = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a process computes its share of every batch.

    Attributes:
        micro_batch_size: Images per forward and backward pass.
        workers: Passes at the same time, each in a thread.
        threads: Threads of each pass on a CPU, which decide the last bits of its gradient; 0: those
            that torch has.
        checkpointing: Whether activations are recomputed in the backward pass.
        predicted_bytes: Peak of the process's memory; 0 where nothing was measured.
    """

    micro_batch_size: int
    workers: int = 1
    threads: int = 0
    checkpointing: bool = False
    predicted_bytes: int = 0

    def halved(self) -> "Plan":
        """The plan after the memory ran out.

        Raises:
            ConfigError: It is one image at a time already.
        """
        if self.workers > 1 and self.micro_batch_size == 1:
            workers = self.workers // 2
            return replace(self, workers=workers, threads=2 * self.threads, predicted_bytes=0)
        if self.micro_batch_size == 1:
            remedy = "choose a smaller --canvas or --model"
            if not self.checkpointing:
                remedy = f"give --compute.checkpointing on, or {remedy}"
            raise ConfigError(f"out of memory with one image at a time; {remedy}")
        size = math.ceil(self.micro_batch_size / 2)
        return replace(self, micro_batch_size=size, predicted_bytes=0)

    def on_threads(self, num_threads: int, *, most_workers: int, share: int) -> "Plan":
        """The plan with the threads per pass that it has, and as many passes at a time as possible.

        Passes at a time do not change the result.

        Args:
            num_threads: Threads of this machine.
            most_workers: Passes at a time that pay on it.
            share: Images of a batch.
        """
        threads = self.threads or num_threads // min(self.workers, most_workers)
        parts = math.ceil(share / self.micro_batch_size)
        workers = min(most_workers, parts, max(1, num_threads // threads))
        return replace(self, workers=workers, threads=threads)

    @property
    def images_at_once(self) -> int:
        """Images in the memory at the same time."""
        return self.micro_batch_size * self.workers

    def describe(self, share: int, limit: int) -> str:
        """The plan in one line, for ``share`` images and a limit in bytes."""
        num = math.ceil(share / self.micro_batch_size)
        activations = "recomputed" if self.checkpointing else "kept"
        return (
            f"plan: {share} images as {num} x {self.micro_batch_size}, activations {activations}; "
            f"predicted peak {self.predicted_bytes / GB:.2f} GB of {limit / GB:.2f} GB"
        )


def choose_plan(
    measure: Callable[[int, bool], int],
    *,
    share: int,
    idle: int,
    floor: int = 0,
    limit: int,
    checkpointing: Switch,
) -> Plan:
    """Find the largest micro-batch that fits into memory.

    Sizes double from one image on, as long as the line through the last two peaks stays within the
    limit; then the largest size on that line is measured. Activations are recomputed only where one
    image does not fit otherwise.

    Args:
        measure: Peak memory, in bytes, of passes of a number of images, with activations recomputed
            or not.
        share: Images of a batch in this process.
        idle: Bytes that a run takes between two passes.
        floor: Lower bound of the run's peak, in bytes, whatever the size.
        limit: Bytes that the process may take.
        checkpointing: Whether activations are recomputed; ``auto``: only if necessary.

    Returns:
        The plan; if not even one image fits, its ``predicted_bytes`` exceed the limit.
    """
    modes = {"auto": (False, True), "on": (True,), "off": (False,)}[checkpointing]
    plan = Plan(micro_batch_size=1)
    for mode in modes:
        peaks = [(0, idle), (1, measure(1, mode))]
        while peaks[-1][1] <= limit and (size := _next_size(peaks, share, limit)) > peaks[-1][0]:
            peaks.append((size, measure(size, mode)))
        if len(peaks) > 2 and peaks[-1][1] > limit:
            peaks.pop()
        size, peak = peaks[-1]
        plan = Plan(micro_batch_size=size, checkpointing=mode, predicted_bytes=max(peak, floor))
        if plan.predicted_bytes <= limit:
            break
    return plan


def _next_size(peaks: Sequence[tuple[int, int]], share: int, limit: int) -> int:
    """Twice the last size, or what the line through the last two peaks allows."""
    (before, low), (size, high) = peaks[-2:]
    slope = (high - low) / (size - before)
    most = size + (limit - high) // slope if slope > 0 else math.inf
    if most >= min(share, 2 * size):
        return min(share, 2 * size)
    return math.ceil(share / math.ceil(share / most))  # as few parts, of nearly equal size
