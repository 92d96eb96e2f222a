"""Evaluation agrees with figures that others measured, and with the truth itself."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.accuracy.peer import meter_xxs
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.source import Frame, PairsSource
from depth_unet.evaluate.score import score
from depth_unet.metrics.protocols import FULL, NYU_EIGEN, EvalProtocol

PEER = Path("peers") / "meter_xxs_nyu.onnx"  # beside data/nyu_labelled
# Measured by others on the 323 frames of test_a: flip-averaged, and without.
FLIPPED = {"rmse": 0.542, "abs_rel": 0.160, "log10": 0.066, "delta1": 0.785, "delta2": 0.945}
PLAIN = {"rmse": 0.550, "abs_rel": 0.163, "log10": 0.067, "delta1": 0.776}
TOLERANCE = 0.004


@pytest.mark.nyu
@pytest.mark.slow
@pytest.mark.parametrize(
    "flip", [pytest.param(True, id="flip-averaged"), pytest.param(False, id="plain")]
)
def test_peer_has_the_figures_that_others_measured(nyu_root: Path, flip: bool) -> None:
    """METER-XXS under nyu-eigen on test_a: RMSE .542, AbsRel .160, delta1 .785, to .004."""
    pytest.importorskip("onnxruntime")
    path = nyu_root.parents[1] / PEER
    if not path.is_file():
        pytest.skip(f"no peer: {path} is missing")
    source = PairsSource(nyu_root)
    frames = [index for index, row in enumerate(source.rows) if row.official_split == "test"]
    protocol = replace(NYU_EIGEN, flip=flip)
    metrics = score({"meter": meter_xxs(path)}, source, frames, protocol)["meter"]
    assert metrics.num_images == 323
    found = {name: interval["mean"] for name, interval in metrics.summary(1).items()}
    expected = FLIPPED if flip else PLAIN
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=TOLERANCE)


class Truth:
    """A predictor that knows the ground truth of every photo, and of its mirror image."""

    def __init__(self, frames: Mapping[int, Frame]) -> None:
        self.depth_m = {}
        for frame in frames.values():
            depth_m = frame.depth_mm.astype(np.float32) / 1000
            self.depth_m[frame.image.tobytes()] = depth_m
            self.depth_m[frame.image[:, ::-1].tobytes()] = depth_m[:, ::-1]

    def __call__(self, image: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:  # noqa: ARG002
        """The true depth of the photo."""
        return self.depth_m[image.tobytes()]


def assert_perfect(source: PairsSource, indices: list[int], protocol: EvalProtocol) -> None:
    """The truth scores 0 in every error and 1 in every share, without a tolerance."""
    truth = Truth({index: source.read(index) for index in indices})
    metrics = score({"truth": truth}, source, indices, protocol)["truth"]
    assert metrics.num_images == len(indices)
    found: dict[str, Any] = metrics.summary(10)
    for name, interval in found.items():
        perfect = 1.0 if name.startswith(("delta", "edge", "boundary")) else 0.0
        assert interval == {"mean": perfect, "low": perfect, "high": perfect}, name


@pytest.mark.parametrize("alignment", ["none", "median", "scale_shift", "log_scale_shift"])
@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("protocol", [NYU_EIGEN, FULL], ids=lambda protocol: protocol.name)
def test_truth_is_perfect(
    box_rooms: Path, protocol: EvalProtocol, flip: bool, alignment: Any
) -> None:
    """Ground truth against itself scores exactly 0 and 1, mirrored or fitted too."""
    source = PairsSource(box_rooms)
    tests = [index for index, row in enumerate(source.rows) if row.official_split == "test"]
    assert_perfect(source, tests[:2], replace(protocol, flip=flip, alignment=alignment))


@pytest.mark.nyu
def test_real_truth_is_perfect(nyu_root: Path) -> None:
    """So it is for the measured depth of real rooms."""
    source = PairsSource(nyu_root)
    tests = [index for index, row in enumerate(source.rows) if row.official_split == "test"]
    assert_perfect(source, tests[:: len(tests) // 8], NYU_EIGEN)


def test_truth_of_another_photo_is_not_perfect(box_rooms: Path) -> None:
    """The depth of another photo does not score as perfect."""
    source = PairsSource(box_rooms)
    tests = [index for index, row in enumerate(source.rows) if row.official_split == "test"]
    truth = Truth({index: source.read(index) for index in tests[:2]})
    one, other = truth.depth_m, list(truth.depth_m.values())
    truth.depth_m = dict(zip(one, other[2:] + other[:2], strict=True))
    metrics = score({"truth": truth}, source, tests[:2], NYU_EIGEN)["truth"]
    assert metrics.summary(1)["abs_rel"]["mean"] > 0.1
