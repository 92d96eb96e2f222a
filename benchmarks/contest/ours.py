"""Our side: what `depth-unet train RECIPE` runs, without validation, under the meter.

python -m contest.ours SETTINGS      (JSON; `throughput.py` starts it and talks over the pipes)
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from rich.console import Console
from torch import Tensor

from contest.arithmetic import fastest_device, flops_per_image
from contest.meter import Meter, Settings, facts, follow
from depth_unet.data.mixture import open_data
from depth_unet.data.splits import Splits
from depth_unet.train.devices import make_fabric
from depth_unet.train.loop import Trainer

FOCAL = 0.8  # in image widths; any camera costs the same


def make_trainer(settings: Settings, out: Path) -> Trainer:
    """A run on every training row of the cache."""
    config, source = settings.config(), open_data([settings.data])
    names = tuple(row.rgb for row in source.rows if row.official_split != "test")
    fabric = make_fabric(config, fastest_device())
    fabric.launch()
    return Trainer(config, source, Splits(train=names), out, fabric=fabric)


def make_meter(settings: Settings, trainer: Trainer) -> Meter:
    """A meter that knows what the run is."""
    network, config = trainer.network, trainer.config

    def forward(image: Tensor) -> Tensor:
        focal_px = FOCAL * image.shape[-1]
        camera = torch.tensor([[focal_px, focal_px, 0, 0]], device=image.device)
        depth_m: Tensor = network(image, camera, output_stride=config.loss.stride).canonical_depth_m
        return depth_m

    num_flops = flops_per_image(network, forward, config.canvas)
    told = facts(settings, network, list(trainer.splits.train), num_flops)
    told["micro_batch_size"] = config.micro_batch_size
    return Meter(told, trainer.fabric.device, settings.warm_steps)


def main() -> None:
    """Train from the cache as long as there are turns."""
    settings = Settings(**json.loads(sys.argv[1]))
    if settings.threads:
        torch.set_num_threads(settings.threads)
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(settings, Path(folder))
        meter, batches = make_meter(settings, trainer), trainer.loader.batches

        def waiting(*steps: int) -> Iterator[Any]:
            return meter.waiting(batches(*steps))

        with patch.object(trainer.loader, "batches", waiting):
            follow(meter, lambda: trainer.run(Console(quiet=True)))


if __name__ == "__main__":
    main()
