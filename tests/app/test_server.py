"""The server: right answers to right requests, and 4xx to all others."""

import errno
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from depth_unet.app import server as serving
from depth_unet.app.server import Server
from depth_unet.app.site import HEADERS, Site
from depth_unet.errors import ConfigError
from tests.app.page import CONTENTS
from tests.app.requests import Answer, ask, connect, read_answer, request

SCRIPT = "/assets/index-1a2b3c4d.js"
CONTENT = CONTENTS[SCRIPT.removeprefix("/")]
PLACES = (
    "etc/passwd",
    "pyproject.toml",
    "models.json",
    "index.html",
    "sw.js",
    "assets/index-1a2b3c4d.js",
)
ESCAPES = (
    *("../", "../../../../../../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%252f", "..\\", "..%5c"),
    *("./", "assets/../", "assets/..%2f", "assets/%2e%2e/", "....//", "/", "//", "%2f", "\\"),
    *("%00/", "assets%2f..%2f", "file:///", "C:/", "C:\\", "~/", "~root/", "%c0%ae%c0%ae/"),
)
PATHS = [f"/{escape}{place}" for escape, place in product(ESCAPES, PLACES)]
ODD: tuple[str | bytes, ...] = (
    *(f"{method} / HTTP/1.1" for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")),
    *("CONNECT a:443 HTTP/1.1", "get / HTTP/1.1", "PROPFIND / HTTP/1.1", "G\u00c9T / HTTP/1.1"),
    *("__init__ / HTTP/1.1", "error / HTTP/1.1", "GET  / HTTP/1.1", "GET / HTTP/2.0"),
    *("GET / HTTP/9", "GET / HTTP/1.x", "GET / HTTP/-1.1", "GET / FTP/1.1", "GET / a b c"),
    *("PRI * HTTP/2.0", "GET * HTTP/1.1", "GET http://127.0.0.1/../x HTTP/1.1", "GET ? HTTP/1.1"),
    *(f"GET /{'a' * 70_000} HTTP/1.1", f"GET /{'../' * 5000} HTTP/1.1", f"{'G' * 9000} / HTTP/1.1"),
    b"\r\n\r\n",
    b"\n\n",
    b" \r\n\r\n",
    b"\0\0\0\0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS
    b"\xff" * 1000 + b"\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/1.1\nHost: localhost\n\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\n: no name\r\n\r\n",
    b"GET / HTTP/1.1\r\n folded\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 60_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 99 + b"\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 200 + b"\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 20_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
    b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\nGET /sw.js HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n" + b"b" * 200_000,
    b"PUT /index.html HTTP/1.1\r\nContent-Length: 4\r\n\r\nevil",
    b"HEAD /../../etc/passwd HTTP/1.1\r\n\r\n",
    b"HEAD /nothing HTTP/1.1\r\n\r\n",
    *(
        request("/", f"Host: {host}")
        for host in ("evil.example", "127.0.0.1.evil.example", "[", "a b", "", "localhost.evil.org")
    ),
    *(
        request("/", f"Range: {value}")
        for value in ("bytes=", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=9999999-", "bytes=-0")
    ),
    *(
        request("/", f"Range: bytes={value}")
        for value in ("5-2", "0-0,2-3", "0-" + "9" * 4000, "9" * 5000 + "-", "-" + "9" * 4300)
    ),
)


def test_odd_requests(server: Server, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """200 odd requests get 200 or 4xx, with all headers, files of the site alone and no output."""
    assert len(PATHS) + len(ODD) > 200
    ours = {file.content for file in site.values()} | {b""}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda text: ask(server, text), (*PATHS, *ODD)))
    for text, answer in zip((*PATHS, *ODD), answers, strict=True):
        assert answer.status in (200, 206) or 400 <= answer.status < 500, text[:80]
        assert_headers(answer)
        if answer.status == 200:
            assert answer.body in ours, text[:80]
        if isinstance(text, str) and ".." in text:
            assert answer.status >= 400, text[:80]
    assert sum(answer.status == 404 for answer in answers) > 100
    assert ask(server, SCRIPT).body == CONTENT
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "")


