"""Files of models on a hub: found, cached, checked, and every way in which they are refused."""

import errno
import importlib
import json
import re
import time
from pathlib import Path
from unittest import mock

import pytest

from depth_unet.errors import CheckpointError, ConfigError, DataError, install_command
from depth_unet.files.checksum import git_hashes
from depth_unet.files.fetch import OFFLINE
from depth_unet.files.hub import fetch_from_hub, is_hub_name, name_in_cache
from tests.hub_server import TOKEN, Hub, git_hash, pointer_to

CONTENT = bytes(range(256)) * 4000  # a megabyte
FILES = {"config.json": b"{}", "model.onnx": CONTENT, "model.safetensors": CONTENT[::-1]}
WANTED = ("model.onnx", "model.safetensors")
NAME = "hf://anna/rooms"


def test_content_and_cache(hub: Hub) -> None:
    """The first wanted file that there is arrives once; its path tells model and commit."""
    model = hub.add("anna/rooms", FILES)
    path = fetch_from_hub(NAME, WANTED)
    assert path.read_bytes() == CONTENT
    assert name_in_cache(path) == ("anna/rooms", model.head, "model.onnx")
    assert name_in_cache(Path("runs/best.safetensors")) == ("", "", "")
    assert fetch_from_hub("HF://anna/rooms", WANTED) == path
    assert len(hub.downloads()) == 1
    other = fetch_from_hub(NAME, ["model.bin", "model.safetensors"])
    assert other.read_bytes() == CONTENT[::-1]
    named = fetch_from_hub(f"{NAME}/model.safetensors", WANTED)
    assert named == other


def test_revisions(hub: Hub) -> None:
    """A branch, a tag or a commit; ``main`` follows the model."""
    model = hub.add("anna/rooms", FILES)
    first = model.head
    assert fetch_from_hub(NAME, WANTED).read_bytes() == CONTENT
    second = model.commit({"model.onnx": b"second"})
    model.tags["v1"] = first
    assert fetch_from_hub(NAME, WANTED).read_bytes() == b"second"
    for revision, content in (("main", b"second"), ("v1", CONTENT), (first, CONTENT)):
        assert fetch_from_hub(f"{NAME}@{revision}", WANTED).read_bytes() == content
    assert fetch_from_hub(f"{NAME}@{second}/model.onnx", ()).read_bytes() == b"second"


def test_offline(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cached needs no network; what is not is refused in one line, without a request."""
    hub.add("anna/rooms", FILES)
    path = fetch_from_hub(NAME, WANTED)
    num_requests = len(hub.requests)
    assert fetch_from_hub(NAME, WANTED, offline=True) == path
    monkeypatch.setenv(OFFLINE, "1")
    assert fetch_from_hub(NAME, WANTED) == path
    for name in ("hf://anna/other", f"{NAME}@v1", f"{NAME}/model.safetensors"):
        with pytest.raises(DataError, match="is not in the cache, and downloads are off; run it"):
            fetch_from_hub(name, WANTED)
    assert len(hub.requests) == num_requests


def test_no_network(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the hub cannot be reached, the cache answers; without it, one line does, soon."""
    hub.add("anna/rooms", FILES)
    path = fetch_from_hub(NAME, WANTED)
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:1")
    huggingface_hub.close_session()
    assert fetch_from_hub(NAME, WANTED) == path
    begun_s = time.monotonic()
    with pytest.raises(DataError, match=r"cannot be reached \(.*refused.*\); check the network"):
        fetch_from_hub("hf://anna/other", WANTED)
    assert time.monotonic() - begun_s < 5


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hf://anna/nothing", "does not exist, or is private; check the name, or log in with"),
        ("hf://anna/secret", "does not exist, or is private"),
        ("hf://anna/gated", "is gated; ask for access on its page, and log in"),
        (f"{NAME}@v9", f"{NAME}@v9 has no such revision"),
        (f"{NAME}/deep.onnx", "has no deep.onnx; name a model"),
        ("hf://anna/empty", r"has no model.onnx or model.safetensors.* \(it has other.onnx\)"),
        ("hf://hf://anna/rooms", r"^hf://hf://anna/rooms has hf:// twice; write hf://OWNER/NAME$"),
        ("hf://anna", "is no name of a model .*; write hf://OWNER/NAME"),
        ("hf://", "is no name of a model"),
        ("hf://anna/rooms@", "is no name of a model"),
        ("hf://datasets/anna/rooms", "is a dataset; name a model"),
        ("hf://anna/../rooms", "is no name of a model"),
    ],
)
def test_wrong_names(hub: Hub, name: str, words: str) -> None:
    """One line says what is wrong and what to do."""
    hub.add("anna/rooms", FILES)
    hub.add("anna/secret", FILES, private=True)
    hub.add("anna/gated", FILES, gated=True)
    hub.add("anna/empty", {"other.onnx": b"", "README.md": b""})
    with pytest.raises(CheckpointError, match=words) as error:
        fetch_from_hub(name, WANTED)
    assert str(error.value).isprintable()


