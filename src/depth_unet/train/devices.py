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


def resolve_precision(config: Config, device: torch.device) -> Config:
    """Replace precision ``auto`` by bf16 where the device has it, else fp32.

    Checkpoints hold the resolved precision, so that a resumed run keeps its arithmetic.

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
                flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
            except OSError:
                return False
            return not BF16_FLAGS.isdisjoint(flags)
    return False


def uses_fused(config: Config, device: torch.device) -> bool:
    """Whether AdamW updates all parameters in one kernel, which halves its time on CPUs."""
    if config.compute.fused == "auto":  # under fp16 it would unscale gradients after clipping
        return config.precision != "fp16" and device.type in ("cpu", "cuda")
    return config.compute.fused == "on"


def local_processes() -> int:
    """Processes of the run on this machine, as torchrun states them."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def make_fabric(config: Config, device: torch.device) -> Fabric:
    """Fabric for a run: device type, resolved precision, and the processes of torchrun.

    Only the type of ``device`` counts: Fabric gives every process its own GPU.
    """
    return Fabric(
        accelerator=device.type,
        devices=local_processes(),
        num_nodes=int(os.environ.get("WORLD_SIZE", "1")) // local_processes(),
        precision=PRECISIONS[config.precision],
    )


def close_processes(fabric: Fabric) -> None:
    """End the process group in all processes at once.

    A process that just exits may be aborted by its own communication threads, and torchrun would
    restart a run that is complete.
    """
    if fabric.world_size > 1:
        fabric.barrier()
        torch.distributed.destroy_process_group()
