"""A byte changes in a file that the package wrote: it is refused by name, or nothing changes."""

import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from depth_unet.data.cache import MANIFEST_NAME, CacheSource
from depth_unet.data.source import Source
from depth_unet.errors import CheckpointError, DataError
from depth_unet.export.external import write_graph
from depth_unet.export.onnx import Source as Origin
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.predict.onnx import OnnxModel
from depth_unet.rooms import generate
from tests.integration.commandline import assert_refused, bytes_below, depth_unet
from tests.integration.test_kill import sha256
from tests.rooms import fake_shots

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("unchecked", "without_pictures")]

PHOTO = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
NUM_CHANGES = 30


def change_a_byte(path: Path, rng: random.Random) -> int:
    """Change one byte of a file; returns its place."""
    data = bytearray(path.read_bytes())
    place = rng.randrange(len(data))
    data[place] ^= rng.randrange(1, 256)
    path.write_bytes(data)
    return place


def assert_safe(path: Path, use: Callable[[], object], *, least: float = 0.9) -> None:
    """Every change is refused in one line, or what is read is what was written.

    Args:
        path: The file that changes.
        use: Reads it and what belongs to it.
        least: The share of changes that are refused.
    """
    whole, expected, messages = path.read_bytes(), use(), list[str]()
    rng = random.Random(path.name)
    for _ in range(NUM_CHANGES):
        place = change_a_byte(path, rng)
        try:
            found = use()
        except (CheckpointError, DataError) as error:
            messages.append(str(error))
        else:
            assert found == expected, f"byte {place} was not noticed"
        path.write_bytes(whole)
    assert all(str(path) in message and "\n" not in message for message in messages), messages
    assert len(messages) >= least * NUM_CHANGES


def content(source: Source) -> str:
    """A hash of all frames of a data set."""
    digest = hashlib.sha256()
    for index in range(len(source.rows)):
        frame = source.read(index)
        digest.update(frame.image.tobytes() + frame.depth_mm.tobytes())
        digest.update(str((frame.intrinsics, frame.border_px)).encode())
    return digest.hexdigest()


def depth(path: Path) -> bytes:
    """What an ONNX file predicts."""
    return OnnxModel(path).predict(PHOTO).depth_m.tobytes()


@pytest.mark.parametrize("name", [BEST_NAME, LAST_NAME])
def test_checkpoints(name: str, run_folder: Path, tmp_path: Path) -> None:
    """Tensors and facts have checksums."""
    path = Path(shutil.copytree(run_folder, tmp_path / "run")) / name
    assert_safe(path, lambda: (read(path).splits, read(path).extra, sha256(path)))


def test_onnx_files(run_folder: Path, tmp_path: Path) -> None:
    """A file has a checksum, as has the file of weights that it refers to."""
    whole, weights = tmp_path / "whole.onnx", tmp_path / "weights.safetensors"
    assert depth_unet("export", run_folder, whole).code == 0
    assert_safe(whole, lambda: depth(whole))
    assert depth_unet("export", run_folder, weights, "--precision", "fp16").code == 0
    graph = tmp_path / "graph.onnx"
    write_graph(graph, weights, Origin(name="test", sha256=""))
    for path in (graph, weights):
        assert_safe(path, lambda: depth(graph))


@pytest.fixture
def own_cache(few_pairs: Path, tmp_path: Path) -> Path:
    """A cache of a few frames."""
    out = tmp_path / "cache"
    assert depth_unet("prepare", few_pairs, out, "--size", "64x48").code == 0
    return out


@pytest.mark.parametrize("name", ["blocks/00000.rgb.npy", "blocks/00000.depth.npy", MANIFEST_NAME])
def test_caches(name: str, own_cache: Path) -> None:
    """Blocks are compared with their checksums when they are read, the manifest with its own."""
    path = own_cache / name
    assert_safe(path, lambda: content(CacheSource(own_cache)))


@pytest.mark.parametrize(
    "name", ["blocks/00000.rgb.npy", "blocks/00000.json", "test/scene_00000/0_rgb.png"]
)
def test_prepare_repairs_a_cache(name: str, own_cache: Path, few_pairs: Path) -> None:
    """The same command finds what was changed and writes it again."""
    before = bytes_below(own_cache)
    if name not in before:
        name = next(name for name in before if name.endswith("_rgb.png"))
    path, rng = own_cache / name, random.Random(name)
    for turn in range(5):
        if turn == 0 and path.suffix == ".json":  # a number that is as plausible as before
            path.write_text(path.read_text().replace("[48, 64]", "[48, 65]", 1))
        else:
            change_a_byte(path, rng)
        assert path.read_bytes() != before[name]
        assert depth_unet("prepare", few_pairs, own_cache, "--size", "64x48").code == 0
        assert bytes_below(own_cache) == before


def test_manifest_of_rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command completes the set as it was, or refuses it; no room is lost."""
    monkeypatch.setattr(generate, "make_room", fake_shots.make_room)
    out = tmp_path / "rooms"
    command = ("rooms", out, "--images", 3, "--views", 1, "--size", "64x48", "--workers", 1)
    assert depth_unet(*command).code == 0
    before, manifest, rng = bytes_below(out), out / "manifest.json", random.Random(0)
    for _ in range(NUM_CHANGES):
        change_a_byte(manifest, rng)
        outcome = depth_unet(*command)
        if outcome.code:
            assert_refused(outcome, str(out))
            manifest.write_bytes(before["manifest.json"])
        assert bytes_below(out) == before


def test_commands_refuse(run_folder: Path, own_cache: Path, photo: Path, tmp_path: Path) -> None:
    """The command line says it in one line, and writes nothing."""
    run, out = Path(shutil.copytree(run_folder, tmp_path / "run")), tmp_path / "out"
    for path in (run / BEST_NAME, run / LAST_NAME, own_cache / "blocks/00000.depth.npy"):
        data = bytearray(path.read_bytes())
        data[-9] ^= 1
        path.write_bytes(data)
    refused = depth_unet("train", "--resume", run)
    assert_refused(refused, str(run / LAST_NAME), "go back to an earlier checkpoint")
    refused = depth_unet("predict", photo, "--weights", run, "--out", out)
    assert_refused(refused, str(run / BEST_NAME), "go back to an earlier checkpoint")
    refused = depth_unet(
        "evaluate", run_folder, "--data", own_cache, "--split", "all", "--out", out
    )
    assert_refused(refused, "00000.depth.npy is damaged", "run the same `depth-unet prepare` again")
    assert not out.exists()
