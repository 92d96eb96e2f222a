"""Gradients of whole batches within the memory limit; smaller micro-batches if memory runs out."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from depth_unet.config.compute import memory_bytes
from depth_unet.config.run import Config
from depth_unet.data.loader import Loader, RawBatch
from depth_unet.errors import ConfigError, is_out_of_memory
from depth_unet.model.unet import UNet
from depth_unet.train.devices import local_processes
from depth_unet.train.memory import MemoryMeter, current_bytes, release
from depth_unet.train.plan import GB, Plan, choose_plan
from depth_unet.train.step import BatchGradient, MicroBatches, StepLosses

NO_LIMIT = 2**62
OUTSIDE = "out of memory outside of the network; give --memory, or a smaller --batch-size"
SLACK = 0.95  # of the limit, since the allocator takes a little more or less from step to step
VALIDATION_BYTES = 60 * 10**6  # pictures of a validation, and what is imported for them
SAVED_TENSORS = 4  # in a checkpoint: averages, raw weights, two moments
SAVED_COPIES = 2  # of each while it is written: contiguous, and as bytes


class Engine:
    """Computes the gradient of every batch in micro-batches; their size never changes the result.

    Args:
        gradient: Computes the gradient of a batch that is cut into micro-batches.
        network: The network itself.
        config: The run's settings.
        share: Images of a full batch in this process.
        plan: A resumed run's plan; None: from the config, or chosen by ``prepare``.
        say: Shows a line about every change of plan.
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
        """Choose the plan if memory is limited and the run has none yet.

        Raises:
            ConfigError: One image does not fit.
        """
        if not self.limit or self.planned:
            return
        # The first batch of an epoch is whole.
        raw = loader.load(step - step % loader.steps_per_epoch)
        weights = sum(p.nbytes for p in self.network.parameters())
        # Memory besides forward and backward: moments, the next batch, validations, checkpoints.
        reserve, saving = 0 if optimiser.state else 2 * weights, 0
        if self.device.type != "cuda":
            stored = (raw.image, raw.depth_m, raw.labels)
            batch = sum(t.nbytes for t in stored if t is not None) * self.share // len(raw)
            reserve += batch + VALIDATION_BYTES
            saving = SAVED_COPIES * SAVED_TENSORS * weights
        release(self.device)
        idle = current_bytes(self.device) + reserve
        plan = choose_plan(
            partial(self.measure, raw, reserve),
            share=min(self.share, len(raw)),
            idle=idle + weights,  # as many gradients
            floor=idle + saving,
            limit=round(SLACK * self.limit),
            checkpointing=self.config.compute.checkpointing,
        )
        if plan.predicted_bytes > SLACK * self.limit:
            raise ConfigError(self._too_little(plan.predicted_bytes))
        size = self._agree(plan.micro_batch_size, "min")
        mode = self._agree(int(plan.checkpointing), "max")
        self.plan = replace(plan, micro_batch_size=size, checkpointing=bool(mode))
        self.planned = True
        release(self.device)
        self.meter.reset()
        self.say(self.plan.describe(self.share, self.limit))

    def accumulate(self, raw: RawBatch) -> StepLosses:
        """Add the gradient of a batch; if memory runs out, try again with smaller micro-batches.

        Raises:
            ConfigError: A single image does not fit, or there are several processes.
        """
        while True:
            self.network.checkpointing = self.plan.checkpointing
            parts = MicroBatches(raw, self.plan.micro_batch_size, self.config, self.device)
            try:
                return self.gradient.accumulate(parts, parts.masks())
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.fabric.world_size > 1:
                    raise ConfigError(
                        f"out of memory with {self.plan.micro_batch_size} images at a time; start "
                        "with --memory, or a smaller --micro-batch-size"
                    ) from None
            self.network.zero_grad()  # outside `except`, where the error holds the tensors
            release(self.device)
            self.halve("out of memory")

    def measure(self, raw: RawBatch, reserve: int, size: int, checkpointing: bool) -> int:
        """Peak memory of passes of ``size`` images plus the reserve, in bytes."""
        self.network.checkpointing = checkpointing
        parts = MicroBatches(raw.slice(0, size), size, self.config, self.device)
        counts = self.gradient.counts(parts.masks())
        release(self.device)
        self.meter.reset()
        try:
            for _ in range(2):  # the second one beside the gradients of the first
                self.run_pass(parts, counts)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return NO_LIMIT
        finally:
            self.network.zero_grad()
        return self.meter.peak_bytes + reserve

    def run_pass(self, parts: MicroBatches, counts: dict[str, Tensor]) -> None:
        """One forward and backward pass in this process alone."""
        alone = self.fabric.world_size > 1
        with self.fabric.no_backward_sync(self.gradient.network, enabled=alone):
            self.gradient.backward(parts[0], counts)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def halve(self, reason: str) -> None:
        """Halve the micro-batch; at one image, recompute activations instead.

        Raises:
            ConfigError: Activations of single images are recomputed already, or must be kept.
        """
        may_recompute = self.config.compute.checkpointing == "auto" and not self.plan.checkpointing
        if self.plan.micro_batch_size == 1 and may_recompute:
            self.plan = Plan(micro_batch_size=1, checkpointing=True)
        else:
            self.plan = self.plan.halved()
        size = self.plan.micro_batch_size
        recomputed = ", activations recomputed" if self.plan.checkpointing else ""
        self.say(
            f"{reason}: continuing with {size} image{'s' if size > 1 else ''} at a time{recomputed}"
        )
        self.highest_bytes = self.peak_bytes
        release(self.device)
        self.meter.reset()  # the peak under the old plan must not shrink the new one

    @property
    def peak_bytes(self) -> int:
        """The highest memory of the run so far, under any plan."""
        return max(self.highest_bytes, self.meter.peak_bytes)

    @property
    def over_limit(self) -> bool:
        """Whether memory exceeded its limit, and smaller micro-batches may help."""
        too_much = bool(self.limit) and self.meter.peak_bytes > self.limit
        return too_much and self.plan.micro_batch_size > 1

    def describe_peak(self) -> str:
        """Measured memory and the limit, in one line."""
        peak, limit = self.peak_bytes / GB, self.limit / GB
        return f"memory: measured peak {peak:.2f} GB" + (f" of {limit:.2f} GB" if limit else "")

    def _too_little(self, least: int) -> str:
        """The error where one image at a time takes ``least`` bytes in this process."""
        problem = f"memory {self.config.memory} is too little"
        remedy = "a smaller --canvas, --batch-size or --model"
        if least >= NO_LIMIT:
            return f"{problem}: the device has no room for one image; choose {remedy}"
        need = least / SLACK * local_processes() / GB
        return (
            f"{problem}: one image at a time takes {need:.2f} GB; give --memory "
            f"{math.ceil(need * 10) / 10:g}GB, or {remedy}"
        )

    def _agree(self, value: int, how: str) -> int:
        """The smallest (``min``) or largest (``max``) value of all processes."""
        if self.fabric.world_size == 1:
            return value
        reduced = self.fabric.all_reduce(torch.tensor(value), reduce_op=how)
        assert isinstance(reduced, Tensor)
        return int(reduced)
