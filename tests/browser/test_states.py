"""What the page says stays true: status, readout, choices and messages follow what happened."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.predict.onnx import OnnxModel
from tests.browser.conftest import PATIENCE_S, Visitor, sync_api
from tests.browser.test_visit import COUNT_QUESTIONS, EXAMPLES, OFFICE, SIZE, SLIDE

WEB = Path(__file__).parents[2] / "web"
ORIENTATION, EXIF_IFD, FOCAL = 0x0112, 0x8769, 41989
LACK = "delete globalThis.WebAssembly;"
RECORD_STATUS = """() => {
    window.told = [];
    const status = document.getElementById('status');
    const tell = () => window.told.push(status.textContent);
    new MutationObserver(tell).observe(status, { childList: true });
}"""
FORGET_NETWORKS = """async () => {
    for (const name of await caches.keys())
        if (name.startsWith('depth-unet models ')) await caches.delete(name);
}"""
SPOIL_NETWORKS = """async () => {
    for (const name of await caches.keys()) {
        if (!name.startsWith('depth-unet models ')) continue;
        const cache = await caches.open(name);
        for (const request of await cache.keys()) await cache.put(request, new Response('no'));
    }
}"""


@pytest.fixture
def offline_networks(
    context: "sync_api.BrowserContext", visitor: Visitor
) -> Iterator["sync_api.BrowserContext"]:
    """A context in which a test answers for the files of networks, none of which is kept."""
    visitor.page.evaluate(FORGET_NETWORKS)
    yield context
    context.unroute_all()


def _depth_told(visitor: Visitor, folder: Path) -> tuple[float, float]:
    """The depth in the readout, and that of the NumPy array at the same pixel."""
    text = visitor.page.inner_text("#readout")
    column, row = map(int, re.findall(r"column (\d+), row (\d+)", text)[0])
    return float(text.split()[0]), float(visitor.depth_m(folder)[row, column])


def test_the_readout_follows(visitor: Visitor, tmp_path: Path) -> None:
    """The depth at the cross is that of the shown prediction, whatever changed it."""
    page = visitor.page

    def predict_again(change: str, value: object) -> None:
        visitor.forget_status()
        page.evaluate(change, value) if change == SLIDE else page.select_option(change, str(value))
        visitor.wait_for("Predicted")

    visitor.choose(OFFICE)
    visitor.hover(100, 60, *SIZE)
    told = []
    for change in ("nothing", "lens", "network", "length", "removal"):
        match change:
            case "lens":
                predict_again(SLIDE, [100])
            case "network":
                predict_again("#model", "scratch")
            case "length":
                visitor.know_length(((60, 300), (420, 300)), "9", *SIZE)
            case "removal":
                page.click("#unscale")
                page.locator("#scale").wait_for(state="hidden")
        shown, expected = _depth_told(visitor, tmp_path)
        assert shown == pytest.approx(expected, abs=0.006), change
        told.append(shown)
    assert len(set(told[:4])) == 4
    predict_again("#model", "transfer")


def test_the_status_after_another_network(visitor: Visitor) -> None:
    """Without a photo and with the live camera, too, the page gets ready again."""
    page = visitor.page
    ready_again = """() => window.told.includes('The network is being prepared …')
        && window.told.at(-1).startsWith('Ready')"""
    page.evaluate(RECORD_STATUS)
    page.select_option("#model", "scratch")
    page.wait_for_function(ready_again)
    page.click("#camera")
    page.get_by_text("frames per second").wait_for()
    page.evaluate(RECORD_STATUS)
    page.select_option("#model", "transfer")
    page.wait_for_function(ready_again)
    page.click("#stop")


def test_a_bad_photo_during_the_camera(visitor: Visitor, tmp_path: Path) -> None:
    """Its message names it, and stays although a frame of the camera waited."""
    visitor.page.click("#camera")
    visitor.page.get_by_text("frames per second").wait_for()
    bad = tmp_path / "my notes.jpg"
    bad.write_text("A text.")
    visitor.page.set_input_files("#file", bad)
    assert "“my notes.jpg” is not an image" in visitor.problem()
    visitor.page.wait_for_timeout(2000)
    assert "“my notes.jpg” is not an image" in visitor.problem()


@pytest.mark.parametrize("answer", ["none", "another page"])
def test_a_network_that_does_not_arrive(
    offline_networks: "sync_api.BrowserContext", visitor: Visitor, answer: str
) -> None:
    """The one before stays chosen and works; the other one works once its files arrive."""
    page = visitor.page
    visitor.choose(OFFICE)

    def respond(route: sync_api.Route) -> None:
        route.abort() if answer == "none" else route.fulfill(body="<p>Please log in.</p>")

    offline_networks.route("**/scratch-*", respond)
    page.select_option("#model", "scratch")
    assert "could not be downloaded" in visitor.problem()
    assert page.input_value("#model") == "transfer"
    visitor.choose(EXAMPLES / "library.jpg")
    offline_networks.unroute_all()
    visitor.forget_status()
    page.select_option("#model", "scratch")
    visitor.wait_for("Predicted")
    assert page.input_value("#model") == "scratch"


def test_spoiled_files_are_replaced(
    context: "sync_api.BrowserContext", visitor: Visitor, url: str
) -> None:
    """A kept file with other contents than its name says is fetched again."""
    visitor.page.evaluate(SPOIL_NETWORKS)
    second = Visitor(context.new_page(), url)
    second.choose(OFFICE)
    second.page.close()
    assert not second.faults


def test_only_the_newest_of_many_photos(visitor: Visitor) -> None:
    """Of ten photos at once, the last is shown, and at most one before it was predicted."""
    visitor.page.evaluate(COUNT_QUESTIONS)
    visitor.page.evaluate(
        """async () => {
            const example = document.querySelector('#examples img').src;
            const photo = await (await fetch(example)).blob();
            for (let i = 0; i < 10; i++) {
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([photo], `${i}.jpg`, { type: 'image/jpeg' }));
                document.dispatchEvent(new DragEvent('drop', { dataTransfer }));
            }
        }"""
    )
    visitor.page.wait_for_function(
        "() => document.getElementById('stage').ariaLabel?.startsWith('9.jpg')"
    )
    visitor.wait_for("Predicted")
    assert visitor.page.evaluate("() => window.questions.length") <= 2


@pytest.mark.parametrize("ending", ["webp", "png"])
def test_orientations(visitor: Visitor, model: OnnxModel, tmp_path: Path, ending: str) -> None:
    """WebP and PNG are turned as Python turns them, whether the browser does or not."""
    image = Image.open(OFFICE).resize((83, 61))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        exif.get_ifd(EXIF_IFD)[FOCAL] = 24
        photo = tmp_path / f"{orientation}.{ending}"
        image.save(photo, exif=exif, lossless=True)
        visitor.choose(photo)
        expected, found = model.predict(photo).depth_m, visitor.depth_m(tmp_path)
        assert found.shape == expected.shape, orientation
        assert np.abs(found - expected).max() < 0.01, orientation
        assert "from the photo" in visitor.page.inner_text("#focal")


def test_exif_data_are_read_where_they_belong(visitor: Visitor, tmp_path: Path) -> None:
    """Not in a comment of the file, but after one."""
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[FOCAL] = 24
    image, photo = Image.open(OFFICE), tmp_path / "photo.jpg"
    image.save(photo, comment=exif.tobytes())
    visitor.choose(photo)
    assert "assumed" in visitor.page.inner_text("#focal")
    image.save(photo, exif=exif)
    content = photo.read_bytes()
    comment = b"\xff\xfe\x20\x02" + bytes(0x2000)
    photo.write_bytes(content[:2] + comment + content[2:])
    visitor.choose(photo)
    assert "from the photo" in visitor.page.inner_text("#focal")


@pytest.mark.parametrize("focal_mm", [5, 300, 2000])
def test_the_slider_has_every_lens(visitor: Visitor, tmp_path: Path, focal_mm: int) -> None:
    """It stands where its label says, from the widest to the longest lens of Exif data."""
    exif, photo = Image.Exif(), tmp_path / "photo.jpg"
    exif.get_ifd(EXIF_IFD)[FOCAL] = focal_mm
    Image.open(OFFICE).save(photo, exif=exif)
    visitor.choose(photo)
    degrees = float(visitor.page.inner_text("#degrees").rstrip("°"))
    assert float(visitor.page.input_value("#fov")) == pytest.approx(degrees, abs=0.3)


def test_a_portrait_photo_fits_the_window(visitor: Visitor, tmp_path: Path) -> None:
    """Photo and readout are seen at once; marks keep their places when the window changes."""
    page = visitor.page
    Image.open(OFFICE).resize((300, 400)).save(tmp_path / "portrait.jpg")
    visitor.choose(tmp_path / "portrait.jpg")
    stage, readout = (page.locator(name).bounding_box() for name in ("#stage", "#readout"))
    assert stage is not None
    assert readout is not None
    assert stage["width"] / stage["height"] == pytest.approx(3 / 4, rel=0.01)
    assert stage["y"] + stage["height"] - readout["y"] <= 700
    page.check("input[name=tool][value=measure]")
    for x, y in ((30, 50), (270, 350)):
        visitor.click(x, y, 300, 400)
    place = """() => {
        const stage = document.getElementById('stage').getBoundingClientRect();
        const dot = document.querySelector('#marks circle').getBoundingClientRect();
        const label = document.querySelector('#marks text').getBoundingClientRect();
        return [(dot.x + dot.width / 2 - stage.x) / stage.width,
                (dot.y + dot.height / 2 - stage.y) / stage.height, dot.width, label.height];
    }"""
    before = page.evaluate(place)
    assert before[:2] == pytest.approx([30.5 / 300, 50.5 / 400], abs=0.01)
    page.set_viewport_size({"width": 390, "height": 400})
    assert page.evaluate(place) == pytest.approx(before, abs=0.01)


def test_distances_are_removed_one_by_one(visitor: Visitor, tmp_path: Path) -> None:
    """A point twice is no distance; each distance has a button that removes it alone."""
    page = visitor.page
    visitor.choose(OFFICE)
    page.check("input[name=tool][value=measure]")
    for x, y in ((50, 50), (50, 50), (300, 200), (60, 300), (420, 300)):
        visitor.click(x, y, *SIZE)
    first, second = page.locator("#distances li span").all_inner_texts()
    page.get_by_role("button", name="Remove distance 1").click()
    page.wait_for_function("() => document.querySelectorAll('#distances li').length === 1")
    assert page.inner_text("#distances li span") == second != first
    assert len(json.loads(visitor.download("json", tmp_path).read_text())["distances"]) == 1
    page.click("#clear")
    page.locator("#measured").wait_for(state="hidden")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("фото 1.png", "фото-1"), ("???.png", "photo"), ("a.b_c.png", "a.b_c")],
)
def test_names_and_contents_of_downloads(
    visitor: Visitor, tmp_path: Path, name: str, expected: str
) -> None:
    """Files are named as ``predict`` names them; a single pixel is a point in GLB."""
    import trimesh

    photo = tmp_path / "pixel.png"
    Image.new("RGB", (1, 1), (90, 120, 60)).save(photo)
    file = {"name": name, "mimeType": "image/png", "buffer": photo.read_bytes()}
    visitor.forget_status()
    visitor.page.set_input_files("#file", file)
    visitor.wait_for("Predicted")
    endings = {"npy": "depth", "png": "depth", "json": "depth", "ply": "points", "glb": "mesh"}
    for kind, words in endings.items():
        assert visitor.download(kind, tmp_path).name == f"{expected}_{words}.{kind}"
    (point,) = trimesh.load(tmp_path / f"{expected}_mesh.glb").geometry.values()
    depth_m = np.load(tmp_path / f"{expected}_depth.npy")
    assert np.abs(point.vertices - (0, 0, -depth_m.item())).max() < 1e-5


def test_the_status_while_a_file_is_made(visitor: Visitor, tmp_path: Path) -> None:
    """It says so, and then what it said before."""
    visitor.choose(OFFICE)
    before = visitor.page.inner_text("#status")
    visitor.page.evaluate(RECORD_STATUS)
    visitor.download("png", tmp_path)
    visitor.wait_for("Predicted")
    assert visitor.page.evaluate("() => window.told") == ["The file is being made …", before]


def test_without_webassembly(browser: "sync_api.Browser", url: str) -> None:
    """A browser without it gets a sentence."""

    def respond(route: sync_api.Route) -> None:
        route.fulfill(response=(found := route.fetch()), body=f"{LACK}\n{found.text()}")

    with browser.new_context(service_workers="block") as context:
        context.route("**/assets/worker-*.js", respond)
        page = context.new_page()
        page.goto(url)
        page.locator("#problem").wait_for(timeout=1000 * PATIENCE_S)
        assert "cannot run WebAssembly" in page.inner_text("#problem")


def test_all_words_are_in_one_file() -> None:
    """The page's HTML has no words of its own, so that one file is translated."""
    texts = json.loads((WEB / "src/text.json").read_text())
    html = (WEB / "index.html").read_text()
    words = re.findall(r">([^<>]*?)<", html)
    words += re.findall(r'(?:alt|aria-label|title|placeholder|lang)="([^"]*)"', html)
    words += re.findall(r'name="description" content="([^"]*)"', html)
    names = [re.fullmatch(r"\{\{(\w+)\}\}", word.strip()) for word in words if word.strip()]
    assert len(names) > 30
    assert all(name and isinstance(texts[name[1]], str) for name in names)
