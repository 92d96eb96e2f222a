"""``depth-unet predict``: metres for photos."""

import errno
import os
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from depth_unet.arguments import PredictArguments, SaveChoice
from depth_unet.atomic import make_folder
from depth_unet.commands.device import choose_device
from depth_unet.commands.inputs import Input, list_inputs
from depth_unet.commands.lens import Lens, lens_of
from depth_unet.errors import ConfigError, DataError
from depth_unet.figures.picture import Colours, depth_picture, photo_and_depth
from depth_unet.figures.write import write_figure
from depth_unet.photo import read_photo
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
LIBRARIES: dict[SaveChoice, str] = {"exr": "OpenEXR", "plot3d": "plotly"}
MOST_THREADS = 8
LARGE_PIXELS = 16 * 10**6  # larger photos are taken one by one


@dataclass(kw_only=True)
class Outcome:
    """What became of the photos."""

    written: int = 0
    assumed: int = 0
    failures: list[DataError] = field(default_factory=list)


def run(arguments: PredictArguments) -> list[DataError]:
    """Predict every photo; what is wrong with bad ones is returned, and the rest goes on."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    _check_kinds(arguments.save)
    colours = Colours(range_m=_checked_range(arguments.range), colormap=f"{arguments.colormap}_r")
    inputs = list_inputs(arguments.inputs, sys.stdin, partial(_is_result, arguments.out))
    lens = lens_of(arguments)
    wanted = {item: _targets(item, arguments) for item in inputs}
    todo = [item for item in inputs if wanted[item]]
    model = load(arguments.weights, choose_device(arguments.device), arguments.precision)
    make_folder(arguments.out)
    # 100 megapixels are welcome; what else Pillow warns of names no photo.
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    warnings.filterwarnings("ignore", module=r"PIL\..*")
    started_s, outcome = time.perf_counter(), Outcome()
    columns = (TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("predict", total=len(todo))
        try:
            predict_all(
                model,
                todo,
                lens,
                lambda item, prediction: save(prediction, wanted[item], item.path.name, colours),
                outcome=outcome,
                advance=lambda: progress.advance(task),
            )
        except OSError:
            for failure in outcome.failures:
                console.print(f"depth-unet: error: {failure}")
            raise
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
    outcome: Outcome,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Predict photos, several at a time: each thread takes one from its file to its results.

    On a CPU each has one thread of torch's: small networks gain more by several photos at once than
    by several threads for each. Large photos wait for one another, so that memory holds one.

    Args:
        model: The network.
        inputs: The photos.
        lens: The camera of each.
        write: Called with every prediction, in some thread.
        outcome: What became of them, so far; a photo that cannot be read, predicted or written
            does not end it.
        advance: Called after every photo.

    Raises:
        OSError: Nothing can be written any more; what was written before is whole.
    """
    turn = threading.Lock()

    def one(item: Input) -> bool:
        with turn if _is_large(item.path) else nullcontext():
            photo = read_photo(item.path)
            prediction = model.predict(photo, lens(photo))
            write(item, prediction)
            return prediction.focal_from == ASSUMED

    threads = min(MOST_THREADS, os.cpu_count() or 1, len(inputs)) or 1
    before, waiting = torch.get_num_threads(), deque[tuple[Input, Future[bool]]]()
    with ThreadPoolExecutor(threads, initializer=partial(_share, threads)) as pool:
        for item in inputs:
            waiting.append((item, pool.submit(one, item)))
            if len(waiting) > 2 * threads:
                _finish(*waiting.popleft(), outcome)
                advance()
        for item, future in waiting:
            _finish(item, future, outcome)
            advance()
    torch.set_num_threads(before)  # new threads of torch's would have the share of these


def _share(threads: int) -> None:
    """Give the calling thread its part of the processor."""
    torch.set_num_threads(max(1, torch.get_num_threads() // threads))


def _is_large(path: Path) -> bool:
    """By the file's header; what cannot be opened is told when it is read."""
    try:
        with Image.open(path) as image:
            return image.width * image.height > LARGE_PIXELS
    except Exception:
        return False


def _finish(item: Input, future: Future[bool], outcome: Outcome) -> None:
    """Wait for a photo's results; what concerns it alone is noted."""
    try:
        outcome.assumed += future.result()
    except DataError as error:
        told = str(error) if str(item.path) in str(error) else f"{item.path}: {error}"
        outcome.failures.append(DataError(told))
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        outcome.failures.append(DataError(f"{item.path}: its name is too long for results' names"))
    else:
        outcome.written += 1


def save(
    prediction: Prediction,
    targets: dict[SaveChoice, Path],
    title: str,
    colours: Colours,
) -> None:
    """Write one prediction in each form, every file whole or not at all."""
    facts = prediction.facts(title)
    texts = facts.texts("metres")
    for kind, path in targets.items():
        match kind:
            case "color":
                figure = depth_picture(prediction.depth_m, facts.photo, colours)
                write_figure(figure, path, texts)
            case "panel":
                image, depth_m = prediction.image, prediction.depth_m
                figure = photo_and_depth(image, depth_m, facts.photo, colours)
                write_figure(figure, path, texts)
            case _:
                prediction.save(path, title)


def _check_kinds(kinds: Sequence[SaveChoice]) -> None:
    """Refuse what cannot be written, before anything is done."""
    if not kinds:
        raise ConfigError(f"--save is empty; choose among {', '.join(ENDINGS)}")
    for kind in kinds:
        library = LIBRARIES.get(kind)
        if library and find_spec(library) is None:
            raise ConfigError(
                f"--save {kind} needs {library}: pip install 'depth-unet[{kind}]', or leave it out"
            )


def _is_result(out: Path, path: Path) -> bool:
    """Whether a photo in a folder is a picture that was written here."""
    below = path.resolve().is_relative_to(out.resolve())
    return below and path.name.endswith(tuple(ENDINGS.values()))


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
