"""A stand-in for the built page, and a running server."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from depth_unet.app.network import Network, read_network
from depth_unet.app.server import Server
from depth_unet.app.site import Site, build_site
from tests.app.page import write_page
from tests.predict.onnx_files import FACTS, flat_model


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A folder as `make page` leaves it, with tiny files."""
    return write_page(tmp_path / "page")


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """A network that sees the same depth everywhere."""
    path = tmp_path / "Flat.ONNX"
    path.write_bytes(flat_model(FACTS).SerializeToString())
    return read_network("own", path, "Flat")


@pytest.fixture
def site(page: Path, network: Network) -> Site:
    """The page with this network."""
    return build_site(page, [network])


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    """A server of the site on this machine."""
    with Server("127.0.0.1", 0) as running:
        running.site = site
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()
