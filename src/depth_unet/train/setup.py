"""What a run begins with: its part of the frames in their order, and a network."""

import torch
from lightning_fabric import Fabric

from depth_unet.config.run import Config
from depth_unet.data.loader import Loader
from depth_unet.data.mixture import weighted_parts
from depth_unet.data.order import EpochOrder
from depth_unet.data.source import Source
from depth_unet.model.unet import DepthUNet


def make_loader(config: Config, source: Source, frames: list[int], fabric: Fabric) -> Loader:
    """This process's part of the training frames, in the run's order."""
    parts, weights = weighted_parts(source, frames)
    return Loader(
        source,
        EpochOrder(parts, seed=config.seed, weights=weights),
        size=config.source_size(),
        batch_size=config.batch_size,
        rank=fabric.global_rank,
        world_size=fabric.world_size,
    )


def new_network(config: Config) -> DepthUNet:
    """A network with random weights by the config's seed; the global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return DepthUNet(config.model)
