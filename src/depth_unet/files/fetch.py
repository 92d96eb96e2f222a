"""Files at a URL (http or https), with limits on their size and on the time; standard library."""

import os
import re
import threading
import time
from concurrent.futures import Future
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import quote, unquote

from depth_unet.errors import DataError
from depth_unet.files.damage import one_line

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

SCHEMES = ("http://", "https://")
OFFLINE = "HF_HUB_OFFLINE"
"""The variable that forbids downloads to Hugging Face's libraries also forbids ours."""
YES = ("1", "ON", "TRUE", "YES")
REMEDY = "check the address and the network, or download the file and pass its path"
CHUNK_BYTES = 2**18
ALLOWED = "!#$%&'()*+,/:;=?@[]~"  # in a URL, besides letters and digits; the rest is quoted
NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]')


def is_url(name: object) -> TypeGuard[str]:
    """Whether it is text that begins with ``http://`` or ``https://``."""
    return isinstance(name, str) and name.lower().startswith(SCHEMES)


def name_in_url(url: str) -> str:
    """The last part of a URL's path as a file name; the host where there is none.

    Example:
        >>> name_in_url("https://example.com/rooms/my%20room.jpg?size=large")
        'my room.jpg'
    """
    place = re.split("[?#]", url.partition("://")[2])[0]
    host, _, path = place.partition("/")
    name = NOT_IN_NAMES.sub("_", PurePosixPath(unquote(path)).name)
    if name.strip("."):
        return name
    return NOT_IN_NAMES.sub("_", host.rpartition("@")[2]) or "download"


def without_secrets(name: str) -> str:
    """A URL for messages, without user, password and query, which may be secret; other names stay.

    Example:
        >>> without_secrets("https://me:key@example.com/room.jpg?token=1")
        'https://example.com/room.jpg'
    """
    if not is_url(name):
        return name
    scheme, _, place = re.split("[?#]", name)[0].partition("://")
    host, slash, path = place.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def is_offline() -> bool:
    """Whether the variable ``HF_HUB_OFFLINE`` forbids downloads."""
    return os.environ.get(OFFLINE, "").upper() in YES


def fetch(url: str, *, most_bytes: int, most_s: float) -> bytes:
    """Download a file. At most ten redirects are followed, to http and https alone.

    Args:
        url: Its address.
        most_bytes: Larger files are refused.
        most_s: Time limit for everything, seconds.

    Raises:
        DataError: It cannot be downloaded, or the variable ``HF_HUB_OFFLINE`` is set.
    """
    shown = without_secrets(url)
    if is_offline():
        raise DataError(f"{shown} is not downloaded, as {OFFLINE} is set; unset it, or pass a file")
    # In a thread, because Python limits neither the search for a host nor a slow header.
    content = Future[bytes]()
    deadline_s = time.monotonic() + most_s
    arguments = (url, most_bytes, deadline_s, content)
    threading.Thread(target=_fetch_into, args=arguments, daemon=True).start()
    try:
        return content.result(timeout=most_s)
    except TimeoutError:
        cause = f"it takes longer than {most_s:g} s"
    except OSError as error:
        cause = str(error)
    raise DataError(f"{shown} cannot be downloaded ({cause}); {REMEDY}")


def _fetch_into(url: str, most_bytes: int, deadline_s: float, content: Future[bytes]) -> None:
    """Set the content or an OSError, whatever went wrong: one line, and TimeoutError if late."""
    try:
        content.set_result(_read(url, most_bytes, deadline_s))
    except Exception as error:  # of urllib, http.client, ssl and sockets
        if hasattr(error, "close"):
            error.close()  # an answer such as 404 is an open file
        reason = getattr(error, "reason", None)
        cause = reason if isinstance(reason, Exception) else error
        is_late = isinstance(cause, TimeoutError)
        content.set_exception(TimeoutError() if is_late else OSError(one_line(cause)))


def _read(url: str, most_bytes: int, deadline_s: float) -> bytes:
    from urllib.request import Request  # noqa: PLC0415  # slow to import

    headers = {"User-Agent": "depth-unet"}  # some servers refuse Python's own
    request, data = Request(quote(url, safe=ALLOWED), headers=headers), bytearray()
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:  # the thread started late; sockets refuse such a limit
        raise TimeoutError
    with _opener().open(request, timeout=left_s) as response:
        while len(data) + (response.length or 0) <= most_bytes:
            chunk = response.read1(CHUNK_BYTES)
            data += chunk
            if time.monotonic() > deadline_s:
                raise TimeoutError
            if not chunk and response.length:
                raise ConnectionError(f"it ends after {len(data)} bytes")
            if not chunk:
                return bytes(data)
    raise ValueError(f"it is larger than {most_bytes / 1e6:g} MB")


def _opener() -> "OpenerDirector":
    """Python's opener with proxies and redirects, but neither for FTP nor for local files."""
    from urllib import request  # noqa: PLC0415  # slow to import

    opener = request.OpenerDirector()
    handlers = (
        *(request.ProxyHandler(), request.UnknownHandler(), request.HTTPRedirectHandler()),
        *(request.HTTPHandler(), request.HTTPSHandler(), request.HTTPErrorProcessor()),
        request.HTTPDefaultErrorHandler(),
    )
    for handler in handlers:
        opener.add_handler(handler)
    return opener
