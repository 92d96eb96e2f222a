"""What the page does besides its numbers: controls, faults, offline, accessibility, size."""

import contextlib
import gzip
import io
import os
import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.app.site import INDEX, PAGE
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.figures.colour import DEPTH_COLORMAP, colour_table, colourise
from depth_unet.predict.onnx import OnnxModel
from tests.browser.conftest import Visitor, sync_api

WEB = Path(__file__).parents[2] / "web"
EXAMPLES = Path(__file__).parents[2] / "examples/photos"
OFFICE, SIZE = EXAMPLES / "office.jpg", (480, 360)
PHOTOS = 50  # one after another


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


def test_the_view_of_the_room_stays(visitor: Visitor) -> None:
    """Once turned, the room stays so, at any scale, until another photo is shown."""
    page = visitor.page
    visitor.choose(OFFICE)
    begin = _picture(visitor, "#space")

    def assert_view(expected: np.ndarray, other: np.ndarray) -> None:
        visitor.wait_for("Predicted")
        shown = _picture(visitor, "#space")  # scrolled elsewhere, its edges differ a little
        assert _share_changed(expected, shown) < _share_changed(other, shown) / 3

    for _ in range(5):
        page.press("#space", "ArrowLeft")
    turned = _picture(visitor, "#space")
    assert _share_changed(begin, turned) > 0.1
    page.check("input[name=tool][value=measure]")
    for x, y in ((60, 300), (420, 300), (100, 100), (300, 200)):
        visitor.click(x, y, *SIZE)
    page.get_by_role("button", name="Remove distance 1").click()
    page.wait_for_function("() => document.querySelectorAll('#distances li').length === 1")
    assert_view(turned, begin)
    visitor.know_length(((60, 300), (420, 300)), "9", *SIZE)
    assert_view(turned, begin)
    page.click("#clear")
    page.locator("#scale").wait_for(state="hidden")
    assert_view(turned, begin)
    for action in (lambda: page.fill("#fov", "100"), lambda: page.click("#reset")):
        visitor.forget_status()
        action()
        visitor.wait_for("Predicted")
    assert_view(turned, begin)
    visitor.choose(OFFICE)
    assert_view(begin, turned)


def test_examples_can_be_tried(visitor: Visitor) -> None:
    """Each example photo is shown with its depth and the camera of NYU, by one click."""
    buttons = visitor.page.locator("#examples button")
    assert buttons.count() == len(list(EXAMPLES.glob("*.jpg")))
    visitor.forget_status()
    buttons.first.click()
    visitor.wait_for("Predicted")
    focal = f"{NYU_FOCAL * SIZE[0]:.0f} pixels, as you set it"
    assert focal in visitor.page.inner_text("#focal")


def test_drop_and_paste(visitor: Visitor) -> None:
    """A dropped and a pasted photo are opened like a chosen one."""
    for kind, field in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        visitor.forget_status()
        visitor.page.evaluate(
            """async ([kind, field]) => {
                const example = document.querySelector('#examples img').src;
                const photo = await (await fetch(example)).blob();
                const data = new DataTransfer();
                data.items.add(new File([photo], `${kind}.jpg`, { type: 'image/jpeg' }));
                const Kind = kind === 'drop' ? DragEvent : ClipboardEvent;
                document.dispatchEvent(new Kind(kind, { [field]: data }));
            }""",
            [kind, field],
        )
        visitor.wait_for("Predicted")
        assert f"{kind}.jpg" in (visitor.page.get_attribute("#stage", "aria-label") or "")


@pytest.mark.parametrize("kind", ["drop", "paste"])
@pytest.mark.parametrize("num_files", [0, 2])
def test_drop_and_paste_of_no_photo(visitor: Visitor, kind: str, num_files: int) -> None:
    """A link, and several files at once, are refused in a sentence; text in a field is not."""
    give = """([kind, count, id]) => {
        const data = new DataTransfer();
        data.setData('text/uri-list', 'https://example.com/room.jpg');
        for (let i = 0; i < count; i++) data.items.add(new File(['no'], `${i}.jpg`));
        const field = kind === 'drop' ? 'dataTransfer' : 'clipboardData';
        const Kind = kind === 'drop' ? DragEvent : ClipboardEvent;
        const target = document.getElementById(id);
        target.dispatchEvent(new Kind(kind, { [field]: data, bubbles: true }));
    }"""
    if kind == "paste" and num_files == 0:
        visitor.page.evaluate(give, [kind, num_files, "metres"])
        assert not visitor.page.inner_text("#problem")
    visitor.page.evaluate(give, [kind, num_files, "source"])
    assert "one photo, as a file" in visitor.problem()


