"""Every command once, in one process, as a program of its own.

Its arguments are ``PAIRS OPTION...``, with options of a small network. It works in the current
folder, so that no output names another, and writes ``codes.json``: exit codes by command. It
imports nothing before the command line does.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from depth_unet.cli.main import main


def commands(pairs: Path, model: list[str]) -> Iterator[tuple[str, list[object]]]:
    """Name and arguments of every command; later ones use the results of earlier ones."""
    photo = next(pairs.glob("train/*/*_rgb.png"))
    data: list[object] = ["--data", "cache"]
    training = [*data, "--device", "cpu", "--batch-size", 2, "--fraction", 1, *model]
    yield "version", ["--version"]
    yield "help", ["--help"]
    yield "help of a recipe", ["help", "train", "seed"]
    yield "completion", ["--completion", "bash"]
    yield "rooms", ["rooms", "rooms", "--images", 2, "--views", 1, "--size", "32x32"]
    yield "inspect", ["inspect", pairs, "--sheet", "sheet.png"]
    yield "prepare", ["prepare", pairs, "cache", "--size", "64x48"]
    yield "train", ["train", "seed", *training, "--steps", 2, "--validate-every", 2, "--out", "run"]
    yield "resume", ["train", "--resume", "run"]
    yield (
        "search",
        [
            *("search", "seed", *training, "--steps", 1, "--validate-every", 1, "--out", "search"),
            *("--trials", 1, "--space", "loss.mae=0.2,0.3"),
        ],
    )
    yield "export", ["export", "run", "räume.safetensors"]
    kinds = (
        "png16",
        "npy",
        "npz",
        "exr",
        "pfm",
        "color",
        "panel",
        "ply",
        "glb",
        "plot3d",
        "json",
        "rrd",
    )
    yield (
        "predict",
        [
            *("predict", photo, "--weights", "räume.safetensors", "--device", "cpu"),
            *("--out", "depth", "--save", *kinds),
        ],
    )
    yield "evaluate", ["evaluate", "run", *data, "--split", "test", "--out", "evaluation"]
    yield (
        "compare",
        [
            *("compare", "run", "search/trial-0000", *data, "--split", "test"),
            *("--out", "comparison"),
        ],
    )
    yield (
        "leaderboard",
        [
            *("leaderboard", "evaluation", "--out", "leaderboard.html"),
        ],
    )
    yield "a missing photo", ["predict", "fehlt ü.jpg", "--weights", "run"]


def run_all(pairs: Path, model: list[str]) -> dict[str, object]:
    """Run the commands; their names separate their output."""
    codes = dict[str, object]()
    for name, arguments in commands(pairs, model):
        for stream in (sys.stdout, sys.stderr):
            stream.write(f"== {name}\n")
            stream.flush()
        try:
            sys.argv[1:] = [str(argument) for argument in arguments]
            codes[name] = main()
        except SystemExit as leaving:
            codes[name] = leaving.code
    return codes


if __name__ == "__main__":
    found = run_all(Path(sys.argv[1]), sys.argv[2:])
    Path("codes.json").write_text(json.dumps(found), encoding="utf-8")
