"""An ONNX file answers as the network does, for photos of any size and any camera."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.model import ModelConfig
from depth_unet.errors import ConfigError
from depth_unet.export import onnx as exporter
from depth_unet.export.external import write_graph
from depth_unet.export.onnx import Source, open_session, write
from depth_unet.files.checksum import crc32_of
from depth_unet.model.checkpoint import Checkpoint, read, save
from depth_unet.model.shipped import WEIGHTS, shipped_names
from depth_unet.predict.model import DepthModel
from depth_unet.predict.onnx import OnnxModel
from tests.export.networks import SMALL, small_checkpoint

SOURCE = Source(name="mine", sha256="0123")
SIZES = [
    (640, 480),
    (32, 32),
    (480, 640),
    (1500, 300),
    (641, 479),
    (1920, 1080),
    (100, 900),
    (256, 192),
    (800, 600),
    (1, 1),
    pytest.param((4000, 3000), marks=pytest.mark.slow),
]
NETWORKS = {
    "residual": SMALL,
    "no spread": replace(SMALL, spread=False, spread_scale=1.0),
    "no rays": replace(SMALL, camera_rays=False),
    "linear": replace(SMALL, depth_map="linear", stem_stride=1),
    "inverse": replace(SMALL, depth_map="inverse", stem_stride=4),
    "subpixel": replace(SMALL, subpixel=True),
    "subpixel, no spread": replace(SMALL, subpixel=True, stem_stride=4, spread=False),
    "transfer": replace(
        SMALL, encoder="efficientnet_lite0", widths=(8, 8, 16, 16), blocks=(1, 1, 1, 1),
        attention_blocks=(0, 0, 1, 0),
    ),
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("unchecked")


def photo(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Noise over a slope."""
    generator = np.random.default_rng(seed)
    noise = generator.integers(0, 60, (height, width, 3))
    return (noise + np.linspace(0, 190, width)[None, :, None]).astype(np.uint8)


def camera_of(width: int, height: int) -> Intrinsics:
    """A camera off its centre, with oblong pixels."""
    longer = max(width, height)
    return Intrinsics(
        width=width,
        height=height,
        fx_px=0.7 * longer,
        fy_px=0.75 * longer,
        cx_px=0.45 * (width - 1),
        cy_px=0.52 * (height - 1),
    )


def run(
    session: onnxruntime.InferenceSession,
    images: list[np.ndarray],
    cameras: list[Intrinsics | None],
) -> list[np.ndarray]:
    """Depth and, if any, uncertainty of a batch."""
    rows = [camera.values_px if camera else (0, 0, 0, 0) for camera in cameras]
    feeds = {"image": np.stack(images), "camera_px": np.array(rows, np.float32)}
    return [np.asarray(output) for output in session.run(None, feeds)]


def assert_parity(
    session: onnxruntime.InferenceSession, model: DepthModel, size: tuple[int, int]
) -> None:
    """Less than .1 mm and 1e-4 between the two, for two photos, one of an unknown camera."""
    images = [photo(*size), photo(*size, seed=1)]
    cameras = [camera_of(*size), None]
    found = run(session, images, cameras)
    for number, (image, camera) in enumerate(zip(images, cameras, strict=True)):
        expected = model.predict(image, camera)
        assert found[0][number].shape == image.shape[:2]
        np.testing.assert_allclose(found[0][number], expected.depth_m, rtol=1e-4, atol=1e-4)
        if expected.uncertainty_m is None:
            assert len(found) == 1
        else:
            np.testing.assert_allclose(
                found[1][number], expected.uncertainty_m, rtol=1e-4, atol=1e-4
            )


@pytest.fixture(scope="module", params=shipped_names())
def shipped(request: pytest.FixtureRequest) -> tuple[onnxruntime.InferenceSession, DepthModel]:
    """A graph in the package, with the weights beside it, and the network in torch."""
    path = WEIGHTS / f"{request.param}.safetensors"
    return open_session(path.with_suffix(".onnx")), DepthModel(read(path))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_shipped_graphs_agree_with_the_network(
    shipped: tuple[onnxruntime.InferenceSession, DepthModel], size: tuple[int, int]
) -> None:
    """Ten sizes and one of 12 megapixels, with and without a camera."""
    assert_parity(*shipped, size)


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_graphs_hold_no_weights(name: str) -> None:
    """They refer to those beside them, and are those of this version of the exporter."""
    path, weights = WEIGHTS / f"{name}.onnx", WEIGHTS / f"{name}.safetensors"
    assert path.stat().st_size < 200_000
    checkpoint = read(weights)
    model = exporter.build(checkpoint.network(), checkpoint.config, half=True)
    stored = onnx.load(path, load_external_data=False)
    assert stored.graph.node == model.graph.node, "run `make graphs`"
    external = {tensor.name for tensor in stored.graph.initializer if tensor.external_data}
    assert external == set(checkpoint.weights)
    facts = json.loads({entry.key: entry.value for entry in stored.metadata_props}["depth_unet"])
    stated = {"file": weights.name, "crc32": crc32_of(weights)}
    assert facts["external"] == stated, "run `make graphs`"


