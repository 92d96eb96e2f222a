"""Device, precision and processes of a run."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch
from lightning_fabric import Fabric

from depth_unet.config.run import Config, Precision
from depth_unet.errors import ConfigError

PRECISIONS: dict[Precision, Literal["32-true", "bf16-mixed", "16-mixed", "64-true"]] = {
    "fp32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
    "fp64": "64-true",
}
BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # as x86 and Arm processors name them


def settled(config: Config, device: torch.device) -> Config:
    """The config with what ``auto`` means on this device in its place.

    What a checkpoint holds is settled, so that a run goes on in the arithmetic that it began in.

    Raises:
        ConfigError: fp16 without a GPU, or with an optimiser that cannot unscale it.
    """
    if config.precision == "fp16" and device.type == "cpu":
        raise ConfigError("precision fp16 needs a GPU and none was found; choose bf16 or fp32")
    if config.precision == "fp16" and config.compute.fused == "on":
        raise ConfigError("compute.fused on cannot unscale fp16 gradients; choose auto")
    if config.precision != "auto":
        return config
    return replace(config, precision="bf16" if has_bf16(device) else "fp32")


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 in hardware; elsewhere it is slower than fp32."""
    match device.type:
        case "cuda":
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
        case "cpu":
            try:
                words = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
            except OSError:
                return False
            return not BF16_FLAGS.isdisjoint(words)
    return False


def uses_fused(config: Config, device: torch.device) -> bool:
    """Whether AdamW updates all parameters in one kernel: half the time on CPUs.

    Under fp16 it would unscale the gradients itself, and clipping could not come in between.
    """
    match config.compute.fused:
        case "on":
            return True
        case "off":
            return False
    return config.precision != "fp16" and device.type in ("cpu", "cuda")


def make_fabric(config: Config, device: torch.device) -> Fabric:
    """Device and precision for a run; torchrun's variables decide on the processes.

    Args:
        config: The run's settings, settled.
        device: Its type decides; which one of several GPUs is this process's, Fabric decides.
    """
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return Fabric(
        accelerator=device.type,
        devices=local,
        num_nodes=int(os.environ.get("WORLD_SIZE", "1")) // local,
        precision=PRECISIONS[config.precision],
    )


def leave(fabric: Fabric) -> None:
    """End the group of processes, all at once, where there is more than one.

    One that only exits may be aborted by its own threads, which still talk to the others; torchrun
    would then begin a run anew that had come to its end.
    """
    if fabric.world_size > 1:
        fabric.barrier()
        torch.distributed.destroy_process_group()
