"""An ONNX file that takes a photo of any size and its camera, and answers in metres."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import ModelProto, TensorProto, checker, helper

from depth_unet import __version__
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.export import graph
from depth_unet.export.checkpoint import in_half_precision
from depth_unet.export.network import NetworkNodes
from depth_unet.export.nodes import Nodes
from depth_unet.export.resize import resize_image
from depth_unet.files.atomic import replacing
from depth_unet.files.checksum import crc32_of
from depth_unet.model.checkpoint import Checkpoint
from depth_unet.model.unet import UNet
from depth_unet.predict.model import DepthModel
from depth_unet.predict.onnx import (
    CAMERA,
    DEPTH,
    IMAGE,
    METADATA_KEY,
    SCHEMA,
    UNCERTAINTY,
    sealed,
)

OPSET, IR_VERSION = 20, 9
INPUTS: dict[str, tuple[int, list[str | int | None]]] = {
    IMAGE: (TensorProto.UINT8, ["batch", "height", "width", 3]),
    CAMERA: (TensorProto.FLOAT, ["batch", 4]),
}
OUTPUT_SHAPE: list[str | int | None] = ["batch", "height", "width"]
SIZES = ((480, 640), (640, 480), (32, 32), (100, 500), (479, 641), (240, 320))
"""Rows and columns of the photos with which every file is checked."""
ABSOLUTE, RELATIVE = 1e-3, 1e-4  # a millimetre, or .1 % of the interval's end, and .01 %
UNITS = {
    IMAGE: "RGB, 0 to 255",
    CAMERA: "fx, fy, cx, cy in pixels of the image, integers at pixel centres; "
    "four zeros: the training camera",
    DEPTH: "metres along the optical axis",
    UNCERTAINTY: "half the width of an 80 % interval of depth, metres",
}
LICENCE = "The code is Apache-2.0; the terms of the weights are those of their training data."


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the weights come from.

    Attributes:
        name: Name of the model.
        sha256: Checksum of the checkpoint file.
        licence: Terms of the weights.
        metrics: Figures of an evaluation, in place of those of the checkpoint.
    """

    name: str
    sha256: str
    licence: str = LICENCE
    metrics: Mapping[str, float | str] = field(default_factory=dict)


def write(path: Path, checkpoint: Checkpoint, source: Source, *, half: bool) -> None:
    """Write an ONNX file, whole or not at all, once it agrees with the network itself.

    Two photos of each of ``SIZES`` are compared, one with a camera, one without. Depth must agree
    to a millimetre plus .01 %, and the ends of the uncertainty's interval to .1 %.

    Args:
        path: The file.
        checkpoint: Config and weights.
        source: What the file states about them.
        half: Whether weights are stored in half precision; all computing is in fp32.

    Raises:
        CheckpointError: The weights do not fit the config.
        ConfigError: A weight is too large for half precision, the file does not agree, or the
            network predicts NaN.
    """
    if half:
        halves = in_half_precision(checkpoint.weights)
        checkpoint = replace(checkpoint, weights={n: w.float() for n, w in halves.items()})
    model = build(checkpoint.network(), checkpoint.config, half=half)
    describe(model, checkpoint, source, half=half)
    with replacing(path) as temporary:
        temporary.write_bytes(sealed(model.SerializeToString()))
        check(temporary, checkpoint)


def build(network: UNet, config: Config, *, half: bool) -> ModelProto:
    """The whole model, from uint8 RGB to metres; see ``write``."""
    nodes = Nodes()
    sides = nodes("Shape", IMAGE, start=1, end=3)
    height, width = nodes.several("Split", 2, sides, num_outputs=2)
    rows, columns = graph.choose_canvas(nodes, height, width, config.canvas)
    grey = resize_image(nodes, IMAGE, (height, width), (rows, columns))
    focal = config.model.canonical_focal
    camera = graph.assume_camera(nodes, CAMERA, height, width, focal)
    depth, log_spread = NetworkNodes(nodes, network, half=half).forward(
        nodes("Div", grey, np.float32(255)),
        nodes("Concat", rows, columns, axis=0),
        graph.relative_camera(nodes, camera, height, width),
    )
    ratio = graph.depth_ratio(nodes, camera[0], width, columns, focal * config.canvas.width)
    depth = graph.to_photo(nodes, nodes("Mul", depth, ratio), sides)
    outputs = {DEPTH: depth}
    if log_spread is not None:
        scale = np.float32(math.log(config.model.spread_scale))
        spread = graph.to_photo(nodes, nodes("Add", log_spread, scale), sides)
        outputs[UNCERTAINTY] = graph.half_width(nodes, depth, spread)
    for name, result in outputs.items():
        nodes.rename(result, name)
    return _assemble(nodes, list(outputs))


