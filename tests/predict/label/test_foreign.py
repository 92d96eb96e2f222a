"""Networks of other programs."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import CheckpointError
from depth_unet.predict.label.foreign import ForeignNetwork
from tests.predict.onnx_files import flat_model, sum_model, write

FACTS = {
    "mean": [0.5, 0.4, 0.3],
    "std": [0.5, 0.2, 0.1],
    "unit": "cm",
    "range_m": [0.1, 10],
    "focal": 0.8,
}
CAMERA = Intrinsics.centred(64, 48, 0.8 * 64)


def network(folder: Path, **changes: object) -> ForeignNetwork:
    """The network that adds up channels, with some facts changed; None leaves a fact out."""
    facts = {name: value for name, value in (FACTS | changes).items() if value is not None}
    (folder / "sum.yaml").write_text(yaml.safe_dump(facts), encoding="utf-8")
    return ForeignNetwork(write(folder / "sum.onnx", sum_model()))


def grey(level: int) -> np.ndarray:
    """A grey photo."""
    return np.full((48, 64, 3), level, np.uint8)


def test_colours_unit_and_focal_length(tmp_path: Path) -> None:
    """Colours are normalised, centimetres become metres, and depth grows with the focal length."""
    normalised = (153 / 255 - np.array([0.5, 0.4, 0.3])) / np.array([0.5, 0.2, 0.1])
    expected_m = (100 + normalised.sum()) / 100
    found = network(tmp_path).predict_array(grey(153), CAMERA)
    assert found.shape == (48, 64)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected_m, rtol=1e-5)
    twice = Intrinsics.centred(64, 48, 1.6 * 64)
    np.testing.assert_allclose(
        network(tmp_path).predict_array(grey(153), twice), 2 * expected_m, rtol=1e-5
    )


def test_range(tmp_path: Path) -> None:
    """Depth out of the range is clipped."""
    found = network(tmp_path, range_m=[0.1, 0.9]).predict_array(grey(153), CAMERA)
    np.testing.assert_allclose(found, 0.9, rtol=1e-6)


def test_border(tmp_path: Path) -> None:
    """The white border is added for the network, and cut off again: the middle stays the same."""
    plain = network(tmp_path).predict_array(grey(0), CAMERA)
    framed = network(tmp_path, border=0.125).predict_array(grey(0), CAMERA)
    assert framed.shape == plain.shape
    np.testing.assert_allclose(framed[8:-8, 8:-8], plain[8:-8, 8:-8], rtol=1e-6)
    assert framed[0, 0] > plain[0, 0]  # bilinear resizing mixes white into the rim


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"focal": None}, "focal"),
        ({"unit": "inch"}, "out of range"),
        ({"mean": [1, 2]}, "not 3 numbers"),
        ({"std": [1, 1, 0]}, "out of range"),
        ({"range_m": [3, 1]}, "out of range"),
        ({"border": 0.5}, "out of range"),
        ({"border": "wide"}, "describe a network"),
        ({"size": 3}, "size"),
    ],
)
def test_bad_descriptions(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    """A description that cannot be used is named, with what it needs."""
    with pytest.raises(CheckpointError, match=words) as caught:
        network(tmp_path, **changes)
    assert "mean, std, unit, range_m, focal" in str(caught.value)


def test_no_description(tmp_path: Path) -> None:
    """Without the file that describes it, a network cannot be used."""
    with pytest.raises(CheckpointError, match=r"sum\.yaml"):
        ForeignNetwork(write(tmp_path / "sum.onnx", sum_model()))


def test_other_inputs(tmp_path: Path) -> None:
    """A network with other inputs is refused, and they are named."""
    network(tmp_path)
    write(tmp_path / "sum.onnx", flat_model())
    with pytest.raises(CheckpointError, match="camera_px"):
        ForeignNetwork(tmp_path / "sum.onnx")
