"""Points and known lengths on the command line, and the camera file that keeps the scale."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

from depth_unet.cli.arguments.predict import PhotoArguments
from depth_unet.cli.program.new_file import check_new_file, refuse_foreign
from depth_unet.cli.program.streams import say
from depth_unet.errors import ConfigError
from depth_unet.predict.camera import is_for_other_weights
from depth_unet.predict.known import Known
from depth_unet.predict.prediction import Prediction
from depth_unet.predict.predictor import ASSUMED

POINT = re.compile(r"(-?\d{1,18}),(-?\d{1,18})", re.ASCII)
LENGTH = re.compile(r"[-+.\dEe]+", re.ASCII)
ENDINGS = (".yaml", ".yml")


def parse_point(
    text: str, expected: str = "X,Y in whole pixels, such as 320,240"
) -> tuple[int, int]:
    """A pixel.

    Raises:
        ConfigError: The text is of another form.
    """
    match = POINT.fullmatch(text)
    if match is None:
        raise ConfigError(f"the point {text!r} is not understood; give {expected}")
    return int(match[1]), int(match[2])


def parse_known(texts: Sequence[str]) -> list[Known]:
    """Known lengths, each as X,Y=METRES or X1,Y1:X2,Y2=METRES.

    Raises:
        ConfigError: A text is of another form.
        DataError: A length is not positive.
    """
    expected = "X,Y=METRES for a depth or X1,Y1:X2,Y2=METRES for a length, such as 320,240=2.5"
    known = []
    for text in texts:
        places, _, length = text.partition("=")
        try:
            metres = float(length) if LENGTH.fullmatch(length) else math.nan
        except ValueError:
            metres = math.nan
        parts = places.split(":")
        if math.isnan(metres) or len(parts) > 2:
            raise ConfigError(
                f"--known {text!r} is not understood; give {expected}, and the photo before it"
            )
        pixels = tuple(parse_point(part, f"--known {expected}") for part in parts)
        known.append(Known(metres=metres, pixels=pixels))
    return known


def check_calibration_file(arguments: PhotoArguments) -> None:
    """Refuse a file for the camera that cannot be written, or is not ours; see ``check_new_file``.

    Raises:
        ConfigError: As of ``check_new_file``, or another program wrote the file.
    """
    path = arguments.save_calibration
    if path is None:
        return
    check_new_file(path, ENDINGS, overwrite=arguments.overwrite)
    if path.exists():
        from depth_unet.camera.read import is_own_calibration  # noqa: PLC0415  # slow to import

        refuse_foreign(path, is_own=is_own_calibration(path))


def calibrate(prediction: Prediction, known: Sequence[Known]) -> Prediction:
    """Scale a prediction to known lengths, and state how well they agree; without any, leave it.

    Raises:
        DataError: A length cannot be used, or two of them disagree.
    """
    if not known:
        return prediction
    scale, ratios = prediction.fit_scale(*known)
    calibrated = prediction.calibrated(*known)
    say(f"depth is multiplied by {scale:.3g} to fit the known lengths")
    for item, ratio in zip(known, ratios, strict=True):
        say(f"  {item}: {item.metres / ratio:.3g} m after scaling ({1 / ratio - 1:+.1%})")
    return calibrated


def save_calibration(prediction: Prediction, path: Path | None) -> None:
    """Write the camera of a prediction, with its scale; None writes nothing.

    Raises:
        ConfigError: Nothing about the camera was measured, or its scale is that of other weights.
    """
    if path is None:
        return
    camera = prediction.calibration
    if prediction.focal_from == ASSUMED and not prediction.anchors:
        raise ConfigError(
            f"{path} is not written: the focal length is assumed, and no length is known; give "
            "--known, --fov or --focal-px"
        )
    if is_for_other_weights(camera, prediction.weights):
        raise ConfigError(
            f"{path} is not written: its depth scale was measured with the weights "
            f"{camera.scaled_for}, and these are {prediction.weights}; give --known"
        )
    from depth_unet.camera.write import write_calibration  # noqa: PLC0415  # slow to import

    write_calibration(camera, path)
    say(f"wrote {path}; use it with --camera {path} for photos of the same camera")
