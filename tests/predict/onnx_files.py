"""Small ONNX files: one that is well formed, ways to spoil it, and what any file states."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, load, numpy_helper

FACTS: dict[str, Any] = {
    "schema": 1,
    "name": "flat",
    "recipe": "seed",
    "licence": "none",
    "precision": "fp32",
    "units": {},
    "canonical_focal": 0.8,
    "canvas": {"height": 96, "width": 128},
    "spread": True,
    "steps": 1,
    "origin": "",
    "metrics": {},
    "sha256": "ab" * 32,
}
PHOTO = [1, "height", "width", 3]
CAMERA = [1, 4]


def flat_model(
    facts: dict[str, Any] | str | None = None,
    *,
    depth_m: float = 2.0,
    image: tuple[int, list[str | int]] = (TensorProto.UINT8, PHOTO),
    camera: str = "camera_px",
    tenth: float = 0.1,
) -> ModelProto:
    """A model that sees ``depth_m`` everywhere for fx of 100 px, and is sure of a tenth of it.

    Args:
        facts: The metadata; None leaves it out.
        depth_m: The depth, which is the only weight.
        image: Type and shape of the first input.
        camera: Name of the second input.
        tenth: The uncertainty, as a share of depth.
    """
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "height", "width"])
        for name in ("depth_m", "uncertainty_m")
    ]
    weights = {
        "weight": np.array(depth_m / 100, np.float32),
        "tenth": np.array(tenth, np.float32),
        "first": np.array([0]),
        "second": np.array([1]),
    }
    nodes = [
        helper.make_node("Slice", [camera, "first", "second", "second"], ["fx_px"]),
        helper.make_node("Mul", ["fx_px", "weight"], ["metres"]),
        helper.make_node("Unsqueeze", ["metres", "second"], ["everywhere"]),
        helper.make_node("Shape", ["image"], ["size"], end=3),
        helper.make_node("Expand", ["everywhere", "size"], ["depth_m"]),
        helper.make_node("Mul", ["depth_m", "tenth"], ["uncertainty_m"]),
    ]
    graph = helper.make_graph(
        nodes,
        "flat",
        [
            helper.make_tensor_value_info("image", *image),
            helper.make_tensor_value_info(camera, TensorProto.FLOAT, CAMERA),
        ],
        outputs,
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    if facts is not None:
        text = facts if isinstance(facts, str) else json.dumps(facts)
        helper.set_model_props(model, {"depth_unet": text})
    return model


def write(path: Path, model: ModelProto) -> Path:
    """Write a model, and return its path."""
    path.write_bytes(model.SerializeToString())
    return path


def sum_model(height: int = 24, width: int = 32) -> ModelProto:
    """A network of another program: RGB of one size in, 100 plus the sum of the channels out."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceSum", ["rgb", "channel"], ["sum"], keepdims=1),
            helper.make_node("Add", ["sum", "hundred"], ["depth"]),
        ],
        "sum",
        [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, ["batch", 3, height, width])],
        [helper.make_tensor_value_info("depth", TensorProto.FLOAT, ["batch", 1, height, width])],
        [
            numpy_helper.from_array(np.array([1]), "channel"),
            numpy_helper.from_array(np.array(100, np.float32), "hundred"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def facts_in(path: Path) -> dict[str, Any]:
    """The metadata of a file that ``depth-unet export`` or ``make graphs`` wrote."""
    model = load(path, load_external_data=False)
    (text,) = (entry.value for entry in model.metadata_props if entry.key == "depth_unet")
    facts: dict[str, Any] = json.loads(text)
    return facts
