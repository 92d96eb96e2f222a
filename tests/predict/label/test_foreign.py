"""Networks of other programs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from onnx import ModelProto, TensorProto, helper, numpy_helper

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import CheckpointError, DataError
from depth_unet.predict.label.foreign import Description, ForeignNetwork
from tests.aliases import MULTIPLYING
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
        ({"focal": None}, r"\(without focal\)"),
        ({"focal": float("inf")}, r"focal is inf; choose a number in \(0, 100\]"),
        ({"focal": [1]}, "list"),
        ({"unit": "inch"}, "unit is inch; choose mm, cm, m"),
        ({"unit": ["m"]}, "unit is"),
        ({"mean": [1, 2]}, "not 3 numbers"),
        ({"mean": "123"}, "not 3 numbers"),
        ({"mean": [0, float("nan"), 0]}, "mean is"),
        ({"std": [1, 1, 0]}, "std is"),
        ({"std": [1, float("nan"), 1]}, "std is"),
        ({"range_m": 5}, "not 2 numbers"),
        ({"range_m": [3, 1]}, "nearest depth first"),
        ({"range_m": [0, 1]}, "range_m is"),
        ({"border": 0.5}, "border is"),
        ({"border": "wide"}, "wide"),
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


@pytest.mark.parametrize("text", ["", "[1, 2]", "5", "a: [", "é".encode("latin-1")])
def test_no_description_in_the_file(tmp_path: Path, text: str | bytes) -> None:
    """A file without fields is named."""
    write(tmp_path / "sum.onnx", sum_model())
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "sum.yaml").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"sum\.yaml does not describe a network \("):
        ForeignNetwork(tmp_path / "sum.onnx")


def test_aliases_that_multiply(tmp_path: Path) -> None:
    """A small file that would be 9^11 values is refused at once."""
    path = tmp_path / "sum.yaml"
    path.write_text(f"{MULTIPLYING}\nmean: *a10", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"sum\.yaml does not describe .*YAML aliases"):
        Description.read(path)


def test_nan(tmp_path: Path) -> None:
    """Where a network predicts NaN, there is no depth."""
    model = sum_model()
    (hundred,) = (one for one in model.graph.initializer if one.name == "hundred")
    hundred.CopyFrom(numpy_helper.from_array(np.array(np.nan, np.float32), "hundred"))
    network(tmp_path)
    write(tmp_path / "sum.onnx", model)
    with pytest.raises(DataError, match=r"sum\.onnx predicts NaN"):
        ForeignNetwork(tmp_path / "sum.onnx").predict_array(grey(0), CAMERA)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: one_node("Identity"), r"float32 of shape \[1, 3, 24, 32\]"),
        (lambda: one_node("Identity", num_outputs=2), "2 outputs"),
        (lambda: one_node("Flatten"), r"float32 of shape \[1, 2304\]"),
        (lambda: one_node("ReduceSum", keepdims=0), r"float32 of shape \[\]"),
        (lambda: one_node("Shape", gives=TensorProto.INT64), r"int64 of shape \[4\]"),
        (
            lambda: one_node("Cast", gives=TensorProto.STRING, to=TensorProto.STRING),
            r"object of shape \[1, 3, 24, 32\]",
        ),
    ],
)
def test_other_outputs(tmp_path: Path, make: Callable[[], ModelProto], words: str) -> None:
    """A network that does not return one map of depth is refused."""
    network(tmp_path)
    write(tmp_path / "sum.onnx", make())
    with pytest.raises(
        CheckpointError,
        match=rf"sum\.onnx does not run \(.*{words}\); expected one floating-point output",
    ):
        ForeignNetwork(tmp_path / "sum.onnx").predict_array(grey(0), CAMERA)


def test_other_type(tmp_path: Path) -> None:
    """A network that takes half precision is refused before any photo."""
    network(tmp_path)
    half = TensorProto.FLOAT16
    write(tmp_path / "sum.onnx", one_node("Identity", takes=half, gives=half))
    with pytest.raises(CheckpointError, match=r"takes tensor\(float16\); expected tensor\(float\)"):
        ForeignNetwork(tmp_path / "sum.onnx")


def one_node(
    operator: str,
    takes: int = TensorProto.FLOAT,
    gives: int = TensorProto.FLOAT,
    num_outputs: int = 1,
    **attributes: int,
) -> ModelProto:
    """A network that returns the result of one operator, once or several times."""
    names = [f"result{number}" for number in range(num_outputs)]
    graph = helper.make_graph(
        [helper.make_node(operator, ["rgb"], [name], **attributes) for name in names],
        operator,
        [helper.make_tensor_value_info("rgb", takes, ["batch", 3, 24, 32])],
        [helper.make_tensor_value_info(name, gives, None) for name in names],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
