"""What visitors do in a hurry, by mistake, or in a browser that cannot do everything."""

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.app import server as serving
from depth_unet.app.network import read_network
from depth_unet.app.server import Server
from depth_unet.app.site import HEADERS, PAGE, build_site
from depth_unet.predict.onnx import OnnxModel
from tests.browser.conftest import WEIGHTS, Visitor, sync_api

EXAMPLES = Path(__file__).parents[2] / "examples/photos"
OFFICE, SIZE = EXAMPLES / "office.jpg", (480, 360)
COUNT_QUESTIONS = """() => {
    window.questions = [];
    const send = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (question, ...others) {
        window.questions.push(question.job);
        return send.call(this, question, ...others);
    };
}"""
SLIDE = """values => {
    const slider = document.getElementById('fov');
    for (const value of values) {
        slider.value = value;
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        slider.dispatchEvent(new Event('change', { bubbles: true }));
    }
}"""
CONTROLLED = """() => new Promise(resolve => {
    if (navigator.serviceWorker.controller) resolve();
    navigator.serviceWorker.addEventListener('controllerchange', () => resolve());
})"""
PAGE_CACHES = """async () => (await caches.keys())
    .filter(name => name.startsWith(`depth-unet page ${document.baseURI} `))"""


def test_a_click_between_the_buttons(visitor: Visitor) -> None:
    """Beside the buttons for downloads, a click does nothing."""
    visitor.choose(OFFICE)
    visitor.page.evaluate("() => document.getElementById('downloads').click()")
    visitor.page.wait_for_timeout(300)
    assert visitor.page.is_hidden("#problem")


def test_without_webgl(visitor: Visitor, tmp_path: Path) -> None:
    """Where the browser draws no 3-D, all else works; a sentence says so."""
    page = visitor.page
    page.evaluate(
        """() => {
            const get = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...others) {
                return kind.startsWith('webgl') ? null : get.call(this, kind, ...others);
            };
        }"""
    )
    visitor.choose(OFFICE)
    page.check("input[name=tool][value=measure]")
    visitor.click(100, 100, *SIZE)
    visitor.click(300, 200, *SIZE)
    assert page.locator("#distances li").count() == 1
    assert page.is_hidden("#space")
    assert page.is_hidden("#glb")
    assert "no 3-D" in page.inner_text("#flat")
    assert len(json.loads(visitor.download("json", tmp_path).read_text())["distances"]) == 1
    assert all("WebGL" in fault for fault in visitor.faults)
    visitor.faults.clear()


def test_a_slider_that_is_held(visitor: Visitor, model: OnnxModel, tmp_path: Path) -> None:
    """Of many values at once, the last is predicted and stays; a photo chosen before is kept."""
    page = visitor.page
    visitor.choose(OFFICE)
    page.evaluate(COUNT_QUESTIONS)
    visitor.forget_status()
    page.evaluate(SLIDE, list(range(60, 81, 2)))
    visitor.wait_for("Predicted")
    visitor.download("json", tmp_path)  # after all that waits
    assert page.evaluate("() => window.questions.length") <= 2
    assert page.input_value("#fov") == "80"
    expected = model.predict(OFFICE, fov_deg=80).depth_m
    assert np.abs(visitor.depth_m(tmp_path) - expected).max() < 0.01
    visitor.start(EXAMPLES / "library.jpg")
    page.evaluate(SLIDE, [70])
    visitor.wait_for("Predicted")
    expected = model.predict(EXAMPLES / "library.jpg", fov_deg=70).depth_m
    assert np.abs(visitor.depth_m(tmp_path) - expected).max() < 0.01


def test_a_double_click_on_the_camera(visitor: Visitor) -> None:
    """It starts once."""
    visitor.page.dblclick("#camera")
    visitor.page.get_by_text("frames per second").wait_for()
    assert visitor.page.is_hidden("#problem")
    visitor.page.click("#stop")
    visitor.page.locator("#live").wait_for(state="hidden")


def test_a_known_length_that_fits_no_more(
    visitor: Visitor, model: OnnxModel, tmp_path: Path
) -> None:
    """With another lens, it is refused in a sentence; the new depth is shown without it."""
    page, ends = visitor.page, ((60, 300), (420, 300))
    distances = {
        fov: model.predict(OFFICE, fov_deg=fov).measure(*ends).distance.metres for fov in (50, 100)
    }
    before, after = sorted(distances, key=lambda fov: distances[fov])
    visitor.choose(OFFICE)
    visitor.forget_status()
    page.evaluate(SLIDE, [before])
    visitor.wait_for("Predicted")
    page.check("input[name=tool][value=known]")
    for end in ends:
        visitor.click(*end, *SIZE)
    page.fill("#metres", f"{math.sqrt(distances[before] * distances[after]) / 100:.5f}")
    page.press("#metres", "Enter")
    page.get_by_text("The known length multiplies").wait_for()
    page.evaluate(SLIDE, [after])
    assert "do not fix the scale" in visitor.problem()
    assert "multiplies" not in page.inner_text("#scaled")
    expected = model.predict(OFFICE, fov_deg=after).depth_m
    assert np.abs(visitor.depth_m(tmp_path) - expected).max() < 0.01


def test_keys_of_the_browser(visitor: Visitor) -> None:
    """Keys with Ctrl, Alt or the command key are left to the browser."""
    visitor.choose(OFFICE)
    press = """([id, held]) => document.getElementById(id).dispatchEvent(new KeyboardEvent(
        'keydown', { key: 'ArrowLeft', [held]: true, cancelable: true }))"""
    for name in ("stage", "space"):
        for held in ("ctrlKey", "altKey", "metaKey"):
            assert visitor.page.evaluate(press, [name, held]), (name, held)
        assert not visitor.page.evaluate(press, [name, "none"])


