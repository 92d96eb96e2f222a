"""``depth-unet predict``: metres for photos; ``video`` has what videos need."""

import errno
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from PIL import Image
from rich.console import Console

from depth_unet.cli.arguments import PredictArguments
from depth_unet.cli.predict.inputs import Input, list_inputs
from depth_unet.cli.predict.job import Job, Outcome
from depth_unet.cli.predict.lens import Lens, lens_of
from depth_unet.cli.predict.progress import speed_bar
from depth_unet.cli.predict.targets import (
    ENDINGS,
    VIDEO_ENDINGS,
    is_result,
    photo_targets,
    video_targets,
)
from depth_unet.cli.predict.threads import shared_threads
from depth_unet.config.choices import SaveChoice, VideoChoice
from depth_unet.errors import ConfigError, DataError
from depth_unet.figures.picture import Colours, depth_picture
from depth_unet.files.atomic import make_folder
from depth_unet.images.photo import read_photo
from depth_unet.model.device import choose_device
from depth_unet.outputs.depth_write import write_png
from depth_unet.predict.model import ASSUMED, DepthModel, load
from depth_unet.predict.prediction import Prediction

LIBRARIES: dict[SaveChoice, str] = {"exr": "OpenEXR", "plot3d": "plotly"}
WITHOUT_AV = "videos need PyAV: pip install 'depth-unet[video]'"
LARGE_PIXELS = 16 * 10**6  # larger photos are taken one by one

Files = TypeVar("Files", dict[SaveChoice, Path], dict[VideoChoice, Path])


def run(arguments: PredictArguments) -> list[DataError]:
    """Predict every photo and video; what is wrong with bad ones is returned, the rest goes on."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    _check_kinds(arguments)
    colours = Colours(range_m=_checked_range(arguments.range), colormap=f"{arguments.colormap}_r")
    inputs = list_inputs(arguments.inputs, sys.stdin, partial(is_result, arguments.out))
    lens = lens_of(arguments)
    photos = {item: photo_targets(item, arguments) for item in inputs if not item.moves}
    videos = {item: video_targets(item, arguments) for item in inputs if item.moves}
    photos, videos = _not_there(photos), _not_there(videos)
    job = Job(
        model=load(arguments.weights, choose_device(arguments.device), arguments.precision),
        lens=lens,
        colours=colours,
        stabilise=arguments.stabilise,
    )
    make_folder(arguments.out)
    # 100 megapixels are welcome; what else Pillow warns of names no photo.
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    warnings.filterwarnings("ignore", module=r"PIL\..*")
    outcome = Outcome()
    try:
        _photos(job, photos, outcome, console)
        if videos:
            _videos(job, videos, outcome, console)
    except OSError:
        for failure in outcome.failures:
            console.print(f"depth-unet: error: {failure}")
        raise
    if outcome.assumed:
        warnings.warn(_assumed(outcome.assumed), stacklevel=2)
    console.print(
        f"{arguments.out}: {outcome.written} predicted, {len(outcome.failures)} failed, "
        f"{len(inputs) - len(photos) - len(videos)} already there"
    )
    return outcome.failures


def _photos(
    job: Job,
    wanted: dict[Input, dict[SaveChoice, Path]],
    outcome: Outcome,
    console: Console,
) -> None:
    """Predict photos with a bar, and say how long one took."""
    started_s = time.perf_counter()
    with speed_bar(console, "images", shown=bool(wanted)) as progress:
        task = progress.add_task("predicting", total=len(wanted))
        predict_all(
            job.model,
            list(wanted),
            job.lens,
            lambda item, prediction: save(prediction, wanted[item], item.path.name, job.colours),
            outcome=outcome,
            advance=lambda: progress.advance(task),
        )
    if outcome.written > 1:
        speed = outcome.written / (time.perf_counter() - started_s)
        console.print(f"predicting took {1 / speed:.2f} s per photo ({speed:.1f} images/s)")


def _videos(
    job: Job,
    wanted: dict[Input, dict[VideoChoice, Path]],
    outcome: Outcome,
    console: Console,
) -> None:
    """Predict videos one after another; what concerns one alone is noted."""
    if find_spec("av") is None:
        outcome.failures += [DataError(f"{item.path}: {WITHOUT_AV}") for item in wanted]
        return
    from depth_unet.cli.predict.video import predict_item  # noqa: PLC0415  # needs PyAV

    for item, targets in wanted.items():
        with noted(item, outcome):
            outcome.assumed += predict_item(job, item, targets, console)


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

    Large photos wait for one another, so that memory holds one.

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

    waiting = deque[tuple[Input, Future[bool]]]()
    with shared_threads(len(inputs)) as (pool, num_threads):
        for item in inputs:
            waiting.append((item, pool.submit(one, item)))
            if len(waiting) > 2 * num_threads:
                _finish(*waiting.popleft(), outcome)
                advance()
        for item, future in waiting:
            _finish(item, future, outcome)
            advance()


def _is_large(path: Path) -> bool:
    """By the file's header; what cannot be opened is told when it is read."""
    try:
        with Image.open(path) as image:
            return image.width * image.height > LARGE_PIXELS
    except Exception:
        return False


def _finish(item: Input, future: Future[bool], outcome: Outcome) -> None:
    """Wait for a photo's results; what concerns it alone is noted."""
    with noted(item, outcome):
        outcome.assumed += future.result()


@contextmanager
def noted(item: Input, outcome: Outcome) -> Iterator[None]:
    """Count an input as written, or note what is wrong with it alone."""
    try:
        yield
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
            case "color" | "panel":
                photo = prediction.image if kind == "panel" else None
                picture = depth_picture(prediction.depth_m, facts.photo, colours, photo)
                write_png(picture, path, texts)
            case _:
                prediction.save(path, title)


def _check_kinds(arguments: PredictArguments) -> None:
    """Refuse what cannot be written, before anything is done."""
    if not arguments.save:
        raise ConfigError(f"--save is empty; choose among {', '.join(ENDINGS)}")
    if not arguments.video:
        raise ConfigError(f"--video is empty; choose among {', '.join(VIDEO_ENDINGS)}")
    for kind in arguments.save:
        library = LIBRARIES.get(kind)
        if library and find_spec(library) is None:
            raise ConfigError(
                f"--save {kind} needs {library}: pip install 'depth-unet[{kind}]', or leave it out"
            )


def _not_there(wanted: dict[Input, Files]) -> dict[Input, Files]:
    """The inputs of which something is still to be written."""
    return {item: files for item, files in wanted.items() if files}


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
