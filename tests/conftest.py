"""What every test stands on: shapes checked at run time, and real pairs where there are some."""

import gc
import importlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import jaxtyping
import pytest
from tyro import _unsafe_cache
from tyro._docstrings import _ClassTokenization

from examples.box_rooms import write_box_rooms
from tests.hub_server import Hub, serving_hub
from tests.shapes import install

# Before anything imports the package: from here on every annotated tensor argument is checked.
install("depth_unet")

# The same examples in every run, and no deadline: the machine may be busy.
hypothesis.settings.register_profile("depth-unet", derandomize=True, deadline=None)
hypothesis.settings.load_profile("depth-unet")

# Where it sees pytest, tyro computes a tenth of what it has cached again and compares the texts.
_unsafe_cache.sys = SimpleNamespace(modules={})
# It reads the source of every class of options anew at every command line.
_ClassTokenization.make = cache(_ClassTokenization.make.__wrapped__)
# Libraries ask anew at every training which packages are installed.
importlib.metadata.entry_points = cache(importlib.metadata.entry_points)

SHARED = Path(__file__).resolve().parents[2] / "shared"
NYU_VARIABLE = "DEPTH_UNET_NYU"


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in the background deaf to Ctrl-C, and so would be what tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    """Say which copy of the package is tested: the sources or an installed wheel."""
    spec = importlib.util.find_spec("depth_unet")
    return f"depth_unet: {spec.origin if spec else 'not installed'}"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Hide what is imported from the garbage collector.

    Each training collects garbage, which would take half a second with what all tests import. In
    between, the collector looks at what is new less often than by default, as it finds little.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine has no data or no device for, and say why."""
    if item.get_closest_marker("nyu"):
        _require_nyu()
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device")


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Shape checks off, as in use: compilers cannot look into them, and users have none."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def box_rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of 12 training rooms of 6 frames (160x120) and 2 test rooms of 2 (640x480).

    It is shared by the whole session: tests read it and never write into it.
    """
    return write_box_rooms(tmp_path_factory.mktemp("data") / "box_rooms", test_rooms=2)


@pytest.fixture(scope="session")
def nyu_root() -> Path:
    """Folder of the NYU pairs (`index.csv` and images); the test carries the marker `nyu`."""
    _require_nyu()
    return _nyu_folder()


@pytest.fixture(scope="module")
def hub_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub on this machine; huggingface_hub is imported anew with its address, as for a user."""
    library = "huggingface_hub"
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith(library)}
    with serving_hub() as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.address)
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hub")))
        patch.setenv("HF_HUB_DISABLE_XET", "1")
        patch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
        for name in ("HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN_PATH"):
            patch.delenv(name, raising=False)
        pytest.importorskip(library)
        yield hub
        importlib.import_module(library).close_session()
    for name in [name for name in sys.modules if name.startswith(library)]:
        del sys.modules[name]
    sys.modules |= before


@pytest.fixture
def hub(hub_server: Hub) -> Iterator[Hub]:
    """The hub without models, and an empty cache."""
    empty = Hub(address=hub_server.address)
    vars(hub_server).update(vars(empty))
    yield hub_server
    shutil.rmtree(os.environ["HF_HOME"], ignore_errors=True)


def _nyu_folder() -> Path:
    named = os.environ.get(NYU_VARIABLE)
    return Path(named) if named else SHARED / "data" / "nyu_labelled"


def _require_nyu() -> None:
    folder = _nyu_folder()
    if (folder / "index.csv").is_file():
        return
    reason = f"no NYU pairs: {folder}/index.csv is missing; set {NYU_VARIABLE} to their folder"
    # A wrong variable, or a machine that ought to have the pairs, must not pass by skipping.
    expected = NYU_VARIABLE in os.environ or (os.environ.get("CI") == "true" and SHARED.is_dir())
    if expected:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
