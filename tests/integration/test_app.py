"""``depth-unet app`` as a user meets it, with a stand-in for the built page."""

import json
import signal
import socket
import subprocess
import threading
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from depth_unet.app import site
from depth_unet.app.server import Server
from depth_unet.model.shipped import BEST_NAME, shipped_names
from tests.integration.commandline import Outcome, assert_refused, depth_unet, start
from tests.predict.onnx_files import FACTS, flat_model


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """An ONNX file of the user."""
    path = tmp_path / "my room.onnx"
    path.write_bytes(flat_model(FACTS).SerializeToString())
    return path


@contextmanager
def app(page: Path, *options: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that serves, and the address that it prints."""
    command = ("app", "--port", 0, *options)
    process = start(page, *command, module="tests.app.page")
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            pytest.fail(process.communicate()[1])
        yield process, address
    finally:
        process.kill()
        process.communicate()


def models_at(address: str) -> dict[str, Any]:
    """What ``models.json`` says."""
    with urllib.request.urlopen(f"{address}models.json", timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


@pytest.mark.parametrize(
    ("number", "code", "last"),
    [(signal.SIGINT, 130, "depth-unet: interrupted"), (signal.SIGTERM, 0, "press Ctrl-C to end")],
)
def test_a_signal_ends_it_during_a_download(
    page: Path, number: signal.Signals, code: int, last: str
) -> None:
    """At once, with its exit code and without a traceback; a second server is one line."""
    with app(page) as (process, address):
        listed = models_at(address)
        assert listed["default"] == "transfer"
        assert [facts["name"] for facts in listed["models"]] == sorted(
            shipped_names(), key=lambda name: name != "transfer"
        )
        port = int(address.rstrip("/").rpartition(":")[2])
        assert address == f"http://127.0.0.1:{port}/"
        assert_refused(depth_unet("app", "--port", port), f"port {port} of 127.0.0.1 is in use")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as download:
            weights = listed["models"][0]["external"]["url"]
            download.sendall(f"GET /{weights} HTTP/1.1\r\n\r\n".encode())
            assert download.recv(12) == b"HTTP/1.1 200"
            begin = time.monotonic()
            process.send_signal(number)
            _, err = process.communicate(timeout=20)
            elapsed_s = time.monotonic() - begin
        assert process.returncode == code
        assert err.splitlines()[-1] == last
        assert "Traceback" not in err
        assert elapsed_s < 5  # promised is a second; a busy machine ends processes late


def serve_once(monkeypatch: pytest.MonkeyPatch, *options: object) -> tuple[Outcome, dict[str, Any]]:
    """The outcome of a server that a Ctrl-C ends at once, and its ``models.json``."""
    servers: list[Server] = []

    def stop(self: Server, poll_interval: float) -> None:
        assert poll_interval <= 0.5
        servers.append(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", stop)
    outcome = depth_unet("app", "--port", 0, *options)
    assert outcome.code == 130, outcome.err
    (server,) = servers
    assert outcome.out == f"{server.url}\n"
    listed: dict[str, Any] = json.loads(server.site["models.json"].content)
    for facts in listed["models"]:
        assert facts["graph"] in server.site
    return outcome, listed


def test_a_file_of_the_user(page: Path, graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is checked, comes first and is the default; SIGTERM is as before afterwards."""
    assert page.is_dir()
    before = signal.getsignal(signal.SIGTERM)
    outcome, listed = serve_once(monkeypatch, "--weights", graph)
    assert outcome.warnings == []
    assert signal.getsignal(signal.SIGTERM) == before
    assert listed["default"] == "own"
    own, *others = listed["models"]
    assert (own["name"], own["title"]) == ("own", "my room")
    assert sorted(facts["name"] for facts in others) == shipped_names()


def test_a_run_of_the_user(run_folder: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is exported first, and so is its checkpoint; the copy is removed."""
    assert page.is_dir()
    _, listed = serve_once(monkeypatch, "--weights", run_folder)
    own = listed["models"][0]
    assert (own["name"], own["title"], own["external"]) == ("own", run_folder.name, None)
    assert own["canvas"] == {"height": 48, "width": 64}
    _, again = serve_once(monkeypatch, "--weights", run_folder / BEST_NAME)
    assert again["models"][0] == own


def test_a_shipped_network_as_default(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name alone makes it the default; nothing is added."""
    assert page.is_dir()
    _, listed = serve_once(monkeypatch, "--weights", "scratch")
    assert listed["default"] == "scratch"
    assert sorted(facts["name"] for facts in listed["models"]) == shipped_names()


def test_others_on_the_network(page: Path, graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning says so; ``--open`` opens an address of this machine."""
    assert page.is_dir()
    opened, done = [], threading.Event()

    def record(url: str) -> bool:
        opened.append(url)
        done.set()
        return True

    monkeypatch.setattr(webbrowser, "open", record)
    options = ("--weights", graph, "--host", "0.0.0.0", "--open")
    outcome, _ = serve_once(monkeypatch, *options)
    (warning,) = outcome.warnings
    assert "others on the network can open this page" in warning
    assert done.wait(10)
    assert opened == outcome.out.split()
    assert opened[0].startswith("http://localhost:")


def test_static(page: Path, graph: Path, tmp_path: Path) -> None:
    """The whole site goes into a folder; again only with ``--overwrite``."""
    assert page.is_dir()
    out = tmp_path / "out"
    options = ("app", "--weights", graph, "--static", out)
    outcome = depth_unet(*options)
    assert outcome.code == 0, outcome.err
    assert f"wrote {out}: " in outcome.err
    listed = json.loads((out / "models.json").read_text("utf-8"))
    for facts in listed["models"]:
        assert (out / facts["graph"]).is_file()
    assert (out / "index.html").read_bytes() == (page / "index.html").read_bytes()
    assert_refused(depth_unet(*options), "already exists", "--overwrite")
    (tmp_path / ".out.01234567.part").mkdir()  # of a killed process
    assert depth_unet(*options, "--overwrite").code == 0
    assert sorted(path.name for path in out.iterdir() if path.name[0] == ".") == [
        ".depth-unet-site.json",
        ".htaccess",
    ]
    assert not (tmp_path / ".out.01234567.part").exists()


def test_refusals(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line each says what is wrong and what to do."""
    assert page.is_dir()
    missing = tmp_path / "none"
    assert_refused(
        depth_unet("app", "--port", 0, "--weights", missing), f"{missing} does not exist"
    )
    onnx = tmp_path / "none.onnx"
    assert_refused(depth_unet("app", "--port", 0, "--weights", onnx), f"{onnx} does not exist")
    url = "https://example.com/x.onnx"
    assert_refused(depth_unet("app", "--port", 0, "--weights", url), f"{url} is a URL; download it")
    assert_refused(depth_unet("app", "--port", 0, "--weights", ""), "the name of weights is empty")
    assert_refused(depth_unet("app", "--host", ""), "--host is empty; name an address")
    static = ("app", "--static", tmp_path / "out")
    for more in (("--open",), ("--port", 1), ("--host", "0.0.0.0")):
        assert_refused(depth_unet(*static, *more), f"serves nothing; leave it out, or {more[0]}")
    assert_refused(depth_unet("app", "--overwrite"), "--overwrite is for a folder of --static")
    assert not (tmp_path / "out").exists()
    assert_refused(depth_unet("app", "--host", "no such host"), "--host no such host")
    monkeypatch.setattr(site, "PAGE", tmp_path / "page that is missing")
    assert_refused(depth_unet("app"), "the page is not built; run `make page`")
