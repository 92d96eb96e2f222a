"""Videos and cameras in ``depth-unet predict``: steady metres for what moves."""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from rich.console import Console

from depth_unet.camera.calibration import Calibration
from depth_unet.cli.predict.inputs import Input
from depth_unet.cli.predict.job import Job
from depth_unet.cli.predict.progress import speed_bar
from depth_unet.cli.predict.threads import shared_threads
from depth_unet.config.choices import VideoChoice
from depth_unet.errors import DataError
from depth_unet.figures.colour import Scale, depth_range
from depth_unet.images.photo import DecodedPhoto
from depth_unet.outputs.depth_facts import DepthFacts
from depth_unet.predict.canvas import at_size
from depth_unet.predict.model import ASSUMED
from depth_unet.train.interrupt import StopSignal
from depth_unet.video.camera import open_camera
from depth_unet.video.read import Clip, Frame, Image, open_clip, survey
from depth_unet.video.sinks import Sink, open_sink
from depth_unet.video.stream import Depth, frame_by_frame, steady

COLOURED = frozenset(("side", "color"))
MOST_SAMPLES = 16
FRAMES_PER_SAMPLE = 20
"""The colours' range takes at most one more prediction for so many frames."""
LIVE_MARGIN = 1.5
"""What is yet to come is not known: a camera's colours reach so many times beyond its first frame.
"""


def predict_item(job: Job, item: Input, targets: dict[VideoChoice, Path], console: Console) -> bool:
    """Predict one video, or what a camera shows until Ctrl-C, with a bar.

    Returns:
        Whether its focal length was assumed.

    Raises:
        DataError: It cannot be read or is damaged; nothing of it is written.
        OSError: Nothing can be written any more.
    """
    started_s = time.perf_counter()
    with ExitStack() as stack:
        show = stack.enter_context(_bar(console, item.path.name))
        images = list[Image]()
        if item.camera is not None:
            stop = stack.enter_context(StopSignal("ending the recording; once more drops it"))
            source: AbstractContextManager[Clip] = open_camera(item.camera, lambda: bool(stop))
            console.print(f"{item.path}: recording; Ctrl-C ends it")
        else:
            count, images = _surveyed(job, item.path, targets)
            show(0, count)
            source = open_clip(item.path)
        clip = stack.enter_context(source)
        done, assumed = predict_clip(job, clip, targets, images, lambda done: show(done, None))
    speed = done / (time.perf_counter() - started_s)
    console.print(f"{item.path}: {done} frames, {speed:.1f} per second")
    return assumed


def predict_clip(
    job: Job,
    clip: Clip,
    targets: dict[VideoChoice, Path],
    samples: list[Image],
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[int, bool]:
    """Predict every frame of a clip into each of its files.

    Args:
        job: The network, and how.
        clip: The frames.
        targets: What to write.
        samples: Frames that the colours' range is taken from; the first frame where there are none.
        advance: Told after every frame how many are done.

    Returns:
        How many frames there were, and whether the focal length was assumed.

    Raises:
        DataError: The clip is damaged or empty, or its frames are not all of one size.
        OSError: Not all could be written.
    """
    first = next(clip.frames, None)
    if first is None:
        raise DataError(f"{clip.name} holds no frame; name another video")
    photo = DecodedPhoto(image=first.image, turned=first.turned)
    calibration, focal_from = job.model.camera_of(photo, job.lens(photo))
    facts = DepthFacts(
        model=job.model.name,
        intrinsics=calibration.intrinsics,
        focal_from=focal_from,
        photo=Path(clip.name).name.encode("utf-8", "replace").decode(),
        distortion=calibration.distortion,
        coefficients=calibration.coefficients,
    )
    scale = _scale(job, calibration, samples, first) if COLOURED & set(targets) else None
    done = 0
    with ExitStack() as stack:
        sinks: list[Sink] = [
            stack.enter_context(open_sink(kind, path, clip, facts, scale))
            for kind, path in targets.items()
        ]
        for frame, depth_m in _predicted(job, clip, calibration, first):
            whole_m = at_size(depth_m, *frame.image.shape[:2])
            for sink in sinks:
                sink(frame, whole_m)
            done += 1
            advance(done)
    return done, focal_from == ASSUMED


def _predicted(
    job: Job, clip: Clip, calibration: Calibration, first: Frame
) -> Iterator[tuple[Frame, Depth]]:
    """Depth of each frame at the network's size, frames ahead of time in other threads."""

    def network(frame: Frame) -> Depth:
        if frame.image.shape != first.image.shape:
            raise DataError(f"{clip.name} changes its size on the way; cut it there")
        return job.model.predict_small(frame.image, calibration.intrinsics)

    method = steady if job.stabilise else frame_by_frame
    with shared_threads() as (pool, num_threads):
        frames = itertools.chain([first], clip.frames)
        yield from method(frames, network, pool, 2 * num_threads)


def _surveyed(
    job: Job, path: Path, targets: dict[VideoChoice, Path]
) -> tuple[int | None, list[Image]]:
    """How many frames a file has, and some of them, where its colours need that."""
    if job.colours.range_m is not None or not COLOURED & set(targets):
        return None, []
    count, images = survey(path, MOST_SAMPLES)
    wanted = min(len(images), 1 + count // FRAMES_PER_SAMPLE)
    return count, [images[(2 * i + 1) * len(images) // (2 * wanted)] for i in range(wanted)]


def _scale(job: Job, calibration: Calibration, samples: list[Image], first: Frame) -> Scale:
    """One scale for the whole clip."""
    low_m, high_m = job.colours.range_m or _range(job, calibration, samples, first)
    return Scale(
        label="depth (m)",
        low=low_m,
        high=high_m,
        colormap=job.colours.colormap,
        below=False,
        above=True,
    )


def _range(
    job: Job, calibration: Calibration, samples: list[Image], first: Frame
) -> tuple[float, float]:
    """What the depths of some frames span."""
    sizes = [image for image in samples if image.shape == first.image.shape] or [first.image]
    low_m, high_m = depth_range(
        *(job.model.predict_small(image, calibration.intrinsics) for image in sizes)
    )
    return (low_m, high_m) if samples else (low_m / LIVE_MARGIN, high_m * LIVE_MARGIN)


@contextlib.contextmanager
def _bar(console: Console, name: str) -> Iterator[Callable[[int, int | None], None]]:
    with speed_bar(console, "frames") as progress:
        task = progress.add_task(name, total=None)

        def show(done: int, total: int | None) -> None:
            if total is not None:
                progress.update(task, total=total)
            progress.update(task, completed=done)

        yield show
