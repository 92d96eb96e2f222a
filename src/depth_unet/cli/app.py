"""``depth-unet app``: the page that predicts and measures in the browser."""

import signal
import sys
import tempfile
import threading
import warnings
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from depth_unet.app import site
from depth_unet.app.network import Network, read_network
from depth_unet.app.server import Server
from depth_unet.app.static import check_target, write_site
from depth_unet.cli.arguments.app import AppArguments
from depth_unet.cli.program.streams import say
from depth_unet.config.checks import check_range, require
from depth_unet.errors import ConfigError, DataError, check_installed
from depth_unet.files.checksum import unchanged
from depth_unet.files.fetch import is_url, without_secrets
from depth_unet.files.owner import own_folder
from depth_unet.model.shipped import (
    CHECKPOINT,
    ONNX,
    find_weights,
    shipped_names,
    shipped_weights,
    short_name,
)

DEFAULT, OWN = "transfer", "own"


def run(arguments: AppArguments) -> list[DataError]:
    """Serve the page until a signal ends it, or write it."""
    check_range("--port", arguments.port, "[0, 65535]")
    require(
        arguments.host != "", "--host is empty; name an address of this machine, such as 127.0.0.1"
    )
    _check_purpose(arguments)
    site.check_built(site.PAGE)
    if arguments.static is not None:
        with own_folder(arguments.static):
            _write(arguments, arguments.static)
    else:
        with _exit_on_terminate(), Server(arguments.host, arguments.port) as server:
            _serve(arguments, server)
    return []


def _check_purpose(arguments: AppArguments) -> None:
    """Refuse options of the server for a folder, and of a folder for the server."""
    default, is_static = AppArguments(), arguments.static is not None
    names = ("open", "port", "host") if is_static else ("overwrite",)
    given = [f"--{name}" for name in names if getattr(arguments, name) != getattr(default, name)]
    if given and is_static:
        raise ConfigError(f"--static serves nothing; leave it out, or {' and '.join(given)}")
    if given:
        raise ConfigError("--overwrite is for a folder of --static; leave it out, or add --static")


def _write(arguments: AppArguments, folder: Path) -> None:
    check_target(folder, overwrite=arguments.overwrite)
    files = site.build_site(site.PAGE, _networks(arguments.weights))
    write_site(files, folder)
    size = sum(len(file.content) for file in files.values()) / 10**6
    say(f"wrote {folder}: {len(files)} files, {size:.1f} MB")


def _serve(arguments: AppArguments, server: Server) -> None:
    server.site = site.build_site(site.PAGE, _networks(arguments.weights))
    if not server.address.is_loopback:
        warnings.warn(
            f"others on the network can open this page, and download its networks, at "
            f"{arguments.host}; without HTTPS, their browsers refuse it the camera, threads and "
            "offline use",
            stacklevel=2,
        )
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    say("press Ctrl-C to end")
    if arguments.open:
        # A text browser runs until it is left.
        threading.Thread(target=_open, args=(server.url,), daemon=True).start()
    server.serve_forever(poll_interval=0.1)


def _open(url: str) -> None:
    if not webbrowser.open(url):
        say(f"warning: no browser was found; open {url} yourself")


def _networks(weights: str | None) -> list[Network]:
    """The networks of the page, the default first."""
    shipped = [
        read_network(name, shipped_weights(name, ONNX), name)
        for name in sorted(shipped_names(), key=lambda name: name != (weights or DEFAULT))
    ]
    if weights is None or weights in shipped_names():
        return shipped
    return [_read_own(weights), *shipped]


def _read_own(weights: str) -> Network:
    """A network of the user: an ONNX file, or weights that are exported to one."""
    if is_url(weights):
        raise ConfigError(
            f"--weights {without_secrets(weights)} is a URL; download it, and name the file"
        )
    found = find_weights(weights, (ONNX, CHECKPOINT))
    if found.suffix.lower() == ONNX and not found.is_dir():
        return read_network(OWN, found, short_name(found))
    check_installed(weights, "onnx")
    # torch and onnx are extras.
    from depth_unet.cli.export import write_onnx  # noqa: PLC0415
    from depth_unet.export.checkpoint import load_weights  # noqa: PLC0415
    from depth_unet.model.checkpoint import resolve  # noqa: PLC0415

    checkpoint = resolve(found)
    with tempfile.TemporaryDirectory(prefix="depth-unet-") as folder:
        graph = Path(folder) / f"{OWN}{ONNX}"
        with unchanged(checkpoint) as (sha256,):
            loaded = load_weights(checkpoint)
        write_onnx(graph, loaded, {checkpoint: sha256}, "fp16")
        return read_network(OWN, graph, short_name(checkpoint))


@contextmanager
def _exit_on_terminate() -> Iterator[None]:
    """Let SIGTERM end the program with exit code 0: a server is ended by it as it should be."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
