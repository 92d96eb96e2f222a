"""Videos and cameras in ``depth-unet predict``: stabilised metric depth."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from depth_unet.camera.calibration import Calibration
from depth_unet.cli.predict.inputs import Input
from depth_unet.cli.predict.job import Job
from depth_unet.cli.predict.progress import speed_bar
from depth_unet.cli.program.streams import say
from depth_unet.config.choices import VideoChoice
from depth_unet.errors import DataError
from depth_unet.figures.colour import Scale, depth_range
from depth_unet.images.photo import DecodedPhoto
from depth_unet.images.resize import resize_bilinear
from depth_unet.outputs.depth_write import DepthMetadata
from depth_unet.predict.predictor import ASSUMED
from depth_unet.predict.threads import shared_threads
from depth_unet.train.interrupt import StopSignal
from depth_unet.video.camera import open_camera
from depth_unet.video.read import Clip, Frame, Image, open_clip, sample_frames
from depth_unet.video.sinks import Sink, open_sink
from depth_unet.video.stream import Depth, predict_frames, predict_stabilised

COLOURED = frozenset(("side", "color"))
MOST_SAMPLES = 16
FRAMES_PER_SAMPLE = 20
"""The colour range costs at most one extra prediction per this many frames."""
LIVE_MARGIN = 1.5
"""Factor by which a camera's colour range extends beyond its first frame, at both ends."""


def predict_item(job: Job, item: Input, targets: dict[VideoChoice, Path]) -> bool:
    """Predict one video, or record a camera until Ctrl-C, with a progress bar.

    Returns:
        Whether the focal length was assumed.

    Raises:
        DataError: The input cannot be read or is damaged; none of its files is written.
        OSError: Writing failed.
    """
    started_s = time.perf_counter()
    with ExitStack() as stack:
        progress = stack.enter_context(speed_bar("frames"))
        task = progress.add_task(item.path.name, total=None)
        samples = list[Image]()
        if item.camera is not None:
            stop = stack.enter_context(StopSignal("ending the recording; again to discard it"))
            source: AbstractContextManager[Clip] = open_camera(item.camera, lambda: bool(stop))
            say(f"{item.path}: recording; Ctrl-C ends it")
        else:
            if job.colours.range_m is None and COLOURED & set(targets):
                count, samples = sample_frames(item.path, MOST_SAMPLES)
                samples = _thin_out(samples, 1 + count // FRAMES_PER_SAMPLE)
                progress.update(task, total=count)
            source = open_clip(item.path)
        clip = stack.enter_context(source)
        num_frames, is_assumed = predict_clip(
            job, clip, targets, samples, lambda done: progress.update(task, completed=done)
        )
    speed = num_frames / (time.perf_counter() - started_s)
    say(f"{item.path}: {num_frames} frames, {speed:.1f} per second")
    return is_assumed


def predict_clip(
    job: Job,
    clip: Clip,
    targets: dict[VideoChoice, Path],
    samples: list[Image],
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[int, bool]:
    """Predict every frame of a clip into each of its files.

    Args:
        job: The network and its settings.
        clip: The frames.
        targets: The files to write.
        samples: Frames that determine the colour range; if empty, the first frame does.
        advance: Called after every frame with the number of finished frames.

    Returns:
        The number of frames, and whether the focal length was assumed.

    Raises:
        DataError: The clip is damaged or empty, or its resolution changes.
        OSError: Writing failed.
    """
    first = next(clip.frames, None)
    if first is None:
        raise DataError(f"{clip.name} holds no frames; use another video")
    photo = DecodedPhoto(image=first.image, rotated=first.rotated)
    calibration, focal_from = job.model.resolve_camera(photo, job.camera_for(photo))
    metadata = DepthMetadata(
        model=job.model.name,
        engine=job.model.engine,
        calibration=calibration,
        focal_from=focal_from,
        photo=Path(clip.name).name,
    )
    scale = _colour_scale(job, calibration, samples, first) if COLOURED & set(targets) else None
    done = 0
    with ExitStack() as stack:
        sinks: list[Sink] = [
            stack.enter_context(open_sink(kind, path, clip, metadata, scale, edge=job.edge))
            for kind, path in targets.items()
        ]
        for frame, depth_m in _predict_in_order(job, clip, calibration, first):
            whole_m = resize_bilinear(depth_m, *frame.image.shape[:2])
            for sink in sinks:
                sink(frame, whole_m)
            done += 1
            advance(done)
    return done, focal_from == ASSUMED


def _predict_in_order(
    job: Job, clip: Clip, calibration: Calibration, first: Frame
) -> Iterator[tuple[Frame, Depth]]:
    """Every frame with its depth at the network's size; threads work ahead."""

    def predict(frame: Frame) -> Depth:
        if frame.image.shape != first.image.shape:
            raise DataError(f"{clip.name} changes resolution; split it there")
        return job.model.predict_low_resolution(frame.image, calibration)

    method = predict_stabilised if job.stabilise else predict_frames
    with shared_threads(job.model) as (pool, num_threads):
        frames = itertools.chain([first], clip.frames)
        yield from method(frames, predict, pool, 2 * num_threads)


def _thin_out(images: list[Image], most: int) -> list[Image]:
    """At most so many of the images, evenly spaced."""
    count = min(len(images), most)
    return [images[(2 * i + 1) * len(images) // (2 * count)] for i in range(count)]


def _colour_scale(job: Job, calibration: Calibration, samples: list[Image], first: Frame) -> Scale:
    """One colour scale for the whole clip: the given range, or the depth range of some frames."""
    if job.colours.range_m is not None:
        low_m, high_m = job.colours.range_m
    else:
        same_size = [image for image in samples if image.shape == first.image.shape]
        low_m, high_m = depth_range(
            *(
                job.model.predict_low_resolution(image, calibration)
                for image in same_size or [first.image]
            )
        )
        if not samples:
            low_m, high_m = low_m / LIVE_MARGIN, high_m * LIVE_MARGIN
    return Scale(
        label="depth (m)",
        low=low_m,
        high=high_m,
        colormap=job.colours.colormap,
        below=False,
        above=True,
    )
