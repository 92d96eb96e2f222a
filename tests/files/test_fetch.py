"""Downloads: what comes back, and every way in which they are refused."""

import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest

from depth_unet.errors import DataError
from depth_unet.files.fetch import OFFLINE, _read, fetch, is_url, name_in_url
from tests.server import serving

CONTENT = bytes(range(256)) * 4
REDIRECTS = {
    "/moved": "/file",
    "/loop": "/loop",
    "/local": "file:///etc/passwd",
    "/ftp": "ftp://127.0.0.1/file",
}


class Answers(BaseHTTPRequestHandler):
    """Answers by path."""

    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""

    def do_GET(self) -> None:
        """Send a file, a redirect, or what no server should send."""
        if self.path in REDIRECTS:
            self.send_response(302)
            self.send_header("Location", REDIRECTS[self.path])
            self.end_headers()
        elif self.path == "/slow-header":
            self._drip()
        elif self.path in ("/file", "/unknown-length", "/short", "/large", "/slow", "/%C3%A4%20b"):
            self.send_response(200)
            length = {"/short": 2000, "/large": 10**9}.get(self.path, len(CONTENT))
            if self.path not in ("/unknown-length", "/slow"):
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self._drip() if self.path == "/slow" else self.wfile.write(CONTENT)
        else:
            self.send_error(404)

    def _drip(self) -> None:
        with suppress(OSError):
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.05)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server with ``Answers``."""
    with serving(Answers) as address:
        yield address


@pytest.mark.parametrize("path", ["/file", "/unknown-length", "/moved", "/ä b", "/%C3%A4%20b"])
def test_content(server: str, path: str) -> None:
    """The bytes are those that the server sends, also after a redirect."""
    assert fetch(server + path, most_bytes=len(CONTENT), most_s=30) == CONTENT


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/missing", "HTTP Error 404: Not Found"),
        ("/short", "ends after 1024 bytes"),
        ("/large", "larger than 0.002 MB"),
        ("/loop", "redirect error that would lead to an infinite loop"),
        ("/local", "Redirection to url 'file:///etc/passwd' is not allowed"),
        ("/ftp", "unknown url type: ftp"),
        ("/slow", "takes longer than 0.5 s"),
        ("/slow-header", "takes longer than 0.5 s"),
    ],
)
def test_refused(server: str, path: str, words: str) -> None:
    """One line says what is wrong and what to do; the time limit holds for everything."""
    begun_s = time.monotonic()
    with pytest.raises(DataError) as error:
        fetch(server + path, most_bytes=2000, most_s=0.5 if "slow" in path else 30)
    assert time.monotonic() - begun_s < 3
    text = str(error.value)
    assert text.startswith(f"{server}{path} cannot be downloaded (")
    assert words in text
    assert text.endswith("download the file and pass its path")
    assert text.isprintable()


def test_thread_starts_late(server: str) -> None:
    """Time can be over before the download begins, on a busy machine."""
    with pytest.raises(TimeoutError):
        _read(f"{server}/slow", 2000, time.monotonic())


def test_size_limit_without_stated_length(server: str) -> None:
    """A file of unknown length is not read beyond the limit."""
    with pytest.raises(DataError, match="larger than"):
        fetch(f"{server}/unknown-length", most_bytes=len(CONTENT) - 1, most_s=30)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/a", "http://", "http://[::1", "http://u:p@127.0.0.1/a"]
)
def test_no_server(url: str) -> None:
    """A host that does not answer and an address that is none are refused in one line."""
    with pytest.raises(DataError, match=r"cannot be downloaded \(.+\); check the address"):
        fetch(url, most_bytes=1, most_s=30)


@pytest.mark.parametrize(("value", "is_offline"), [("1", True), ("yes", True), ("0", False)])
def test_offline(
    server: str, monkeypatch: pytest.MonkeyPatch, value: str, is_offline: bool
) -> None:
    """The variable that the field uses forbids downloads."""
    monkeypatch.setenv(OFFLINE, value)
    if is_offline:
        with pytest.raises(DataError, match="is not downloaded, as HF_HUB_OFFLINE is set"):
            fetch(f"{server}/file", most_bytes=2000, most_s=30)
    else:
        assert fetch(f"{server}/file", most_bytes=2000, most_s=30) == CONTENT


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.org/b/room.jpg?w=5#top", "room.jpg"),
        ("https://a.org/..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("https://a.org/b%5C%00c.png", "b__c.png"),
        ("https://a.org/b/..", "a.org"),
        ("https://user:secret@a.org:8080", "a.org_8080"),
        ("http://", "download"),
        ("http://[::1", "[__1"),
    ],
)
def test_name(url: str, name: str) -> None:
    """The name of a download never leaves its folder and never holds a password."""
    assert name_in_url(url) == name


def test_what_is_a_url() -> None:
    """Two schemes, in text."""
    assert is_url("HTTPS://a.org/b")
    assert not any(map(is_url, ("ftp://a.org/b", "file:///b", "http:b", b"http://a.org", 5)))
