"""The page in Debian's Chromium, served by ``depth-unet app``."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from depth_unet.app.site import INDEX, PAGE
from depth_unet.predict.load import load
from depth_unet.predict.onnx import OnnxModel

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is missing: pip install playwright"
)
CHROMIUM = shutil.which("chromium")
WEIGHTS = Path(__file__).parents[2] / "src/depth_unet/weights"
ARGUMENTS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--enable-unsafe-swiftshader",
)
PATIENCE_S = 180.0  # a busy machine takes long


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def leave_out(config: pytest.Config, reason: str) -> None:
    """Skip a test, or fail where tests of the browser were asked for."""
    (pytest.fail if config.option.markexpr == "browser" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of a running ``depth-unet app``."""
    if not (PAGE / INDEX).is_file():
        leave_out(pytestconfig, "the page is missing: make page")
    command = [sys.executable, "-m", "depth_unet", "app", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
            yield address
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator["sync_api.Browser"]:
    """Chromium, without a window."""
    if CHROMIUM is None:
        leave_out(pytestconfig, "chromium is missing: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def context(browser: "sync_api.Browser") -> Iterator["sync_api.BrowserContext"]:
    """Tabs that share what was downloaded."""
    with browser.new_context(viewport={"width": 800, "height": 700}) as context:
        yield context


@pytest.fixture(scope="session")
def model() -> OnnxModel:
    """The network that the page starts with, in Python."""
    model = load(WEIGHTS / "transfer.onnx")
    assert isinstance(model, OnnxModel)
    return model


class Visitor:
    """What a visitor does and sees.

    Args:
        page: An open tab.
        url: The address of the page.
    """

    def __init__(self, page: "sync_api.Page", url: str) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(1000 * PATIENCE_S)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda message: message.type == "error" and self.faults.append(message.text),
        )
        page.goto(url)
        self.wait_for("Ready")

    def wait_for(self, beginning: str) -> str:
        """Wait until the status begins like this; return it. Fails on a message of a fault."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            status, problem = self.page.inner_text("#status"), self.page.inner_text("#problem")
            assert not problem, problem
            if status.startswith(beginning):
                return status
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the status stays {status!r}")

    def problem(self) -> str:
        """Wait for a message of a fault."""
        self.page.locator("#problem").wait_for()
        return self.page.inner_text("#problem")

    def forget_status(self) -> None:
        """Empty the status, so that the one of the photo before does not count."""
        self.page.evaluate("() => { document.getElementById('status').textContent = '' }")

    def choose(self, photo: Path) -> None:
        """Choose a photo, and wait for its depth."""
        self.start(photo)
        self.wait_for("Predicted")

    def start(self, photo: Path) -> None:
        """Choose a photo."""
        self.forget_status()
        self.page.set_input_files("#file", photo)

    def download(self, kind: str, folder: Path) -> Path:
        """Download a file."""
        with self.page.expect_download() as download:
            self.page.click(f"#downloads button[value$='.{kind}']")
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def depth_m(self, folder: Path) -> np.ndarray:
        """The depth that the page shows."""
        depth_m: np.ndarray = np.load(self.download("npy", folder))
        return depth_m

    def point_at(self, x: int, y: int, width: int, height: int) -> tuple[float, float]:
        """Where a pixel of a photo of this size lies in the stage."""
        box = self.page.locator("#stage").bounding_box()
        assert box is not None
        return (x + 0.5) / width * box["width"], (y + 0.5) / height * box["height"]

    def click(self, x: int, y: int, width: int, height: int) -> None:
        """Click a pixel of a photo of this size."""
        across, down = self.point_at(x, y, width, height)
        self.page.click("#stage", position={"x": across, "y": down})

    def know_length(
        self, ends: Iterable[tuple[int, int]], metres: str, width: int, height: int
    ) -> None:
        """Give the length between two pixels of a photo of that size."""
        self.page.check("input[name=tool][value=known]")
        for x, y in ends:
            self.click(x, y, width, height)
        self.page.fill("#metres", metres)
        self.page.press("#metres", "Enter")
        self.page.get_by_text("The known length multiplies").wait_for()

    def hover(self, x: int, y: int, width: int, height: int) -> tuple[tuple[int, int], list[float]]:
        """Move the pointer to a pixel; return the pixel, depth and interval that the page tells."""
        across, down = self.point_at(x, y, width, height)
        self.page.hover("#stage", position={"x": across, "y": down})
        text = self.page.inner_text("#readout")
        found_x, found_y = map(int, re.findall(r"column (\d+), row (\d+)", text)[0])
        return (found_x, found_y), [float(value) for value in re.findall(r"\d+\.\d\d", text)]


@pytest.fixture
def visitor(context: "sync_api.BrowserContext", url: str) -> Iterator[Visitor]:
    """A visitor with the page open."""
    visitor = Visitor(context.new_page(), url)
    yield visitor
    visitor.page.close()
    assert not visitor.faults
