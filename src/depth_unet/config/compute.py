"""How and in how much memory a run computes."""

import re
from dataclasses import dataclass
from typing import Literal

from depth_unet.config.checks import check_ranges, require

Switch = Literal["auto", "on", "off"]
_UNITS = {"MB": 10**6, "GB": 10**9, "MiB": 2**20, "GiB": 2**30}
_MEMORY = re.compile(rf"(\d{{1,9}}(?:\.\d{{1,9}})?) ?({'|'.join(_UNITS)})")
RANGES = {"workers": "[0, 1024]"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeConfig:
    """How the arithmetic is done; every choice gives the same result up to rounding."""

    checkpointing: Switch = "auto"
    """Recompute activations in the backward pass to save memory. `auto`: only if one image
    does not fit into `--memory` otherwise."""
    compile: bool = False
    """Compile the network with torch.compile. This needs a C++ compiler and takes minutes at the
    start."""
    channels_last: bool = True
    """Use the channels-last memory format, which is faster on CPUs."""
    fused: Switch = "auto"
    """Use the fused kernel of AdamW, which is faster. `auto`: on, except with fp16."""
    workers: int = 0
    """Threads per process that read images during training. 0: one per core, at most 8."""

    def __post_init__(self) -> None:
        check_ranges(self, "compute.", RANGES)


def memory_bytes(text: str) -> int:
    """Bytes in a text such as ``4GB`` or ``1.5 GiB``; 0 for an empty one (no limit).

    Raises:
        ConfigError: It is not a size, or it is 0.
    """
    found = _MEMORY.fullmatch(text)
    size = round(float(found[1]) * _UNITS[found[2]]) if found else 0
    require(not text or size > 0, f"memory is {text!r}; write a size such as 4GB or 1.5GiB")
    return size
