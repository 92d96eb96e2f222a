"""One side in a process of its own: it trains for as long as it is told to, then waits its turn.

Both sides run their training as it is. They are stopped and measured from a hook that torch calls
after every optimiser step, so neither loop knows that it is watched.

    python -m contest.side SETTINGS      (JSON; `throughput.py` starts it and talks over the pipes)
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import torch
from rich.console import Console
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.data import DataLoader

from contest import student
from contest.arithmetic import fastest_device, flops_per_image
from depth_unet.config.run import Config, Precision
from depth_unet.data.cache import open_source
from depth_unet.data.splits import Splits
from depth_unet.recipes import RECIPES
from depth_unet.train.devices import make_fabric
from depth_unet.train.loop import Trainer

NEVER = 10**7
NYU_PAIRS = 795
FOCAL = 0.8  # in image widths; any camera costs the same


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a side is asked to do.

    Attributes:
        side: Whose training it is.
        data: The pairs that the student decodes, or the cache that we read.
        recipe: The recipe at whose canvas both work.
        precision: Ours; the student's is fp32.
        batch_size: Images per optimiser step.
        micro_batch_size: Ours; below 0: the recipe's.
        warm_steps: Optimiser steps before the first turn, in which memory is watched. Adam's
            moments exist after the first, so the second is the first one at full memory.
    """

    side: Literal["student", "ours"]
    data: str
    recipe: str
    precision: Precision = "fp32"
    batch_size: int = 16
    micro_batch_size: int = -1
    warm_steps: int = 3

    def config(self) -> Config:
        """The recipe without validation, checkpoints or an end."""
        config = RECIPES[self.recipe]()
        micro = config.micro_batch_size if self.micro_batch_size < 0 else self.micro_batch_size
        return replace(
            config,
            batch_size=self.batch_size,
            micro_batch_size=micro,
            precision=self.precision,
            steps=NEVER,
            validate_every=NEVER,
            checkpoint_every=NEVER,
        )


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one turn took.

    Attributes:
        steps: Optimiser steps that count.
        elapsed_s: Their time.
        waited_s: Time of it in which the loop waited for the next batch.
    """

    steps: int
    elapsed_s: float
    waited_s: float


class Finished(BaseException):
    """No more turns: leaves any training loop."""


class Meter:
    """Called after every optimiser step: holds the loop between turns, times it within.

    Args:
        facts: What is reported before the first turn.
        device: Where the loop computes.
        warm_steps: Optimiser steps before it.
    """

    def __init__(self, facts: dict[str, Any], device: torch.device, warm_steps: int) -> None:
        self.facts, self.device = facts, device
        self.waited_s = 0.0
        self._steps = -warm_steps
        self._least_s, self._least_steps = 0.0, 0
        self._start_s = self._start_waited_s = 0.0

    def __call__(self, *_: Any) -> None:
        """A step is done."""
        self._steps += 1
        if self._steps < 0:
            return
        if self._steps == 0 and self._least_steps == 0:
            self._wait_for_turn(self.facts)
        elif self._steps == 0:  # the step before refilled the caches that the other side took
            self._begin()
        elif self._steps >= self._least_steps and self._clock_s() - self._start_s >= self._least_s:
            self._end()

    def waiting(self, batches: Iterator[Any]) -> Iterator[Any]:
        """The same batches; the time until each arrives is counted."""
        while True:
            start_s = self._clock_s()
            try:
                batch = next(batches)
            except StopIteration:
                return
            self.waited_s += self._clock_s() - start_s
            yield batch

    def _begin(self) -> None:
        self._synchronise()
        self._start_s, self._start_waited_s = self._clock_s(), self.waited_s

    def _end(self) -> None:
        self._synchronise()
        turn = Turn(
            steps=self._steps,
            elapsed_s=self._clock_s() - self._start_s,
            waited_s=self.waited_s - self._start_waited_s,
        )
        self._wait_for_turn({**asdict(turn), "cuda_peak_bytes": cuda_peak_bytes(self.device)})

    def _wait_for_turn(self, report: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line.strip():
            raise Finished
        wish = json.loads(line)
        self._steps, self._least_steps, self._least_s = -1, wish["steps"], wish["seconds"]

    def _synchronise(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    @staticmethod
    def _clock_s() -> float:
        return time.perf_counter()


class Waiting:
    """A student's loader whose waiting time a meter counts."""

    def __init__(self, loader: DataLoader[student.Pair], meter: Meter) -> None:
        self.loader, self.meter = loader, meter

    def __iter__(self) -> Iterator[student.Pair]:
        """One epoch."""
        return self.meter.waiting(iter(self.loader))