def test_model_switch(visitor: Visitor, tmp_path: Path) -> None:
    """Another network predicts the photo that is open, at its own canvas."""
    visitor.choose(OFFICE)
    before = visitor.depth_m(tmp_path)
    visitor.forget_status()
    visitor.page.select_option("#model", "scratch")
    visitor.wait_for("Predicted")
    after = visitor.depth_m(tmp_path)
    assert after.shape == before.shape
    assert np.abs(after - before).max() > 0.05
    assert "LicenseRef" in visitor.page.inner_text("#licence")


def _painted(visitor: Visitor) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """The photo on the stage, the colours of depth, and their range in metres, at one moment."""
    *pictures, near, far = visitor.page.evaluate(
        """() => [...['photo', 'depth'].map(id => document.getElementById(id).toDataURL()),
            ...['near', 'far'].map(id => document.getElementById(id).textContent)]"""
    )
    photo, depth = (
        np.asarray(Image.open(io.BytesIO(b64decode(url.partition(",")[2]))).convert("RGB"))
        for url in pictures
    )
    return photo, depth.astype(int), [float(text.split()[0]) for text in (near, far)]


def _colours(
    model: OnnxModel, frame: np.ndarray, size: tuple[int, int], range_m: list[float]
) -> np.ndarray:
    """The colours of Python's depth of a frame, at the middle of each of so many pixels."""
    depth_m = model.predict(frame).depth_m
    rows, columns = (
        (np.arange(new) + 0.5) * old // new for new, old in zip(size, depth_m.shape, strict=True)
    )
    return colourise(depth_m[np.ix_(rows.astype(int), columns.astype(int))], *range_m)


def test_live_camera(visitor: Visitor, model: OnnxModel, tmp_path: Path) -> None:
    """Each frame is shown with its own depth, and their number per second; a photo is a frame."""
    visitor.page.click("#camera")
    visitor.page.get_by_text("frames per second").wait_for()
    first = second = _painted(visitor)
    while _share_changed(first[0].astype(int), second[0].astype(int)) < 0.02:
        visitor.page.wait_for_timeout(50)
        second = _painted(visitor)
    for (frame, depth, range_m), (other, *_) in ((first, second), (second, first)):
        own_fault, other_fault = (
            np.abs(depth - _colours(model, photo, depth.shape[:2], range_m)).mean()
            for photo in (frame, other)
        )
        assert own_fault < 2
        assert own_fault < other_fault / 2
    assert float(visitor.page.inner_text("#frames").split()[0]) > 0
    visitor.forget_status()
    visitor.page.click("#take")
    visitor.wait_for("Predicted")
    assert visitor.page.is_hidden("#live")
    frame, *_ = _painted(visitor)
    expected_m = model.predict(frame).depth_m
    found_m = visitor.depth_m(tmp_path)
    assert found_m.shape == (480, 640)
    assert np.abs(found_m - expected_m).max() < 0.01


def _not_an_image(path: Path) -> None:
    path.write_text("A text.")


def _truncated_jpeg(path: Path) -> None:
    path.write_bytes(OFFICE.read_bytes()[:20_000])


def _truncated_png(path: Path) -> None:
    Image.open(OFFICE).save(path, "png")
    path.write_bytes(path.read_bytes()[:100_000])


