"""What a run starts with: the loader of its frames, and a network with initial weights."""

from collections.abc import Mapping

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from depth_unet.config.run import Config
from depth_unet.data.fingerprint import check_fingerprint, take_fingerprint
from depth_unet.data.loader import Loader
from depth_unet.data.mixture import Mixture
from depth_unet.data.order import EpochOrder
from depth_unet.data.splits import Splits
from depth_unet.errors import CheckpointError
from depth_unet.model.checkpoint import Checkpoint
from depth_unet.model.imagenet import load_imagenet
from depth_unet.model.unet import UNet

MOST_NAMES = 5


def make_loader(config: Config, source: Mixture, frames: list[int], fabric: Fabric) -> Loader:
    """The loader of this process's part of the training frames."""
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


def check_data(
    config: Config, source: Mixture, splits: Splits, resume: Checkpoint | None
) -> dict[str, str]:
    """The fingerprint of the data, which must agree with that of the run that is resumed.

    Raises:
        DataError: A frame cannot be read, or is not the one that the run was started with.
    """
    found = take_fingerprint(
        source, splits, labelled=config.loss.semantics > 0, workers=config.compute.workers
    )
    if resume is None:
        return found
    saved: dict[str, str] = resume.extra.get("fingerprint", {})
    check_fingerprint(found, saved)
    return saved | found


def new_network(config: Config, init: Checkpoint | None = None) -> tuple[UNet, str, str]:
    """A network with initial weights; the config's seed decides the random ones.

    Args:
        config: The run's settings.
        init: Weights to start with, where they fit. If its encoder is the same, ImageNet's weights
            are not loaded.

    Returns:
        The network; the origin of its weights (empty if all are random); one line on what was
        loaded from ``init`` (empty without ``init``).

    Raises:
        CheckpointError: Nothing of ``init`` fits.
        ConfigError: The encoder's weights are not installed.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = UNet(config.model)
    same = init is not None and init.config.model.encoder == config.model.encoder
    origin = load_imagenet(network) if config.model.pretrained and not same else ""
    if init is None:
        return network, origin, ""
    loaded = initialise(network, init.weights)
    return network, "; ".join(filter(None, (origin, init.origin))), loaded


@torch.no_grad()
def initialise(network: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """Copy into ``network`` every parameter whose name and shape match; others stay.

    Returns:
        One line: how many were loaded, and the names of those that were not.

    Raises:
        CheckpointError: Nothing fits.
    """
    parameters = dict(network.named_parameters())
    reshaped = list[str]()
    for name in (name for name in parameters if name in weights):
        found, wanted = weights[name].shape, parameters[name].shape
        if found == wanted:
            parameters[name].copy_(weights[name])
        else:
            shapes = ("x".join(map(str, shape)) for shape in (found, wanted))
            reshaped.append("{} ({} in the weights, {} needed)".format(name, *shapes))
    missing = [name for name in parameters if name not in weights]
    num_loaded = len(parameters) - len(missing) - len(reshaped)
    if not num_loaded:
        raise CheckpointError(
            f"none of the {len(weights)} parameters to start with fits this network; use weights "
            "of the same architecture"
        )
    parts = [f"{num_loaded} of {len(parameters)} parameters loaded"]
    unused = [name for name in weights if name not in parameters]
    for title, names in (
        ("other shape", reshaped),
        ("not in the weights", missing),
        ("not used", unused),
    ):
        if names:
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            parts.append(f"{title}: {', '.join(names[:MOST_NAMES])}{more}")
    return "; ".join(parts)
