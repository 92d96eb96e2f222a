"""How a batch is cut into micro-batches: the fastest way that keeps to a number of bytes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Protocol, runtime_checkable

from depth_unet.config.compute import Switch
from depth_unet.errors import ConfigError

GAIN = 0.03  # two doublings in a row that gain less than this share per image end the search
AS_FAST = 0.02  # of sizes as fast as the best to this share, the smallest is taken
CLOSE = 0.2  # sizes within this share of the best are timed again, in turn
ROUNDS = 2  # that often
GB = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a process computes its share of every batch.

    Attributes:
        micro_batch_size: Images per forward and backward pass.
        checkpointing: Whether activations are computed anew for the backward pass.
        predicted_bytes: Peak of the process's memory; 0 where nothing was measured.
    """

    micro_batch_size: int
    checkpointing: bool = False
    predicted_bytes: int = 0

    def halved(self) -> "Plan":
        """The plan after the memory ran out.

        Raises:
            ConfigError: The micro-batch is one image already.
        """
        if self.micro_batch_size == 1:
            remedy = "choose a smaller --canvas or --model"
            if not self.checkpointing:
                remedy = f"give --compute.checkpointing on, or {remedy}"
            raise ConfigError(f"out of memory with one image at a time; {remedy}")
        size = math.ceil(self.micro_batch_size / 2)
        return Plan(micro_batch_size=size, checkpointing=self.checkpointing)

    def to_dict(self) -> dict[str, int]:
        """The plan as plain values, ready for JSON."""
        return {name: int(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, int]) -> "Plan":
        """Inverse of ``to_dict``."""
        return cls(
            micro_batch_size=values["micro_batch_size"],
            checkpointing=bool(values["checkpointing"]),
            predicted_bytes=values["predicted_bytes"],
        )

    def describe(self, share: int, limit: int) -> str:
        """One line for people.

        Args:
            share: Images of a batch in this process.
            limit: Bytes that it may take.
        """
        num = math.ceil(share / self.micro_batch_size)
        kept = "computed twice" if self.checkpointing else "kept"
        return (
            f"plan: {share} images as {num} x {self.micro_batch_size}, activations {kept}; "
            f"predicted peak {self.predicted_bytes / GB:.2f} GB of {limit / GB:.2f} GB"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One forward and backward pass.

    Attributes:
        micro_batch_size: Images in it.
        peak_bytes: Peak of the process's memory in a run of such passes.
        elapsed_s: Seconds that one took.
    """

    micro_batch_size: int
    peak_bytes: int
    elapsed_s: float

    @property
    def s_per_image(self) -> float:
        """Seconds per image."""
        return self.elapsed_s / self.micro_batch_size


@runtime_checkable
class Measure(Protocol):
    """Measures passes of a number of images."""

    def __call__(self, size: int, checkpointing: bool) -> Measured:
        """With activations computed twice, or kept."""
        ...


def choose_plan(
    measure: Measure,
    *,
    share: int,
    idle: int,
    floor: int = 0,
    limit: int,
    checkpointing: Switch,
) -> Plan:
    """Find the fastest micro-batch within the memory.

    Sizes double from one image on. The peaks so far give a line, and a size is tried only where
    the line stays within the limit. It ends where two doublings gained hardly anything; where the
    memory ended it, the largest size that the line allows is tried too. The fastest are timed
    again in turn, since machines are noisy. Activations are computed twice only where one image
    does not fit otherwise.

    Args:
        measure: The real network at work.
        share: Images of a batch in this process.
        idle: Bytes that a run takes between two passes.
        floor: Bytes that a run takes at some time whatever the size.
        limit: Bytes that the process may take.
        checkpointing: ``on`` and ``off`` leave no choice.

    Returns:
        The plan; where not even one image fits, the one that takes least, beyond the limit.
    """
    modes = {"auto": (False, True), "on": (True,), "off": (False,)}[checkpointing]
    plan = Plan(micro_batch_size=1)
    for mode in modes:
        timed = partial(measure, checkpointing=mode)
        found = _climb(timed, share, idle, limit)
        if max(found[0].peak_bytes, floor) <= limit:
            fitting = [item for item in found if item.peak_bytes <= limit]
            best = _best(_timed_again(timed, fitting))
            return _plan(best, mode, floor)
        plan = _plan(found[0], mode, floor)
    return plan


def _plan(chosen: Measured, checkpointing: bool, floor: int) -> Plan:
    return Plan(
        micro_batch_size=chosen.micro_batch_size,
        checkpointing=checkpointing,
        predicted_bytes=max(chosen.peak_bytes, floor),
    )


def _climb(measure: Callable[[int], Measured], share: int, idle: int, limit: int) -> list[Measured]:
    """Measurements of growing sizes; the first always, the others as far as they should fit."""
    found = [measure(1)]
    while found[-1].micro_batch_size < share and found[-1].peak_bytes <= limit:
        size = min(share, 2 * found[-1].micro_batch_size)
        most = _largest(found, idle, limit)
        if most < size:
            if most > found[-1].micro_batch_size:
                found.append(measure(_even(share, int(most))))
            break
        found.append(measure(size))
        fastest = min(item.s_per_image for item in found[:-2]) if len(found) > 2 else math.inf
        if min(item.s_per_image for item in found[-2:]) > (1 - GAIN) * fastest:
            break
    return found


def _largest(found: Sequence[Measured], idle: int, limit: int) -> float:
    """The largest size within the limit by the line through the last two peaks."""
    last = found[-1]
    before, peak = (
        (found[-2].micro_batch_size, found[-2].peak_bytes) if len(found) > 1 else (0, idle)
    )
    step = (last.peak_bytes - peak) / (last.micro_batch_size - before)
    if step <= 0:
        return math.inf
    return last.micro_batch_size + (limit - last.peak_bytes) // step


def _even(share: int, most: int) -> int:
    """The size that cuts the share into as few parts as ``most`` does, of nearly equal size."""
    return math.ceil(share / math.ceil(share / most))


def _timed_again(measure: Callable[[int], Measured], found: Sequence[Measured]) -> list[Measured]:
    """The sizes that may be fastest, each with the shortest of its times and the highest peak."""
    fastest = min(item.s_per_image for item in found)
    close = [item for item in found if item.s_per_image <= (1 + CLOSE) * fastest]
    if len(close) == 1:
        return close
    turns = [close, *([measure(item.micro_batch_size) for item in close] for _ in range(ROUNDS))]
    return [
        Measured(
            micro_batch_size=same[0].micro_batch_size,
            peak_bytes=max(item.peak_bytes for item in same),
            elapsed_s=min(item.elapsed_s for item in same),
        )
        for same in zip(*turns, strict=True)
    ]


def _best(found: Sequence[Measured]) -> Measured:
    fastest = min(item.s_per_image for item in found)
    as_fast = (item for item in found if item.s_per_image <= (1 + AS_FAST) * fastest)
    return min(as_fast, key=lambda item: item.peak_bytes)
