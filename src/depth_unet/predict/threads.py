"""Several photos at once, in threads that share one network; commands and Python use this."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from depth_unet.errors import DataError
from depth_unet.files.fetch import is_url, without_secrets
from depth_unet.images.kinds import Photo, into_memory
from depth_unet.images.photo import DecodedPhoto, read_photo, read_size

MOST_THREADS = 8
LARGE_PIXELS = 16 * 10**6  # larger photos are worked on one at a time
Result = TypeVar("Result")
_ONE_POOL = threading.Lock()


@runtime_checkable
class Shareable(Protocol):
    """What several threads can use at once."""

    def shared_by(self, num_threads: int) -> AbstractContextManager[Callable[[], None]]:
        """See ``Predictor.shared_by``."""
        ...


def num_cores() -> int:
    """The cores that this process may use: fewer than there are in containers and batch jobs."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def shared_threads(
    model: Shareable, num_tasks: int = MOST_THREADS
) -> Iterator[tuple[ThreadPoolExecutor, int]]:
    """Open a pool with one thread per usable core, at most one per task; yield it and its size.

    Small networks run faster with several photos at once than with several threads per photo.
    Waiting tasks are cancelled at the end. One pool is open at a time; others wait for it.
    """
    num_threads = min(MOST_THREADS, num_cores(), num_tasks) or 1
    with _ONE_POOL, model.shared_by(num_threads) as prepare:
        pool = ThreadPoolExecutor(num_threads, initializer=prepare)
        try:
            yield pool, num_threads
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def photos_in_threads(
    model: Shareable,
    photos: Sequence[tuple[str, Photo | DecodedPhoto]],
    work: Callable[[int, DecodedPhoto], Result],
) -> Iterator[list[Future[Result]]]:
    """Read photos and work on them in several threads; yield what each will return, in order.

    Large photos wait for one another, so that only one is decoded at a time.

    Args:
        model: What the threads share.
        photos: What messages call each photo without a path, and the photo.
        work: Handles the photo of this place in ``photos``; called in the threads.
    """
    one_large = threading.Lock()

    def do(place: int) -> Result:
        name, photo = photos[place]
        if isinstance(photo, DecodedPhoto):
            return work(place, photo)
        held, name = into_memory(photo, name), without_secrets(photo) if is_url(photo) else name
        with one_large if _is_large(held) else nullcontext():
            return work(place, read_photo(held, name))

    with shared_threads(model, len(photos)) as (pool, _):
        yield [pool.submit(do, place) for place in range(len(photos))]


def _is_large(photo: Photo) -> bool:
    """By the header of a file; other photos are in memory already."""
    if not isinstance(photo, Path | bytes):
        return False
    try:
        width, height = read_size(photo)
    except DataError:  # reported when the photo is read
        return False
    return width * height > LARGE_PIXELS
