"""The examples of exported files run as they are, and answer as the package does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.export.onnx import Source, write
from depth_unet.model.checkpoint import Checkpoint, save
from depth_unet.predict.model import DepthModel
from tests.export.networks import small_checkpoint

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

pytestmark = pytest.mark.usefixtures("unchecked")


NODE, MODULES = shutil.which("node"), os.environ.get("DEPTH_UNET_NODE_MODULES")


@pytest.fixture
def checkpoint() -> Checkpoint:
    """A small network."""
    return small_checkpoint()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo."""
    pixels = np.random.default_rng(0).integers(0, 256, (75, 100, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def model(checkpoint: Checkpoint, tmp_path: Path) -> Path:
    """The network as an ONNX file."""
    write(tmp_path / "model.onnx", checkpoint, Source(name="small", sha256=""), half=False)
    return tmp_path / "model.onnx"


@pytest.mark.filterwarnings("ignore:the photo states no focal length")
def test_python(checkpoint: Checkpoint, model: Path, photo: Path, tmp_path: Path) -> None:
    """Fewer than 20 lines, without this package and torch."""
    example, out = EXAMPLES / "onnx_depth.py", tmp_path / "depth.npy"
    assert len(example.read_text(encoding="utf-8").splitlines()) < 20
    program = (
        "import runpy, sys; sys.modules.update(torch=None, cv2=None, depth_unet=None); "
        f"runpy.run_path({str(example)!r})"
    )
    subprocess.run([sys.executable, "-c", program, model, photo, out], check=True, timeout=300)
    expected = DepthModel(checkpoint).predict(photo).depth_m
    np.testing.assert_allclose(np.load(out), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.filterwarnings("ignore:the photo states no focal length")
def test_shell(checkpoint: Checkpoint, photo: Path, tmp_path: Path) -> None:
    """One line exports a checkpoint and predicts with the file."""
    run = tmp_path / "run.safetensors"
    save(run, checkpoint)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    subprocess.run(
        ["sh", EXAMPLES / "onnx_depth.sh", run, photo],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        check=True,
        timeout=300,
    )
    expected = DepthModel(checkpoint).predict(photo).depth_m
    np.testing.assert_allclose(np.load(tmp_path / "photo_depth.npy"), expected, rtol=2e-3)


@pytest.mark.skipif(
    not (NODE and MODULES),
    reason="needs node, and a folder with node_modules in DEPTH_UNET_NODE_MODULES",
)
@pytest.mark.filterwarnings("ignore:the photo states no focal length")
def test_node(checkpoint: Checkpoint, model: Path, photo: Path, tmp_path: Path) -> None:
    """The same depth; skipped without Node and its two packages (DEPTH_UNET_NODE_MODULES)."""
    assert NODE
    assert MODULES
    example, out = Path(MODULES) / "onnx_depth.mjs", tmp_path / "depth.f32"
    shutil.copy(EXAMPLES / "onnx_depth.mjs", example)
    subprocess.run([NODE, example, model, photo, out], check=True, timeout=300)
    expected = DepthModel(checkpoint).predict(photo).depth_m
    found = np.fromfile(out, np.float32).reshape(expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)