def cuda_peak_bytes(device: torch.device) -> int:
    """Most memory that tensors took on a GPU; 0 on others."""
    return torch.cuda.max_memory_allocated() if device.type == "cuda" else 0


def prepare_student(settings: Settings, device: torch.device) -> tuple[Meter, Callable[[], None]]:
    """The student's training, ready to run."""
    canvas, files = settings.config().canvas, student.read_files(Path(settings.data))
    # As many items an epoch as NYU has: at its end the workers' queue runs dry.
    epoch = files * max(1, round(NYU_PAIRS / len(files)))
    loader = student.make_loader(epoch, (canvas.width, canvas.height), settings.batch_size)
    model = student.UNet()
    num_flops = flops_per_image(model, model, canvas)
    names = [os.path.relpath(photo, settings.data) for photo, _ in files]
    told = facts(settings, model, names, num_flops)
    meter = Meter(told, device, settings.warm_steps)
    return meter, lambda: student.train(model, Waiting(loader, meter), device, NEVER)


def prepare_ours(
    settings: Settings, device: torch.device, out: Path
) -> tuple[Meter, Callable[[], None]]:
    """Our training, ready to run: `depth-unet train RECIPE`, without validation."""
    config, source = settings.config(), open_source(Path(settings.data))
    names = [row.rgb for row in source.rows if row.official_split != "test"]
    fabric = make_fabric(config, device)
    fabric.launch()
    trainer = Trainer(config, source, Splits(train=tuple(names)), out, fabric=fabric)
    network = trainer.network

    def forward(image: Tensor) -> Tensor:
        camera = torch.tensor(
            [[FOCAL * image.shape[-1], FOCAL * image.shape[-1], 0, 0]], device=image.device
        )
        depth_m: Tensor = network(image, camera, output_stride=config.loss.stride).depth_m
        return depth_m

    num_flops = flops_per_image(network, forward, config.canvas)
    told = facts(settings, network, names, num_flops)
    told["micro_batch_size"] = config.micro_batch_size
    meter = Meter(told, device, settings.warm_steps)
    batches = trainer.loader.batches

    def run() -> None:
        def waiting(*steps: int) -> Iterator[Any]:
            return meter.waiting(batches(*steps))

        with patch.object(trainer.loader, "batches", waiting):
            trainer.run(Console(quiet=True))

    return meter, run


def facts(
    settings: Settings, model: torch.nn.Module, names: list[str], num_flops: int
) -> dict[str, Any]:
    """What holds for all turns of a side."""
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "precision": settings.precision,
        "batch_size": settings.batch_size,
        "threads": torch.get_num_threads(),
        "flops_per_image": num_flops,
        "images": sorted(names),
    }


def main() -> None:
    """Run the side that the settings name, until there are no more turns."""
    settings = Settings(**json.loads(sys.argv[1]))
    device = fastest_device()
    with tempfile.TemporaryDirectory() as folder, suppress(Finished):
        meter, run = (
            prepare_student(settings, device)
            if settings.side == "student"
            else prepare_ours(settings, device, Path(folder))
        )
        register_optimizer_step_post_hook(meter)
        run()


if __name__ == "__main__":
    main()
