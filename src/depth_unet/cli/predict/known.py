"""Points and known lengths on the command line, and the camera file that keeps the scale."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

from depth_unet.cli.arguments.predict import PhotoArguments
from depth_unet.cli.program.new_file import check_new_file
from depth_unet.cli.program.streams import say
from depth_unet.errors import ConfigError
from depth_unet.predict.known import Known
from depth_unet.predict.prediction import Prediction

POINT = re.compile(r"(-?\d{1,9}),(-?\d{1,9})", re.ASCII)
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
            metres = float(length)
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
    """Refuse a file for the camera that cannot be written; see ``check_new_file``."""
    if arguments.save_calibration is not None:
        check_new_file(arguments.save_calibration, ENDINGS, overwrite=arguments.overwrite)


def calibrate(prediction: Prediction, known: Sequence[Known]) -> Prediction:
    """Scale a prediction to known lengths, and state how well they agree; without any, leave it.

    Raises:
        DataError: A length cannot be used, or two of them disagree.
    """
    if not known:
        return prediction
    scale, ratios = prediction.fit_scale(*known)
    say(f"depth is multiplied by {scale:.4g} to fit the known lengths")
    for item, ratio in zip(known, ratios, strict=True):
        say(f"  {item}: {item.metres / ratio:.3f} m after scaling ({1 / ratio - 1:+.1%})")
    return prediction.calibrated(*known)


def save_calibration(prediction: Prediction, path: Path | None) -> None:
    """Write the camera of a prediction, with its scale; None writes nothing."""
    if path is None:
        return
    from depth_unet.camera.write import write_calibration  # noqa: PLC0415  # slow to import

    comment = f"Scale of {prediction.model}; focal length {prediction.focal_from}."
    write_calibration(prediction.calibration, path, comment)
    say(f"wrote {path}; use it with --camera {path} for photos of the same camera")
