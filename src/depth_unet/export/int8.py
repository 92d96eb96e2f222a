"""An ONNX file whose convolutions compute in 8 bits, with scales from photos of rooms."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, helper
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from depth_unet.arrays import UInt8
from depth_unet.errors import ConfigError
from depth_unet.export.onnx import Source, open_session
from depth_unet.export.onnx import write as write_exact
from depth_unet.files.atomic import replacing
from depth_unet.model.checkpoint import Checkpoint
from depth_unet.predict.onnx import CAMERA, DEPTH, IMAGE, METADATA_KEY, sealed

MOST_CHANGE = 0.02
CONVOLUTIONS = ("Conv", "Clip")
"""A limit behind a convolution is part of it."""
Photos = Sequence[UInt8[np.ndarray, "h w 3"]]


def write(path: Path, checkpoint: Checkpoint, source: Source, photos: Photos) -> None:
    """Write an ONNX file in 8 bits, whole or not at all, if depth hardly changes.

    Two thirds of the photos choose the scales. On the others, depth may change by 2 % on average.

    Args:
        path: The file.
        checkpoint: Config and weights.
        source: What the file states about them.
        photos: Photos of rooms, at least three.

    Raises:
        CheckpointError: The weights do not fit the config.
        ConfigError: Depth changes more, or see ``export.onnx.write``.
    """
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "exact.onnx"
        write_exact(exact, checkpoint, source, half=False)
        num_scales = 2 * len(photos) // 3
        model = onnx.load(exact)
        model.graph.CopyFrom(quantise(fold(exact), photos[:num_scales]).graph)
        stored = {entry.key: entry.value for entry in model.metadata_props}
        facts = json.loads(stored[METADATA_KEY]) | {"precision": "int8"}
        helper.set_model_props(model, {METADATA_KEY: json.dumps(facts, ensure_ascii=False)})
        with replacing(path) as temporary:
            temporary.write_bytes(sealed(model.SerializeToString()))
            change = depth_change(temporary, exact, photos[num_scales:])
            if not change < MOST_CHANGE:
                raise ConfigError(
                    f"8 bits change the depth of this network by {change:.1%} on average, and at "
                    f"most {MOST_CHANGE:.0%} is accepted; it is not written; use --precision fp16"
                )


def fold(path: Path) -> ModelProto:
    """A model with everything computed that depends on weights alone, and a name for each node."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / "folded.onnx")
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        model = onnx.load(options.optimized_model_filepath)
    for number, node in enumerate(model.graph.node):
        node.name = f"node_{number}"
    add_pre_process_metadata(model)  # else ONNX Runtime asks to fold it
    return model


def quantise(
    model: ModelProto,
    photos: Photos,
    operators: Sequence[str] = CONVOLUTIONS,
    nodes: Sequence[str] = (),
) -> ModelProto:
    """A model with 8-bit operators.

    Each output channel of a weight has a scale of its own. Weights have 7 bits: with 8, processors
    without VNNI overflow.

    Args:
        model: The result of ``fold``.
        photos: The range of each value is its range on these.
        operators: Kinds of operators that compute in 8 bits.
        nodes: Names of the nodes that may; empty: all.
    """
    with tempfile.TemporaryDirectory() as folder:
        before, after = (str(Path(folder) / name) for name in ("before.onnx", "after.onnx"))
        onnx.save(model, before)
        quantize_static(
            before,
            after,
            _Feeds(photos),
            op_types_to_quantize=list(operators),
            nodes_to_quantize=list(nodes),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(after)


def depth_change(path: Path, exact: Path, photos: Photos) -> float:
    """Mean relative difference of the depth that two files predict."""
    ours, theirs = open_session(path), open_session(exact)
    return float(
        np.mean(
            [
                np.abs(ours.run([DEPTH], feeds)[0] / theirs.run([DEPTH], feeds)[0] - 1)
                for feeds in map(feeds_of, photos)
            ]
        )
    )


def feeds_of(photo: UInt8[np.ndarray, "h w 3"]) -> dict[str, np.ndarray]:
    """A photo of the training camera as inputs of a model."""
    return {IMAGE: photo[None], CAMERA: np.zeros((1, 4), np.float32)}


class _Feeds(CalibrationDataReader):  # type: ignore[misc]  # without type hints
    """Photos, as ONNX Runtime takes them to choose scales."""

    def __init__(self, photos: Photos) -> None:
        self._feeds: Iterator[dict[str, np.ndarray]] = map(feeds_of, photos)

    def get_next(self) -> Any:
        """The next photo, or None after the last."""
        return next(self._feeds, None)
