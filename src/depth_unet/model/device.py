"""The device that a network runs on."""

import torch

from depth_unet.errors import ConfigError


def choose_device(choice: str) -> torch.device:
    """The device that the user asked for; ``auto`` takes CUDA, then Apple's GPU, then the CPU.

    Args:
        choice: ``auto``, or a device of torch, such as ``cuda:1``.

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
    if choice not in available:
        try:
            torch.empty(0, device=choice)
        except (AssertionError, NotImplementedError, RuntimeError):  # depends on torch's build
            available[choice] = False
    if not available.get(choice, True):
        raise ConfigError(f"device {choice} is not available here; choose cpu or auto")
    return torch.device(choice)
