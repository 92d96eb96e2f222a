"""What a run tells while it runs: a progress line, TensorBoard, and one line per validation."""

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from jaxtyping import UInt8
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

EVENTS_NAME = "tensorboard"


class Reporter:
    """Progress on the console and events for TensorBoard; used as a context.

    Args:
        out: The run folder; events go into ``out/tensorboard``.
        total_steps: Optimiser steps of the whole run.
        steps_per_epoch: Optimiser steps of one epoch.
        start_step: Steps already taken.
        console: Where the progress line is shown.
        enabled: Whether this process is the one that reports.
    """

    def __init__(
        self,
        out: Path,
        *,
        total_steps: int,
        steps_per_epoch: int,
        start_step: int,
        console: Console,
        enabled: bool = True,
    ) -> None:
        self._any_console = console
        self.console = console if enabled else Console(quiet=True)
        self.steps_per_epoch = steps_per_epoch
        self._writer = (
            SummaryWriter(str(out / EVENTS_NAME), purge_step=start_step + 1) if enabled else None
        )
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(),
            console=self.console,
            refresh_per_second=2,
            disable=not enabled,
        )
        self._task = self._progress.add_task(
            "train",
            total=total_steps,
            completed=start_step,
            epoch=start_step // steps_per_epoch + 1,
            text="",
        )
        self._restart()

    def __enter__(self) -> Self:
        """Show the progress line."""
        self._progress.start()
        self._restart()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the progress line and close the event file."""
        self._progress.stop()
        if self._writer:
            self._writer.close()

    def count(self, step: int, num_images: int, means: Mapping[str, Tensor]) -> None:
        """Note that a step over ``num_images`` images is done, and its loss terms, if it counts."""
        self._images += num_images
        self._steps += bool(means)
        for name, mean in means.items():
            self._means[name] = self._means.get(name, 0) + mean
        self._progress.update(
            self._task, completed=step, epoch=(step - 1) // self.steps_per_epoch + 1
        )

    def say(self, text: str, *, everywhere: bool = False) -> None:
        """Show a line; by default in the process that reports, alone."""
        console = self._any_console if everywhere else self.console
        console.print(text, highlight=False)

    def losses(self, step: int, lr: float, memory_bytes: int) -> None:
        """Show and record loss terms (their mean since the last call), speed and peak memory."""
        means = {name: float(total) / max(1, self._steps) for name, total in self._means.items()}
        elapsed_s = time.perf_counter() - self._clock
        images_per_s = self._images / max(elapsed_s, 1e-9)
        self._restart()
        self._record(step, {f"loss/{name}": value for name, value in means.items()})
        memory_gb = memory_bytes / 10**9
        run = {"learning_rate": lr, "images_per_s": images_per_s, "memory_gb": memory_gb}
        self._record(step, {f"run/{name}": value for name, value in run.items()})
        terms = " ".join(f"{name} {value:.3f}" for name, value in means.items())
        text = f"{terms} | {images_per_s:.1f} images/s | {memory_gb:.2f} GB"
        self._progress.update(self._task, text=text)
        if not self.console.is_terminal:
            epoch = (step - 1) // self.steps_per_epoch + 1
            self.console.print(
                f"step {step} epoch {epoch}: {text}",
                highlight=False,
            )

    def metrics(self, step: int, split: str, values: Mapping[str, float]) -> None:
        """Show and record the validation of one split."""
        self._record(step, {f"{split}/{name}": value for name, value in values.items()})
        shown = " ".join(f"{name} {values[name]:.4f}" for name in ("abs_rel", "rmse", "delta1"))
        self.console.print(f"step {step} {split} (protocol full): {shown}", highlight=False)
        self._not_training()

    def picture(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """Record a picture."""
        if self._writer:
            self._writer.add_image(name, image, step, dataformats="HWC")
        self._not_training()

    def _not_training(self) -> None:
        """Validation is not training time."""
        self._clock = time.perf_counter()
        self._images = 0

    def _restart(self) -> None:
        self._clock = time.perf_counter()
        self._images = self._steps = 0
        self._means: dict[str, Tensor | float] = {}

    def _record(self, step: int, values: Mapping[str, float]) -> None:
        if self._writer:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)
