"""An ONNX file in 8 bits is smaller and nearly as exact, or it is not written."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from depth_unet.errors import ConfigError
from depth_unet.export import int8
from depth_unet.export.onnx import Source
from depth_unet.predict.onnx import OnnxModel
from tests.export.networks import small_checkpoint

SOURCE = Source(name="mine", sha256="0123")
PHOTOS = [
    np.random.default_rng(seed).integers(0, 256, (60, 80, 3)).astype(np.uint8) for seed in range(6)
]

pytestmark = pytest.mark.usefixtures("unchecked")


def test_convolutions_compute_in_8_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their weights have 7 bits, which no processor overflows, and depth hardly changes."""
    monkeypatch.setattr(int8, "MOST_CHANGE", 0.05)  # a random network that sees noise: 2.3 %
    path, checkpoint = tmp_path / "small.onnx", small_checkpoint()
    int8.write(path, checkpoint, SOURCE, PHOTOS)
    model = onnx.load(path)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    convolutions = [name for name, weight in checkpoint.weights.items() if weight.ndim == 4]
    stored = [weights[f"{name}_quantized"] for name in convolutions if "head." not in name]
    assert len(stored) > 10
    assert {tensor.data_type for tensor in stored} == {onnx.TensorProto.INT8}
    assert max(np.abs(onnx.numpy_helper.to_array(tensor)).max() for tensor in stored) <= 64
    assert [opset.domain for opset in model.opset_import] == [""]
    loaded = OnnxModel(path)
    assert "int8" in loaded.engine
    assert loaded.predict(PHOTOS[0]).depth_m.shape == PHOTOS[0].shape[:2]


def test_a_network_that_needs_more_bits_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message states the change of depth and what to do; no file is left."""
    monkeypatch.setattr(int8, "MOST_CHANGE", 1e-9)
    with pytest.raises(ConfigError, match=r"8 bits change the depth .* use --precision fp16"):
        int8.write(tmp_path / "small.onnx", small_checkpoint(), SOURCE, PHOTOS)
    assert not list(tmp_path.iterdir())