def describe(
    model: ModelProto,
    checkpoint: Checkpoint,
    source: Source,
    *,
    half: bool,
    external: Path | None = None,
) -> None:
    """Add the metadata: one JSON object, which ``predict.onnx`` reads.

    Args:
        model: What they are added to.
        checkpoint: Its config and weights.
        source: Where the weights come from.
        half: Whether they are stored in half precision.
        external: The file beside the model that holds them, if another one does.
    """
    config = checkpoint.config
    outputs = {output.name for output in model.graph.output}
    facts = {
        "schema": SCHEMA,
        "name": source.name,
        "recipe": config.recipe,
        "licence": source.licence,
        "precision": "fp16" if half else "fp32",
        "units": {name: unit for name, unit in UNITS.items() if name in {*INPUTS, *outputs}},
        "canonical_focal": config.model.canonical_focal,
        "canvas": {"height": config.canvas.height, "width": config.canvas.width},
        "spread": config.model.spread,
        "correlation": asdict(config.model.correlation),
        "steps": checkpoint.step,
        "origin": checkpoint.origin,
        "metrics": dict(source.metrics) or checkpoint.metrics,
        "sha256": source.sha256,
    }
    if external is not None:
        facts["external"] = {"file": external.name, "crc32": crc32_of(external)}
    helper.set_model_props(model, {METADATA_KEY: json.dumps(facts, ensure_ascii=False)})


def check(path: Path, checkpoint: Checkpoint) -> None:
    """Compare a file with the network; see ``write``.

    Raises:
        ConfigError: The file does not agree, or the network predicts NaN.
    """
    session = open_session(path)
    model = DepthModel(checkpoint)
    generator = np.random.default_rng(0)
    for height, width in SIZES:
        images = np.stack([_random_photo(height, width, generator) for _ in range(2)])
        camera = Intrinsics.centred(width, height, 0.9 * max(height, width))
        cameras = np.array([camera.values_px, (0, 0, 0, 0)], np.float32)
        found = session.run(None, {IMAGE: images, CAMERA: cameras})
        predictions = [model.predict(images[0], camera), model.predict(images[1])]
        expected = [np.stack([prediction.depth_m for prediction in predictions])]
        if checkpoint.config.model.spread:
            expected.append(np.stack([np.asarray(p.uncertainty_m) for p in predictions]))
        found, expected = _with_relative_spread(found), _with_relative_spread(expected)
        for output, ours, theirs in zip(session.get_outputs(), found, expected, strict=True):
            if not np.isfinite(theirs).all():
                raise ConfigError(
                    f"the network predicts NaN or infinity as {output.name}; export other weights"
                )
            if not np.allclose(ours, theirs, rtol=RELATIVE, atol=ABSOLUTE):
                raise ConfigError(
                    f"{output.name} of the ONNX file differs from the network's by "
                    f"{np.abs(ours - theirs).max():.2g} for a photo of {width}x{height}; it is not "
                    "written; export a .safetensors file, and report this as a fault"
                )


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """A file opened by ONNX Runtime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _assemble(nodes: Nodes, outputs: list[str]) -> ModelProto:
    inputs = [helper.make_tensor_value_info(name, *kind) for name, kind in INPUTS.items()]
    results = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, OUTPUT_SHAPE) for name in outputs
    ]
    model = helper.make_model(
        nodes.graph("depth_unet", inputs, results),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="depth-unet",
        producer_version=__version__,
    )
    checker.check_model(model)
    return model


def _with_relative_spread(outputs: list[np.ndarray]) -> list[np.ndarray]:
    """Depth, and the logarithm of the factor by which its interval extends."""
    depth_m, *uncertainty_m = outputs
    return [depth_m, *(np.arcsinh(half_m / depth_m) for half_m in uncertainty_m)]


def _random_photo(height: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """Smooth shading with noise, RGB, 0 to 255."""
    rows, columns = np.linspace(0, 1, height)[:, None, None], np.linspace(0, 1, width)[:, None]
    shades = generator.uniform(0, 120, (3, 3))
    smooth = shades[0] * rows + shades[1] * columns + shades[2] * np.sin(9 * rows * columns) ** 2
    noise = generator.integers(0, 16, (height, width, 3))
    photo: np.ndarray = np.clip(smooth + noise, 0, 255).astype(np.uint8)
    return photo