def assert_headers(answer: Answer) -> None:
    """An answer carries the policies of the site."""
    for name, value in HEADERS.items():
        assert answer.headers[name.lower()] == value
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("/nothing", 404),
        ("POST / HTTP/1.1", 405),
        ("GET / HTTP/2.0", 400),
        ("GET / HTTP/1.1 more", 400),
        (f"/{'a' * 66_000}", 431),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 66_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 101 + b"\r\n", 431),
        (b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", 417),
    ],
)
def test_a_refusal_says_why(server: Server, text: str | bytes, status: int) -> None:
    """The status is the standard's, in plain text that nobody keeps."""
    answer = ask(server, text)
    assert answer.status == status
    assert answer.body.startswith(f"{status} ".encode())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get("allow") == ("GET, HEAD" if status == 405 else None)


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file(server: Server, site: Site, name: str) -> None:
    """GET sends a file and its type; HEAD only the same headers; a query changes nothing."""
    answer = ask(server, f"/{name}")
    assert (answer.status, answer.body) == (200, CONTENTS[name])
    assert answer.headers["content-type"] == site[name].kind
    assert answer.headers["cache-control"] == site[name].caching
    assert answer.headers["content-length"] == str(len(answer.body))
    assert_headers(answer)
    head = ask(server, f"HEAD /{name} HTTP/1.1")
    dated = {"date": answer.headers["date"]}
    assert (head.status, head.body, head.headers | dated) == (200, b"", answer.headers)
    assert ask(server, f"/{name}?v=1").body == CONTENTS[name]


def test_the_root_is_the_page(server: Server) -> None:
    """``/`` is ``index.html``."""
    assert ask(server, "/").body == CONTENTS["index.html"]


def test_an_unchanged_file_is_not_sent_again(server: Server, site: Site) -> None:
    """Its entity tag is recognised, alone, in a list and as weak; another one is not."""
    etag = site["sw.js"].etag
    for tags in (etag, f'"a", {etag}', f"W/{etag}", "*"):
        answer = ask(server, "/sw.js", f"If-None-Match: {tags}")
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
        assert_headers(answer)
    assert ask(server, "/sw.js", 'If-None-Match: "a"').status == 200


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        *(("0-0", 0, 0), ("10-19", 10, 19), ("24990-", 24990, 24999), ("-7", 24993, 24999)),
        *(("24999-30000", 24999, 24999), ("-30000", 0, 24999)),
    ],
)
def test_a_range(server: Server, span: str, first: int, last: int) -> None:
    """One range sends these bytes alone."""
    assert len(CONTENT) == 25_000
    answer = ask(server, SCRIPT, f"Range: bytes={span}")
    assert answer.status == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/25000"
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.body == CONTENT[first : last + 1]


def test_ranges_that_are_not_met(server: Server, site: Site) -> None:
    """Beyond the end is 416; several, or of another version of the file, send it whole."""
    for span in ("25000-", "-0"):
        answer = ask(server, SCRIPT, f"Range: bytes={span}")
        assert (answer.status, answer.headers["content-range"]) == (416, "bytes */25000")
    assert ask(server, SCRIPT, "Range: bytes=0-1,3-4").body == CONTENT
    assert ask(server, SCRIPT, "Range: bytes=0-1", 'If-Range: "old"').body == CONTENT
    etag = site[SCRIPT.removeprefix("/")].etag
    assert ask(server, SCRIPT, "Range: bytes=0-1", f"If-Range: {etag}").body == CONTENT[:2]


def test_other_host_names_are_refused(server: Server) -> None:
    """A foreign name that leads to this machine gets nothing (DNS rebinding)."""
    for host in (
        "localhost:1",
        "127.0.0.1",
        "127.0.0.2:9",
        "[::1]:8463",
        "LOCALHOST",
        "localhost.",
    ):
        assert ask(server, "/", f"Host: {host}").status == 200
    for host in ("evil.example", r"evil\@localhost", "evil@localhost", "localhost/a", "[::1", "."):
        assert ask(server, "/", f"Host: {host}").status == 421


def test_whole_addresses(server: Server) -> None:
    """An address in place of a path is read, and its host comes before the header's."""
    own = f"127.0.0.1:{server.server_address[1]}"
    for address in (
        f"http://{own}{SCRIPT}",
        f"HTTP://{own}{SCRIPT}?a=http://b",
        f"https://{own}{SCRIPT}",
    ):
        assert ask(server, address, "Host: evil.example").body == CONTENT
    assert ask(server, f"http://{own}", f"Host: {own}").body == ask(server, "/").body
    assert ask(server, f"http://evil.example{SCRIPT}", f"Host: {own}").status == 421
    assert ask(server, "http://", f"Host: {own}").status == 421


