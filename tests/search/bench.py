"""Searches in one folder, each as a process of its own would open it, and trials without a run."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from optuna.storages import RDBStorage

from depth_unet.config.choices import PrunerChoice, SamplerChoice
from depth_unet.config.run import Config
from depth_unet.files.atomic import make_folder
from depth_unet.recipes import seed
from depth_unet.search.queue import TrialQueue
from depth_unet.search.results import Result, read_results
from depth_unet.search.run import OnScore, RunTrial, Search
from depth_unet.search.space import parse_space
from depth_unet.search.study import DATABASE_NAME, make_pruner, open_study


def figures(abs_rel: float) -> dict[str, float]:
    """A validation."""
    return {"unseen/abs_rel": abs_rel, "unseen/rmse": 1.0, "unseen/delta1": 0.5}


def score(config: Config, _out: Path, on_score: OnScore) -> float:
    """A trial of two validations whose result is the weight of the mean absolute error."""
    for step in (1, 2):
        on_score(step, figures(config.loss.mae), step == 2)
    return config.loss.mae


class Bench:
    """Opens searches in one folder.

    Args:
        out: The folder.
        stack: Closes their studies.
        tables: A database without a study of that folder's name: making the tables takes longest.
    """

    def __init__(self, out: Path, stack: ExitStack, tables: Path) -> None:
        self.out, self._stack = out, stack
        make_folder(out)
        shutil.copyfile(tables, out / DATABASE_NAME)
        self.ended: list[int] = []

    def open(
        self,
        run_trial: RunTrial = score,
        *,
        texts: tuple[str, ...] = ("loss.mae=0.1..1",),
        sampler: SamplerChoice = "random",
        num_trials: int = 4,
        pruner: PrunerChoice = "none",
    ) -> Search:
        """A search with a connection of its own."""
        study = self._stack.enter_context(open_study("", self.out, make_pruner(pruner, 0)))
        space = parse_space(texts, seed(), sampler)
        queue = TrialQueue(study, space, self.out, num_trials=num_trials, sampler=sampler, seed=0)
        return Search(queue, seed(), run_trial=run_trial, on_end=self.ended.append)


def results(search: Search) -> list[Result]:
    """Every trial, as the database has it now."""
    return read_results(search.study, search.queue.space)


MakeBench = Callable[[str], Bench]


@contextmanager
def optunas_own(url: str, **options: Any) -> Iterator[RDBStorage]:
    """A storage as other programs open it; closed at the end, which Optuna does not do."""
    storage = RDBStorage(url, **options)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()
