"""A step's images in parts that fit into memory, each augmented when its turn comes."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, overload

import torch
from torch import Tensor

from depth_unet.config.run import Config
from depth_unet.data.augment import augment, augment_mask
from depth_unet.data.loader import RawBatch
from depth_unet.records import Batch


class MicroBatches(Sequence[Batch]):
    """The images of a step in consecutive parts; only the part asked for is held as floats.

    Args:
        raw: The images as they are stored.
        size: Images in a part; the last may have fewer.
        config: Augmentation and canvas.
        device: Where to compute.
    """

    def __init__(self, raw: RawBatch, size: int, config: Config, device: torch.device) -> None:
        self.raw, self.size, self.config, self.device = raw, size, config, device

    def __len__(self) -> int:
        """Number of parts."""
        return math.ceil(len(self.raw) / self.size)

    @overload
    def __getitem__(self, number: int) -> Batch: ...
    @overload
    def __getitem__(self, number: slice) -> list[Batch]: ...
    def __getitem__(self, number: int | slice) -> Batch | list[Batch]:
        """The part of that number, augmented now: the same every time."""
        if isinstance(number, slice):
            return [self[item] for item in range(len(self))[number]]
        raw = self._part(range(len(self))[number])
        return augment(raw, self.config.augment, **self._where())

    def masks(self) -> Iterator[Tensor]:
        """What counts in the parts (b 1 h w), one after another, without their images."""
        for raw in map(self._part, range(len(self))):
            yield augment_mask(raw, self.config.augment, **self._where())

    def _part(self, number: int) -> RawBatch:
        return self.raw.slice(number * self.size, (number + 1) * self.size)

    def _where(self) -> dict[str, Any]:
        canvas = self.config.canvas
        return {"height": canvas.height, "width": canvas.width, "device": self.device}
