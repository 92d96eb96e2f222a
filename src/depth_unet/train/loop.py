"""The training loop: ``Trainer.run`` reads from top to bottom what happens in a step."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import nn

from depth_unet.config.run import Config
from depth_unet.data.mixture import Mixture
from depth_unet.data.splits import Splits, frames_of
from depth_unet.errors import ConfigError, DataError, is_out_of_memory
from depth_unet.evaluate.guesses import fit_guesses
from depth_unet.model.checkpoint import Checkpoint, save
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.train.devices import uses_fused
from depth_unet.train.divergence import diverged, is_finite
from depth_unet.train.ema import EMA
from depth_unet.train.engine import OUTSIDE, Engine
from depth_unet.train.folder import begin_run_folder
from depth_unet.train.guard import FiniteGuard, describe_skipped
from depth_unet.train.interrupt import Interrupted, StopSignal
from depth_unet.train.optimiser import (
    clip_gradient,
    learning_rate,
    make_optimiser,
    network_tensors,
    restore_moments,
    set_learning_rate,
    state_tensors,
)
from depth_unet.train.plan import Plan
from depth_unet.train.reporter import Reporter
from depth_unet.train.setup import check_data, make_loader, new_network
from depth_unet.train.step import BatchGradient, StepLosses, any_process
from depth_unet.train.tracker import import_tracker
from depth_unet.train.validate import averaged_predictor, validate

OnValidation = Callable[[int, Mapping[str, float]], None]
"""Called with the step and the figures (``<split>/<metric>``); may raise to end the run."""


class Trainer:
    """One run: its network, optimiser, averaged weights and step, all saved in a checkpoint.

    Args:
        config: The run's settings, with the precision resolved.
        source: The data.
        splits: Which of its frames are trained and validated on.
        out: The run folder.
        fabric: Device, precision and processes, launched.
        resume: The checkpoint of a run to resume.
        init: The checkpoint whose weights a new run starts with, where they fit.
        on_validation: Called after every validation; what it raises ends the run.

    Raises:
        CheckpointError: No weight of ``init`` fits.
        ConfigError: The settings do not fit the network, the data set, or what is installed.
        DataError: A frame cannot be read, or is not that of the run that is resumed.
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
        self.tracker, frames = import_tracker(config), frames_of(source.rows, splits, "train")
        self.fingerprint = check_data(config, source, splits, resume)
        self.loader = make_loader(config, source, frames, fabric)
        self.total_steps = config.total_steps(len(frames))
        self.validation_interval = config.validation_interval(len(frames))
        self.step, self.best, self.stale, self.ended = 0, float("inf"), 0, False
        self.validating, self.metrics = False, dict[str, float]()
        self.unreported: dict[str, float] = {}
        self.guard = FiniteGuard(config.max_skipped, scaled=config.precision == "fp16")
        if resume is None:
            self.guesses = fit_guesses(source, frames)
            self.network, self.origin, self.initialised = new_network(config, init)
            self._set_up()
        else:
            self.guesses, self.origin, self.initialised = resume.guesses, resume.origin, ""
            self.network = resume.network()
            self.network.load_state_dict(network_tensors(resume.state))
            self._set_up(resume.extra)
            self._restore(resume)

    def run(self, console: Console) -> None:
        """Train to the end; Ctrl-C and SIGTERM save and raise ``Interrupted``.

        Raises:
            DataError: A frame cannot be read any more; the steps before it are saved.
            ConfigError: Memory runs out, training diverged, or too many steps in a row fail; the
                last finite state is saved.
        """
        self.prepare(console)
        if self.is_done:
            return
        config, engine = self.config, self.engine
        self.reporter = reporter = self._start_recording(console)
        with self._saved_on_error(), StopSignal() as stop, engine, reporter:
            engine.say = reporter.say
            if self.step == 0:
                self._save(LAST_NAME)  # a run that is killed early can be resumed, too
            for step, batch in self.loader.batches(self.step, self.total_steps):
                lr = learning_rate(step, self.total_steps, config.optim)
                set_learning_rate(self.optimiser, lr)
                plan = engine.plan
                losses = engine.accumulate(batch)  # forward and backward passes
                taken = self._update(losses)
                self.step = step + 1
                self.ema.update(self.network, self.step)
                num_images = len(batch) * self.fabric.world_size
                reporter.count(self.step, num_images, losses.means if taken else {})
                stops, over = any_process(self.fabric, bool(stop), engine.over_limit)
                if over:
                    engine.halve("more memory than planned")
                ends = self.step == self.total_steps
                validates = ends or self.step % self.validation_interval == 0
                if ends or self.step % config.log_every == 0:
                    reporter.losses(self.step, lr, engine.peak_bytes)
                if validates:
                    self._validate()
                ends = ends or self.ended
                due = self.step % config.checkpoint_every == 0 or plan != engine.plan
                if ends or stops or due:
                    self._save_last()
                if self.on_validation and validates:
                    self.on_validation(self.step, self.metrics)
                if ends:
                    break
                if stops:
                    raise Interrupted
            reporter.say(engine.describe_peak())

    def prepare(self, console: Console) -> None:
        """Choose a plan that fits into memory and show it; nothing is written yet.

        Raises:
            ConfigError: Not even one image fits into memory.
        """
        if self.is_done:
            return
        if self.fabric.is_global_zero:
            self.engine.say = console.print
        with self.engine.meter:
            self.engine.prepare(self.loader, self.step, self.optimiser)

    @property
    def is_done(self) -> bool:
        """Whether no step is left."""
        return self.ended or self.step >= self.total_steps

    def _update(self, losses: StepLosses) -> bool:
        """Take the optimiser's step if loss and gradient are finite; return whether they are."""
        clip, norm = self.config.optim.clip, None
        if clip or not self.guard.scaled:  # the norm of a scaled gradient (fp16) is of no use
            norm = clip_gradient(self.fabric, self.model, self.optimiser, clip)
        skips = self.guard.skips(losses.means["total"], norm)
        if skips:
            names = [self.source.rows[row].rgb for row, _ in self.loader.plan(self.step)]
            frames = losses.suspects(names, self.engine.plan.micro_batch_size)
            message = describe_skipped(self.step + 1, losses.means["total"], frames)
            if frames:
                self.reporter.say(f"skipped {message}", everywhere=True)
            self.guard.check(message)
        if not skips or self.guard.scaled:  # fp16's scaler drops the step itself, and adapts
            self.optimiser.step()
        self.optimiser.zero_grad()
        return not skips

    def _validate(self) -> None:
        """Score the averaged weights and save the best; without unseen rooms, the latest."""
        self.validating = True
        self.metrics = validate(
            averaged_predictor(self.network, self.ema.weights, self.config, self.fabric),
            self.source,
            self.splits,
            reporter=self.reporter,
            step=self.step,
            fabric=self.fabric,
        )
        self.validating = False
        score = self.metrics.get("unseen/abs_rel", -float(self.step))
        self.stale += 1
        if score < self.best and self._is_finite():
            self.best, self.stale = score, 0
            self._save(BEST_NAME)
        if self.config.early_stop and self.stale >= self.config.early_stop:
            self.ended = True
            self.reporter.say(f"no better result in {self.stale} validations: ended early")

    def _set_up(self, extra: Mapping[str, Any] | None = None) -> None:
        """Make optimiser, averages and engine; a stored plan is for one share of images."""
        config, extra = self.config, extra or {}
        self.network.in_format(channels_last=config.compute.channels_last).to(self.fabric.device)
        fused = uses_fused(config, self.fabric.device)
        optimiser = make_optimiser(self.network, config.optim, fused=fused)
        network = torch.compile(self.network) if config.compute.compile else self.network
        self.model, self.optimiser = self.fabric.setup(cast(nn.Module, network), optimiser)
        self.ema = EMA(self.network, config.optim.ema)
        share = -(-config.batch_size // self.fabric.world_size)
        gradient = BatchGradient(self.fabric, self.model, config)
        plan = Plan(**extra["plan"]) if extra.get("share") == share else None
        self.engine = Engine(gradient, self.network, config, share=share, plan=plan)

    def _start_recording(self, console: Console) -> Reporter:
        """Write ``config.yaml`` and open the files of figures."""
        if self.fabric.is_global_zero:
            begin_run_folder(self.out, self.config)
        return Reporter(
            self.out,
            total_steps=self.total_steps,
            steps_per_epoch=self.loader.steps_per_epoch,
            start_step=self.step,
            unreported=self.unreported,
            console=console,
            tracker=self.tracker,
            enabled=self.fabric.is_global_zero,
        )

    @contextmanager
    def _saved_on_error(self) -> Iterator[None]:
        try:
            yield
        except (DataError, ConfigError):
            # A resumed run must repeat the validation that failed.
            if not self.validating and self._is_finite():
                self._save(LAST_NAME)
            raise
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise ConfigError(OUTSIDE) from None
            raise

    def _is_finite(self) -> bool:
        """Whether the state is finite, and its last validation if the run is over."""
        score = self.metrics.get("unseen/abs_rel", 0.0) if self.is_done else 0.0
        return math.isfinite(score) and is_finite(
            self.network, self.optimiser, self.ema.weights, self.config, self.fabric
        )

    def _save_last(self) -> None:
        if not self._is_finite():
            raise diverged(self.out, self.step, self.config.optim.lr)
        self._save(LAST_NAME)

    def _save(self, name: str) -> None:
        if not self.fabric.is_global_zero:
            return
        extra = {
            "best": self.best,
            "stale": self.stale,
            "ended": self.ended,
            "skipped": self.guard.in_a_row,
            "plan": asdict(self.engine.plan),
            "share": self.engine.share,
            "data": self.source.arguments(),
            "fingerprint": self.fingerprint,
            "unreported": self.reporter.unreported,
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
                state=state_tensors(self.network, self.optimiser) if name == LAST_NAME else {},
                extra=extra if name == LAST_NAME else {},
            ),
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        extra = checkpoint.extra
        self.step, self.best, self.stale = checkpoint.step, extra["best"], extra["stale"]
        self.ended, self.guard.in_a_row = extra["ended"], extra["skipped"]
        self.metrics, self.unreported = dict(checkpoint.metrics), extra.get("unreported", {})
        for name, value in checkpoint.weights.items():
            self.ema.weights[name].copy_(value)
        restore_moments(self.optimiser, checkpoint.state)
        self.fabric.strategy.precision.load_state_dict(extra["scaler"])
