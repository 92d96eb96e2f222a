"""``depth-unet predict``: metric depth for photos; ``video`` predicts videos and cameras."""

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from depth_unet.cli.arguments.predict import PredictArguments
from depth_unet.cli.predict.camera import camera_from_options
from depth_unet.cli.predict.find import Finder
from depth_unet.cli.predict.inputs import Input, list_inputs, listed_on_stdin, refuse_urls
from depth_unet.cli.predict.job import Job, Outcome, for_each_photo, no_progress
from depth_unet.cli.predict.known import (
    calibrate,
    check_calibration_file,
    parse_known,
    save_calibration,
)
from depth_unet.cli.predict.targets import (
    ENDINGS,
    VIDEO_ENDINGS,
    can_read_videos,
    photo_targets,
    skip_reason,
    video_targets,
)
from depth_unet.cli.program.streams import say
from depth_unet.config.checks import check_range
from depth_unet.config.choices import EDGE, SaveChoice, VideoChoice
from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.figures.picture import Colours, depth_picture
from depth_unet.files.atomic import remove_leftovers
from depth_unet.files.owner import own_folder
from depth_unet.images.photo import DecodedPhoto
from depth_unet.outputs.cloud import EDGE_RANGE, MAX_UNCERTAINTY, NO_SPREAD
from depth_unet.outputs.depth_write import json_beside, write_png
from depth_unet.predict.camera import CameraFor
from depth_unet.predict.known import Known
from depth_unet.predict.load import load
from depth_unet.predict.prediction import Prediction
from depth_unet.predict.predictor import ASSUMED, Predictor

LIBRARIES: dict[SaveChoice | VideoChoice, tuple[str, str]] = {
    "exr": ("OpenEXR", "openexr"),
    "plot3d": ("plotly", "plotly"),
    "rrd": ("rerun", "rerun-sdk"),
}
"""Name in Python and on the package index of the libraries that formats need."""


def run(arguments: PredictArguments) -> list[DataError]:
    """Predict every photo and video, and return the errors of those that failed."""
    _check_outputs(arguments)
    check_calibration_file(arguments)
    with own_folder(arguments.out):
        return _run(arguments)


def _run(arguments: PredictArguments) -> list[DataError]:
    colours = Colours(range_m=_parse_range(arguments.range), colormap=f"{arguments.colormap}_r")
    _quieten_pillow()
    finder = Finder(skip_reason)
    inputs = list_inputs(arguments.inputs, listed_on_stdin(), finder, offline=arguments.offline)
    camera_for = camera_from_options(arguments)
    known = parse_known(arguments.known)
    photos = {item: photo_targets(item, arguments) for item in inputs if not item.is_video}
    videos = {item: video_targets(item, arguments) for item in inputs if item.is_video}
    if known or arguments.save_calibration:
        _check_only_photo(arguments.out, photos, len(inputs))
    photos = {item: files for item, files in photos.items() if files}
    videos = {item: files for item, files in videos.items() if files}
    targets: list[Mapping[Any, Path]] = [*photos.values(), *videos.values()]
    paths = [path for files in targets for path in files.values()]
    remove_leftovers([*paths, *map(json_beside, paths)])
    job = _open_job(arguments, camera_for, colours, known)
    if finder.left_out:
        say(finder.describe_left_out())
    outcome = Outcome()
    try:
        _predict_photos(job, photos, outcome)
        if videos:
            _predict_videos(job, videos, outcome)
    except OSError:
        for failure in outcome.failures:
            say(f"depth-unet: error: {failure}")
        raise
    for text in outcome.warnings():
        warnings.warn(text, stacklevel=2)
    say(f"engine: {job.model.engine}")
    num_skipped = len(inputs) - len(photos) - len(videos)
    if num_skipped:
        say("files that are already there stay as they are; --overwrite predicts them again")
    say(
        f"{arguments.out}: {outcome.num_written} predicted, {len(outcome.failures)} failed, "
        f"{num_skipped} already there"
    )
    return outcome.failures


def _quieten_pillow() -> None:
    """Ignore warnings of photos above 89 megapixels: they are supported, and it names no photo."""
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    warnings.filterwarnings("ignore", module=r"PIL\..*")


def _open_job(
    arguments: PredictArguments, camera_for: CameraFor, colours: Colours, known: Sequence[Known]
) -> Job:
    model = load(
        arguments.weights, arguments.device, arguments.precision, offline=arguments.offline
    )
    if arguments.max_uncertainty is not None and not model.predicts_spread:
        raise ConfigError(f"--max-uncertainty: {NO_SPREAD}")
    return Job(
        model=model,
        camera_for=camera_for,
        colours=colours,
        stabilise=arguments.stabilise,
        edge=arguments.edge,
        max_uncertainty=arguments.max_uncertainty,
        normals=arguments.normals,
        known=known,
        save_calibration=arguments.save_calibration,
    )