def test_transparent_photos(visitor: Visitor, model: OnnxModel, tmp_path: Path) -> None:
    """Transparent pixels, whose colours browsers hide, are refused; an alpha channel is not."""
    image = Image.open(OFFICE).convert("RGBA")
    image.save(tmp_path / "opaque.png")
    image.putpixel((7, 5), (200, 10, 10, 254))
    image.save(tmp_path / "transparent.png")
    visitor.start(tmp_path / "transparent.png")
    assert "transparent parts" in visitor.problem()
    visitor.choose(tmp_path / "opaque.png")
    expected = model.predict(tmp_path / "opaque.png").depth_m
    assert np.abs(visitor.depth_m(tmp_path) - expected).max() < 0.01


def test_a_drawing_is_no_photo(visitor: Visitor, tmp_path: Path) -> None:
    """SVG is refused as what it is."""
    drawing = tmp_path / "drawing.svg"
    drawing.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>')
    visitor.start(drawing)
    assert "not an image" in visitor.problem()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("new Event('error')", "could not be downloaded"),
        ("new ErrorEvent('error', { message: 'Array buffer could not be allocated' })", "memory"),
    ],
)
def test_faults_of_the_worker(visitor: Visitor, event: str, words: str) -> None:
    """A missing script and a lack of memory are told apart."""
    visitor.page.evaluate(
        f"""() => {{
            const send = Worker.prototype.postMessage;
            Worker.prototype.postMessage = function () {{
                Worker.prototype.postMessage = send;
                this.dispatchEvent({event});
            }};
        }}"""
    )
    visitor.start(OFFICE)
    assert words in visitor.problem()


def test_nothing_is_sent(visitor: Visitor, tmp_path: Path) -> None:
    """After loading, no request leaves the browser."""
    visitor.page.evaluate(CONTROLLED)
    asked: list[sync_api.Request] = []

    def record(request: sync_api.Request) -> None:
        asked.append(request)

    visitor.page.context.on("request", record)
    visitor.choose(OFFICE)
    visitor.download("glb", tmp_path)
    visitor.forget_status()
    visitor.page.evaluate(SLIDE, [80])
    visitor.wait_for("Predicted")
    visitor.page.context.remove_listener("request", record)
    assert asked
    for request in asked:
        if request.url.startswith("http"):
            assert request.method == "GET"
            assert request.service_worker is None, request.url
            response = request.response()
            assert response is None or response.from_service_worker, request.url


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of one network, whose files a test may change; weights may have no ending."""
    with Server("127.0.0.1", 0) as running:
        network = read_network("scratch", WEIGHTS / "scratch.onnx", "scratch")
        external = network.facts["external"]
        bare = external["url"].removesuffix(".safetensors")
        files = {**network.files, bare: network.files[external["url"]]}
        facts = {**network.facts, "external": external | {"url": bare}}
        running.site = dict(build_site(PAGE, [replace(network, facts=facts, files=files)]))
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


UPDATED = """async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    await registration.update();
    while (!registration.waiting) await new Promise(resolve => setTimeout(resolve, 50));
}"""


def test_headers_an_update_and_the_end(
    browser: "sync_api.Browser", server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Visitors keep what works when headers are added, the page is updated, the server ends."""
    isolation = ("Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy")
    with monkeypatch.context() as patch, browser.new_context() as context:
        few = {name: value for name, value in HEADERS.items() if name not in isolation}
        patch.setattr(serving, "HEADERS", few)
        visitor = Visitor(context.new_page(), server.url)
        visitor.page.evaluate(CONTROLLED)
        patch.setattr(serving, "HEADERS", HEADERS)
        visitor.page.reload()
        visitor.wait_for("Ready")
        assert visitor.page.evaluate("() => crossOriginIsolated")

        (old,) = visitor.page.evaluate(PAGE_CACHES)
        new = old[:-8] + "00000000"
        site = dict(server.site)
        changes = {
            "index.html": ("</head>", "<!-- new --></head>"),
            "sw.js": (old[-64:], new[-64:]),
        }
        for name, change in changes.items():
            content = site[name].content.replace(*map(str.encode, change))
            assert content != site[name].content
            site[name] = replace(site[name], content=content, etag=f'"{name}"')
        server.site = site
        visitor.page.evaluate(UPDATED)
        assert set(visitor.page.evaluate(PAGE_CACHES)) == {old, new}
        (scene,) = (name for name in site if name.startswith("assets/scene"))
        server.site = {name: file for name, file in site.items() if name != scene}
        visitor.choose(OFFICE)
        assert visitor.page.is_visible("#space")
        assert not visitor.faults
        visitor.page.close()

        server.site = site
        visitor = Visitor(context.new_page(), server.url)
        assert "<!-- new -->" in visitor.page.content()
        foreign = replace(site["index.html"], content=b"<p>Please log in.</p>")
        for end in ("nothing is found", "another page in place of the list", "no answer"):
            match end:
                case "nothing is found":
                    server.site = {}
                case "another page in place of the list":
                    server.site = site | {"models.json": foreign}
                case "no answer":
                    server.shutdown()
                    server.server_close()
            visitor.page.reload()
            visitor.wait_for("Ready")
            assert visitor.page.evaluate(PAGE_CACHES) == [new]
            assert "<!-- new -->" in visitor.page.content()
            assert visitor.page.evaluate("() => crossOriginIsolated")
        visitor.choose(OFFICE)
        assert visitor.page.is_visible("#space")
