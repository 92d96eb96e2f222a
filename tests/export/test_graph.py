"""What surrounds the network in an exported graph, against its counterparts in Python."""

from collections.abc import Callable, Mapping

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.config.model import CanvasConfig
from depth_unet.export.graph import assume_camera, choose_canvas
from depth_unet.export.nodes import Nodes
from depth_unet.export.onnx import IR_VERSION, OPSET
from depth_unet.export.resize import resize_image
from depth_unet.images import resize
from depth_unet.predict.canvas import canvas_size
from depth_unet.recipes import RECIPES

Inputs = Mapping[str, tuple[int, list[str | int | None]]]
SIZE = (TensorProto.INT64, [1])
CANVASES = {RECIPES[name]().canvas for name in RECIPES}
VIDEO = [(1080, 1920), (720, 1280), (2160, 3840), (576, 1024), (480, 854), (1152, 2048)]
LARGE = [(3000, 4000), (3024, 4032), (2448, 3264), (60, 3000), (3000, 100)]
USUAL = [(480, 640), (640, 480), (384, 512), (32, 32), (1, 1), (479, 641), (300, 1500)]


def session(
    build: Callable[[Nodes], list[str]], inputs: Inputs, element_type: int
) -> onnxruntime.InferenceSession:
    """A model of the operators that ``build`` adds."""
    nodes = Nodes()
    results = build(nodes)
    graph = nodes.graph(
        "part",
        [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
        [helper.make_tensor_value_info(name, element_type, None) for name in results],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


@pytest.mark.parametrize("canvas", CANVASES, ids=lambda c: f"{c.width}x{c.height}")
def test_the_canvas_is_the_same(canvas: CanvasConfig) -> None:
    """Hundreds of sizes, among them many with several canvases of equal stretch."""
    model = session(
        lambda nodes: list(choose_canvas(nodes, "height", "width", canvas)),
        {"height": SIZE, "width": SIZE},
        TensorProto.INT64,
    )
    generator = np.random.default_rng(2)
    random = [tuple(map(int, pair)) for pair in generator.integers(1, 6000, (100, 2))]
    equal = [(16 * a, 16 * b) for a in range(2, 14) for b in range(2, 14)]
    for height, width in (*random, *equal, *VIDEO, *LARGE, *USUAL):
        feeds = {"height": np.array([height]), "width": np.array([width])}
        found = tuple(int(side[0]) for side in model.run(None, feeds))
        assert found == canvas_size(height, width, canvas), (height, width)


@pytest.fixture(scope="module")
def resizer() -> onnxruntime.InferenceSession:
    """The resizing of photos alone."""

    def build(nodes: Nodes) -> list[str]:
        sides = nodes("Shape", "image", start=1, end=3)
        old = nodes.several("Split", 2, sides, num_outputs=2)
        new = nodes.several("Split", 2, "size", num_outputs=2)
        return [resize_image(nodes, "image", (old[0], old[1]), (new[0], new[1]))]

    inputs: Inputs = {
        "image": (TensorProto.UINT8, [None, None, None, 3]),
        "size": (TensorProto.INT64, [2]),
    }
    return session(build, inputs, TensorProto.FLOAT)


@pytest.mark.parametrize("side", range(6), ids=lambda n: f"random {n}")
def test_random_sizes_are_resized_the_same(
    resizer: onnxruntime.InferenceSession, side: int
) -> None:
    """Shrinking, enlarging and both at once: every grey level is OpenCV's."""
    generator = np.random.default_rng(side)
    for _ in range(8):
        height, width = generator.integers(1, 900, 2)
        check_resizing(resizer, int(height), int(width))


@pytest.mark.parametrize(
    "size", [*VIDEO[:2], *VIDEO[3:], *LARGE[3:], *USUAL, (1200, 1600)], ids=str
)
def test_usual_sizes_are_resized_the_same(
    resizer: onnxruntime.InferenceSession, size: tuple[int, int]
) -> None:
    """Whole factors (ties to even, up for halves), and 16:9, where many means are near a tie."""
    check_resizing(resizer, *size)


@pytest.mark.slow
@pytest.mark.parametrize("size", [*LARGE, VIDEO[2]], ids=str)
def test_large_photos_are_resized_the_same(
    resizer: onnxruntime.InferenceSession, size: tuple[int, int]
) -> None:
    """Photos of up to 12 megapixels."""
    check_resizing(resizer, *size)


def check_resizing(resizer: onnxruntime.InferenceSession, height: int, width: int) -> None:
    """Compare a batch of noise and of smooth shading on two canvases."""
    generator = np.random.default_rng(height + width)
    noise = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    shading = np.add.outer(np.linspace(0, 120, height), np.linspace(0, 130, width))
    smooth = (shading[..., None] + generator.integers(0, 4, (height, width, 3))).astype(np.uint8)
    for canvas in (CanvasConfig(height=96, width=128), CanvasConfig(height=192, width=256)):
        size = canvas_size(height, width, canvas)
        feeds = {"image": np.stack([noise, smooth]), "size": np.array(size)}
        (found,) = resizer.run(None, feeds)
        expected = np.stack([resize.resize_image(photo, *size) for photo in (noise, smooth)])
        np.testing.assert_array_equal(found, expected.transpose(0, 3, 1, 2))


def test_zeros_are_the_training_camera() -> None:
    """A row of zeros, and only that, becomes the camera of ``Intrinsics.assumed``."""
    model = session(
        lambda nodes: assume_camera(nodes, "camera_px", "height", "width", NYU_FOCAL),
        {"camera_px": (TensorProto.FLOAT, [None, 4]), "height": SIZE, "width": SIZE},
        TensorProto.FLOAT,
    )
    given = (500.0, 510.0, 0.0, 0.0)
    for width, height in ((640, 480), (480, 640), (101, 99)):
        feeds = {
            "camera_px": np.array([(0, 0, 0, 0), given], np.float32),
            "height": np.array([height]),
            "width": np.array([width]),
        }
        found = np.concatenate(model.run(None, feeds), axis=1)
        expected = [Intrinsics.assumed(width, height, NYU_FOCAL).values_px, given]
        np.testing.assert_allclose(found, expected, rtol=1e-6)