def _predict_photos(
    job: Job,
    photos: dict[Input, dict[SaveChoice, Path]],
    outcome: Outcome,
) -> None:
    def write(item: Input, prediction: Prediction) -> None:
        scaled = calibrate(prediction, job.known)
        save_calibration(scaled, job.save_calibration)
        save(
            scaled,
            photos[item],
            item.path.name,
            job.colours,
            edge=job.edge,
            max_uncertainty=job.max_uncertainty,
            normals=job.normals,
        )

    started_s = time.perf_counter()
    with ExitStack() as stack:
        advance = no_progress
        if len(photos) > 1:
            from depth_unet.cli.predict.progress import speed_bar  # noqa: PLC0415  # slow to import

            progress = stack.enter_context(speed_bar("images"))
            advance = partial(progress.advance, progress.add_task("predicting", total=len(photos)))
        predict_all(
            job.model,
            list(photos),
            job.camera_for,
            write,
            outcome=outcome,
            advance=advance,
        )
    if outcome.num_written > 1:
        speed = outcome.num_written / (time.perf_counter() - started_s)
        say(f"predicting took {1 / speed:.2f} s per photo ({speed:.1f} images/s)")


def _predict_videos(
    job: Job,
    videos: dict[Input, dict[VideoChoice, Path]],
    outcome: Outcome,
) -> None:
    if not can_read_videos():
        message = f"videos need PyAV: {install_command('av')}"
        outcome.failures += [DataError(f"{item.path}: {message}") for item in videos]
        return
    from depth_unet.cli.predict.video import predict_item  # noqa: PLC0415  # needs PyAV

    for item, targets in videos.items():
        with outcome.record(item.path):
            outcome.num_assumed += predict_item(job, item, targets)


def predict_all(
    model: Predictor,
    inputs: Sequence[Input],
    camera_for: CameraFor,
    write: Callable[[Input, Prediction], None],
    *,
    outcome: Outcome,
    advance: Callable[[], None] = no_progress,
) -> None:
    """Predict photos in several threads, each from its file to its outputs; see ``for_each_photo``.

    Args:
        model: The network.
        inputs: The photos.
        camera_for: The camera of each photo.
        write: Writes a prediction; called in the threads.
        outcome: Receives the counts and the errors of single photos.
        advance: Called after every photo.

    Raises:
        OSError: Writing failed, for example because the disk is full; finished files are complete.
    """

    def predict_one(item: Input, photo: DecodedPhoto) -> tuple[bool, bool]:
        prediction = model.predict(photo, camera_for(photo))
        write(item, prediction)
        return prediction.focal_from == ASSUMED, photo.has_more

    for is_assumed, has_more in for_each_photo(model, inputs, predict_one, outcome, advance):
        outcome.num_assumed += is_assumed
        outcome.num_with_more += has_more


def save(
    prediction: Prediction,
    targets: dict[SaveChoice, Path],
    title: str,
    colours: Colours,
    *,
    edge: float = EDGE,
    max_uncertainty: float | None = None,
    normals: bool = False,
) -> None:
    """Write one prediction in each format; every file is complete or absent."""
    metadata = prediction.metadata(title)
    for kind, path in targets.items():
        match kind:
            case "color" | "panel":
                photo = prediction.image if kind == "panel" else None
                picture = depth_picture(prediction.depth_m, metadata.photo, colours, photo)
                write_png(picture, path, metadata.texts("metres"))
            case _:
                prediction.save(
                    path, title, edge=edge, max_uncertainty=max_uncertainty, normals=normals
                )


def _check_outputs(arguments: PredictArguments) -> None:
    """Refuse outputs that cannot be written, and URLs if offline, before any work is done."""
    if arguments.offline:
        refuse_urls([arguments.weights])
    check_range("--edge", arguments.edge, EDGE_RANGE)
    if arguments.max_uncertainty is not None:
        check_range("--max-uncertainty", arguments.max_uncertainty, MAX_UNCERTAINTY)
    if arguments.normals and "ply" not in arguments.save:
        raise ConfigError("--normals is for point clouds; add ply to --save, or leave it out")
    if not arguments.save:
        raise ConfigError(f"--save is empty; choose among {', '.join(ENDINGS)}")
    if not arguments.video:
        raise ConfigError(f"--video is empty; choose among {', '.join(VIDEO_ENDINGS)}")
    kinds = dict[str, SaveChoice | VideoChoice]()
    kinds |= {f"--video {kind}": kind for kind in arguments.video}
    kinds |= {f"--save {kind}": kind for kind in arguments.save}
    for option, kind in kinds.items():
        module, package = LIBRARIES.get(kind, ("", ""))
        if module and find_spec(module) is None:
            command = install_command(package)
            raise ConfigError(f"{option} needs {module}: {command}, or leave {kind} out")


def _check_only_photo(
    out: Path, photos: Mapping[Input, dict[SaveChoice, Path]], num_inputs: int
) -> None:
    """Refuse anything but one photo whose outputs are still to be written.

    Raises:
        ConfigError: There are several inputs, or a video, or all outputs exist.
    """
    if num_inputs != 1 or not photos:
        raise ConfigError(
            f"--known and --save-calibration are for one photo; the inputs are {len(photos)} "
            f"photos and {num_inputs - len(photos)} videos; name one photo, and use --camera with "
            "the saved file for the others"
        )
    (item, files), *_ = photos.items()
    if not files:
        raise ConfigError(
            f"{out} already holds all outputs of {item.path}; use --overwrite to write them anew"
        )


def _parse_range(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    near, _, far = text.partition(":")
    try:
        low_m, high_m = float(near), float(far)
    except ValueError:
        low_m = high_m = 0.0
    if not 0 <= low_m < high_m <= 1000:
        raise ConfigError(f"--range is {text!r}; give NEAR:FAR in metres, such as 0.5:6")
    return low_m, high_m
