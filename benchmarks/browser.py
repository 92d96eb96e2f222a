"""The page: how long a photo takes in the browser, in times of ONNX Runtime with two threads.

Both sides turn a JPEG file of 640×480 into depth, and take turns, so that a busy machine slows both
alike. The page runs WebAssembly with up to four threads in Debian's Chromium. The benchmark fails
where the median is six times or more.

    python benchmarks/browser.py [--rounds 15]
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from attention import RESULT, commit
from PIL import Image
from throughput import spread

from depth_unet.app.site import INDEX, PAGE
from depth_unet.model.shipped import WEIGHTS
from depth_unet.predict.onnx import open_session

PHOTO = Path(__file__).parents[1] / "examples" / "photos" / "bedroom.jpg"
OUT = RESULT.parent / "browser.md"
CHROMIUM = shutil.which("chromium")
NETWORK = "transfer"
NATIVE_THREADS, MOST_TIMES, PATIENCE_S = 2, 6, 120.0
DURATION = "() => performance.getEntriesByName('predict').at(-1)?.duration"


def missing() -> list[str]:
    """Commands that install what is missing."""
    found = {
        "apt-get install chromium": CHROMIUM,
        "pip install playwright": find_spec("playwright"),
        "make page": (PAGE / INDEX).is_file(),
    }
    return [command for command, part in found.items() if not part]


def native(photo: Path) -> Callable[[], float]:
    """Milliseconds from a file to its depth in ONNX Runtime, at each call."""
    session = open_session(WEIGHTS / f"{NETWORK}.onnx", NATIVE_THREADS)
    camera = np.zeros((1, 4), np.float32)

    def run() -> float:
        begun_s = time.perf_counter()
        pixels = np.asarray(Image.open(photo).convert("RGB"))[None]
        session.run(None, {"image": pixels, "camera_px": camera})
        return 1000 * (time.perf_counter() - begun_s)

    return run


@contextmanager
def served() -> Iterator[str]:
    """The address of a running ``depth-unet app``."""
    command = [sys.executable, "-m", "depth_unet", "app", "--weights", NETWORK, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield (server.stdout.readline() if server.stdout else "").strip()
        finally:
            server.terminate()


@contextmanager
def page(photo: Path) -> Iterator[Callable[[], float]]:
    """Milliseconds from a file to its depth in the page, at each call."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with served() as url, sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        tab = browser.new_page()
        tab.goto(url)

        def wait_for(beginning: str) -> None:
            end_s = time.monotonic() + PATIENCE_S
            while not tab.inner_text("#status").startswith(beginning):
                if time.monotonic() > end_s or tab.inner_text("#problem"):
                    raise RuntimeError(tab.inner_text("main"))
                tab.wait_for_timeout(50)

        def run() -> float:
            tab.evaluate("() => { document.getElementById('status').textContent = '' }")
            tab.set_input_files("#file", photo)
            wait_for("Predicted")
            return float(tab.evaluate(DURATION))

        wait_for("Ready")
        yield run
        browser.close()


def main() -> None:
    """Measure both sides in turn, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    if needed := missing():
        sys.exit(f"the page is not measured; run: {'; '.join(needed)}")
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        Image.open(PHOTO).resize((640, 480)).save(photo, quality=95)
        run_native = native(photo)
        with page(photo) as run_page:
            for run in (run_native, run_page):  # the first photo compiles
                run()
            pairs = [(run_page(), run_native()) for _ in range(rounds)]
    ratio = spread([ours_ms / native_ms for ours_ms, native_ms in pairs])
    page_ms, native_ms = (spread(side) for side in zip(*pairs, strict=True))
    text = (
        "# The page\n\n"
        f"`python benchmarks/browser.py`, commit {commit()}, `{NETWORK}`, a photo of 640×480 from "
        f"the file to its depth, {os.cpu_count()} cores; {rounds} rounds in turn: median "
        "(lowest-highest).\n\n"
        "| | ms | Times ONNX Runtime |\n|---|--:|--:|\n"
        f"| ONNX Runtime, {NATIVE_THREADS} threads | {native_ms.text(0)} | 1 |\n"
        f"| Page, {min(4, os.cpu_count() or 1)} threads | {page_ms.text(0)} "
        f"| {ratio.text(1)} |\n"
    )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    if ratio.median >= MOST_TIMES:
        sys.exit(f"{ratio.median:.1f} times as long; less than {MOST_TIMES} times is promised")


if __name__ == "__main__":
    main()
