"""The training loop, whole on one screen; what it calls is one file each beside it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import Tensor, nn

from depth_unet.config.run import Config
from depth_unet.data.mixture import Mixture
from depth_unet.data.splits import Splits, frames_of
from depth_unet.errors import ConfigError, DataError
from depth_unet.evaluate.guesses import fit_guesses
from depth_unet.model.checkpoint import BEST_NAME, LAST_NAME, Checkpoint, save
from depth_unet.train.devices import uses_fused
from depth_unet.train.ema import EMA
from depth_unet.train.engine import Engine
from depth_unet.train.guard import FiniteGuard, describe
from depth_unet.train.initialise import initialise
from depth_unet.train.interrupt import Interrupted, StopSignal
from depth_unet.train.optimiser import learning_rate, make_optimiser, set_learning_rate
from depth_unet.train.plan import Plan
from depth_unet.train.reporter import Reporter
from depth_unet.train.setup import make_loader, new_network
from depth_unet.train.snapshot import network_tensors, restore_moments, state_tensors
from depth_unet.train.step import BatchGradient, StepLosses, set_anywhere
from depth_unet.train.validate import averaged_predictor, validate

OnValidation = Callable[[int, Mapping[str, float]], None]
"""Told the step and the figures (``<split>/<metric>``) of every validation; may raise to end."""


class Trainer:
    """One run: network, optimiser, averages and position, which a checkpoint holds.

    Args:
        config: The run's settings, as ``devices.settled`` left them.
        source: The data set, or several as one.
        splits: Which of its frames are trained and validated on.
        out: The run folder.
        fabric: Device, precision and processes, launched.
        resume: The checkpoint to go on from, or None to begin.
        init: The checkpoint whose weights the run begins with, where they fit; its ``origin``
            says in words what it is, and what was loaded is kept as ``initialised``.
        on_validation: Called after every validation; what it raises ends the run.

    Raises:
        CheckpointError: No weight of ``init`` fits.
        ConfigError: The settings do not fit the network or the data set.
    """

    def __init__(
        self,
        config: Config,
        source: Mixture,
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
        self.loader = make_loader(config, source, frames, fabric)
        self.total_steps = config.total_steps(len(frames))
        self.validation_interval = config.validation_interval(len(frames))
        self.guesses = resume.guesses if resume else fit_guesses(source, frames)
        self.network, self.origin = (
            new_network(config, init) if resume is None else (resume.network(), resume.origin)
        )
        self.initialised = initialise(self.network, init.weights) if init else None
        if init:
            self.origin = "; ".join(filter(None, (self.origin, init.origin)))
        if resume is not None:
            self.network.load_state_dict(network_tensors(resume.state))
        self.network.in_format(channels_last=config.compute.channels_last).to(fabric.device)
        self.step, self.best, self.stale, self.ended = 0, float("inf"), 0, False
        self.validating = False
        self.metrics: dict[str, float] = {}
        self.guard = FiniteGuard(config.max_skipped, scaled=config.precision == "fp16")
        self._set_up({} if resume is None else resume.extra)
        if resume is not None:
            self._restore(resume)

    def _set_up(self, extra: dict[str, Any]) -> None:
        """Everything that works on the network; a plan holds for the share that it was made for."""
        config, fused = self.config, uses_fused(self.config, self.fabric.device)
        optimiser = make_optimiser(self.network, config.optim, fused=fused)
        network: nn.Module = self.network
        if config.compute.compile:
            network = cast(nn.Module, torch.compile(network))
        self.model, self.optimiser = self.fabric.setup(network, optimiser)
        self.ema = EMA(self.network, config.optim.ema)
        share = -(-config.batch_size // self.fabric.world_size)
        self.engine = Engine(
            BatchGradient(self.fabric, self.model, config),
            self.network,
            config,
            share=share,
            plan=Plan.from_dict(extra["plan"]) if extra.get("share") == share else None,
        )

    @property
    def is_done(self) -> bool:
        """Whether the run has come to its end."""
        return self.ended or self.step >= self.total_steps

    def prepare(self, console: Console) -> None:
        """Find the plan that keeps to the memory, and say it; nothing is written yet.

        Raises:
            ConfigError: The memory does not suffice for one image.
        """
        if self.is_done:
            return
        if self.fabric.is_global_zero:
            self.engine.say = console.print
        with self.engine.meter:
            self.engine.prepare(self.loader, self.step, self.optimiser)

    def run(self, console: Console) -> None:
        """Train to the end; Ctrl-C and SIGTERM save and raise ``Interrupted``.

        Raises:
            DataError: A frame cannot be read any more; what was trained is saved.
            ConfigError: The memory does not suffice, or too many steps were skipped; likewise.
        """
        self.prepare(console)
        try:
            self._run(console)
        except (DataError, ConfigError):
            if not self.validating:  # else the last checkpoint leads to this validation once more
                self._save(LAST_NAME)
            raise
        except torch.OutOfMemoryError:
            raise ConfigError(
                "out of memory outside of the network; give --memory, or a smaller batch"
            ) from None

    def _run(self, console: Console) -> None:
        config, engine = self.config, self.engine
        if self.is_done:
            return
        with StopSignal() as stop, engine.meter, self._reporter(console) as reporter:
            engine.say = reporter.say
            if self.step == 0:
                self._save(LAST_NAME)  # a run that is killed early can be resumed, too
            for step, raw in self.loader.batches(self.step, self.total_steps):
                lr = learning_rate(step, self.total_steps, config.optim)
                set_learning_rate(self.optimiser, lr)
                plan = engine.plan
                losses = engine.accumulate(raw)
                taken = self._update(losses, reporter)
                self.step = step + 1
                self.ema.update(self.network, self.step)
                num_images = len(raw) * self.fabric.world_size
                reporter.count(self.step, num_images, losses.means if taken else {})
                stops, over = set_anywhere(self.fabric, bool(stop), engine.over_limit)
                if over:
                    engine.halve("more memory than planned")
                validates = self.step % self.validation_interval == 0
                ends = self.step == self.total_steps
                if ends or self.step % config.log_every == 0:
                    reporter.losses(self.step, lr, engine.peak_bytes)
                if ends or validates:
                    self._validate(reporter)
                ends = ends or self.ended
                due = self.step % config.checkpoint_every == 0 or plan != engine.plan
                if ends or stops or due:
                    self._save(LAST_NAME)
                if self.on_validation and (ends or validates):
                    self.on_validation(self.step, self.metrics)
                if ends:
                    break
                if stops:
                    raise Interrupted
            reporter.say(engine.describe_peak())

    def _update(self, losses: StepLosses, reporter: Reporter) -> bool:
        """Take the step, unless its loss or gradient is not finite; whether it was taken."""
        skips = self.guard.skips(losses.means["total"], self._clip())
        if skips:
            frames = self._suspects(losses)
            message = describe(self.step + 1, losses.means["total"], frames)
            if frames:
                reporter.say(f"skipped {message}", everywhere=True)
            self.guard.check(message)
            if self.guard.scaled:
                self.optimiser.step()  # the scaler drops it too, and must hear of it
        else:
            self.optimiser.step()
        self.optimiser.zero_grad()
        return not skips

    def _clip(self) -> Tensor | None:
        """The gradient's norm, and the gradient cut to the largest norm allowed."""
        clip = self.config.optim.clip
        if self.guard.scaled and not clip:
            return None
        norm = self.fabric.clip_gradients(
            self.model, self.optimiser, max_norm=clip or float("inf"), error_if_nonfinite=False
        )
        assert isinstance(norm, Tensor)
        return norm

    def _suspects(self, losses: StepLosses) -> list[str]:
        """Photos here whose micro-batch has no finite loss; all if none is to blame."""
        size = self.engine.plan.micro_batch_size
        rows = [self.source.rows[row].rgb for row, _ in self.loader.plan(self.step)]
        bad = [number for number, share in enumerate(losses.shares) if not share.isfinite()]
        if not bad and losses.means["total"].isfinite():
            return rows
        return [name for n in bad for name in rows[n * size : (n + 1) * size]]

    def _reporter(self, console: Console) -> Reporter:
        return Reporter(
            self.out,
            total_steps=self.total_steps,
            steps_per_epoch=self.loader.steps_per_epoch,
            start_step=self.step,
            console=console,
            enabled=self.fabric.is_global_zero,
        )

    def _validate(self, reporter: Reporter) -> None:
        """Score the averaged weights; keep them as best if they are (or if nothing can tell)."""
        self.validating = True
        predict = averaged_predictor(self.network, self.ema.weights, self.config, self.fabric)
        self.metrics = validate(
            predict,
            self.source,
            self.splits,
            reporter=reporter,
            step=self.step,
            fabric=self.fabric,
        )
        self.validating = False
        score = self.metrics.get("unseen/abs_rel", -float(self.step))
        self.stale += 1
        if score < self.best:
            self.best, self.stale = score, 0
            self._save(BEST_NAME)
        if self.config.early_stop and self.stale >= self.config.early_stop:
            self.ended = True
            reporter.say(f"no better result in {self.stale} validations: ended early")

    def _save(self, name: str) -> None:
        if not self.fabric.is_global_zero:
            return
        last = name == LAST_NAME
        extra = {
            "best": self.best,
            "stale": self.stale,
            "ended": self.ended,
            "skipped": self.guard.in_a_row,
            "plan": self.engine.plan.to_dict(),
            "share": self.engine.share,
            "data": self.source.arguments(),
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
                state=state_tensors(self.network, self.optimiser) if last else {},
                extra=extra if last else {},
            ),
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        extra = checkpoint.extra
        self.step, self.best, self.stale = checkpoint.step, extra["best"], extra["stale"]
        self.ended, self.guard.in_a_row = extra["ended"], extra["skipped"]
        self.metrics = dict(checkpoint.metrics)
        for name, value in checkpoint.weights.items():
            self.ema.weights[name].copy_(value)
        restore_moments(self.optimiser, checkpoint.state)
        self.fabric.strategy.precision.load_state_dict(extra["scaler"])