@pytest.mark.parametrize("model", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("half", [False, True], ids=["fp32", "fp16"])
def test_every_kind_of_network(model: ModelConfig, half: bool, tmp_path: Path) -> None:
    """Both encoders, all depth maps and strides, with and without camera rays and spread."""
    checkpoint = small_checkpoint(model)
    path = tmp_path / "small.onnx"
    write(path, checkpoint, SOURCE, half=half)
    stored = {name: w.half().float() if half else w for name, w in checkpoint.weights.items()}
    network = DepthModel(replace(checkpoint, weights=stored))
    session = open_session(path)
    assert_parity(session, network, (90, 67))
    assert_parity(session, network, (30, 140))


def test_half_precision_is_stored_not_computed(tmp_path: Path) -> None:
    """Weights take half the space, and depth changes by less than .2 %."""
    checkpoint = small_checkpoint()
    full, half = tmp_path / "full.onnx", tmp_path / "half.onnx"
    write(full, checkpoint, SOURCE, half=False)
    write(half, checkpoint, SOURCE, half=True)
    before, after = (
        {tensor.name: tensor for tensor in onnx.load(path).graph.initializer}
        for path in (full, half)
    )
    for name, weight in checkpoint.weights.items():
        assert before[name].data_type == onnx.TensorProto.FLOAT
        assert after[name].data_type == onnx.TensorProto.FLOAT16
        assert len(before[name].raw_data) == 2 * len(after[name].raw_data) == 4 * weight.numel()
    depths = [run(open_session(path), [photo(80, 60)], [None])[0] for path in (full, half)]
    np.testing.assert_allclose(depths[1], depths[0], rtol=2e-3)


def test_metadata(tmp_path: Path) -> None:
    """The file states what it is, and its inputs and outputs have names, types and free sizes."""
    path = tmp_path / "small.onnx"
    write(path, small_checkpoint(), SOURCE, half=False)
    session = open_session(path)
    facts = json.loads(session.get_modelmeta().custom_metadata_map["depth_unet"])
    assert facts == {
        "schema": 1,
        "name": "mine",
        "recipe": "small",
        "licence": exporter.LICENCE,
        "precision": "fp32",
        "units": exporter.UNITS,
        "canonical_focal": SMALL.canonical_focal,
        "canvas": {"height": 48, "width": 64},
        "spread": True,
        "correlation": {"far": 0.3, "length": 0.4, "log_ratio": 0.7, "widening": 1.07},
        "steps": 7,
        "origin": "a run",
        "metrics": {"abs_rel": 0.5},
        "sha256": "0123",
    }
    assert OnnxModel(path).correlation == SMALL.correlation
    ends = [(end.name, end.type, end.shape) for end in session.get_inputs()]
    assert ends == [
        ("image", "tensor(uint8)", ["batch", "height", "width", 3]),
        ("camera_px", "tensor(float)", ["batch", 4]),
    ]
    ends = [(end.name, end.type, end.shape) for end in session.get_outputs()]
    photo_shape = ["batch", "height", "width"]
    assert ends == [(name, "tensor(float)", photo_shape) for name in ("depth_m", "uncertainty_m")]


def broken(checkpoint: Checkpoint, name: str, value: float) -> Checkpoint:
    """The checkpoint with one number of one weight replaced."""
    weight = checkpoint.weights[name].clone()
    weight.view(-1)[0] = value
    return replace(checkpoint, weights=checkpoint.weights | {name: weight})


def test_a_file_that_disagrees_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong graph, NaN and weights out of half precision's range leave no file behind."""
    path = tmp_path / "small.onnx"
    with pytest.raises(ConfigError, match="NaN"):
        write(path, broken(small_checkpoint(), "head.weight", float("nan")), SOURCE, half=False)
    with pytest.raises(ConfigError, match=r"head\.bias is too large for fp16"):
        write(path, broken(small_checkpoint(), "head.bias", 1e6), SOURCE, half=True)
    monkeypatch.setattr(exporter.graph, "half_width", lambda _nodes, depth, _spread: depth)
    with pytest.raises(ConfigError, match="uncertainty_m of the ONNX file differs"):
        write(path, small_checkpoint(), SOURCE, half=False)
    assert not list(tmp_path.iterdir())


def test_external_weights(tmp_path: Path) -> None:
    """A graph beside a checkpoint in half precision agrees; another folder or type is refused."""
    checkpoint = small_checkpoint()
    halves = {name: weight.half() for name, weight in checkpoint.weights.items()}
    weights, path = tmp_path / "w.safetensors", tmp_path / "w.onnx"
    save(weights, replace(checkpoint, weights=halves))
    write_graph(path, weights, SOURCE)
    assert_parity(open_session(path), DepthModel(read(weights)), (90, 67))
    with pytest.raises(ConfigError, match="same folder"):
        write_graph(tmp_path / "other" / "w.onnx", weights, SOURCE)
    save(weights, checkpoint)
    with pytest.raises(ConfigError, match="expected half precision"):
        write_graph(tmp_path / "new.onnx", weights, SOURCE)
    assert not (tmp_path / "new.onnx").exists()