def _too_large(path: Path) -> None:
    Image.new("L", (12_000, 9_000)).save(path, "png")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_not_an_image, "not an image"),
        (_truncated_jpeg, "damaged or incomplete"),
        (_truncated_png, "damaged or incomplete"),
        (_too_large, "too large"),
    ],
)
def test_bad_files_are_explained(
    visitor: Visitor, tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    """A bad file is explained in a sentence; the next photo works."""
    bad = tmp_path / "bad.jpg"
    make(bad)
    visitor.start(bad)
    assert words in visitor.problem()
    visitor.choose(OFFICE)
    assert visitor.page.is_hidden("#problem")


def test_works_again_after_out_of_memory(visitor: Visitor) -> None:
    """When ONNX Runtime aborts for want of memory, the page says so and starts it anew."""
    visitor.page.evaluate(
        """() => {
            const send = Worker.prototype.postMessage;
            Worker.prototype.postMessage = function () {
                Worker.prototype.postMessage = send;
                const message = 'RuntimeError: Aborted(OOM): out of memory';
                this.dispatchEvent(new ErrorEvent('error', { message }));
            };
        }"""
    )
    before = set(visitor.page.workers)
    visitor.start(OFFICE)
    assert "out of memory" in visitor.problem()
    visitor.choose(OFFICE)
    for _ in range(100):  # Chromium tells later that a worker has ended
        if before.isdisjoint(visitor.page.workers):
            break
        visitor.page.wait_for_timeout(50)
    assert before.isdisjoint(visitor.page.workers)


def test_works_again_after_a_failed_download(
    context: "sync_api.BrowserContext", visitor: Visitor
) -> None:
    """A network that could not be downloaded is asked for again with the next photo."""
    page = visitor.page
    page.evaluate(
        """async () => {
            for (const name of await caches.keys())
                if (name.startsWith('depth-unet models ')) await caches.delete(name);
        }"""
    )
    context.route("**/scratch-*", lambda route: route.abort())
    page.select_option("#model", "scratch")
    assert "could not be downloaded" in visitor.problem()
    context.unroute("**/scratch-*")
    visitor.choose(OFFICE)


def test_known_length_needs_two_points(visitor: Visitor) -> None:
    """A length between the same place twice, or without points, is refused in a sentence."""
    visitor.choose(OFFICE)
    page = visitor.page
    page.check("input[name=tool][value=known]")
    page.fill("#metres", "2")
    page.press("#metres", "Enter")
    assert "no points yet" in visitor.problem()
    for _ in range(3):
        visitor.click(100, 100, *SIZE)
    page.press("#metres", "Enter")
    assert "no points yet" in visitor.problem()
    visitor.click(103, 100, *SIZE)
    page.press("#metres", "Enter")
    page.get_by_text("do not fix the scale").wait_for()
    assert "multiplies" not in page.inner_text("#scaled")
    visitor.click(60, 300, *SIZE)
    visitor.click(420, 300, *SIZE)
    page.press("#metres", "Enter")
    page.get_by_text("The known length multiplies").wait_for()
    visitor.click(100, 100, *SIZE)
    visitor.click(103, 100, *SIZE)
    page.press("#metres", "Enter")
    assert "do not fix the scale" in visitor.problem()
    assert "multiplies" in page.inner_text("#scaled")
    assert "2 m" in page.locator("#marks text").all_text_contents()


def test_60_megapixels(visitor: Visitor, tmp_path: Path) -> None:
    """A photo of 60 megapixels works; the screen shows a smaller one."""
    photo = tmp_path / "large.jpg"
    Image.open(OFFICE).resize((8944, 6708)).save(photo, quality=50)
    visitor.choose(photo)
    place, (depth_m, *_) = visitor.hover(8000, 6000, *(8944, 6708))
    assert np.abs(np.subtract(place, (8000, 6000))).max() < 20
    assert visitor.depth_m(tmp_path)[place[::-1]] == pytest.approx(depth_m, abs=0.006)
    assert visitor.page.evaluate("() => document.getElementById('photo').width") == 1600


def test_reload_offline(context: "sync_api.BrowserContext", url: str, tmp_path: Path) -> None:
    """Once loaded, the page works without a network."""
    visitor = Visitor(context.new_page(), url)
    visitor.page.evaluate("async () => { await navigator.serviceWorker.ready }")
    context.set_offline(True)
    try:
        for address in (url, f"{url}index.html"):
            visitor.page.goto(address)
            visitor.wait_for("Ready")
        visitor.choose(OFFICE)
        visitor.forget_status()
        visitor.page.locator("#examples button").first.click()
        visitor.wait_for("Predicted")
        assert visitor.depth_m(tmp_path).size
        assert not visitor.faults
    finally:
        context.set_offline(False)
        visitor.page.close()


def test_two_tabs(
    context: "sync_api.BrowserContext", url: str, model: OnnxModel, tmp_path: Path
) -> None:
    """Two tabs predict at once, each its own photo."""
    visitors = [Visitor(context.new_page(), url) for _ in range(2)]
    for visitor, name in zip(visitors, ("office.jpg", "library.jpg"), strict=True):
        visitor.start(EXAMPLES / name)
    for visitor in visitors:
        visitor.wait_for("Predicted")
    for visitor, name in zip(visitors, ("office.jpg", "library.jpg"), strict=True):
        expected = model.predict(EXAMPLES / name).depth_m
        assert np.abs(visitor.depth_m(tmp_path) - expected).max() < 0.01
        visitor.page.close()
        assert not visitor.faults


def test_all_by_keyboard(visitor: Visitor) -> None:
    """Every control can be reached with Tab; the cross, the tools and the room obey keys."""
    page = visitor.page
    visitor.forget_status()
    page.locator("#examples button").nth(1).press("Enter")
    visitor.wait_for("Predicted")
    page.focus("input[name=tool][value=look]")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("input[name=tool][value=measure]")
    page.focus("#stage")
    page.keyboard.press("Enter")
    for _ in range(6):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    assert "column 300, row 181" in page.inner_text("#spoken")
    page.keyboard.press("Enter")
    assert page.locator("#distances li").count() == 1
    page.focus("#compare")
    page.keyboard.press("End")
    assert "0%" in page.evaluate("() => document.getElementById('depth').style.clipPath")
    room = _picture(visitor, "#space")
    for key in ("+", "ArrowUp"):
        page.focus("#space")
        for _ in range(4):
            page.keyboard.press(key)
        changed = _picture(visitor, "#space")
        assert _share_changed(room, changed) > 0.1
        room = changed
    names = """element => [element.id, element.name, element.value].filter(Boolean).join(' ')"""
    wanted = page.evaluate(
        f"""() => [...document.querySelectorAll('button, input, select, [tabindex]')]
            .filter(element => element.checkVisibility() && (element.checked ?? true) !== false
                || element.type === 'file' || element.type === 'range').map({names})"""
    )
    page.evaluate("() => document.activeElement.blur()")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(f"() => ({names})(document.activeElement)"))
    assert set(wanted) <= reached


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
        _assert_accessible(visitor, size[0])
        visitor.page.check("input[name=tool][value=known]")
        visitor.page.fill("#metres", "2")
        visitor.page.press("#metres", "Enter")
        assert "no points yet" in visitor.problem()
        visitor.page.evaluate("() => { document.getElementById('progress').hidden = false }")
        _assert_accessible(visitor, size[0])
        visitor.page.click("#camera")
        visitor.page.get_by_text("frames per second").wait_for()
        _assert_accessible(visitor, size[0])
        assert not visitor.faults


