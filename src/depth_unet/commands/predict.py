"""``depth-unet predict``: metres for photos."""

import itertools
import os
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from depth_unet.arguments import PredictArguments, SaveChoice
from depth_unet.atomic import make_folder
from depth_unet.commands.device import choose_device
from depth_unet.commands.inputs import Input, list_inputs
from depth_unet.commands.lens import Lens, lens_of
from depth_unet.errors import ConfigError, DataError
from depth_unet.figures.picture import depth_picture, photo_and_depth
from depth_unet.figures.write import write_figure
from depth_unet.photo import DecodedPhoto, read_photo
from depth_unet.predict import ASSUMED, DepthModel, load
from depth_unet.prediction import Prediction

ENDINGS: dict[SaveChoice, str] = {
    "png16": "_depth.png",
    "npy": "_depth.npy",
    "npz": "_depth.npz",
    "exr": "_depth.exr",
    "pfm": "_depth.pfm",
    "color": "_color.png",
    "panel": "_panel.png",
    "ply": "_points.ply",
    "glb": "_mesh.glb",
    "plot3d": "_points.html",
    "json": "_depth.json",
}
AHEAD = 4  # photos that are decoded, and results that are written, while the network works


@dataclass(kw_only=True)
class Outcome:
    """What became of the photos."""

    written: int = 0
    assumed: int = 0
    failures: list[DataError] = field(default_factory=list)


def run(arguments: PredictArguments) -> list[DataError]:
    """Predict every photo; what is wrong with bad ones is returned, and the rest goes on."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    if not arguments.save:
        raise ConfigError(f"--save is empty; choose among {', '.join(ENDINGS)}")
    range_m = _checked_range(arguments.range)
    inputs, lens = list_inputs(arguments.inputs, sys.stdin), lens_of(arguments)
    wanted = {item: _targets(item, arguments) for item in inputs}
    todo = [item for item in inputs if wanted[item]]
    model = load(arguments.weights, choose_device(arguments.device))
    make_folder(arguments.out)
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # 100 megapixels are welcome
    started_s = time.perf_counter()
    columns = (TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("predict", total=len(todo))
        outcome = predict_all(
            model,
            todo,
            lens,
            lambda item, prediction: save(prediction, wanted[item], item.path.name, range_m),
            advance=lambda: progress.advance(task),
        )
    if outcome.assumed:
        warnings.warn(_assumed(outcome.assumed), stacklevel=2)
    if outcome.written > 1:
        speed = outcome.written / (time.perf_counter() - started_s)
        console.print(f"predicting took {1 / speed:.2f} s per photo ({speed:.1f} images/s)")
    console.print(
        f"{arguments.out}: {outcome.written} predicted, {len(outcome.failures)} failed, "
        f"{len(inputs) - len(todo)} already there"
    )
    return outcome.failures


def predict_all(
    model: DepthModel,
    inputs: Sequence[Input],
    lens: Lens,
    write: Callable[[Input, Prediction], None],
    *,
    advance: Callable[[], None] = lambda: None,
) -> Outcome:
    """Predict photos one after another; decoding and writing go on beside the network.

    Args:
        model: The network.
        inputs: The photos.
        lens: The camera of each.
        write: Called with every prediction, in another thread.
        advance: Called after every photo.

    Returns:
        What became of them; a photo that cannot be read or predicted does not end it.

    Raises:
        OSError: A result could not be written; those before it are whole.
    """
    outcome = Outcome()
    threads = min(AHEAD, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as readers, ThreadPoolExecutor(threads) as writers:
        writing = deque[Future[None]]()
        for item, decoded in _decoded(inputs, readers):
            try:
                photo = decoded.result()
                prediction = model.predict(photo, lens(photo))
            except DataError as error:
                outcome.failures.append(error)
            else:
                outcome.assumed += prediction.focal_from == ASSUMED
                writing.append(writers.submit(write, item, prediction))
                outcome.written += 1
                while len(writing) > AHEAD:
                    writing.popleft().result()
            advance()
        for future in writing:
            future.result()
    return outcome


def _decoded(
    inputs: Sequence[Input], readers: ThreadPoolExecutor
) -> Iterator[tuple[Input, Future[DecodedPhoto]]]:
    """Photos as they are decoded, a few ahead."""
    waiting = iter(inputs)
    ahead = deque(
        (item, readers.submit(read_photo, item.path)) for item in itertools.islice(waiting, AHEAD)
    )
    while ahead:
        yield ahead.popleft()
        for item in itertools.islice(waiting, 1):
            ahead.append((item, readers.submit(read_photo, item.path)))


def save(
    prediction: Prediction,
    targets: dict[SaveChoice, Path],
    title: str,
    range_m: tuple[float, float] | None,
) -> None:
    """Write one prediction in each form, every file whole or not at all."""
    for kind, path in targets.items():
        match kind:
            case "color":
                write_figure(depth_picture(prediction.depth_m, title, range_m), path)
            case "panel":
                image, depth_m = prediction.image, prediction.depth_m
                write_figure(photo_and_depth(image, depth_m, title, range_m), path)
            case _:
                prediction.save(path, title)


def _targets(item: Input, arguments: PredictArguments) -> dict[SaveChoice, Path]:
    """The files that are still to be written of one photo."""
    paths = {
        kind: arguments.out / item.stem.parent / (item.stem.name + ENDINGS[kind])
        for kind in arguments.save
    }
    return {kind: path for kind, path in paths.items() if arguments.overwrite or not path.exists()}


def _checked_range(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    near, _, far = text.partition(":")
    try:
        low_m, high_m = float(near), float(far)
    except ValueError:
        low_m = high_m = 0.0
    if not 0 <= low_m < high_m <= 1000:
        raise ConfigError(f"--range is {text!r}; write NEAR:FAR in metres, such as 0.5:6")
    return low_m, high_m


def _assumed(num_photos: int) -> str:
    which = "the photo states" if num_photos == 1 else f"{num_photos} photos state"
    return (
        f"{which} no focal length, and the training camera's is assumed: depth is as wrong as that "
        "is; give --fov, --focal-px or --camera"
    )
