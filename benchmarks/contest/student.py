"""A depth training script of the kind students write, as well as they write it.

A U-Net of double convolutions at full resolution, photo and depth map decoded and resized anew for
every item by the workers of a DataLoader, Adam, and L1 + gradients + SSIM in plain fp32. Nothing in
it is slow on purpose: decoding is OpenCV's, the workers stay alive and read ahead, and OpenCV
starts no threads beside them. It knows nothing of the package that it is compared with.

    python benchmarks/contest/student.py FOLDER --width 128 --height 96
"""

import argparse
import csv
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

# The classic doubling, at ten million weights; and as many weights with a narrower, faster stem and
# the two deepest levels widened for it: channels where pixels are few cost little time.
WIDTHS = {"classic": (36, 72, 144, 288, 576), "lean": (32, 64, 128, 320, 576)}
MAX_DEPTH_M = 10.0
LEARNING_RATE = 1e-4
SSIM_WINDOW = 11
SSIM_SIGMA = 1.5

Pair = tuple[Tensor, Tensor]


class Pairs(Dataset[Pair]):
    """Photos and depth maps by path, decoded when they are asked for."""

    def __init__(
        self, files: list[tuple[str, str]], size: tuple[int, int], *, flip: bool = True
    ) -> None:
        self.files, self.size, self.flip = files, size, flip
        cv2.setNumThreads(0)

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.files)

    def __getitem__(self, index: int) -> Pair:
        """Photo (3 h w) in [0, 1] and depth (1 h w) in metres, 0 where there is none."""
        photo_path, depth_path = self.files[index]
        photo, depth = cv2.imread(photo_path), cv2.imread(depth_path, cv2.IMREAD_UNCHANGED)
        if photo is None or depth is None:
            raise OSError(f"{photo_path} or {depth_path} cannot be decoded; render them again")
        photo = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
        photo = cv2.resize(photo, self.size, interpolation=cv2.INTER_AREA)
        depth = cv2.resize(depth, self.size, interpolation=cv2.INTER_NEAREST)
        if self.flip and torch.rand(()) < 0.5:
            photo, depth = photo[:, ::-1], depth[:, ::-1]
        image = torch.from_numpy(np.ascontiguousarray(photo.transpose(2, 0, 1))).float() / 255
        depth_m = torch.from_numpy(depth.astype(np.float32))[None] / 1000
        return image, depth_m


class DoubleConv(nn.Sequential):
    """Twice: convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    """The classic U-Net: pooling down, transposed convolutions up, concatenated skips."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS["classic"]) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(
            DoubleConv(inputs, outputs)
            for inputs, outputs in zip((3, *widths[:-1]), widths, strict=True)
        )
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(deep, flat, 2, 2) for deep, flat in pairs)
        self.decoder = nn.ModuleList(DoubleConv(2 * flat, flat) for _, flat in pairs)
        self.head = nn.Conv2d(widths[0], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Depth in metres (b 1 h w) of photos (b 3 h w)."""
        skips: list[Tensor] = []
        for stage in self.encoder:
            x = stage(F.max_pool2d(x, 2) if skips else x)
            skips.append(x)
        skips.pop()
        for up, stage in zip(self.ups, self.decoder, strict=True):
            x = stage(torch.cat((skips.pop(), up(x)), dim=1))
        return MAX_DEPTH_M * torch.sigmoid(self.head(x))


def gaussian_window(device: torch.device) -> Tensor:
    """The window of SSIM, 1 x 1 x n x n."""
    offsets = torch.arange(SSIM_WINDOW, device=device) - SSIM_WINDOW // 2
    weights = torch.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
    weights /= weights.sum()
    return torch.outer(weights, weights)[None, None]


def ssim(one: Tensor, other: Tensor, window: Tensor) -> Tensor:
    """Mean structural similarity of depth maps; one convolution for all five local means."""
    stacked = torch.cat((one, other, one * one, other * other, one * other), dim=1)
    means = F.conv2d(stacked, window.expand(5, 1, -1, -1), groups=5)
    mean_1, mean_2, square_1, square_2, product = means.chunk(5, dim=1)
    c1, c2 = (0.01 * MAX_DEPTH_M) ** 2, (0.03 * MAX_DEPTH_M) ** 2
    both = mean_1 * mean_2
    squares = mean_1 * mean_1 + mean_2 * mean_2
    numerator = (2 * both + c1) * (2 * (product - both) + c2)
    denominator = (squares + c1) * (square_1 + square_2 - squares + c2)
    similarity: Tensor = (numerator / denominator).mean()
    return similarity


def depth_loss(prediction: Tensor, target: Tensor, window: Tensor) -> Tensor:
    """0.6 L1 + 0.2 gradients + SSIM, where there is depth."""
    mask = target > 0
    prediction = prediction * mask
    difference = prediction - target
    count = mask.sum().clamp(min=1)
    l1 = difference.abs().sum() / count
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs().mean()
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
    dissimilarity = (1 - ssim(prediction, target, window)) / 2
    return 0.6 * l1 + 0.2 * (across + down) + dissimilarity


def read_files(folder: Path) -> list[tuple[str, str]]:
    """Paths of photo and depth map of every training row of the folder's index."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as stream:
        return [
            (str(folder / row["rgb"]), str(folder / row["depth"]))
            for row in csv.DictReader(stream)
            if row["official_split"] != "test"
        ]


def make_loader(
    files: list[tuple[str, str]], size: tuple[int, int], batch_size: int
) -> DataLoader[Pair]:
    """Shuffled batches, read ahead by one worker per processor (at most eight)."""
    return DataLoader(
        Pairs(files, size),
        batch_size=batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=min(8, os.cpu_count() or 1),
        persistent_workers=True,
        pin_memory=torch.cuda.is_available(),
    )


def train(model: UNet, loader: Iterable[Pair], device: torch.device, epochs: int) -> None:
    """Train with Adam."""
    model.to(device).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    window = gaussian_window(device)
    for epoch in range(epochs):
        total = torch.zeros((), device=device)
        for image, depth_m in loader:
            prediction = model(image.to(device, non_blocking=True))
            loss = depth_loss(prediction, depth_m.to(device, non_blocking=True), window)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            total += loss.detach()
        sys.stderr.write(f"epoch {epoch}: sum of losses {float(total):.3f}\n")


def main() -> None:
    """Train on a folder in the pairs layout."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--height", type=int, default=96)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=50)
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loader = make_loader(
        read_files(options.folder), (options.width, options.height), options.batch_size
    )
    train(UNet(), loader, device, options.epochs)


if __name__ == "__main__":
    main()
