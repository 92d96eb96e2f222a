"""What photos and videos share: settings, results and threads."""

import errno
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from PIL import Image

from depth_unet.cli.predict.camera import CameraFor
from depth_unet.cli.predict.inputs import Input
from depth_unet.errors import DataError
from depth_unet.figures.picture import OWN_RANGE, Colours
from depth_unet.predict.predictor import Predictor, num_cores

MOST_THREADS = 8
LARGE_PIXELS = 16 * 10**6  # larger photos are worked on one at a time
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How photos and videos are predicted.

    Attributes:
        model: The network.
        camera_for: The camera of each photo.
        colours: How depth is coloured.
        stabilise: Whether the depth of videos is stabilised over time.
        max_uncertainty: As of ``Prediction.save``.
        normals: As of ``Prediction.save``.
    """

    model: Predictor
    camera_for: CameraFor
    colours: Colours = OWN_RANGE
    stabilise: bool = True
    max_uncertainty: float | None = None
    normals: bool = False


@dataclass(kw_only=True)
class Outcome:
    """Counts and errors of the photos and videos so far.

    Attributes:
        num_written: Inputs whose files are complete.
        num_assumed: Those with an assumed focal length.
        num_with_more: Photos whose files have further frames or pages.
        failures: One error per input that failed.
    """

    num_written: int = 0
    num_assumed: int = 0
    num_with_more: int = 0
    failures: list[DataError] = field(default_factory=list)

    @contextmanager
    def record(self, path: Path) -> Iterator[None]:
        """Count an input as written, or keep its error and let the others continue."""
        try:
            yield
        except DataError as error:
            message = str(error)
            self.failures.append(
                DataError(message if str(path) in message else f"{path}: {message}")
            )
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            self.failures.append(DataError(f"{path}: file name too long for its outputs"))
        else:
            self.num_written += 1

    def warnings(self) -> Iterator[str]:
        """What was guessed or left out, one line each."""
        if self.num_assumed:
            photos = _count(self.num_assumed, "the photo states", "photos state")
            yield (
                f"{photos} no focal length (or that of the photo before cropping), so the training "
                "camera's is assumed; an error in it scales depth; use --fov, --focal-px or "
                "--camera"
            )
        if self.num_with_more:
            photos = _count(self.num_with_more, "the photo has", "photos have")
            yield f"{photos} several frames or pages; only the first was predicted"


def _count(number: int, one: str, several: str) -> str:
    return one if number == 1 else f"{number} {several}"


@runtime_checkable
class Shareable(Protocol):
    """What several threads can use at once."""

    def shared_by(self, num_threads: int) -> AbstractContextManager[Callable[[], None]]:
        """See ``Predictor.shared_by``."""
        ...


@contextmanager
def shared_threads(
    model: Shareable, num_tasks: int = MOST_THREADS
) -> Iterator[tuple[ThreadPoolExecutor, int]]:
    """Open a pool with one thread per usable core, at most one per task; yield it and its size.

    Small networks run faster with several photos at once than with several threads per photo.
    Waiting tasks are cancelled at the end.
    """
    num_threads = min(MOST_THREADS, num_cores(), num_tasks) or 1
    with model.shared_by(num_threads) as prepare:
        pool = ThreadPoolExecutor(num_threads, initializer=prepare)
        try:
            yield pool, num_threads
        finally:
            pool.shutdown(cancel_futures=True)


def no_progress() -> None:
    """Show nothing."""


def for_each_photo(
    model: Shareable,
    photos: Sequence[Input],
    work: Callable[[Input], Result],
    outcome: Outcome,
    advance: Callable[[], None] = no_progress,
) -> list[Result]:
    """Work on photos in several threads.

    Large photos wait for one another, so that only one is in memory.

    Args:
        model: What the threads share.
        photos: The photos.
        work: Reads and handles one photo; called in the threads.
        outcome: Receives the counts and the errors of single photos.
        advance: Called after every photo.

    Returns:
        The results of the photos that did not fail, in order.

    Raises:
        OSError: Writing failed, for example because the disk is full.
    """
    one_large, results = threading.Lock(), list[Result]()

    def do(item: Input) -> Result:
        with one_large if _is_large(item.path) else nullcontext():
            return work(item)

    with shared_threads(model, len(photos)) as (pool, _):
        for item, future in [(item, pool.submit(do, item)) for item in photos]:
            with outcome.record(item.path):
                results.append(future.result())
            advance()
    return results


def _is_large(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.width * image.height > LARGE_PIXELS
    except Exception:  # reported when the photo is read
        return False
