"""Draw the pictures of docs/losses.md, and write its table; `make pictures` runs it.

    python -m tools.loss_pictures [--rooms build/pictures]

Everything is seen on rendered rooms, which are rendered into the folder first. The pictures are the
same for each run on one kind of processor.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import cv2
import matplotlib
import numpy as np
import torch
from torch import Tensor

from depth_unet.arrays import Float, UInt8
from depth_unet.config.loss import LossConfig
from depth_unet.config.run import Config
from depth_unet.config.values import replace_fields
from depth_unet.data.source import Frame, PairsSource
from depth_unet.data.splits import find_frames, split_rooms
from depth_unet.figures.colour import DEPTH_COLORMAP, colourise, scale_of
from depth_unet.figures.sheet import Sheet
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.predict.load import load
from depth_unet.predict.model import DepthModel
from depth_unet.rooms.generate import generate
from depth_unet.rooms.options import RoomsOptions
from tools.cards import ROOT, fill

IMAGES, PAGE = ROOT / "docs" / "images", ROOT / "docs" / "losses.md"
ROOMS = RoomsOptions(images=20, views=5, size="320x240", samples=8, seed=3, test_share=0)
FRAME = 1  # the room that the losses are shown on
MAE_M = 0.1
TERMS = ("mae", "gradient_edge", "ssim", "gradient_matching", "silog", "berhu")
LEAST = 5e-4
"""A loss below this is rounded to 0, and so is its picture, which would show the rounding."""
GRADIENTS = "RdBu_r"

Depth = Float[np.ndarray, "h w"]


def shifted(depth_m: Depth, strength: float) -> Depth:
    """Everything is farther by as many metres."""
    return depth_m + strength


def scaled(depth_m: Depth, strength: float) -> Depth:
    """Everything is farther by the same share."""
    return depth_m * (1 + strength)


def tilted(depth_m: Depth, strength: float) -> Depth:
    """The left is too near, the right too far, by a share that grows from the middle."""
    return depth_m * (1 + strength * np.linspace(-1, 1, depth_m.shape[1]))


def blurred(depth_m: Depth, strength: float) -> Depth:
    """A Gaussian of as many hundredths of the width."""
    sigma = 0.01 * strength * depth_m.shape[1]
    return cv2.GaussianBlur(depth_m, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def moved(depth_m: Depth, strength: float) -> Depth:
    """Everything stands farther to the right, by as many hundredths of the width."""
    step = np.array([[1, 0, 0.01 * strength * depth_m.shape[1]], [0, 1, 0]])
    size = depth_m.shape[::-1]
    return cv2.warpAffine(depth_m, step, size, borderMode=cv2.BORDER_REPLICATE)


CHANGES = (shifted, scaled, tilted, blurred, moved)


def main() -> None:
    """Render the rooms, draw three pictures, write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rooms", type=Path, default=ROOT / "build" / "pictures")
    rooms = parser.parse_args().rooms
    generate(ROOMS, rooms)
    source = PairsSource(rooms)
    draw_losses(half(source.read(FRAME).depth_mm / 1000), IMAGES / "losses.jpg")
    draw_splits(source, IMAGES / "splits.jpg")
    draw_attention(source.read(FRAME), IMAGES / "attention.jpg")


def half(depth_m: Float[np.ndarray, "h w"]) -> Depth:
    """Half the size, as the losses of most recipes see it."""
    return np.ascontiguousarray(depth_m[::2, ::2], np.float64)


def altered(depth_m: Depth, change: Callable[[Depth, float], Depth], mae_m: float) -> Depth:
    """The depth, changed so strongly that its mean absolute error is ``mae_m``."""
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        below = np.abs(change(depth_m, middle) - depth_m).mean() < mae_m
        low, high = (middle, high) if below else (low, middle)
    return change(depth_m, high)


def see(name: str, prediction_m: Depth, depth_m: Depth) -> tuple[float, Depth]:
    """Value of a loss, and its gradient by the predicted depth of every pixel, 1/m."""
    weights = {f"loss.{other}": float(other == name) for other in LossConfig().weights()}
    loss = WeightedLoss(replace_fields(Config(), weights).loss)
    target = torch.from_numpy(depth_m)[None, None]
    prediction = torch.from_numpy(prediction_m.copy())[None, None].requires_grad_()
    valid = target > 0
    value = loss.total(loss(prediction, target, valid), loss.counts(valid))
    (gradient,) = torch.autograd.grad(value, prediction)
    return value.item(), gradient[0, 0].numpy()


def paint(gradient: Depth) -> UInt8[np.ndarray, "h w 3"]:
    """Red where the loss pulls depth nearer, blue where farther, white where neither."""
    full = np.quantile(np.abs(gradient), 0.98) or 1.0
    colours = matplotlib.colormaps[GRADIENTS](0.5 + 0.5 * gradient / full)
    picture: np.ndarray = np.rint(255 * colours[..., :3]).astype(np.uint8)
    return picture


