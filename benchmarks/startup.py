"""Start-up: what help costs, in bare starts of Python, and a photo, in the least it could cost.

A bare start is `python -c ''`; processor time counts. The least for a photo is that Python imports
NumPy, OpenCV, Pillow and ONNX Runtime, opens the exported network and runs it once; elapsed time
counts. Both sides take turns, so that a busy machine slows both alike.

    python benchmarks/startup.py [--rounds 15]
"""

import argparse
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from attention import RESULT, commit
from throughput import spread

from depth_unet.model.shipped import WEIGHTS

PHOTO = Path(__file__).parents[1] / "examples" / "photos" / "bedroom.jpg"
LEAST = f"""
import numpy, cv2, PIL.Image, onnxruntime
session = onnxruntime.InferenceSession({str(WEIGHTS / "transfer.onnx")!r})
photo = numpy.asarray(PIL.Image.open({str(PHOTO)!r}).convert("RGB"))[None]
session.run(None, {{"image": photo, "camera_px": numpy.zeros((1, 4), numpy.float32)}})
"""
OUT = RESULT.parent / "startup.md"
COMMANDS = ("--help", "train seed --help", "predict --help")


def processor_s(*arguments: str) -> float:
    """Processor time of one Python process, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def elapsed_s(*arguments: str) -> float:
    """Time of one Python process, in seconds."""
    begun_s = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun_s


def photo_row(rounds: int) -> str:
    """The row of a photo, from the start to its written files."""
    with tempfile.TemporaryDirectory() as folder:
        predict = ("-m", "depth_unet", "predict", str(PHOTO), "--out", folder, "--overwrite")
        elapsed_s(*predict)
        pairs = [(elapsed_s(*predict), elapsed_s("-c", LEAST)) for _ in range(rounds)]
    ratios = [ours_s / least_s for ours_s, least_s in pairs]
    ours_ms = 1000 * median(ours_s for ours_s, _ in pairs)
    return f"| `depth-unet predict photo.jpg` | {ours_ms:.0f} | {spread(ratios).text(2)} |\n"


def main() -> None:
    """Measure each command and its counterpart in turn, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    rows = []
    for command in COMMANDS:
        arguments = ("-m", "depth_unet", *command.split())
        processor_s(*arguments)  # the first start writes bytecode
        pairs = [(processor_s(*arguments), processor_s("-c", "")) for _ in range(rounds)]
        ratios = [help_s / bare_s for help_s, bare_s in pairs]
        help_ms = 1000 * median(help_s for help_s, _ in pairs)
        rows.append(f"| `depth-unet {command}` | {help_ms:.0f} | {spread(ratios).text(1)} |\n")
    text = (
        "# Start-up\n\n"
        f"`python benchmarks/startup.py`, commit {commit()}, Python {platform.python_version()}; "
        f"{rounds} rounds in turn: median (lowest-highest).\n\n"
        "| Command | ms of processor | Bare Python starts |\n|---|--:|--:|\n"
        + "".join(rows)
        + "\n| Command | ms | The least |\n|---|--:|--:|\n"
        + photo_row(rounds)
    )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
