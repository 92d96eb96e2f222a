"""An ONNX file without weights, which refers to those in the checkpoint beside it."""

import json
from pathlib import Path
from typing import Any

import onnx
from onnx import ModelProto, TensorProto
from onnx.external_data_helper import set_external_data

from depth_unet.errors import ConfigError
from depth_unet.export.checkpoint import load_weights
from depth_unet.export.onnx import LICENCE, Source, build, check, describe
from depth_unet.files.atomic import replacing
from depth_unet.model.shipped import ONNX, WEIGHTS
from depth_unet.predict.onnx import METADATA_KEY, sealed

TYPES = {"F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT}
LENGTH_BYTES = 8  # of the header's length, at the start of a safetensors file


def write_graph(path: Path, weights: Path, source: Source) -> None:
    """Write an ONNX file whose weights are those of a checkpoint in the same folder.

    ONNX Runtime finds them as external data: a file, an offset and a length. It is written once it
    agrees with the network (see ``export.onnx.write``).

    Args:
        path: The file to write, beside ``weights``.
        weights: A checkpoint in half precision.
        source: What the file states about it.

    Raises:
        CheckpointError: The checkpoint cannot be used.
        ConfigError: It is in another folder or not in half precision, or the file does not agree.
    """
    if path.parent.resolve() != weights.parent.resolve():
        raise ConfigError(f"{path} is not beside {weights}; write it into the same folder")
    checkpoint = load_weights(str(weights))
    model = build(checkpoint.network(), checkpoint.config, half=True)
    describe(model, checkpoint, source, half=True, external=weights)
    refer(model, weights)
    with replacing(path) as temporary:
        temporary.write_bytes(sealed(model.SerializeToString()))
        check(temporary, checkpoint)


def licence_of(weights: Path) -> str:
    """The licence of a checkpoint: of shipped weights, that which their graph states."""
    return str(facts_of(weights)["licence"]) if weights.parent == WEIGHTS else LICENCE


def facts_of(weights: Path) -> dict[str, Any]:
    """What the graph beside shipped weights states; see ``export.onnx.describe``."""
    model = onnx.load(weights.with_suffix(ONNX), load_external_data=False)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    found: dict[str, Any] = json.loads(facts[METADATA_KEY])
    return found


def refer(model: ModelProto, weights: Path) -> None:
    """Replace the weights in a model by references into a safetensors file.

    Raises:
        ConfigError: The file holds a weight of another type or shape.
    """
    with weights.open("rb") as stream:
        length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
        header = json.loads(stream.read(length))
    for tensor in model.graph.initializer:
        stored = header.get(f"weights/{tensor.name}")
        if stored is None:
            continue
        if (TYPES.get(stored["dtype"]), stored["shape"]) != (tensor.data_type, list(tensor.dims)):
            raise ConfigError(
                f"{weights} holds {tensor.name} as {stored['dtype']} {stored['shape']}; expected "
                "half precision; export the checkpoint with --precision fp16"
            )
        begin, end = stored["data_offsets"]
        set_external_data(tensor, weights.name, LENGTH_BYTES + length + begin, end - begin)
        tensor.ClearField("raw_data")
