"""What the page does besides its numbers: controls, faults, offline, accessibility, size."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import PAGE, Visitor, sync_api

WEB = Path(__file__).parents[2] / "web"
EXAMPLES = Path(__file__).parents[2] / "examples/photos"
OFFICE = EXAMPLES / "office.jpg"


def _picture(visitor: Visitor, selector: str) -> np.ndarray:
    png = visitor.page.locator(selector).screenshot()
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def _share_changed(first: np.ndarray, second: np.ndarray) -> float:
    return float((np.abs(first - second).max(axis=-1) > 16).mean())


def test_slider_uncovers_the_photo(visitor: Visitor) -> None:
    """At 0 the stage shows the photo alone, at 100 depth alone, at 50 a half of each."""
    visitor.choose(OFFICE)
    shown = {}
    for share in ("0", "50", "100"):
        visitor.page.fill("#compare", share)
        shown[share] = _picture(visitor, "#stage")
    height, width = shown["0"].shape[:2]
    photo = np.asarray(Image.open(OFFICE).resize((width, height)))
    assert np.abs(shown["0"] - photo).mean() < 8
    assert np.abs(shown["100"] - photo).mean() > 40
    left, right = np.s_[:, : width // 2 - 8], np.s_[:, width // 2 + 8 :]
    assert _share_changed(shown["50"][left], shown["100"][left]) < 0.02
    assert _share_changed(shown["50"][right], shown["0"][right]) < 0.02


def test_room_in_3d(visitor: Visitor) -> None:
    """The canvas shows the surface, then points, and turns by drag and by keys."""
    visitor.choose(OFFICE)
    surface = _picture(visitor, "#space")
    assert len(np.unique(surface.reshape(-1, 3), axis=0)) > 1000
    visitor.page.check("input[name=shape][value=points]")
    points = _picture(visitor, "#space")
    assert len(np.unique(points.reshape(-1, 3), axis=0)) > 1000
    visitor.page.focus("#space")
    for _ in range(5):
        visitor.page.keyboard.press("ArrowLeft")
    by_key = _picture(visitor, "#space")
    assert _share_changed(points, by_key) > 0.1
    box = visitor.page.locator("#space").bounding_box()
    assert box is not None
    visitor.page.mouse.move(box["x"] + 200, box["y"] + 200)
    visitor.page.mouse.down()
    visitor.page.mouse.move(box["x"] + 350, box["y"] + 200, steps=3)
    visitor.page.mouse.up()
    assert _share_changed(by_key, _picture(visitor, "#space")) > 0.1


def test_examples_can_be_tried(visitor: Visitor) -> None:
    """Each example photo is shown with its depth, by one click."""
    buttons = visitor.page.locator("#examples button")
    assert buttons.count() == len(list(EXAMPLES.glob("*.jpg")))
    buttons.first.click()
    visitor.wait_for("Predicted")
    assert "as you set it" in visitor.page.inner_text("#focal")


def test_drop_and_paste(visitor: Visitor) -> None:
    """A dropped and a pasted photo are opened like a chosen one."""
    for kind, field in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        visitor.page.evaluate(
            """async ([kind, field]) => {
                document.getElementById('status').textContent = '';
                const photo = await (await fetch('examples/office.jpg')).blob();
                const data = new DataTransfer();
                data.items.add(new File([photo], `${kind}.jpg`, { type: 'image/jpeg' }));
                const Kind = kind === 'drop' ? DragEvent : ClipboardEvent;
                document.dispatchEvent(new Kind(kind, { [field]: data }));
            }""",
            [kind, field],
        )
        visitor.wait_for("Predicted")
        assert f"{kind}.jpg" in (visitor.page.get_attribute("#stage", "aria-label") or "")


def test_model_switch(visitor: Visitor, tmp_path: Path) -> None:
    """Another network predicts the photo that is open, at its own canvas."""
    visitor.choose(OFFICE)
    before = visitor.depth_m(tmp_path)
    visitor.page.evaluate("() => { document.getElementById('status').textContent = '' }")
    visitor.page.select_option("#model", "scratch")
    visitor.wait_for("Predicted")
    after = visitor.depth_m(tmp_path)
    assert after.shape == before.shape
    assert np.abs(after - before).max() > 0.05
    assert "LicenseRef" in visitor.page.inner_text("#licence")


def test_live_camera(visitor: Visitor, tmp_path: Path) -> None:
    """The camera shows depth with its frames per second; a photo of it is like any other."""
    visitor.page.click("#camera")
    visitor.page.get_by_text("frames per second").wait_for()
    visitor.page.wait_for_timeout(2000)
    rate = float(visitor.page.inner_text("#frames").split()[0])
    assert rate > 0
    visitor.page.evaluate("() => { document.getElementById('status').textContent = '' }")
    visitor.page.click("#take")
    visitor.wait_for("Predicted")
    assert visitor.page.is_hidden("#live")
    assert visitor.depth_m(tmp_path).shape == (480, 640)


def _not_an_image(path: Path) -> None:
    path.write_text("A text.")


def _truncated(path: Path) -> None:
    path.write_bytes(OFFICE.read_bytes()[:20_000])


def _too_large(path: Path) -> None:
    Image.new("L", (12_000, 9_000)).save(path, "png")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_not_an_image, "not an image"),
        (_truncated, "damaged or incomplete"),
        (_too_large, "too large"),
    ],
)
def test_bad_files_are_explained(visitor: Visitor, tmp_path: Path, make, words: str) -> None:
    """A bad file is explained in a sentence; the next photo works."""
    bad = tmp_path / "bad.jpg"
    make(bad)
    visitor.start(bad)
    assert words in visitor.problem()
    visitor.choose(OFFICE)
    assert visitor.page.is_hidden("#problem")


def test_60_megapixels(visitor: Visitor, tmp_path: Path) -> None:
    """A photo of 60 megapixels works; the screen shows a smaller one."""
    photo = tmp_path / "large.jpg"
    Image.open(OFFICE).resize((8944, 6708)).save(photo, quality=50)
    visitor.choose(photo)
    assert "column" in visitor.hover(8000, 6000, 8944, 6708)
    assert visitor.page.evaluate("() => document.getElementById('photo').width") == 1600


def test_reload_offline(browser: "sync_api.Browser", url: str, tmp_path: Path) -> None:
    """Once loaded, the page works without a network."""
    with browser.new_context() as context:
        visitor = Visitor(context.new_page(), url)
        visitor.page.evaluate("async () => { await navigator.serviceWorker.ready }")
        context.set_offline(True)
        visitor.page.reload()
        visitor.wait_for("Ready")
        visitor.choose(OFFICE)
        visitor.page.locator("#examples button").first.click()
        visitor.wait_for("Predicted")
        assert visitor.depth_m(tmp_path).size


def test_two_tabs(browser: "sync_api.Browser", url: str, tmp_path: Path) -> None:
    """Two tabs predict at once, each its own photo."""
    with browser.new_context() as context:
        visitors = [Visitor(context.new_page(), url) for _ in range(2)]
        for visitor, name in zip(visitors, ("office.jpg", "library.jpg"), strict=True):
            visitor.start(EXAMPLES / name)
        for visitor in visitors:
            visitor.wait_for("Predicted")
        first, second = (visitor.depth_m(tmp_path) for visitor in visitors)
        assert np.abs(first - second).max() > 0.05


def test_all_by_keyboard(visitor: Visitor) -> None:
    """The cross moves by arrow keys and marks with Enter; every control can be reached."""
    visitor.choose(OFFICE)
    visitor.page.check("input[name=tool][value=measure]")
    visitor.page.focus("#stage")
    visitor.page.keyboard.press("Enter")
    for _ in range(6):
        visitor.page.keyboard.press("Shift+ArrowRight")
    visitor.page.keyboard.press("ArrowDown")
    assert "column 300, row 181" in visitor.page.inner_text("#spoken")
    visitor.page.keyboard.press("Enter")
    assert visitor.page.locator("#distances li").count() == 1
    visitor.page.focus("body")
    reached = set()
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        reached.add(visitor.page.evaluate("() => document.activeElement.id"))
    assert {"file", "camera", "model", "stage", "compare", "fov", "space", "clear"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_accessible(
    browser: "sync_api.Browser", url: str, size: tuple[int, int], scheme: str
) -> None:
    """axe-core finds no serious or critical fault; the page is no wider than the screen."""
    axe = WEB / "node_modules/axe-core/axe.min.js"
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(viewport=viewport, color_scheme=scheme, bypass_csp=True) as context:
        visitor = Visitor(context.new_page(), url)
        visitor.choose(OFFICE)
        visitor.page.check("input[name=tool][value=measure]")
        visitor.click(100, 100, 480, 360)
        visitor.click(300, 200, 480, 360)
        visitor.page.add_script_tag(path=axe)
        found = visitor.page.evaluate("async () => (await axe.run()).violations")
        grave = [item for item in found if item["impact"] in ("serious", "critical")]
        assert not grave, [(item["id"], item["nodes"][0]["html"]) for item in grave]
        wide = visitor.page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= size[0]


def test_sizes() -> None:
    """All scripts and styles stay below 500 kB compressed; there is one WASM build."""
    scripts = [path for path in PAGE.rglob("*") if path.suffix in (".js", ".mjs", ".css")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) < 500_000
    assert len(list(PAGE.rglob("*.wasm"))) == 1
    assert sum(path.stat().st_size for path in PAGE.rglob("*") if path.is_file()) < 20e6


def test_no_inline_code() -> None:
    """The built page holds no inline script or style."""
    html = (PAGE / "index.html").read_text()
    assert "<style" not in html
    assert "style=" not in html
    assert all("src=" in tag for tag in html.split("<script")[1:])
