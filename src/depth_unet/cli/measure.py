"""``depth-unet measure``: distances between points of a photo."""

import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from depth_unet.cli.arguments.measure import MeasureArguments
from depth_unet.cli.predict.camera import camera_from_options
from depth_unet.cli.predict.inputs import refuse_urls
from depth_unet.cli.predict.job import Outcome
from depth_unet.cli.predict.known import (
    calibrate,
    check_calibration_file,
    parse_known,
    parse_point,
    save_calibration,
)
from depth_unet.cli.program.new_file import check_new_file, refuse_foreign
from depth_unet.cli.program.streams import say
from depth_unet.errors import ConfigError, DataError
from depth_unet.figures.lengths import draw_lengths
from depth_unet.files.fetch import is_url, name_in_url
from depth_unet.files.text import as_path
from depth_unet.images.photo import read_photo
from depth_unet.outputs.depth_write import write_png
from depth_unet.outputs.statement import is_own
from depth_unet.predict.known import Known
from depth_unet.predict.load import load
from depth_unet.predict.measure import INSIDE, Estimate, Measurement
from depth_unet.predict.prediction import Prediction
from depth_unet.predict.predictor import ASSUMED


def run(arguments: MeasureArguments) -> list[DataError]:
    """Print the distance of each two points."""
    known = parse_known(arguments.known)
    points = [parse_point(text) for text in arguments.points]
    if not points or len(points) % 2:
        raise ConfigError(
            f"the number of points is {len(points)}; give two for each distance, such as 100,200 "
            "300,200"
        )
    _check_out(arguments)
    check_calibration_file(arguments)
    if arguments.offline:
        refuse_urls((arguments.photo, arguments.weights))
    camera_for = camera_from_options(arguments)
    photo = read_photo(arguments.photo)
    model = load(arguments.weights, arguments.device, offline=arguments.offline)
    prediction = model.predict(photo, camera_for(photo))
    prediction = calibrate(prediction, known)
    save_calibration(prediction, arguments.save_calibration)
    found = [prediction.measure(*points[i : i + 2]) for i in range(0, len(points), 2)]
    outcome = Outcome(num_assumed=prediction.focal_from == ASSUMED, num_with_more=photo.has_more)
    for text in outcome.warnings():
        warnings.warn(text, stacklevel=2)
    name = name_in_url(arguments.photo) if is_url(arguments.photo) else arguments.photo
    if arguments.out is not None:
        lines = [(item.start, item.stop, str(item.distance)) for item in found]
        picture = draw_lengths(photo.image, lines)
        write_png(picture, arguments.out, prediction.metadata(name).texts("metres"))
        say(f"wrote {arguments.out}")
    if arguments.json:
        statement = _statement(name, prediction, known, found)
        sys.stdout.write(json.dumps(statement, indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{_line(item)}\n" for item in found)
    return []


def _check_out(arguments: MeasureArguments) -> None:
    """Refuse a picture that cannot be written, or would replace the photo or another's file."""
    out, photo = arguments.out, as_path(arguments.photo)
    if out is None:
        return
    check_new_file(out, (".png",), overwrite=arguments.overwrite)
    if out.exists():
        is_photo = not is_url(arguments.photo) and photo.exists() and out.samefile(photo)
        refuse_foreign(out, is_own=is_own(out) and not is_photo)


def _line(item: Measurement) -> str:
    return f"{item}; depth {item.start_depth} and {item.stop_depth}"


def _statement(
    photo: str, prediction: Prediction, known: Sequence[Known], found: Sequence[Measurement]
) -> dict[str, Any]:
    camera = prediction.calibration
    ratios = prediction.fit_scale(*known)[1] if known else []
    return {
        "photo": photo,
        "model": prediction.model,
        "engine": prediction.engine,
        "camera": asdict(camera.intrinsics),
        "distortion": {"model": camera.distortion, "coefficients": camera.coefficients},
        "focal_from": prediction.focal_from,
        "depth_scale": camera.depth_scale,
        "known": [
            {"pixels": item.pixels, "metres": item.metres, "after_scaling_m": item.metres / ratio}
            for item, ratio in zip(known, ratios, strict=True)
        ],
        "interval": INSIDE,
        "distances": [
            {
                "start": item.start,
                "stop": item.stop,
                **_values("distance", item.distance),
                **_values("start_depth", item.start_depth),
                **_values("stop_depth", item.stop_depth),
            }
            for item in found
        ],
    }


def _values(name: str, value: Estimate) -> dict[str, Any]:
    return {f"{name}_m": value.metres, f"{name}_interval_m": value.interval_m}
