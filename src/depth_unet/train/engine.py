"""Gradients of whole batches within the memory limit; smaller micro-batches if memory runs out."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Self

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
LEAST_IMAGES = 4  # of a pass in a thread; smaller passes cost more than threads bring
SLACK = 0.95  # of the limit, since the allocator takes a little more or less from step to step
VALIDATION_BYTES = 60 * 10**6  # pictures of a validation, and what is imported for them
SAVED_TENSORS = 4  # in a checkpoint: averages, raw weights, two moments
SAVED_COPIES = 2  # of each while it is written: contiguous, and as bytes


class Engine:
    """Computes the gradient of every batch in micro-batches; their size never changes the result.

    On a CPU, several are computed at once, each by its share of torch's threads, on most machines
    one: threads that share an operation wait for each other, several times longer where another
    program takes a core. A resumed run keeps the threads of a pass, whose number changes the last
    bits of sums. As a context, it keeps the pool.

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
        self.num_threads = torch.get_num_threads()
        self.workers = self._most_workers()
        size = config.micro_batch_size or math.ceil(share / self.workers)
        self.plan = self._on_this_machine(
            plan
            or Plan(
                micro_batch_size=min(size, share),
                workers=self.workers,
                checkpointing=config.compute.checkpointing == "on",
            )
        )
        self.meter = MemoryMeter(self.device)
        self.pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Start the threads and the measurement of memory."""
        self.meter.__enter__()
        self._start_pool()
        return self

    def __exit__(self, *_: object) -> None:
        """End both."""
        try:
            self._end_pool()
        finally:
            torch.set_num_threads(self.num_threads)  # else new threads would inherit the setting
            self.meter.__exit__()

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
        recompute = self._agree(int(plan.checkpointing), "max")
        plan = replace(plan, micro_batch_size=size, checkpointing=bool(recompute))
        self.plan = self._on_this_machine(plan)
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
                masks, workers = parts.masks(), self.plan.workers
                return self.gradient.accumulate(parts, masks, self.pool, workers)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.fabric.world_size > 1:
                    raise ConfigError(
                        f"out of memory with {self.plan.images_at_once} images at a time; start "
                        "with --memory, or a smaller --micro-batch-size"
                    ) from None
            self._end_pool()  # outside `except`, where the error holds the tensors
            self.network.zero_grad()
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
        if self.plan.images_at_once == 1 and may_recompute:
            self.plan = replace(self.plan, checkpointing=True, predicted_bytes=0)
        else:
            self.plan = self.plan.halved()
        self._end_pool()
        self._start_pool()
        size = self.plan.images_at_once
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
        return too_much and self.plan.images_at_once > 1

    def describe_peak(self) -> str:
        """Measured memory and the limit, in one line."""
        peak, limit = self.peak_bytes / GB, self.limit / GB
        return f"memory: measured peak {peak:.2f} GB" + (f" of {limit:.2f} GB" if limit else "")

    def _most_workers(self) -> int:
        """Passes at a time that pay: a divisor of torch's threads that the batch has images for.

        Compiled networks and fp64, which Fabric sets for the whole process, are for one thread;
        what the user said about micro-batches or processes holds. The memory of passes at the same
        time cannot be predicted to a few per cent, so a limit of memory is for one, too.
        """
        config, threads = self.config, self.num_threads
        alone = self.device.type == "cpu" and self.fabric.world_size == 1
        if not alone or config.micro_batch_size or config.compute.compile or self.limit:
            return 1
        if config.precision == "fp64":
            return 1
        most = self.share // LEAST_IMAGES
        return max((n for n in range(1, most + 1) if threads % n == 0), default=1)

    def _on_this_machine(self, plan: Plan) -> Plan:
        """A plan that may be that of another machine; see ``Plan.on_threads``."""
        if self.device.type != "cpu":
            return replace(plan, workers=1, threads=0)
        return plan.on_threads(self.num_threads, most_workers=self.workers, share=self.share)

    def _start_pool(self) -> None:
        """Threads for the plan; one pass at a time is computed in this one."""
        threads = self.plan.threads
        if self.plan.workers > 1:
            self.pool = ThreadPoolExecutor(
                self.plan.workers, initializer=torch.set_num_threads, initargs=(threads,)
            )
        elif threads:
            torch.set_num_threads(threads)

    def _end_pool(self) -> None:
        """Wait for the passes that have begun."""
        if self.pool:
            self.pool.shutdown(cancel_futures=True)
            self.pool = None

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