def _assert_accessible(visitor: Visitor, width: int) -> None:
    found = visitor.page.evaluate("async () => (await axe.run()).violations")
    grave = [item for item in found if item["impact"] in ("serious", "critical")]
    assert not grave, [(item["id"], item["nodes"][0]["html"]) for item in grave]
    assert visitor.page.evaluate("() => document.documentElement.scrollWidth") <= width


def _process_bytes() -> int:
    """Memory of the processes of pages and of graphics that this process started."""
    parents, total = {}, 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[stat.parent.name] = stat.read_text().rpartition(")")[2].split()[1]
    for process in parents:
        ancestor = process
        while ancestor in parents and ancestor != str(os.getpid()):
            ancestor = parents[ancestor]
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{process}/cmdline").read_text()
            if ancestor == str(os.getpid()) and re.search("--type=(renderer|gpu)", command):
                rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
                total += 1024 * int(re.findall(r"Pss: +(\d+) kB", rollup)[0])
    assert total
    return total


def test_memory(visitor: Visitor, tmp_path: Path) -> None:
    """After 50 photos, the page takes no more memory than after 5, plus 10 %.

    Chromium's own measure leaves pictures and textures out; the processes hold them.
    """
    devtools = visitor.page.context.new_cdp_session(visitor.page)
    photos = []
    for i, size in enumerate([(1600, 1200), (1200, 1800), (2000, 1500), (1000, 800)]):
        photos.append(tmp_path / f"{i}.jpg")
        Image.open(OFFICE).resize(size).save(photos[-1], quality=60)
    bytes_after = []
    for number in range(PHOTOS):
        visitor.choose(photos[number % len(photos)])
        if number in (4, PHOTOS - 1):
            devtools.send("HeapProfiler.collectGarbage")
            visitor.page.wait_for_timeout(1000)
            bytes_after.append(_process_bytes())
    assert bytes_after[1] <= 1.1 * bytes_after[0], bytes_after


def test_legend_has_the_colours_of_python() -> None:
    """The page paints depth in the colours of ``depth-unet predict``."""
    (legend,) = (PAGE / "assets").glob("magma-*.png")
    assert (np.asarray(Image.open(legend))[0] == colour_table(DEPTH_COLORMAP)).all()


def test_sizes() -> None:
    """All scripts and styles stay below 500 kB compressed; there is one WASM build."""
    scripts = [path for path in PAGE.rglob("*") if path.suffix in (".js", ".mjs", ".css")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) < 500_000
    assert len(list(PAGE.rglob("*.wasm"))) == 1
    assert sum(path.stat().st_size for path in PAGE.rglob("*") if path.is_file()) < 20e6


def test_no_inline_code() -> None:
    """The built page holds no inline script or style."""
    html = (PAGE / INDEX).read_text()
    assert "<style" not in html
    assert "style=" not in html
    assert all("src=" in tag for tag in html.split("<script")[1:])
