"""Serve a site over HTTP from memory; no request can reach the disk.

Python's own HTTP server parses the requests. Each connection answers one of them and is closed.
"""

import errno
import io
import ipaddress
import os
import re
import socket
import sys
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any

from depth_unet.app.site import HEADERS, INDEX, File, Site
from depth_unet.errors import ConfigError

MOST_CLIENTS = 256  # further ones wait
MOST_HEAD_BYTES = 1 << 16  # of a request
REQUEST_S = 10.0  # from the first byte of a request to its last
CHUNK_BYTES = 1 << 16  # sent or received at once
CHUNK_S = 30.0  # a client that takes longer for a chunk is left
LINGER_S = 1.0  # for a client to read the answer before its connection is closed
CLOSE_S = 0.3  # for connections that are cut to end
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[\w.-]*\w)\.?(?::[0-9]*)?", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"https?://([^/?]*)(.*)", re.IGNORECASE)
"""A whole address in place of a path; its host counts, not that of the header (RFC 9112, 3.2.2)."""
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_ALTERED = {501: HTTPStatus.METHOD_NOT_ALLOWED, 505: HTTPStatus.BAD_REQUEST}
"""Faults of the client that Python's server calls its own."""


class Server(ThreadingTCPServer):
    """A server that listens from the start and answers once ``serve_forever`` runs.

    Args:
        host: Name or address to listen on.
        port: Port; 0 for any that is free.

    Attributes:
        site: What it serves; set before ``serve_forever``.
        slots: One for each client that is answered at a time.
        clients: The connections that are being answered.
        address: The address that it listens on.

    Raises:
        ConfigError: It cannot listen there.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = os.name != "nt"  # there, two servers could share a port

    def __init__(self, host: str, port: int) -> None:
        self.host = host.lower()
        self.site: Site = {}
        self.slots = threading.BoundedSemaphore(MOST_CLIENTS)
        self.clients = set[socket.socket]()
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            self.address_family, address = found[0][0], found[0][4]
            super().__init__(address[:2], Handler)  # type: ignore[arg-type]  # of IP families
        except (OSError, UnicodeError) as error:
            raise ConfigError(_refusal(host, port, error)) from None
        self.address = ipaddress.ip_address(str(self.server_address[0]))

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        port = self.server_address[1]
        if self.address.is_unspecified:
            return f"http://localhost:{port}/"
        return (
            f"http://{f'[{self.address}]' if self.address.version == 6 else self.address}:{port}/"
        )

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection once there are fewer than ``MOST_CLIENTS``."""
        self.slots.acquire()
        self.clients.add(request)
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self._forget(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._forget(request)

    def server_close(self) -> None:
        """Cut the connections, so that no thread works on while Python ends."""
        super().server_close()
        end = time.monotonic() + CLOSE_S
        for client in tuple(self.clients):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        while self.clients and time.monotonic() < end:
            time.sleep(0.005)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print a traceback of our own faults; a client that leaves early is none."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def _forget(self, request: socket.socket) -> None:
        with suppress(KeyError):  # a signal while its thread starts ends it here and there
            self.clients.remove(request)
            self.slots.release()


class Handler(BaseHTTPRequestHandler):
    """Answers one request with a file of the site."""

    server: Server
    raw_requestline: bytes
    protocol_version = default_request_version = "HTTP/1.1"
    requestline = command = ""
    request_version = "HTTP/1.1"

    def setup(self) -> None:
        """Read the request to its end, within ``REQUEST_S``."""
        super().setup()
        self.rfile.close()
        head = _read_head(self.connection)
        self.rfile = io.BytesIO(head or b"")
        self.is_late, self.is_large = head is None, len(head or b"") > MOST_HEAD_BYTES

    def handle(self) -> None:
        """Answer the request."""
        self.connection.settimeout(CHUNK_S)
        if self.is_late:
            self.send_error(HTTPStatus.REQUEST_TIMEOUT)
        elif self.is_large:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            self.handle_one_request()

    def finish(self) -> None:
        """Let the client read the answer: closing with input unread would discard it."""
        super().finish()
        self.connection.shutdown(socket.SHUT_WR)
        end = time.monotonic() + LINGER_S
        while (left := end - time.monotonic()) > 0:
            self.connection.settimeout(left)
            if not self.connection.recv(CHUNK_BYTES):
                break

    def do_GET(self) -> None:
        """Answer with a file, a part of it, or that it has not changed."""
        whole = _WHOLE.fullmatch(self.path)
        host, path = whole.groups() if whole else (self.headers.get("Host"), self.path)
        if not self._is_for_us(host):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        name = path.partition("?")[0].removeprefix("/") or INDEX
        file = self.server.site.get(name)
        if file is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif _holds(self.headers.get("If-None-Match", ""), file.etag):
            self._start(HTTPStatus.NOT_MODIFIED, file.headers)
        else:
            self._send(file)

    do_HEAD = do_GET

    def parse_request(self) -> bool:
        """Parse the request; Python's server leaves an empty line without an answer."""
        if not self.raw_requestline.strip():
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return super().parse_request()

    def handle_expect_100(self) -> bool:
        """Refuse a body before it is sent."""
        self.send_error(HTTPStatus.EXPECTATION_FAILED)
        return False

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with a status alone, as plain text."""
        del message, explain
        status = HTTPStatus(_ALTERED.get(code, code))
        body = f"{status.value} {status.phrase}\n".encode()
        headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = "GET, HEAD"
        self._start(status, headers | {"Content-Length": str(len(body))})
        self._write(body)

    def version_string(self) -> str:
        """What the server calls itself."""
        return "depth-unet"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Log nothing."""

    def _is_for_us(self, given: str | None) -> bool:
        """Whether a request for this machine alone names it.

        A foreign page whose host name is made to lead here (DNS rebinding) names itself.
        """
        if given is None or not self.server.address.is_loopback:
            return True
        found = _HOST.fullmatch(given)
        host = found[1].strip("[]").lower() if found else ""
        try:
            return host in (self.server.host, "localhost") or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def _send(self, file: File) -> None:
        size = len(file.content)
        headers = file.headers | {"Content-Type": file.kind, "Accept-Ranges": "bytes"}
        part = None if self.command == "HEAD" else _part(self.headers.get("Range", ""), size)
        if part is None or self.headers.get("If-Range", file.etag) != file.etag:
            self._start(HTTPStatus.OK, headers | {"Content-Length": str(size)})
            self._write(file.content)
        elif not part:
            unmet = {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
            self._start(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, unmet)
        else:
            span = {"Content-Range": f"bytes {part[0]}-{part[-1]}/{size}"}
            self._start(
                HTTPStatus.PARTIAL_CONTENT, headers | span | {"Content-Length": str(len(part))}
            )
            self._write(memoryview(file.content)[part.start : part.stop])

    def _start(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (HEADERS | headers | {"Connection": "close"}).items():
            self.send_header(name, value)
        self.end_headers()

    def _write(self, content: bytes | memoryview) -> None:
        if self.command == "HEAD":
            return
        for start in range(0, len(content), CHUNK_BYTES):
            self.wfile.write(content[start : start + CHUNK_BYTES])


def _read_head(connection: socket.socket) -> bytes | None:
    """A request up to the empty line, or to the first byte too many; None if it takes too long."""
    head, end = b"", time.monotonic() + REQUEST_S
    while b"\r\n\r\n" not in head and b"\n\n" not in head and len(head) <= MOST_HEAD_BYTES:
        left = end - time.monotonic()
        if left <= 0:
            return None
        connection.settimeout(left)
        try:
            part = connection.recv(CHUNK_BYTES)
        except TimeoutError:
            return None
        if not part:
            break
        head += part
    return head


def _holds(tags: str, etag: str) -> bool:
    """Whether a list of entity tags holds ``etag``."""
    return any(tag.strip().removeprefix("W/") in ("*", etag) for tag in tags.split(","))


def _part(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for: empty if there are none, None for all of them.

    Several parts at once are answered with all, as the standard allows.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def _refusal(host: str, port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is in use; end the program that uses it, or choose another "
            "with --port (0 finds a free one)"
        )
    reason = getattr(error, "strerror", None) or error
    return (
        f"cannot listen on --host {host}, port {port} ({reason}); name an address of this machine "
        "and a port that you may use"
    )
