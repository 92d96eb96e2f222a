"""8 bits in exported files: how much faster, and what do they cost in error?

Every network that ships is exported three times: with every operator in 8 bits that can be; with
attention and head left in fp32; with convolutions alone. Weights have a scale for each channel, and
scales come from rendered rooms. Files take turns on one thread, and processor time counts. Error is
measured on 16 other rendered rooms and, with NYU's pairs (--data, or DEPTH_UNET_NYU), on frames of
fold 0, which the shipped networks were trained on: there, too, only the change means something.

    python benchmarks/int8.py [--data nyu] [--rounds 40] [--frames 120]
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from attention import RESULT, commit
from throughput import spread

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.cli.export import ROOMS
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.source import Source
from depth_unet.data.splits import evenly_spaced, rooms_of_fold
from depth_unet.evaluate.score import PredictArray, score
from depth_unet.export.checkpoint import load_weights
from depth_unet.export.int8 import CONVOLUTIONS, fold, quantise
from depth_unet.export.onnx import build, open_session
from depth_unet.metrics.protocols import FULL, NYU_EIGEN, EvalProtocol
from depth_unet.model.shipped import shipped_names
from depth_unet.rooms.generate import generate

OUT = RESULT.parent / "int8.md"
RENDERED = RESULT.parents[1] / "bench-data" / "int8"
FOLD = Path(__file__).parents[1] / "folds" / "nyu_train.csv"
CALIBRATION = 32
ALL = (*CONVOLUTIONS, "MatMul", "Add", "Mul", "Concat", "Resize", "Sigmoid", "Softmax", "Split",
       "Transpose", "Reshape")  # fmt: skip
EXACT = "fp32"


def reach(
    starts: list[onnx.NodeProto], step: Callable[[onnx.NodeProto], list[onnx.NodeProto]]
) -> set[str]:
    """The names of nodes that steps from ``starts`` come to, ``starts`` among them."""
    found, todo = {node.name for node in starts}, list(starts)
    while todo:
        new = [node for node in step(todo.pop()) if node.name not in found]
        found |= {node.name for node in new}
        todo += new
    return found


def parts(model: onnx.ModelProto) -> tuple[set[str], set[str]]:
    """The nodes from the first convolution to the last, and those of attention and head."""
    makers = {result: node for node in model.graph.node for result in node.output}
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)

    def between(begin: onnx.NodeProto, end: onnx.NodeProto) -> set[str]:
        after = reach([begin], lambda node: [u for r in node.output for u in users.get(r, [])])
        return after & reach([end], lambda node: [makers[x] for x in node.input if x in makers])

    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    named = {node.input[1]: node for node in convolutions}
    head = convolutions[-1]
    kept = {head.name}.union(
        *(
            between(node, named[weight.replace(".qkv.", ".contract.")])
            for weight, node in named.items()
            if ".qkv." in weight
        )
    )
    return between(convolutions[0], head), kept


def variants(name: str, photos: list[np.ndarray]) -> Iterator[tuple[str, onnx.ModelProto]]:
    """A shipped network, exact and in three kinds of 8 bits."""
    checkpoint = load_weights(name)
    exact = build(checkpoint.network(), checkpoint.config, half=False)
    yield EXACT, exact
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        onnx.save(exact, file.name)
        folded = fold(Path(file.name))
    network, kept = parts(folded)
    yield "all operators", quantise(folded, photos, ALL, sorted(network))
    yield "without attention and head", quantise(folded, photos, ALL, sorted(network - kept))
    yield "convolutions only", quantise(folded, photos)


def predictor(session: onnxruntime.InferenceSession) -> PredictArray:
    """Depth by a file."""

    def predict(image: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:
        feeds = {"image": image[None], "camera_px": np.array([intrinsics.values_px], np.float32)}
        return np.asarray(session.run(["depth_m"], feeds)[0][0])

    return predict


def speeds(predictors: dict[str, PredictArray], rounds: int) -> dict[str, list[float]]:
    """Processor seconds for one photo of 640x480 after another, in turn."""
    camera = Intrinsics.centred(640, 480, 519.0)
    random = np.random.default_rng(0)
    seconds: dict[str, list[float]] = {name: [] for name in predictors}
    for number in range(rounds + 2):  # the first two warm up
        image = random.integers(0, 256, (480, 640, 3), np.uint8)
        for name, predict in predictors.items():
            begun_s = time.process_time()
            predict(image, camera)
            if number > 1:
                seconds[name].append(time.process_time() - begun_s)
    return seconds


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("DEPTH_UNET_NYU"))
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--frames", type=int, default=120)
    options = parser.parse_args()
    generate(ROOMS, RENDERED)
    rendered = open_source(RENDERED)
    photos = [rendered.read(number).image for number in range(CALIBRATION)]
    tests: dict[str, tuple[Source, list[int], EvalProtocol]] = {
        "rendered": (rendered, list(range(CALIBRATION, ROOMS.images)), FULL)
    }
    if options.data:
        nyu, rooms = open_source(Path(options.data)), rooms_of_fold(f"{FOLD}:0")
        held_out = [n for n, row in enumerate(nyu.rows) if row.room_group in rooms]
        tests["NYU"] = nyu, evenly_spaced(held_out, options.frames), NYU_EIGEN
    lines = []
    for network in shipped_names():
        lines += measured(network, photos, tests, options.rounds)
    errors = "".join(f" AbsRel, {len(frames)} {name} | Change |"
                     for name, (_, frames, _) in tests.items())  # fmt: skip
    text = "\n".join(
        (
            "# 8 bits in exported files\n",
            f"`python benchmarks/int8.py`, commit {commit()}, ONNX Runtime "
            f"{onnxruntime.__version__}, Python {platform.python_version()}, one thread; "
            f"{options.rounds} photos of 640x480 in turn: median (lowest-highest).\n",
            f"| Network | 8 bits | MB | Processor ms | Times fp32 |{errors}",
            "|---|---|" + "--:|" * (3 + 2 * len(tests)),
            *lines,
            "",
        )
    )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def measured(
    network: str,
    photos: list[np.ndarray],
    tests: dict[str, tuple[Source, list[int], EvalProtocol]],
    rounds: int,
) -> list[str]:
    """The rows of one network."""
    predictors, megabytes = dict[str, PredictArray](), dict[str, float]()
    with tempfile.TemporaryDirectory() as folder:
        for name, model in variants(network, photos):
            path = Path(folder) / "model.onnx"
            onnx.save(model, path)
            megabytes[name] = path.stat().st_size / 10**6
            predictors[name] = predictor(open_session(path))
    seconds = speeds(predictors, rounds)
    errors = [
        {side: found.summary(1)["abs_rel"]["mean"] for side, found in scores.items()}
        for scores in (score(predictors, *test) for test in tests.values())
    ]
    rows = []
    for name, found in seconds.items():
        faster = [one / other for one, other in zip(seconds[EXACT], found, strict=True)]
        cells = "".join(f" {e[name]:.4f} | {e[name] - e[EXACT]:+.4f} |" for e in errors)
        rows.append(
            f"| `{network}` | {name} | {megabytes[name]:.1f} | "
            f"{spread([1000 * second for second in found]).text(1)} | {spread(faster).text(2)} |"
            f"{cells}"
        )
    return rows


if __name__ == "__main__":
    main()
