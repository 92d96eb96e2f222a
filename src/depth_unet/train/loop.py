"""The training loop, whole on one screen; what it calls is one file each beside it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import Tensor

from depth_unet.checkpoint import BEST_NAME, LAST_NAME, Checkpoint, save
from depth_unet.config.run import Config
from depth_unet.data.augment import augment
from depth_unet.data.loader import Loader
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits, frames_of
from depth_unet.ema import EMA
from depth_unet.errors import DataError
from depth_unet.evaluate.guesses import fit_guesses
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.model.unet import DepthUNet
from depth_unet.records import Batch
from depth_unet.train.initialise import initialise
from depth_unet.train.interrupt import Interrupted, StopSignal
from depth_unet.train.optimiser import (
    learning_rate,
    load_optimiser_tensors,
    make_optimiser,
    optimiser_tensors,
    set_learning_rate,
)
from depth_unet.train.reporter import Reporter
from depth_unet.train.step import accumulate_gradients
from depth_unet.train.validate import averaged_predictor, validate

OnValidation = Callable[[int, Mapping[str, float]], None]
"""Told the step and the figures (``<split>/<metric>``) of every validation; may raise to end."""


class Trainer:
    """One run: network, optimiser, averages and position, which a checkpoint holds.

    Args:
        config: The run's settings.
        source: The data set.
        splits: Which of its frames are trained and validated on.
        out: The run folder.
        fabric: Device, precision and processes, launched.
        resume: The checkpoint to go on from, or None to begin.
        init: The checkpoint whose weights the run begins with, where they fit; its ``origin``
            says in words what it is, and what was loaded is kept as ``initialised``.

    Raises:
        CheckpointError: No weight of ``init`` fits.
    """

    def __init__(
        self,
        config: Config,
        source: Source,
        splits: Splits,
        out: Path,
        *,
        fabric: Fabric,
        resume: Checkpoint | None = None,
        init: Checkpoint | None = None,
        on_validation: OnValidation | None = None,
    ) -> None:
        self.config, self.source, self.splits, self.out = config, source, splits, out
        self.fabric, self.on_validation = fabric, on_validation
        frames = frames_of(source.rows, splits, "train")
        self.loader = Loader(
            source,
            frames,
            size=config.source_size(),
            batch_size=config.batch_size,
            seed=config.seed,
            rank=fabric.global_rank,
            world_size=fabric.world_size,
        )
        self.total_steps = config.total_steps(len(frames))
        self.validation_interval = config.validation_interval(len(frames))
        self.network = new_network(config) if resume is None else resume.network()
        self.guesses = fit_guesses(source, frames) if resume is None else resume.guesses
        self.step, self.best, self.metrics = 0, float("inf"), dict[str, float]()
        self.initialised = initialise(self.network, init.weights) if init else None
        first = init or resume
        self.origin = first.origin if first else ""
        if resume is not None:
            self.network.load_state_dict(_group(resume.state, "network"))
        self.network.to(fabric.device)
        self.ema = EMA(self.network, config.optim.ema)
        optimiser = make_optimiser(self.network, config.optim)
        self.model, self.optimiser = fabric.setup(self.network, optimiser)
        if resume is not None:
            self._restore(resume)

    def run(self, console: Console) -> None:
        """Train to the end; Ctrl-C and SIGTERM save and raise ``Interrupted``.

        Raises:
            DataError: A frame cannot be read any more; what was trained is saved.
        """
        try:
            self._run(console)
        except DataError:
            self._save(LAST_NAME)
            raise

    def _run(self, console: Console) -> None:
        config, loss, canvas = self.config, WeightedLoss(self.config.loss), self.config.canvas
        if self.step >= self.total_steps:
            return
        with StopSignal() as stop, self._reporter(console) as reporter:
            for step, raw in self.loader.batches(self.step, self.total_steps):
                batch = augment(
                    raw,
                    config.augment,
                    height=canvas.height,
                    width=canvas.width,
                    device=self.fabric.device,
                )
                lr = learning_rate(step, self.total_steps, config.optim)
                set_learning_rate(self.optimiser, lr)
                means = accumulate_gradients(
                    self.fabric, self.model, loss, self._micro_batches(batch), config
                )
                if config.optim.clip:
                    self._clip()
                self.optimiser.step()
                self.optimiser.zero_grad()
                self.step = step + 1
                self.ema.update(self.network, self.step)
                reporter.count(self.step, len(batch) * self.fabric.world_size, means)
                ends, stops = self.step == self.total_steps, self._anywhere(bool(stop))
                if ends or self.step % config.log_every == 0:
                    reporter.losses(self.step, lr)
                validated = ends or self.step % self.validation_interval == 0
                if validated:
                    self._validate(reporter)
                if ends or stops or self.step % config.checkpoint_every == 0:
                    self._save(LAST_NAME)
                if validated and self.on_validation:
                    self.on_validation(self.step, self.metrics)
                if stops and not ends:
                    raise Interrupted

    def _clip(self) -> None:
        # Under fp16 the scaler meets overflows by design, and skips their step.
        self.fabric.clip_gradients(
            self.model,
            self.optimiser,
            max_norm=self.config.optim.clip,
            error_if_nonfinite=self.config.precision != "fp16",
        )

    def _anywhere(self, flag: bool) -> bool:
        """Whether the flag is set in any process: all must leave the loop together."""
        if self.fabric.world_size == 1:
            return flag
        total = self.fabric.all_reduce(torch.tensor(float(flag)), reduce_op="sum")
        assert isinstance(total, Tensor)
        return bool(total > 0)

    def _reporter(self, console: Console) -> Reporter:
        return Reporter(
            self.out,
            total_steps=self.total_steps,
            steps_per_epoch=self.loader.steps_per_epoch,
            start_step=self.step,
            console=console,
            enabled=self.fabric.is_global_zero,
        )

    def _micro_batches(self, batch: Batch) -> list[Batch]:
        size = self.config.micro_batch_size or len(batch)
        return [batch.slice(start, start + size) for start in range(0, len(batch), size)]

    def _validate(self, reporter: Reporter) -> None:
        """Score the averaged weights; keep them as best if they are (or if nothing can tell)."""
        if self.fabric.is_global_zero:
            self.metrics = validate(
                averaged_predictor(self.network, self.ema.weights, self.config, self.fabric),
                self.source,
                self.splits,
                reporter,
                self.step,
            )
            score = self.metrics.get("unseen/abs_rel", -float(self.step))
            if score < self.best:
                self.best = score
                self._save(BEST_NAME)
        self.fabric.barrier()

    def _save(self, name: str) -> None:
        if not self.fabric.is_global_zero:
            return
        state: dict[str, Tensor] = {}
        extra: dict[str, Any] = {}
        if name == LAST_NAME:
            state |= {f"network/{key}": value for key, value in self.network.state_dict().items()}
            state |= {
                f"optimiser/{key}": value
                for key, value in optimiser_tensors(self.optimiser).items()
            }
            extra = {
                "best": self.best,
                "data": str(self.source.root.resolve()),
                "scaler": self.fabric.strategy.precision.state_dict(),
            }
        save(
            self.out / name,
            Checkpoint(
                config=self.config,
                step=self.step,
                weights=self.ema.weights,
                splits=self.splits.to_dict(),
                guesses=self.guesses,
                metrics=self.metrics,
                origin=self.origin,
                state=state,
                extra=extra,
            ),
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        self.step, self.best = checkpoint.step, checkpoint.extra["best"]
        self.metrics = dict(checkpoint.metrics)
        for name, value in checkpoint.weights.items():
            self.ema.weights[name].copy_(value)
        load_optimiser_tensors(self.optimiser, _group(checkpoint.state, "optimiser"))
        self.fabric.strategy.precision.load_state_dict(checkpoint.extra["scaler"])


def new_network(config: Config) -> DepthUNet:
    """A network with random weights by the config's seed; the global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return DepthUNet(config.model).channels_last()


def _group(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {
        key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)
    }
