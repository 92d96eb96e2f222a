"""A folder of photos: images per second of `predict` against a plain loop over the same network.

The loop is what people write: open, resize, forward, resize, save, one photo after another, with
torch. `predict` takes several photos at a time, each in a thread of its own, with torch and with
ONNX Runtime. These write 16-bit PNG files of 640x480 JPEG photos. Two more sides write nothing:
`predict` on the folder, and a list of its photos in Python. They all take turns, folder by folder,
so that a busy machine slows them alike.

    python benchmarks/folder.py [--photos 100] [--rounds 5] [--weights transfer]
"""

import argparse
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from attention import RESULT, commit
from PIL import Image
from throughput import spread

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.cli.predict.command import predict_all
from depth_unet.cli.predict.inputs import Input, list_inputs
from depth_unet.cli.predict.job import Outcome
from depth_unet.images.resize import resize_bilinear
from depth_unet.outputs.depth_write import write_png16
from depth_unet.predict.canvas import to_canvas
from depth_unet.predict.load import load
from depth_unet.predict.model import DepthModel
from depth_unet.predict.prediction import Prediction
from depth_unet.predict.predictor import Predictor

OUT = RESULT.parent / "folder.md"
WIDTH, HEIGHT = 640, 480
CAMERA = Intrinsics.centred(WIDTH, HEIGHT, 519.0)


def write_photos(folder: Path, count: int) -> None:
    """Smooth noise as JPEG photos."""
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (24, 32, 3), np.uint8))
        photo = coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        photo.save(folder / f"{number:04d}.jpg", quality=90)


def plain_loop(model: DepthModel, photos: Path, out: Path) -> None:
    """One photo after another."""
    for path in sorted(photos.glob("*.jpg")):
        image = np.asarray(Image.open(path).convert("RGB"))
        with torch.inference_mode():
            pixels, _ = to_canvas(image, CAMERA, model.canvas)
            batch = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255
            depth = model(batch).canonical_depth_m
        depth_m = resize_bilinear(depth[0, 0].numpy(), HEIGHT, WIDTH)
        Image.fromarray((depth_m * 1000).astype(np.uint16)).save(out / f"{path.stem}.png")


def ours(model: Predictor, photos: Path, out: Path | None) -> None:
    """What `depth-unet predict` does; without `out`, nothing is written."""

    def write(item: Input, prediction: Prediction) -> None:
        if out is not None:
            name = item.path.name
            path = (out / name).with_suffix(".png")
            write_png16(prediction.depth_m, path, prediction.metadata(name))

    outcome = Outcome()
    inputs = list_inputs([str(photos)], [])
    predict_all(model, inputs, lambda _: CAMERA, write, outcome=outcome)
    assert outcome.num_written == len(inputs)


def as_list(model: Predictor, photos: Path, _out: Path) -> None:
    """A list of all photos in Python."""
    paths = sorted(photos.iterdir())
    assert len(model.predict(paths, CAMERA)) == len(paths)


def main() -> None:
    """Measure in turn, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--weights", default="transfer")
    options = parser.parse_args()
    eager = load(options.weights, engine="torch")
    assert isinstance(eager, DepthModel)
    exported = load(options.weights, engine="onnx")
    sides: dict[str, Callable[[Path, Path], None]] = {
        "plain loop, torch": partial(plain_loop, eager),
        "`predict`, torch": partial(ours, eager),
        "`predict`, ONNX Runtime": partial(ours, exported),
        "`predict`, ONNX Runtime, nothing written": lambda photos, _: ours(exported, photos, None),
        "list in Python, ONNX Runtime, nothing written": partial(as_list, exported),
    }
    speeds: dict[str, list[float]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory() as folder:
        photos, out = Path(folder) / "photos", Path(folder) / "out"
        photos.mkdir()
        write_photos(photos, options.photos)
        for number in range(options.rounds + 1):  # the first round warms up
            for name, side in sides.items():
                shutil.rmtree(out, ignore_errors=True)
                out.mkdir()
                start_s = time.perf_counter()
                side(photos, out)
                elapsed_s = time.perf_counter() - start_s
                writes = "nothing written" not in name
                assert len(list(out.iterdir())) == writes * options.photos
                if number:
                    speeds[name].append(options.photos / elapsed_s)
    loop = speeds["plain loop, torch"]
    rows = [
        f"| {name} | {spread(found).text(1)} | "
        f"{spread([one / other for one, other in zip(found, loop, strict=True)]).text(2)} |"
        for name, found in speeds.items()
    ]
    text = "\n".join(
        (
            f"# A folder of {options.photos} photos of {WIDTH}x{HEIGHT}\n",
            f"`python benchmarks/folder.py`, commit {commit()}, torch {torch.__version__}, Python "
            f"{platform.python_version()}, {torch.get_num_threads()} threads; {options.rounds} "
            "rounds in turn: median (lowest-highest).\n",
            "| Side | Images/s | Times the loop |\n|---|--:|--:|",
            *rows,
            "",
        )
    )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
