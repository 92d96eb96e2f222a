"""``depth-unet label``: depth labels for photos without depth, from networks as teachers."""

import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.cli.arguments.data import LabelArguments
from depth_unet.cli.predict.camera import camera_from_options
from depth_unet.cli.predict.find import Finder, is_video
from depth_unet.cli.predict.inputs import Input, list_inputs, listed_on_stdin
from depth_unet.cli.predict.job import Outcome, for_each_photo
from depth_unet.cli.predict.progress import speed_bar
from depth_unet.cli.predict.targets import skip_reason
from depth_unet.cli.program.streams import say
from depth_unet.config.checks import check_range
from depth_unet.data.layout import PairRow
from depth_unet.errors import ConfigError, DataError, own_command
from depth_unet.files.checksum import sha256_of
from depth_unet.files.fetch import without_secrets
from depth_unet.files.owner import own_folder
from depth_unet.images.photo import DecodedPhoto
from depth_unet.predict.camera import Camera, CameraFor, warn_of_other_weights
from depth_unet.predict.label.dataset import LabelFolder
from depth_unet.predict.label.teachers import Teachers, open_teacher


def run(arguments: LabelArguments) -> list[DataError]:
    """Label every photo, and return the errors of those that failed."""
    check_range("--disagreement", arguments.disagreement, "[0, 10]")
    if not arguments.teacher:
        raise ConfigError("--teacher is empty; name one network or more")
    with own_folder(arguments.out):
        return _run(arguments)


def _run(arguments: LabelArguments) -> list[DataError]:
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    finder = Finder(partial(_skip_reason, arguments.out.resolve()))
    photos = list_inputs(arguments.inputs, listed_on_stdin(), finder)
    _check_named(photos, arguments.out)
    camera_for = camera_from_options(arguments)
    teachers = Teachers([open_teacher(text) for text in arguments.teacher])
    folder = LabelFolder(arguments.out, teachers.facts() | _settings(arguments))
    folder.begin(overwrite=arguments.overwrite)
    if finder.left_out:
        say(finder.describe_left_out())
    outcome = Outcome()
    label = partial(_label, teachers, folder, limit=arguments.disagreement, camera_for=camera_for)
    with speed_bar("photos") as progress:
        advance = partial(progress.advance, progress.add_task("labelling", total=len(photos)))
        rows = for_each_photo(teachers, photos, label, outcome, advance)
    for teacher in teachers.members:
        say(f"engine of {teacher.name}: {teacher.network.engine}")
    names = ", ".join(teacher.name for teacher in teachers.members)
    say(f"{arguments.out}: {len(rows)} labelled by {names}, {len(outcome.failures)} failed")
    if rows:
        folder.finish(f"{arguments.out.resolve().name}: labels by {names}", rows)
        say(f"next: {own_command('inspect', arguments.out)}")
    return outcome.failures


def _skip_reason(out: Path, path: Path) -> str:
    """Why ``label`` skips a file that it finds in a folder; empty if it does not."""
    if path.resolve().is_relative_to(out):
        return "in the output folder"
    return "video" if is_video(path) else skip_reason(path)


def _check_named(photos: Sequence[Input], out: Path) -> None:
    """Refuse files that were named one by one and cannot be labelled."""
    for item in photos:
        if item.url:
            url = without_secrets(item.url)
            raise ConfigError(f"{url} is a URL; label takes files; download it first")
        if item.is_video:
            raise ConfigError(f"{item.path} is a video or a camera; label takes photos")
        if item.path.resolve().is_relative_to(out.resolve()):
            raise ConfigError(
                f"{item.path} is in the output folder; name the photo that it was copied from, or "
                "choose another --out"
            )


def _settings(arguments: LabelArguments) -> dict[str, Any]:
    """What labels depend on besides photos and teachers, as plain values."""
    path = arguments.camera
    return {
        "disagreement": arguments.disagreement,
        "fov": arguments.fov,
        "focal_px": arguments.focal_px,
        "camera": None if path is None else sha256_of(path),
    }


def _label(
    teachers: Teachers,
    folder: LabelFolder,
    item: Input,
    photo: DecodedPhoto,
    *,
    limit: float,
    camera_for: CameraFor,
) -> PairRow:
    """Label one photo unless it is labelled, and return its line in the index."""
    camera, scale = _camera(photo, camera_for(photo), teachers.members[0].weights)
    if not folder.is_done(item.path, item.stem):
        depth_m, disagreement = teachers.label(photo.image, camera)
        folder.write(item.path, item.stem, depth_m * np.float32(scale), disagreement, limit)
    return folder.row(item.path, item.stem, camera)


def _camera(photo: DecodedPhoto, stated: Camera | None, weights: str) -> tuple[Intrinsics, float]:
    """The camera without distortion, which a data set does not hold, and its factor on depth."""
    height, width = photo.image.shape[:2]
    if isinstance(stated, Calibration):
        warn_of_other_weights(stated, weights)
        return stated.intrinsics, stated.depth_scale
    if stated is not None:
        return stated, 1.0
    if photo.focal_px is None:
        return Intrinsics.assumed(width, height, NYU_FOCAL), 1.0
    return Intrinsics.centred(width, height, photo.focal_px), 1.0
