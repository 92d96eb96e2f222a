"""Requests as bytes, and their answers."""

import socket
from dataclasses import dataclass

from depth_unet.app.server import Server

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes


def request(text: str | bytes, *headers: str) -> bytes:
    """A request for a path by GET, or the bytes of one."""
    if isinstance(text, bytes):
        return text
    line = text if " " in text else f"GET {text} HTTP/1.1"
    return "\r\n".join((line, *headers, "", "")).encode("latin-1")


def connect(server: Server) -> socket.socket:
    """A connection to a server."""
    host, port = server.server_address[:2]
    return socket.create_connection((str(host), port), timeout=TIMEOUT_S)


def ask(server: Server, text: str | bytes, *headers: str) -> Answer:
    """Send one request and read the answer to its end."""
    with connect(server) as connection:
        connection.sendall(request(text, *headers))
        return read_answer(connection)


def read_answer(connection: socket.socket) -> Answer:
    """Everything up to the end of a connection, as one answer."""
    received = b""
    while part := connection.recv(1 << 16):
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    version, code, *_ = status.split(" ")
    assert version == "HTTP/1.1"
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name for name, _ in pairs}) == len(pairs), "a header is given twice"
    return Answer(int(code), {name.lower(): value for name, value in pairs}, body)
