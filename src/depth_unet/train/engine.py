"""Gradients of whole batches in whatever memory there is: the plan, and what to do without one."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from depth_unet.config.compute import memory_bytes
from depth_unet.config.run import Config
from depth_unet.data.loader import Loader, RawBatch
from depth_unet.errors import ConfigError
from depth_unet.model.unet import UNet
from depth_unet.train.memory import MemoryMeter, current_bytes, release
from depth_unet.train.micro_batches import MicroBatches
from depth_unet.train.plan import GB, Measured, Plan, choose_plan
from depth_unet.train.step import BatchGradient, StepLosses

NO_LIMIT = 2**62
SLACK = 0.95  # of the limit: the allocator's mood from one step to the next
LONG_S = 1.0  # a pass this long is timed once
VALIDATION_BYTES = 60 * 10**6  # pictures of a validation, and what is imported for them
SAVED_TENSORS = 4  # in a checkpoint: averages, raw weights, two moments
SAVED_COPIES = 2  # of each at the moment when it is written: contiguous, and as bytes


class Engine:
    """Adds up the gradient of every batch by a plan that may shrink and never changes the result.

    Args:
        gradient: The batch's gradient in given parts.
        network: The network itself.
        config: The run's settings.
        share: Images of a full batch in this process.
        plan: How to go on; None begins as the config says, or as ``prepare`` finds.
        say: Told of every change of plan, in one line.
    """

    def __init__(
        self,
        gradient: BatchGradient,
        network: UNet,
        config: Config,
        *,
        share: int,
        plan: Plan | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.gradient, self.network, self.config = gradient, network, config
        self.share, self.say, self.fabric = share, say, gradient.fabric
        self.device = self.fabric.device
        self.limit = memory_bytes(config.memory) // local_processes()
        self.planned, self.highest_bytes = plan is not None, 0
        self.plan = plan or Plan(
            micro_batch_size=min(config.micro_batch_size or share, share),
            checkpointing=config.compute.checkpointing == "on",
        )
        self.meter = MemoryMeter(self.device)

    def prepare(self, loader: Loader, step: int, optimiser: torch.optim.Optimizer) -> None:
        """Find the plan, where the memory is limited and none was found before.

        Args:
            loader: Reads the batches.
            step: The run's position; the first batch of its epoch is measured, which is whole.
            optimiser: Its state will take memory too, if it is empty yet.

        Raises:
            ConfigError: One image does not fit.
        """
        if not self.limit or self.planned:
            return
        raw = loader.load(step - step % loader.steps_per_epoch)
        reserve = self._reserve(raw, optimiser)
        weights = sum(p.nbytes for p in self.network.parameters())
        release(self.device)
        idle = current_bytes(self.device) + reserve
        saving = 0 if self.device.type == "cuda" else SAVED_COPIES * SAVED_TENSORS * weights
        plan = choose_plan(
            partial(self.measure, raw, reserve=reserve),
            share=min(self.share, len(raw)),
            idle=idle + weights,  # as many gradients
            floor=idle + saving,
            limit=round(SLACK * self.limit),
            checkpointing=self.config.compute.checkpointing,
        )
        if plan.predicted_bytes > SLACK * self.limit:
            raise ConfigError(self._too_little(plan.predicted_bytes))
        size = self._agreed(plan.micro_batch_size, "min")
        mode = self._agreed(int(plan.checkpointing), "max")
        self.plan = replace(plan, micro_batch_size=size, checkpointing=bool(mode))
        self.planned = True
        release(self.device)
        self.meter.reset()
        self.say(self.plan.describe(self.share, self.limit))

    def accumulate(self, raw: RawBatch) -> StepLosses:
        """Add the gradient of a batch; out of memory, the same batch again in smaller parts.

        Raises:
            ConfigError: One image at a time does not fit, or several processes must agree.
        """
        while True:
            self.network.checkpointing = self.plan.checkpointing
            parts = MicroBatches(raw, self.plan.micro_batch_size, self.config, self.device)
            try:
                return self.gradient.accumulate(parts, parts.masks())
            except torch.OutOfMemoryError:
                if self.fabric.world_size > 1:
                    raise ConfigError(
                        f"out of memory with {self.plan.micro_batch_size} images at a time; begin "
                        "with --memory, or a smaller --micro-batch-size"
                    ) from None
            clear_gradients(self.network)  # outside `except`, where the error holds the tensors
            release(self.device)
            self.halve("out of memory")

    def measure(
        self, raw: RawBatch, size: int, *, checkpointing: bool, reserve: int = 0
    ) -> Measured:
        """Run forward and backward passes; gradients are dropped, parameters stay.

        Args:
            raw: Images to take the pass's from.
            size: Images in a pass.
            checkpointing: Whether activations are computed twice.
            reserve: Bytes to add to the peak.
        """
        self.network.checkpointing = checkpointing
        parts = MicroBatches(raw.slice(0, size), size, self.config, self.device)
        counts = self.gradient.counts(parts.masks())
        release(self.device)
        self.meter.reset()
        times = []
        try:
            for _ in range(3):
                times.append(self._pass_s(parts, counts))
                if len(times) > 1 and times[-1] > LONG_S:
                    break
        except torch.OutOfMemoryError:
            return Measured(micro_batch_size=size, peak_bytes=NO_LIMIT, elapsed_s=math.inf)
        finally:
            clear_gradients(self.network)
        peak = self.meter.peak_bytes + reserve
        return Measured(micro_batch_size=size, peak_bytes=peak, elapsed_s=min(times[1:]))

    def halve(self, reason: str) -> None:
        """Go on with smaller parts.

        Raises:
            ConfigError: The parts are single images already.
        """
        anew = self.config.compute.checkpointing == "auto" and not self.plan.checkpointing
        if self.plan.micro_batch_size == 1 and anew:
            self.plan = Plan(micro_batch_size=1, checkpointing=True)
        else:
            self.plan = self.plan.halved()
        size = self.plan.micro_batch_size
        twice = ", activations computed twice" if self.plan.checkpointing else ""
        self.say(f"{reason}: going on with {size} image{'s' if size > 1 else ''} at a time{twice}")
        self.highest_bytes = self.peak_bytes
        release(self.device)
        self.meter.reset()  # what was taken before must not shrink the plan again

    @property
    def peak_bytes(self) -> int:
        """The highest memory of the run, whatever the plan was at the time."""
        return max(self.highest_bytes, self.meter.peak_bytes)

    @property
    def over_limit(self) -> bool:
        """Whether more memory was taken than allowed, and smaller parts may help."""
        too_much = bool(self.limit) and self.meter.peak_bytes > self.limit
        return too_much and self.plan.micro_batch_size > 1

    def describe_peak(self) -> str:
        """Measured memory beside what was allowed, in one line."""
        peak, limit = self.peak_bytes / GB, self.limit / GB
        return f"memory: measured peak {peak:.2f} GB" + (f" of {limit:.2f} GB" if limit else "")

    def _too_little(self, least: int) -> str:
        """What to say where one image at a time takes ``least`` bytes in this process."""
        given = f"memory {self.config.memory} is too little"
        remedy = "a smaller --canvas, --batch-size or --model"
        if least >= NO_LIMIT:
            return f"{given}: the device has no room for one image; choose {remedy}"
        need = least / SLACK * local_processes() / GB
        return (
            f"{given}: one image at a time takes {need:.2f} GB; give --memory "
            f"{math.ceil(need * 10) / 10:g}GB, or {remedy}"
        )

    def _pass_s(self, parts: MicroBatches, counts: dict[str, Tensor]) -> float:
        begun = time.perf_counter()
        with self.fabric.no_backward_sync(
            self.gradient.network, enabled=self.fabric.world_size > 1
        ):
            self.gradient.backward(parts[0], counts)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter() - begun

    def _reserve(self, raw: RawBatch, optimiser: torch.optim.Optimizer) -> int:
        """Bytes that a run takes and a pass does not: the next batch, moments, a checkpoint."""
        weights = sum(p.nbytes for p in self.network.parameters())
        moments = 0 if optimiser.state else 2 * weights
        if self.device.type == "cuda":
            return moments
        stored = (raw.image, raw.depth_m, raw.labels)
        batch = sum(t.nbytes for t in stored if t is not None) * self.share // len(raw)
        return moments + batch + VALIDATION_BYTES

    def _agreed(self, value: int, how: str) -> int:
        if self.fabric.world_size == 1:
            return value
        reduced = self.fabric.all_reduce(torch.tensor(value), reduce_op=how)
        assert isinstance(reduced, Tensor)
        return int(reduced)


def local_processes() -> int:
    """Processes of the run on this machine, which share its memory."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def clear_gradients(network: nn.Module) -> None:
    """Drop all gradients and their memory."""
    for parameter in network.parameters():
        parameter.grad = None
