"""What a rival trained on real NYU sees in a data set, with NYU's white border and without.

METER-XXS (Papa et al., 2023) learned from photos that all have the same white border, and takes it
for a part of the scale: cut off, or replaced by what is next to it, real NYU frames look 1.7 times
as far. A data set without that border has to be given one before the two can be compared.

    python benchmarks/accuracy/peer.py meter_xxs_nyu.onnx --data rooms [--split all] [--most 300]
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.splits import evenly_spaced
from depth_unet.evaluate.score import PredictArray
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.predict.label.foreign import Description, ForeignNetwork

METER_XXS = Description(
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    unit="cm",
    range_m=(0.1, 10),
    focal=NYU_FOCAL,
)
# Of NYU's labelled frames at 640x480: white rows above and below, columns left and right.
TOP_PX, BOTTOM_PX, LEFT_PX, RIGHT_PX = 6, 5, 7, 9
RINGING_PX = 4  # How far the border shines into the photo: they were stored as JPEG.
Edit = Callable[[np.ndarray], np.ndarray]


def meter_xxs(path: Path, threads: int | None = None) -> PredictArray:
    """METER-XXS at 256x192, resized bilinearly without antialiasing, in all or some threads.

    With antialiasing its RMSE on test_a is .538, with aligned corners .549: measured, the figures
    of others are those of the plain resize.
    """
    return ForeignNetwork(path, METER_XXS, threads).predict_array


def border_mask(height: int, width: int, margin_px: int = 0) -> np.ndarray:
    """Share of each pixel that NYU's white border covers, 0 to 1."""
    mask = np.ones((480, 640), np.float32)
    rows = slice(TOP_PX + margin_px, -BOTTOM_PX - margin_px)
    mask[rows, LEFT_PX + margin_px : -RIGHT_PX - margin_px] = 0
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA))


def with_border(image: np.ndarray) -> np.ndarray:
    """The photo in NYU's border."""
    height, width = image.shape[:2]
    cover = border_mask(height, width)[..., None]
    return np.asarray(np.rint(image * (1 - cover) + 255 * cover), dtype=np.uint8)


def crop_border(image: np.ndarray) -> np.ndarray:
    """The photo with NYU's border replaced by what is next to it."""
    height, width = image.shape[:2]
    cover = (border_mask(height, width, RINGING_PX) > 0).astype(np.uint8)
    return np.asarray(cv2.inpaint(image, cover, 3, cv2.INPAINT_NS))


def blurred(image: np.ndarray) -> np.ndarray:
    """The photo blurred by 2 pixels of 320."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 2 * image.shape[1] / 320))


EDITS: dict[str, Edit] = {
    "as it is": lambda image: image,
    "in NYU's border": with_border,
    "border replaced": crop_border,
    "blurred by 2 px": blurred,
}


def measure(predict: PredictArray, image: np.ndarray, depth_mm: np.ndarray) -> tuple[float, ...]:
    """AbsRel after median alignment, metric AbsRel, ratio of the medians."""
    height, width = depth_mm.shape
    camera = Intrinsics.centred(width, height, width)
    prediction_m = cv2.resize(predict(image, camera), (width, height))[depth_mm > 0]
    target_m = depth_mm[depth_mm > 0] / MILLIMETRES_PER_METRE
    ratio = float(np.median(prediction_m) / np.median(target_m))
    aligned, metric = (
        float(np.mean(np.abs(values - target_m) / target_m))
        for values in (prediction_m / ratio, prediction_m)
    )
    return aligned, metric, ratio


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["all", "train", "test"], default="all")
    parser.add_argument("--most", type=int, default=300)
    arguments = parser.parse_args()
    predict, source = meter_xxs(arguments.peer), open_source(arguments.data)
    wanted = [
        number
        for number, row in enumerate(source.rows)
        if arguments.split == "all" or (row.official_split == "test") == (arguments.split == "test")
    ]
    frames = [source.read(number) for number in evenly_spaced(wanted, arguments.most)]
    frames = [frame for frame in frames if frame.depth_mm.any()]
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say(f"{len(frames)} frames of {source.info.name}, part {arguments.split}; METER-XXS, no flip")
    say("| Photos | aligned AbsRel | metric AbsRel | median prediction / truth |")
    say("|---|---|---|---|")
    for name, edit in EDITS.items():
        measured = [measure(predict, edit(frame.image), frame.depth_mm) for frame in frames]
        aligned, metric, ratio = np.array(measured).T
        say(f"| {name} | {aligned.mean():.3f} | {metric.mean():.3f} | {np.median(ratio):.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
