"""``depth-unet predict``: metres for photos."""

import math
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import Progress

from depth_unet.arguments import PredictArguments, SaveChoice
from depth_unet.atomic import make_folder, replacing, write_bytes
from depth_unet.camera import Intrinsics
from depth_unet.commands.device import choose_device
from depth_unet.errors import ConfigError, DataError
from depth_unet.figures.picture import depth_picture
from depth_unet.figures.write import write_figure
from depth_unet.millimetres import as_millimetres
from depth_unet.predict import DepthModel, Prediction, load, read_photo

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
ENDINGS: dict[SaveChoice, str] = {
    "png16": "_depth.png",
    "npy": "_depth.npy",
    "color": "_color.png",
}


def run(arguments: PredictArguments) -> list[DataError]:
    """Predict every photo; what is wrong with bad ones is returned, and the rest goes on."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    if not arguments.save:
        raise ConfigError("--save is empty; choose among png16, npy and color")
    if arguments.focal_px is not None and not 0 < arguments.focal_px < math.inf:
        raise ConfigError(f"--focal-px is {arguments.focal_px}; give a positive focal length")
    photos = list_photos(arguments.images)
    check_names(photos)
    model = load(arguments.weights, choose_device(arguments.device))
    make_folder(arguments.out)
    failures: list[DataError] = []
    written = skipped = 0
    with Progress(console=console, transient=True) as progress:
        for photo in progress.track(photos, description="predicting"):
            paths = {kind: arguments.out / (photo.stem + ENDINGS[kind]) for kind in arguments.save}
            targets = {
                kind: path
                for kind, path in paths.items()
                if arguments.overwrite or not path.exists()
            }
            if not targets:
                skipped += 1
                continue
            try:
                save(predict_one(model, photo, arguments.focal_px), targets, title=photo.name)
                written += 1
            except DataError as error:
                failures.append(error)
    console.print(
        f"{arguments.out}: {written} predicted, {len(failures)} failed, {skipped} already there"
    )
    return failures


def list_photos(names: tuple[Path, ...]) -> list[Path]:
    """Files as they are named, and the photos of every folder.

    Raises:
        ConfigError: Nothing was named.
        DataError: A folder holds no photo.
    """
    if not names:
        raise ConfigError("no photo was named; write depth-unet predict IMAGE... --weights RUN")
    photos: list[Path] = []
    for name in names:
        if not name.is_dir():
            photos.append(name)
            continue
        found = sorted(path for path in name.iterdir() if is_photo(path))
        if not found:
            raise DataError(f"{name} holds no photos ({', '.join(sorted(SUFFIXES))}); name another")
        photos += found
    return photos


def is_photo(path: Path) -> bool:
    """Whether a file in a folder is taken for a photo; hidden files are not."""
    return path.suffix.lower() in SUFFIXES and path.name[0] != "." and path.is_file()


def check_names(photos: list[Path]) -> None:
    """Refuse photos whose results would overwrite one another.

    Raises:
        ConfigError: Two photos have the same name without suffix.
    """
    stem, count = Counter(photo.stem.casefold() for photo in photos).most_common(1)[0]
    if count > 1:
        raise ConfigError(
            f"{count} photos are called {stem} and would write the same files; predict them into "
            "different --out folders"
        )


def predict_one(model: DepthModel, photo: Path, focal_px: float | None) -> Prediction:
    """Predict one photo, with the user's focal length if there is one."""
    image = read_photo(photo)
    height, width = image.shape[:2]
    camera = None if focal_px is None else Intrinsics.centred(width, height, focal_px)
    return model.predict(image, camera)


def save(prediction: Prediction, targets: dict[SaveChoice, Path], title: str) -> None:
    """Write one prediction in each form, every file whole or not at all."""
    for kind, path in targets.items():
        match kind:
            case "png16":
                write_png16(prediction, path)
            case "npy":
                with replacing(path) as temporary:
                    np.save(temporary, prediction.depth_m)
            case "color":
                write_figure(depth_picture(prediction.depth_m, title), path)


def write_png16(prediction: Prediction, path: Path) -> None:
    """Write depth as 16-bit PNG in millimetres; what is beyond 65.535 m is a hole, 0."""
    _, encoded = cv2.imencode(".png", as_millimetres(prediction.depth_m))
    write_bytes(path, encoded.tobytes())
