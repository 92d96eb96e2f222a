"""What photos and videos share: settings, results and threads."""

import errno
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from depth_unet.cli.predict.camera import CameraFor
from depth_unet.errors import DataError
from depth_unet.figures.picture import OWN_RANGE, Colours
from depth_unet.predict.predictor import Predictor, num_cores

MOST_THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How photos and videos are predicted.

    Attributes:
        model: The network.
        camera_for: The camera of each photo.
        colours: How depth is coloured.
        stabilise: Whether the depth of videos is stabilised over time.
    """

    model: Predictor
    camera_for: CameraFor
    colours: Colours = OWN_RANGE
    stabilise: bool = True


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