def test_token(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token opens a private model; it goes to the hub alone, not to the host of large files."""
    hub.add("anna/secret", FILES, private=True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    path = fetch_from_hub("hf://anna/secret", WANTED)
    assert path.read_bytes() == CONTENT
    assert hub.tokens == {("127.0.0.1", TOKEN)}
    cached = (file for file in path.parents[4].rglob("*") if file.is_file())
    assert not any(TOKEN.encode() in file.read_bytes() for file in cached)


def test_corrupted_file(hub: Hub) -> None:
    """A file of the right size and another content is refused and not kept; the next is fine."""
    hub.add("anna/rooms", FILES)
    hub.spoil.add("model.onnx")
    for _ in range(2):
        with pytest.raises(CheckpointError, match=r"model.onnx of hf://anna/rooms is damaged: .*"):
            fetch_from_hub(NAME, WANTED)
    assert len(hub.downloads()) == 2
    hub.spoil.clear()
    path = fetch_from_hub(NAME, WANTED)
    path.resolve().write_bytes(CONTENT[:-1] + b"x")  # the disk forgets
    with pytest.raises(CheckpointError, match="run it again to download it anew"):
        fetch_from_hub(NAME, WANTED, offline=True)
    assert fetch_from_hub(NAME, WANTED).read_bytes() == CONTENT


def test_interrupted_download(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that breaks off goes on where it was; one that never arrives leaves nothing."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    hub.add("anna/rooms", FILES)
    hub.cuts = [300_000, 300_000]
    assert fetch_from_hub(NAME, WANTED).read_bytes() == CONTENT
    assert len(hub.downloads()) == 3
    hub.cuts = [300_000] + 20 * [-1]
    with pytest.raises(DataError, match=f"{NAME} cannot be reached"):
        fetch_from_hub(NAME, WANTED[1:])
    cache = fetch_from_hub(NAME, WANTED).parents[2]
    assert not list(cache.rglob("*.incomplete"))
    hub.cuts = []
    assert fetch_from_hub(NAME, WANTED[1:]).read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("status", [500, 503, 429, 403])
def test_servers_that_fail(hub: Hub, status: int) -> None:
    """An answer that is an error is one line with its status; what is cached is used."""
    hub.add("anna/rooms", FILES)
    hub.fail = {"api/models/anna/rooms": status}
    with pytest.raises(
        DataError, match=rf"the Hub refuses it \(HTTP {status}: The server says no.\)"
    ):
        fetch_from_hub(NAME, WANTED)
    hub.fail = {}
    path = fetch_from_hub(NAME, WANTED)
    hub.fail = {"api/models/anna/rooms": status}
    assert fetch_from_hub(NAME, WANTED) == path


@pytest.mark.chaos
def test_full_disk(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that cannot be written is not a fault of the network."""
    hub.add("anna/rooms", FILES)
    import huggingface_hub

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    with pytest.raises(DataError, match=r"cannot be stored \(.*No space left.*\); free space, or"):
        fetch_from_hub(NAME, WANTED)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without huggingface_hub, one line says how to install it."""
    monkeypatch.setattr("depth_unet.errors.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=f"{NAME} needs huggingface_hub, ") as error:
        fetch_from_hub(NAME, WANTED)
    assert str(error.value).endswith(f"run: {install_command('huggingface-hub')}")


def test_hashes(tmp_path: Path) -> None:
    """A file as git names it; a pointer as the documentation of huggingface_hub shows one."""
    path = tmp_path / "file"
    for content in (b"", b"hello\n", CONTENT):
        path.write_bytes(content)
        assert git_hashes(path) == (git_hash(content), git_hash(pointer_to(content)))
    path.write_bytes(b"hello\n")
    assert git_hashes(path)[0] == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object
    pointer = (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:"
        b"d88b0d6a6ff9c3f8151f9d3228f57092aaea997f09af009eefd7373a77b5abb9\nsize 497764107\n"
    )
    assert git_hash(pointer) == "8095a62ccb4d806da7666fcda07467e2d150218e"


def test_what_is_a_name() -> None:
    """A scheme, in text."""
    assert is_hub_name("hf://a/b")
    assert not any(map(is_hub_name, ("hf:/a/b", "a/b", Path("hf://a/b"), b"hf://a/b", 5)))


def test_errors_from_outside(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the network and the server do wrong is one line; a program's fault is not theirs."""
    import huggingface_hub
    from huggingface_hub.errors import CacheNotFound, HfHubHTTPError

    http = importlib.import_module(HfHubHTTPError.__mro__[1].__module__.partition(".")[0])
    outside = (
        http.RemoteProtocolError("disconnected"),
        http.InvalidURL("no host"),
        json.JSONDecodeError("no value", "<html>", 0),
        CacheNotFound("no cache", cache_dir="a"),
        ConnectionResetError("reset"),
    )
    hub.add("anna/rooms", FILES)
    for error in (*outside, TypeError("a fault")):
        expected = DataError if error in outside else TypeError
        failing = mock.Mock(side_effect=error)
        monkeypatch.setattr(huggingface_hub, "snapshot_download", failing)
        with pytest.raises(expected, match=re.escape(str(error))) as caught:
            fetch_from_hub(NAME, WANTED)
        assert str(caught.value).isprintable()
