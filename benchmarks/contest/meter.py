"""What a side is asked, what it answers, and the hook that gives it its turns.

Both sides run their training as it is. They are stopped and measured from a hook that torch calls
after every optimiser step, so neither loop knows that it is watched.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from depth_unet.config.run import Config, Precision
from depth_unet.recipes import RECIPES

NEVER = 10**7


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a side is asked to do.

    Attributes:
        side: Whose training it is.
        widths: Which of the student's networks.
        data: The pairs that the student decodes, or the cache that we read.
        recipe: The recipe at whose canvas both work.
        precision: Ours; the student's is fp32.
        batch_size: Images per optimiser step.
        micro_batch_size: Ours; below 0: the recipe's.
        threads: Threads of torch; 0: as many as it chooses.
        warm_steps: Optimiser steps before the first turn, in which memory is watched. Adam's
            moments exist after the first, so the second is the first one at full memory.
    """

    side: Literal["student", "ours"]
    data: str
    recipe: str
    widths: Literal["classic", "lean"] = "classic"
    precision: Precision = "fp32"
    batch_size: int = 16
    micro_batch_size: int = -1
    threads: int = 0
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
        processor_s: Processor time of the process meanwhile, over all threads.
        waited_s: Time of it in which the loop waited for the next batch.
    """

    steps: int
    elapsed_s: float
    processor_s: float
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
        self._start_s = self._start_processor_s = self._start_waited_s = 0.0

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
        self._start_s, self._start_processor_s = self._clock_s(), time.process_time()
        self._start_waited_s = self.waited_s

    def _end(self) -> None:
        self._synchronise()
        turn = Turn(
            steps=self._steps,
            elapsed_s=self._clock_s() - self._start_s,
            processor_s=time.process_time() - self._start_processor_s,
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


def cuda_peak_bytes(device: torch.device) -> int:
    """Most memory that tensors took on a GPU; 0 on others."""
    return torch.cuda.max_memory_allocated() if device.type == "cuda" else 0


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


def follow(meter: Meter, run: Callable[[], None]) -> None:
    """Run a training under a meter, until there are no more turns."""
    register_optimizer_step_post_hook(meter)
    with suppress(Finished):
        run()
