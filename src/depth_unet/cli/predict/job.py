"""What photos and videos share: settings and results."""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from depth_unet.cli.predict.inputs import Input
from depth_unet.config.choices import EDGE
from depth_unet.errors import DataError
from depth_unet.figures.picture import OWN_RANGE, Colours
from depth_unet.files.fetch import without_secrets
from depth_unet.images.photo import DecodedPhoto
from depth_unet.predict.camera import CameraFor
from depth_unet.predict.known import Known
from depth_unet.predict.predictor import Predictor
from depth_unet.predict.threads import Shareable, photos_in_threads

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How photos and videos are predicted.

    Attributes:
        model: The network.
        camera_for: The camera of each photo.
        colours: How depth is coloured.
        stabilise: Whether the depth of videos is stabilised over time.
        edge: As of ``Prediction.save``.
        max_uncertainty: As of ``Prediction.save``.
        normals: As of ``Prediction.save``.
        known: Lengths that the one photo is scaled to.
        save_calibration: Where the camera of the one photo is written.
    """

    model: Predictor
    camera_for: CameraFor
    colours: Colours = OWN_RANGE
    stabilise: bool = True
    edge: float = EDGE
    max_uncertainty: float | None = None
    normals: bool = False
    known: Sequence[Known] = ()
    save_calibration: Path | None = None


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
    def record(self, path: str | Path) -> Iterator[None]:
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
                f"{photos} no focal length (or that of the photo before cropping), so that of the "
                "training camera is assumed; if it is wrong, all depth is wrong by the same "
                "factor; give --fov, --focal-px or --camera"
            )
        if self.num_with_more:
            photos = _count(self.num_with_more, "the photo has", "photos have")
            yield f"{photos} several frames or pages; only the first was predicted"


def _count(number: int, one: str, several: str) -> str:
    return one if number == 1 else f"{number} {several}"


def no_progress() -> None:
    """Show nothing."""


def for_each_photo(
    model: Shareable,
    photos: Sequence[Input],
    work: Callable[[Input, DecodedPhoto], Result],
    outcome: Outcome,
    advance: Callable[[], None] = no_progress,
) -> list[Result]:
    """Work on photos in several threads; see ``photos_in_threads``.

    Args:
        model: What the threads share.
        photos: The photos.
        work: Handles one photo; called in the threads.
        outcome: Receives the counts and the errors of single photos.
        advance: Called after every photo.

    Returns:
        The results of the photos that did not fail, in order.

    Raises:
        OSError: Writing failed, for example because the disk is full.
    """
    results = list[Result]()
    given = [(str(item.source), item.source) for item in photos]
    with photos_in_threads(
        model, given, lambda place, photo: work(photos[place], photo)
    ) as futures:
        for item, future in zip(photos, futures, strict=True):
            with outcome.record(without_secrets(str(item.source))):
                results.append(future.result())
            advance()
    return results