def test_a_hundred_at_once(server: Server) -> None:
    """All get the whole file."""
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: ask(server, SCRIPT), range(100)))
    assert {(answer.status, answer.body) for answer in answers} == {(200, CONTENT)}


def test_slow_clients(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never ends its request is told so in time, however it drips; others are served."""
    monkeypatch.setattr(serving, "REQUEST_S", 0.5)
    dripping, silent = connect(server), connect(server)
    start = time.monotonic()
    with dripping, silent:
        for letter in "GET / HTTP":
            dripping.sendall(letter.encode())
            assert ask(server, "/sw.js").status == 200
            time.sleep(0.02)
        assert read_answer(dripping).status == 408
        assert read_answer(silent).status == 408
    assert time.monotonic() - start < 5


def test_a_client_that_stops_reading_is_left(
    server: Server, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread ends, and others are served meanwhile."""
    monkeypatch.setattr(serving, "CHUNK_S", 0.3)
    large = type(site["sw.js"])(content=bytes(30_000_000), kind="a/b", caching="", etag='"a"')
    server.site = {**site, "large": large}
    before = threading.active_count()
    with connect(server) as connection:
        connection.sendall(request("/large"))
        assert connection.recv(10) == b"HTTP/1.1 2"
        assert ask(server, "/sw.js").status == 200
        deadline = time.monotonic() + 10
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert threading.active_count() == before


def test_more_clients_than_threads(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Further clients wait until one of the others is done."""
    monkeypatch.setattr(serving, "REQUEST_S", 0.5)
    server.slots = threading.BoundedSemaphore(2)
    waiting = [connect(server) for _ in range(2)]
    assert ask(server, "/sw.js").status == 200
    for connection in waiting:
        connection.close()


@pytest.mark.parametrize("has_started", [False, True])
def test_an_interrupted_start(
    server: Server, monkeypatch: pytest.MonkeyPatch, *, has_started: bool
) -> None:
    """Its client is left; its place, given back once, goes to the next one."""
    server.slots = threading.BoundedSemaphore(1)
    start, interrupted = threading.Thread.start, []

    def interrupt_once(thread: threading.Thread) -> None:
        if interrupted:
            start(thread)
            return
        interrupted.append(thread)
        if has_started:
            start(thread)
        raise OSError(errno.EINTR, "interrupted")

    monkeypatch.setattr(threading.Thread, "start", interrupt_once)
    with connect(server) as client:
        assert client.recv(1) == b""
    if has_started:
        interrupted[0].join()  # an error of this thread fails the test
    assert ask(server, "/").status == 200


def test_clients_that_leave(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Closing at any time prints nothing."""
    for sent in (b"", b"GET", request("/nothing"), request(SCRIPT)):
        connection = connect(server)
        # RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall(sent)
        connection.close()
    assert ask(server, "/").status == 200
    time.sleep(0.1)
    assert capsys.readouterr().err == ""


def test_our_own_faults_are_not_hidden(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error that no client caused keeps its traceback."""
    monkeypatch.delattr(serving, "_holds")
    with connect(server) as connection:
        connection.sendall(request("/"))
        assert connection.recv(10) == b""
    printed, deadline = "", time.monotonic() + 10
    while "NameError" not in printed and time.monotonic() < deadline:
        time.sleep(0.02)
        printed += capsys.readouterr().err
    assert "NameError: name '_holds' is not defined" in printed


def test_addresses() -> None:
    """The address of the page can be opened on this machine."""
    with Server("127.0.0.1", 0) as local:
        assert local.url == f"http://127.0.0.1:{local.server_address[1]}/"
        assert local.address.is_loopback
    with Server("0.0.0.0", 0) as everywhere:
        assert everywhere.url == f"http://localhost:{everywhere.server_address[1]}/"
        assert not everywhere.address.is_loopback
    with Server("localhost", 0) as named:
        assert named.address.is_loopback


def test_places_that_cannot_be_listened_on(server: Server) -> None:
    """A port in use, an unknown name and another machine's address are refused in one line each."""
    port = server.server_address[1]
    with pytest.raises(ConfigError, match=rf"port {port} of 127.0.0.1 is in use; .* --port"):
        Server("127.0.0.1", port)
    for host in ("192.0.2.1", "no such host", "a" * 300, ""):
        with pytest.raises(ConfigError, match="cannot listen on --host"):
            Server(host, 0).server_close()
