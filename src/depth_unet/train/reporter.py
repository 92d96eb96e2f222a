"""What a run reports: a progress line, ``metrics.csv``, and a tracker where it is asked for."""

import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import UInt8
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from depth_unet.train.history import METRICS_NAME, MetricsFile
from depth_unet.train.tracker import OpenTracker, Tracker


class Reporter:
    """Shows progress on the console and records figures in the run folder; used as a context.

    Args:
        out: The run folder.
        total_steps: Optimiser steps of the whole run.
        steps_per_epoch: Optimiser steps of one epoch.
        start_step: Steps already taken.
        unreported: The attribute ``unreported`` after these steps; empty in a new run.
        console: Where the progress line is shown.
        tracker: What ``import_tracker`` returned. If it fails, the run goes on without it, after
            one warning.
        enabled: Whether this process is the one that reports.
    """

    def __init__(
        self,
        out: Path,
        *,
        total_steps: int,
        steps_per_epoch: int,
        start_step: int,
        unreported: Mapping[str, float],
        console: Console,
        tracker: OpenTracker | None = None,
        enabled: bool = True,
    ) -> None:
        self._any_console = console
        self.console = console if enabled else Console(quiet=True)
        self.steps_per_epoch = steps_per_epoch
        self._file = MetricsFile(out, start_step) if enabled else None
        self._tracker: Tracker | None = None
        if enabled and tracker:
            with self._may_fail():
                self._tracker = tracker(out, start_step)
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(),
            console=self.console,
            refresh_per_second=2,
            disable=not (enabled and self.console.is_terminal),  # a file gets the steps alone
        )
        self._task = self._progress.add_task(
            "train", total=total_steps, completed=start_step, epoch=self._epoch(start_step), text=""
        )
        self._sums: dict[str, Tensor | float] = dict(unreported)

    def __enter__(self) -> Self:
        """Show the progress line."""
        self._progress.start()
        self._restart_clock()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the progress line and close the tracker."""
        self._progress.stop()
        if self._tracker:
            with self._may_fail():
                self._tracker.close()

    @property
    def unreported(self) -> dict[str, float]:
        """Steps since the last report (``steps``), and the sum of each loss term over them."""
        return {name: float(total) for name, total in self._sums.items()}

    @property
    def shows_pictures(self) -> bool:
        """Whether ``picture`` records anything."""
        return self._tracker is not None

    def count(self, step: int, num_images: int, means: Mapping[str, Tensor]) -> None:
        """Count a step over ``num_images`` images and its loss terms (none if it was skipped)."""
        self._images += num_images
        if means:
            self._sums["steps"] = self._sums.get("steps", 0) + 1
        for name, mean in means.items():
            self._sums[name] = self._sums.get(name, 0) + mean
        self._progress.update(self._task, completed=step, epoch=self._epoch(step - 1))

    def say(self, text: str, *, everywhere: bool = False) -> None:
        """Show a line, by default only in the process that reports."""
        console = self._any_console if everywhere else self.console
        console.print(text, highlight=False)

    def losses(self, step: int, lr: float, memory_bytes: int) -> None:
        """Show and record loss terms (their mean since the last call), speed and peak memory."""
        sums = self.unreported
        num_steps = sums.pop("steps", 1)
        means = {name: total / num_steps for name, total in sums.items()}
        images_per_s = self._images / max(time.perf_counter() - self._clock, 1e-9)
        memory_gb = memory_bytes / 10**9
        self._sums = {}
        self._restart_clock()
        self._record(step, "loss", means)
        run = {"learning_rate": lr, "images_per_s": images_per_s, "memory_gb": memory_gb}
        self._record(step, "run", run)
        terms = " ".join(f"{name} {value:.3f}" for name, value in means.items())
        text = f"{terms} | {images_per_s:.1f} images/s | {memory_gb:.2f} GB"
        self._progress.update(self._task, text=text)
        if not self.console.is_terminal:
            self.say(f"step {step} epoch {self._epoch(step - 1)}: {text}")

    def metrics(self, step: int, split: str, values: Mapping[str, float]) -> None:
        """Show and record the validation of one split."""
        self._record(step, split, values)
        shown = " ".join(f"{name} {values[name]:.4f}" for name in ("abs_rel", "rmse", "delta1"))
        self.say(f"step {step} {split} (protocol full): {shown}")
        self._restart_clock()

    def picture(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """Record a picture in the tracker."""
        if self._tracker:
            with self._may_fail():
                self._tracker.picture(step, name, image)
        self._restart_clock()

    def _epoch(self, steps_taken: int) -> int:
        return steps_taken // self.steps_per_epoch + 1

    def _restart_clock(self) -> None:  # validation is not training time
        self._clock = time.perf_counter()
        self._images = 0

    def _record(self, step: int, group: str, values: Mapping[str, float]) -> None:
        named = {f"{group}/{name}": value for name, value in values.items()}
        if self._file:
            self._file.write(step, named)
        if self._tracker:
            with self._may_fail():
                self._tracker.figures(step, named)

    @contextmanager
    def _may_fail(self) -> Iterator[None]:
        """Give the tracker up, with a warning, if a call to it fails."""
        try:
            yield
        except Exception as error:
            self._tracker = None
            cause = f"{type(error).__name__}: {error}".strip().partition("\n")[0]
            warnings.warn(
                f"the tracker failed ({cause}); the run goes on without it, and {METRICS_NAME} has "
                "all figures",
                stacklevel=2,
            )
