"""What a run begins with: its part of the frames in their order, and a network."""

import torch
from lightning_fabric import Fabric

from depth_unet.config.run import Config
from depth_unet.data.loader import Loader
from depth_unet.data.mixture import Mixture
from depth_unet.data.order import EpochOrder
from depth_unet.model.checkpoint import Checkpoint
from depth_unet.model.imagenet import load_imagenet
from depth_unet.model.unet import UNet


def make_loader(config: Config, source: Mixture, frames: list[int], fabric: Fabric) -> Loader:
    """This process's part of the training frames, in the run's order."""
    parts, weights = source.group(frames)
    return Loader(
        source,
        EpochOrder(parts, seed=config.seed, weights=weights),
        size=config.source_size(),
        batch_size=config.batch_size,
        rank=fabric.global_rank,
        world_size=fabric.world_size,
        labelled=config.loss.semantics > 0,
        workers=config.compute.workers,
    )


def new_network(config: Config, init: Checkpoint | None = None) -> tuple[UNet, str]:
    """A network with random weights by the config's seed; the global generator is left alone.

    Args:
        config: The run's settings.
        init: What the run begins with instead; an encoder of the same kind needs no other weights.

    Returns:
        The network, and what its encoder was trained on before, in words; empty if on nothing.

    Raises:
        ConfigError: The encoder's weights are not there.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = UNet(config.model)
    same = init is not None and init.config.model.encoder == config.model.encoder
    pretrained = config.model.pretrained and not same
    return network, load_imagenet(network) if pretrained else ""
