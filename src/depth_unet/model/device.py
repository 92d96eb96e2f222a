"""The device that a network runs on."""

import torch

from depth_unet.config.choices import DeviceChoice
from depth_unet.errors import ConfigError


def choose_device(choice: DeviceChoice) -> torch.device:
    """The device that the user asked for; ``auto`` takes CUDA, then Apple's GPU, then the CPU.

    Raises:
        ConfigError: This machine does not have it.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if choice == "auto":
        return torch.device(next(name for name, here in available.items() if here))
    if not available[choice]:
        raise ConfigError(f"device {choice} is not available here; choose cpu or auto")
    return torch.device(choice)
