"""Whether a run has diverged: its network is not finite, or predicts no finite depth."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.train.optimiser import state_tensors
from depth_unet.train.validate import averaged_predictor


def is_finite(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    averages: Mapping[str, Tensor],
    config: Config,
    fabric: Fabric,
) -> bool:
    """Whether all tensors are finite, and a photo of noise gets finite depth.

    Large weights are finite and overflow in the network; the steps that follow are all skipped.

    Args:
        network: The network with its raw weights.
        optimiser: Its moments.
        averages: The averaged weights.
        config: The run's settings.
        fabric: Device and precision.
    """
    state = state_tensors(network, optimiser)
    if not all(bool(t.isfinite().all()) for t in (*state.values(), *averages.values())):
        return False
    height, width = config.canvas.height, config.canvas.width
    photo = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    camera = Intrinsics.assumed(width, height, config.model.canonical_focal)
    for weights in (dict(network.named_parameters()), averages):
        predict = averaged_predictor(network, weights, config, fabric)
        if not np.isfinite(predict(photo, camera)).all():
            return False
    return True


def diverged(run: Path, step: int, lr: float) -> ConfigError:
    """The error that ends a run: what is wrong, which checkpoints are kept, what to do."""
    kept = [
        f"{path} keeps step {read(path, only_config=True).step}"
        for path in (run / BEST_NAME, run / LAST_NAME)
        if path.exists()
    ]
    return ConfigError(
        f"training diverged: after step {step} the network predicts no finite depth; "
        f"{' and '.join(kept) or 'nothing was saved'}; train again with --overwrite and --optim.lr "
        f"below {lr:g}"
    )
