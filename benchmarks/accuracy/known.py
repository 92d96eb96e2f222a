"""How far one known depth makes up for a wrong focal length.

Every photo is predicted with its own focal length, and with one that is wrong by a factor. Then
one true depth is given as by ``--known``: that of the pixel with known depth nearest to the middle.

    python benchmarks/accuracy/known.py runs/fold0 --data nyu --split unseen
"""

import sys
from dataclasses import replace

import numpy as np
from held_out import known_in_the_middle, read_arguments
from rich.console import Console

from depth_unet.arrays import Float32, UInt8
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.source import Source, mask_invalid
from depth_unet.evaluate.score import PredictArray, score
from depth_unet.metrics.protocols import protocol
from depth_unet.predict.model import DepthModel

FACTORS = (0.7, 1.0, 1.4)


def with_focal(model: DepthModel, factor: float) -> PredictArray:
    """The network with focal lengths that are wrong by a factor."""

    def predict(
        image: UInt8[np.ndarray, "h w 3"], camera: Intrinsics
    ) -> Float32[np.ndarray, "h w"]:
        return model.predict(image, _wrong(camera, factor)).depth_m

    return predict


class Scaled:
    """The same, scaled to the true depth of one pixel."""

    def __init__(self, model: DepthModel, factor: float, source: Source) -> None:
        self._model, self._factor, self._source = model, factor, source
        self._index = {row.rgb: index for index, row in enumerate(source.rows)}

    def predictor_for(self, photo: str) -> PredictArray:
        """The predictor for one photo."""
        frame = self._source.read(self._index[photo])
        known = known_in_the_middle(mask_invalid(frame.depth_mm, self._source.info))

        def predict(
            image: UInt8[np.ndarray, "h w 3"], camera: Intrinsics
        ) -> Float32[np.ndarray, "h w"]:
            wrong = _wrong(camera, self._factor)
            return self._model.predict(image, wrong).calibrated(known).depth_m

        return predict


def _wrong(camera: Intrinsics, factor: float) -> Intrinsics:
    return replace(camera, fx_px=camera.fx_px * factor, fy_px=camera.fy_px * factor)


def main() -> int:
    """Print AbsRel without and with the known depth."""
    model, source, indices, split = read_arguments(__doc__ or "")
    names = [f"{factor:g}" for factor in FACTORS]
    plain = {name: with_focal(model, float(name)) for name in names}
    scaled = {f"{name}, known": Scaled(model, float(name), source) for name in names}
    rules = protocol("nyu-eigen")
    found = score({**plain, **scaled}, source, indices, rules)
    abs_rel = {name: found[name].summary(1)["abs_rel"]["mean"] for name in found}
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say(f"{len(indices)} frames of {source.info.name}, split {split}; {rules.name}")
    say("| focal length times | AbsRel | with one known depth |\n|---|---|---|")
    for name in names:
        say(f"| {name} | {abs_rel[name]:.3f} | {abs_rel[f'{name}, known']:.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
