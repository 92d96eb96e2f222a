"""What all trials of a search share."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depth_unet.config.run import Config
from depth_unet.config.values import changed, differences, flat
from depth_unet.recipes import RECIPES
from depth_unet.search.fields import option
from depth_unet.search.space import Sampler, Space
from depth_unet.search.study import Pruner


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A search without its trials.

    Attributes:
        config: The settings that do not vary.
        space: The settings that do.
        sampler: How values are chosen.
        pruner: What ends trials early.
        num_trials: Trials of all processes together.
        data: The values of ``--data``.
        dataset: Title of the data.
        fingerprint: Differs between data sets.
        num_train: Training frames.
        num_unseen: Frames of held-out rooms, which rank the trials.
        num_steps: Optimiser steps of a trial.
        out: The search's folder.
    """

    config: Config
    space: Space
    sampler: Sampler
    pruner: Pruner
    num_trials: int
    data: tuple[str, ...]
    dataset: str
    fingerprint: str
    num_train: int
    num_unseen: int
    num_steps: int
    out: Path

    def shared(self) -> dict[str, Any]:
        """What every process of a study must have in common, as plain values for JSON."""
        varied = {each.name for each in self.space.dimensions}
        settings = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in flat(self.config).items()
            if name not in varied
        }
        return settings | {
            "--space": str(self.space),
            "--sampler": self.sampler,
            "--pruner": self.pruner,
            "the data set": f"{self.dataset} ({self.fingerprint})",
        }

    def command(self, values: Mapping[str, Any]) -> list[str]:
        """The arguments of ``depth-unet`` that train a network with a trial's values."""
        recipe = RECIPES.get(self.config.recipe, Config)
        changes = differences(recipe(), changed(self.config, values))
        options = [word for name, (_, value) in changes.items() for word in option(name, value)]
        words = ("train", self.config.recipe, "--data", *self.data, *options)
        return [*words, "--out", str(self.out / "best")]
