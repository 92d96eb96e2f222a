"""Batches of training frames by step, read ahead of time."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from depth_unet.data.fit import crop_border, fit_frame
from depth_unet.data.labels import UNLABELLED
from depth_unet.data.order import EpochOrder
from depth_unet.data.source import Frame, Source
from depth_unet.files.ahead import work_ahead
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE

MOST_WORKERS = 8  # more threads wait for the interpreter lock


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBatch:
    """Frames as they are stored, one size, before augmentation.

    Attributes:
        image: RGB, 0 to 255.
        depth_m: Depth, metres; 0 wherever it may not be used.
        intrinsics_px: fx, fy, cx, cy in pixels of these images.
        keys: One random key per frame and use.
        labels: Classes, ``UNLABELLED`` where there is none; None if no frame has any.
        idle: Whether the one frame is a placeholder that does not count.
    """

    image: UInt8[Tensor, "b 3 h w"]
    depth_m: Float[Tensor, "b 1 h w"]
    intrinsics_px: Float[Tensor, "b 4"]
    keys: Int64[Tensor, " b"]
    labels: UInt8[Tensor, "b 1 h w"] | None = None
    idle: bool = False

    def __len__(self) -> int:
        """Number of frames."""
        return self.image.shape[0]

    def slice(self, start: int, stop: int) -> Self:
        """Views of frames ``start`` to ``stop`` (exclusive)."""
        cut = slice(start, stop)
        return type(self)(
            image=self.image[cut],
            depth_m=self.depth_m[cut],
            intrinsics_px=self.intrinsics_px[cut],
            keys=self.keys[cut],
            labels=None if self.labels is None else self.labels[cut],
            idle=self.idle,
        )


class Loader:
    """Batches of training frames by step number; the same number gives the same batch.

    Every epoch is cut into batches; the last may be smaller. A batch does not depend on how it is
    divided over processes or micro-batches. Borders that show no scene are cut off: the network
    would learn to recognise whole, unzoomed frames by them.

    Args:
        source: The data.
        order: The order of the rows that are trained on.
        size: Height and width that frames are cropped and resized to.
        batch_size: Frames per optimiser step, over all processes.
        rank: This process.
        world_size: Number of processes; each reads its own part of every batch.
        labelled: Whether classes are loaded.
        workers: Threads that read frames; 0 takes one per core, at most ``MOST_WORKERS``. Batches
            do not depend on it.
    """

    def __init__(
        self,
        source: Source,
        order: EpochOrder,
        *,
        size: tuple[int, int],
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        labelled: bool = False,
        workers: int = 0,
    ) -> None:
        self.source, self.order, self.labelled = source, order, labelled
        self.size, self.batch_size = size, batch_size
        self.rank, self.world_size = rank, world_size
        self.workers = num_readers(workers)
        self.steps_per_epoch = -(-len(order) // batch_size)

    def plan(self, step: int) -> list[tuple[int, int]]:
        """This process's part of a step's batch: (row, random key) of every frame.

        It is empty if the batch has fewer frames than there are processes.
        """
        epoch, position = divmod(step, self.steps_per_epoch)
        rows, turns = self.order.epoch(epoch)
        batch = np.arange(len(rows))[position * self.batch_size : (position + 1) * self.batch_size]
        share = np.array_split(batch, self.world_size)[self.rank]
        return [
            (row, self.order.key(row, turn))
            for row, turn in zip(rows[share].tolist(), turns[share].tolist(), strict=True)
        ]

    def batches(self, start: int, stop: int) -> Iterator[tuple[int, RawBatch]]:
        """Steps ``start`` to ``stop`` (exclusive) with their batches, read one step ahead."""
        with ThreadPoolExecutor(self.workers) as readers, ThreadPoolExecutor(1) as ahead:
            load = partial(self._load, readers=readers)
            yield from work_ahead(range(start, stop), load, ahead, 1)

    def load(self, step: int) -> RawBatch:
        """The batch of one step, read now."""
        with ThreadPoolExecutor(1) as readers:
            return self._load(step, readers)

    def _load(self, step: int, readers: ThreadPoolExecutor) -> RawBatch:
        plan = self.plan(step)
        if not plan:  # every process must take part in every step
            rows, _ = self.order.epoch(0)
            batch = collate([self._frame(int(rows[0]))], [0], self.size)
            return replace(batch, depth_m=torch.zeros_like(batch.depth_m), labels=None, idle=True)
        return collate(
            readers.map(lambda item: self._frame(item[0]), plan),
            [key for _, key in plan],
            self.size,
        )

    def _frame(self, index: int) -> Frame:
        frame = self.source.read(index)
        if not self.labelled:
            frame = replace(frame, labels=None)
        return fit_frame(crop_border(frame), *self.size)


def num_readers(workers: int) -> int:
    """Threads that read frames, where 0 workers stand for one per core."""
    return workers or min(MOST_WORKERS, os.cpu_count() or 1)


def collate(frames: Iterable[Frame], keys: Sequence[int], size: tuple[int, int]) -> RawBatch:
    """Stack frames of the given height and width, one per key."""
    height, width = size
    image = np.empty((len(keys), height, width, 3), np.uint8)
    depth_mm = np.empty((len(keys), 1, height, width), np.float32)
    labels: np.ndarray | None = None
    cameras = []
    for position, frame in enumerate(frames):
        image[position] = frame.image
        depth_mm[position, 0] = frame.depth_mm
        cameras.append(frame.intrinsics.values_px)
        if frame.labels is not None:
            if labels is None:
                labels = np.full((len(keys), 1, height, width), UNLABELLED, np.uint8)
            labels[position, 0] = frame.labels
    return RawBatch(
        image=torch.from_numpy(image).permute(0, 3, 1, 2),
        depth_m=torch.from_numpy(depth_mm / MILLIMETRES_PER_METRE),
        intrinsics_px=torch.tensor(cameras, dtype=torch.float32),
        keys=torch.tensor(list(keys), dtype=torch.int64),
        labels=None if labels is None else torch.from_numpy(labels),
    )