def draw_losses(depth_m: Depth, path: Path) -> None:
    """A row for each change, a column for each loss; the table holds the values."""
    headings = ("prediction", *(name.replace("_", " ") for name in TERMS))
    sheet = Sheet(headings, [depth_m.shape] * (1 + len(CHANGES)), side_in=1.3)
    low_m, high_m = depth_m.min(), depth_m.max()
    sheet.picture(0, 0, colourise(depth_m, low_m, high_m))
    sheet.caption(0, 0, "true depth")
    names = " | ".join(f"`{name}`" for name in TERMS)
    lines = [f"| Prediction | {names} |\n|---|{'--:|' * len(TERMS)}\n"]
    for row, change in enumerate(CHANGES, start=1):
        prediction_m = altered(depth_m, change, MAE_M)
        sheet.picture(row, 0, colourise(prediction_m, low_m, high_m))
        sheet.caption(row, 0, change.__name__)
        values = []
        for column, name in enumerate(TERMS, start=1):
            value, gradient = see(name, prediction_m, depth_m)
            sheet.picture(row, column, paint(gradient if value > LEAST else 0 * gradient))
            sheet.caption(row, column, f"{value:.3f}")
            values.append(f"{value:.3f}")
        lines.append(f"| {change.__name__} | {' | '.join(values)} |\n")
    sheet.bar(scale_of("depth, m", [depth_m], low_m, high_m, DEPTH_COLORMAP), 0, 0)
    label = "gradient, share of the strongest: red should be nearer, blue farther"
    sheet.bar(scale_of(label, [], -1, 1, GRADIENTS), 1, len(TERMS))
    fill(PAGE, "values", lambda _: "".join(lines))
    save(sheet, path)


def draw_splits(source: PairsSource, path: Path) -> None:
    """A row for each room; under each photo its split."""
    splits = split_rooms(source.rows, fraction=1, holdout=0.25, seed=0)
    split_of = {
        index: name
        for name in ("train", "seen", "unseen")
        for index in find_frames(source.rows, splits, name)
    }
    rooms = dict[str, list[int]]()
    for index, pair in enumerate(source.rows):
        rooms.setdefault(pair.room_group, []).append(index)
    frames = [source.read(index).image for index in range(len(source.rows))]
    columns = max(map(len, rooms.values()))
    sheet = Sheet([""] * columns, [frames[0].shape[:2]] * len(rooms), side_in=1.4)
    for row, indices in enumerate(rooms.values()):
        for column, index in enumerate(indices):
            sheet.picture(row, column, frames[index])
            sheet.caption(row, column, f"room {row + 1}: {split_of[index]}")
    save(sheet, path)


def draw_attention(frame: Frame, path: Path) -> None:
    """How much each attention block of `scratch` looks where, for three pixels of a photo."""
    photo = frame.image
    model = load("scratch", engine="torch")
    assert isinstance(model, DepthModel)
    with recorded() as weights:
        model.predict_array(photo, frame.intrinsics)
    points = ((0.25, 0.8), (0.5, 0.45), (0.8, 0.25))
    headings = ("photo", *(f"block {number + 1}" for number in range(len(weights))))
    sheet = Sheet(headings, [photo.shape[:2]] * len(points), side_in=1.7)
    height, width = photo.shape[:2]
    for row, (x, y) in enumerate(points):
        marked = photo.copy()
        cv2.circle(marked, (round(x * width), round(y * height)), height // 30, (255, 0, 0), -1)
        sheet.picture(row, 0, marked)
        for column, tokens in enumerate(weights, start=1):
            rows = round(math.sqrt(len(tokens) * height / width))
            columns = len(tokens) // rows
            one = tokens[int(y * rows) * columns + int(x * columns)].reshape(rows, columns)
            shares = cv2.resize(one.numpy() / one.max().item(), (width, height))
            heat = matplotlib.colormaps["inferno"](np.sqrt(np.clip(shares, 0, 1)))[..., :3]
            grey = photo.mean(-1, keepdims=True)
            sheet.picture(row, column, np.rint(0.4 * grey + 0.6 * 255 * heat).astype(np.uint8))
    save(sheet, path)


@contextmanager
def recorded() -> Iterator[list[Tensor]]:
    """The weights of attention of every block, n × n, the mean of all heads, as it is computed."""
    found = list[Tensor]()
    attend = torch.nn.functional.scaled_dot_product_attention

    def record(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        found.append(scores.softmax(-1).mean((0, 1)).detach())
        return attend(query, key, value)

    with mock.patch("torch.nn.functional.scaled_dot_product_attention", record):
        yield found


def save(sheet: Sheet, path: Path) -> None:
    """Write a sheet as a small JPEG."""
    sheet.figure.savefig(
        path, dpi=110, bbox_inches="tight", pil_kwargs={"quality": 75, "optimize": True}
    )


if __name__ == "__main__":
    main()
