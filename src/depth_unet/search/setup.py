"""What all trials of a search have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depth_unet.config.choices import PrunerChoice, SamplerChoice
from depth_unet.config.run import Config
from depth_unet.config.values import flatten, replace_fields
from depth_unet.recipes import train_words
from depth_unet.search.space import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A search without its trials.

    Attributes:
        config: The settings that do not vary.
        num_trials: Trials of all processes together.
        data: Folders of the data sets, as given on the command line.
        dataset: Title of the data set.
        names: Hash of the names of its frames by split.
        num_unseen: Frames of held-out rooms, which trials are scored on.
        num_steps: Optimiser steps of a trial.
    """

    config: Config
    space: Space
    sampler: SamplerChoice
    pruner: PrunerChoice
    num_trials: int
    data: tuple[str, ...]
    dataset: str
    names: str
    num_train: int
    num_unseen: int
    num_steps: int
    out: Path

    def plan(self) -> dict[str, Any]:
        """What every process of a study must have in common, as plain values for JSON."""
        varied = {each.name for each in self.space.dimensions}
        settings = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in flatten(self.config).items()
            if name not in varied
        }
        return settings | {
            "--space": str(self.space),
            "--sampler": self.sampler,
            "--pruner": self.pruner,
            "the set of frames (a hash of their names)": self.names,
        }

    def command(self, values: Mapping[str, Any]) -> list[str]:
        """The command that trains once more with a trial's values, as words for a shell."""
        recipe, *options = train_words(replace_fields(self.config, values))
        words = ("train", recipe, "--data", *self.data, *options)
        return ["depth-unet", *words, "--out", str(self.out / "best")]
