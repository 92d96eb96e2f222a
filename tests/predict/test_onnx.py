"""Networks that ONNX Runtime runs: the same answers as torch's, and files that are refused."""

import copy
import json
import math
import os
import pickle
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto
from PIL import Image

import depth_unet
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import CheckpointError, ConfigError
from depth_unet.model.shipped import shipped_names
from depth_unet.predict.onnx import OnnxModel
from depth_unet.predict.predictor import Predictor
from depth_unet.predict.spread import half_width, spread_of
from tests.integration.commandline import assert_refused
from tests.integration.commandline import depth_unet as run_command
from tests.predict.onnx_files import FACTS, PHOTO, flat_model, write

SIZES = [(480, 640), (640, 480), (41, 37), (100, 500), (1080, 1440)]


def smooth_photo(height: int, width: int) -> np.ndarray:
    """Any photo."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [np.sin(rows / (9 + i) + columns / (31 - 7 * i)) for i in range(3)]
    return (127 * (1 + np.stack(waves, axis=-1))).astype(np.uint8)


@pytest.fixture(scope="module", params=shipped_names())
def engines(request: pytest.FixtureRequest) -> tuple[Predictor, Predictor]:
    """Shipped weights in torch and in ONNX Runtime."""
    return depth_unet.load(request.param, engine="torch"), depth_unet.load(request.param)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("has_camera", [True, False])
def test_engines_agree(
    engines: tuple[Predictor, Predictor], height: int, width: int, has_camera: bool
) -> None:
    """Both engines give the same depth and uncertainty to a tenth of a millimetre."""
    photo = smooth_photo(height, width)
    camera = Intrinsics.centred(width, height, 0.9 * width) if has_camera else None
    eager, exported = (engine.predict(photo, camera) for engine in engines)
    np.testing.assert_allclose(exported.depth_m, eager.depth_m, atol=1e-4, rtol=0)
    assert eager.uncertainty_m is not None
    assert exported.uncertainty_m is not None
    np.testing.assert_allclose(exported.uncertainty_m, eager.uncertainty_m, atol=1e-4, rtol=0)
    assert (exported.calibration, exported.focal_from) == (eager.calibration, eager.focal_from)
    assert (exported.model, exported.correlation) == (eager.model, eager.correlation)
    assert exported.weights == eager.weights != ""


def test_copies_predict_the_same(engines: tuple[Predictor, Predictor]) -> None:
    """A network can be copied and sent to other processes, whatever runs it."""
    photo = smooth_photo(48, 64)
    for model in engines:
        for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            assert (copied.predict(photo).depth_m == model.predict(photo).depth_m).all()
            assert (copied.name, copied.engine) == (model.name, model.engine)


def test_result_states_its_engine(engines: tuple[Predictor, Predictor]) -> None:
    """A prediction and its files say what computed it."""
    eager, exported = (engine.predict(smooth_photo(48, 64)) for engine in engines)
    assert eager.engine.startswith("torch ")
    assert exported.engine == f"ONNX Runtime {onnxruntime.__version__}, cpu, fp16 weights"
    assert exported.metadata().texts("metres")["engine"] == exported.engine


def test_half_width_has_one_spread() -> None:
    """The spread behind an exported network's uncertainty is found again."""
    random = np.random.default_rng(0)
    depth_m = random.uniform(0.3, 10, (30, 40)).astype(np.float32)
    log_spread = random.uniform(-6, 0.5, (30, 40)).astype(np.float32)
    found = spread_of(depth_m, half_width(depth_m, log_spread))
    np.testing.assert_allclose(found, log_spread, atol=2e-5)


def test_canvas_camera_and_metres(tmp_path: Path) -> None:
    """The graph gets the photo on its canvas with the camera of those pixels."""
    model = OnnxModel(write(tmp_path / "flat.onnx", flat_model(FACTS)))
    camera = Intrinsics.centred(640, 480, 500.0)
    prediction = model.predict(smooth_photo(480, 640), camera)
    assert prediction.model == "depth-unet flat"
    assert prediction.depth_m == pytest.approx(2.0 * 500 * 128 / 640 / 100)
    assert prediction.uncertainty_m == pytest.approx(0.1 * prediction.depth_m, rel=1e-5)
    low_m = model.predict_low_resolution(smooth_photo(480, 640), camera)
    assert low_m.shape == (96, 128)
    assumed = model.predict(smooth_photo(480, 640))
    assert assumed.intrinsics.fx_px == pytest.approx(0.8 * 640)


def test_network_without_spread(tmp_path: Path) -> None:
    """Without a spread there is no uncertainty."""
    path = write(tmp_path / "flat.onnx", flat_model(FACTS | {"spread": False}))
    assert OnnxModel(path).predict(smooth_photo(48, 64)).uncertainty_m is None


def test_threads_share_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several threads at once get what one gets, each computing on its share of the cores."""
    monkeypatch.setattr("depth_unet.predict.onnx.num_cores", lambda: 2)
    model = depth_unet.load("transfer", engine="onnx")
    assert isinstance(model, OnnxModel)
    photos = [np.roll(smooth_photo(48, 64), i, axis=1) for i in range(6)]
    alone = [model.predict(photo).depth_m for photo in photos]
    with model.shared_by(64) as prepare, ThreadPoolExecutor(3, initializer=prepare) as pool:
        options = model._session.get_session_options()  # noqa: SLF001
        assert options.intra_op_num_threads == 1
        spins = options.get_session_config_entry("session.intra_op.allow_spinning")
        together = [prediction.depth_m for prediction in pool.map(model.predict, photos)]
    assert spins == "0"
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def truncated(path: Path) -> Path:
    """The first half of a file."""
    content = write(path, flat_model(FACTS)).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def holding(content: bytes) -> Callable[[Path], Path]:
    """A file that is no model."""

    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


def model_with(**changes: object) -> Callable[[Path], Path]:
    """A model whose metadata differs."""
    return lambda path: write(path, flat_model(FACTS | changes))


def built(make: Callable[[], ModelProto]) -> Callable[[Path], Path]:
    """A model of another kind."""
    return lambda path: write(path, make())


def with_input(model: ModelProto) -> ModelProto:
    """A model that needs one input more."""
    more = model.graph.input.add()
    more.CopyFrom(model.graph.input[1])
    more.name = "more"
    return model


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda path: path, "does not exist"),
    "no model": (holding(b"no model"), "damaged or no ONNX file"),
    "empty": (holding(b""), "no ONNX file"),
    "truncated": (truncated, "damaged or no ONNX file"),
    "other program": (built(lambda: flat_model(None)), "of another program"),
    "metadata": (built(lambda: flat_model("{")), "damaged metadata"),
    "no object": (built(lambda: flat_model("[]")), "damaged metadata"),
    "no canvas": (built(lambda: flat_model({"schema": 1})), "damaged metadata"),
    "odd canvas": (model_with(canvas={"height": 97, "width": 128}), "damaged metadata"),
    "schema": (model_with(schema=2), "has schema 2 and this version reads 1"),
    "dtype": (
        built(lambda: flat_model(FACTS, image=(TensorProto.FLOAT, PHOTO))),
        "image is tensor(float) of rank 4; expected tensor(uint8) of rank 4",
    ),
    "rank": (
        built(lambda: flat_model(FACTS, image=(TensorProto.UINT8, PHOTO[1:]))),
        "image is tensor(uint8) of rank 3; expected tensor(uint8) of rank 4",
    ),
    "inputs": (
        built(lambda: flat_model(FACTS, camera="intrinsics")),
        "camera_px is missing; expected tensor(float) of rank 2",
    ),
    "focal length": (model_with(canonical_focal=-1), "canonical_focal is -1.0; choose a number"),
    "external": (model_with(external=5), "damaged metadata"),
    "external path": (model_with(external={"file": "../a", "crc32": 0}), "damaged metadata"),
    "nesting": (built(lambda: flat_model("[" * 100_000)), "damaged metadata"),
    "size": (
        built(lambda: flat_model(FACTS, image=(TensorProto.UINT8, [1, 10, 10, 3]))),
        "does not run",
    ),
    "channels": (
        built(lambda: flat_model(FACTS, image=(TensorProto.UINT8, [*PHOTO[:3], 4]))),
        "does not run",
    ),
    "another input": (built(lambda: with_input(flat_model(FACTS))), "does not run"),
    "uncertainty": (built(lambda: flat_model(FACTS, tenth=math.nan)), "its weights are damaged"),
    "NaN": (built(lambda: flat_model(FACTS, depth_m=math.nan)), "its weights are damaged"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files(case: str, tmp_path: Path) -> None:
    """A file that cannot be used is refused in one line, by Python and by the command line."""
    make, words = BAD[case]
    path, photo = make(tmp_path / "model.onnx"), smooth_photo(48, 64)
    with pytest.raises(CheckpointError) as error:
        depth_unet.load(path).predict(photo)
    assert words in str(error.value)
    write_photo(tmp_path / "photo.png", photo)
    outcome = run_command(
        "predict", tmp_path / "photo.png", "--weights", path, "--out", tmp_path / "out"
    )
    assert_refused(outcome, words, "model.onnx")
    assert not list((tmp_path / "out").glob("*"))


def write_photo(path: Path, photo: np.ndarray) -> None:
    """Write a photo."""
    Image.fromarray(photo).save(path)


def change_weights(file: Path, factor: float) -> None:
    """Multiply all weights of a checkpoint in half precision; header and size stay."""
    content = bytearray(file.read_bytes())
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    for place in (entry["data_offsets"] for entry in header.values() if "F16" in entry.values()):
        half = (place[1] - place[0]) // 2
        weights = np.frombuffer(content, np.float16, half, begin + place[0])
        weights *= np.float16(factor)
    file.write_bytes(content)


def change_byte(file: Path) -> None:
    """Change the lowest bit of a weight in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 4 * 2] ^= 1
    file.write_bytes(content)


BESIDE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "in another file, which is not beside it or incomplete; copy both"),
    "truncated": (lambda file: os.truncate(file, 9_000_000), "or incomplete; copy both files"),
    "all zero": (lambda file: change_weights(file, 0.0), "does not hold the weights that"),
    "another network": (lambda file: change_weights(file, 0.9), "does not hold the weights that"),
    "one byte": (change_byte, "does not hold the weights that"),
}


@pytest.mark.parametrize("case", BESIDE)
def test_weights_beside_the_file(case: str, tmp_path: Path) -> None:
    """Shipped graphs refer to the weights beside them; any others are refused in one line."""
    spoil, words = BESIDE[case]
    for file in Path(depth_unet.__file__).with_name("weights").glob("transfer.*"):
        shutil.copyfile(file, tmp_path / file.name)
    graph, photo = tmp_path / "transfer.onnx", smooth_photo(48, 64)
    assert np.isfinite(depth_unet.load(graph).predict(photo).depth_m).all()
    spoil(tmp_path / "transfer.safetensors")
    with pytest.raises(CheckpointError) as error:
        depth_unet.load(graph)
    assert words in str(error.value)
    assert "damaged metadata" not in str(error.value)
    write_photo(tmp_path / "photo.png", photo)
    outcome = run_command("predict", tmp_path / "photo.png", "--weights", graph)
    assert_refused(outcome, words, "transfer.onnx")


def test_name_of_the_file(tmp_path: Path) -> None:
    """Capital letters and links change nothing: the weights are beside the file linked to."""
    shipped = Path(depth_unet.__file__).with_name("weights") / "scratch.onnx"
    link = tmp_path / "MINE.ONNX"
    link.symlink_to(shipped)
    model = depth_unet.load(link)
    assert isinstance(model, OnnxModel)
    assert np.isfinite(model.predict(smooth_photo(48, 64)).depth_m).all()


@pytest.mark.parametrize("device", ["mps", "cuda:9", "tpu"])
def test_unknown_devices(tmp_path: Path, device: str) -> None:
    """A device that ONNX Runtime does not run on is refused with those that it does."""
    path = write(tmp_path / "flat.onnx", flat_model(FACTS))
    with pytest.raises(ConfigError, match=f"does not run on device {device} here; choose cpu"):
        depth_unet.load(path, device=device)


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_provider_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime falls back to the CPU without an error; we do not call that `cuda`."""
    path = write(tmp_path / "flat.onnx", flat_model(FACTS))
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)
    with pytest.raises(ConfigError, match="cannot start it here"):
        depth_unet.load(path, device="cuda")


def test_unknown_device_on_the_command_line(tmp_path: Path) -> None:
    """The same in one line, with exit code 2."""
    path = write(tmp_path / "flat.onnx", flat_model(FACTS))
    write_photo(tmp_path / "photo.png", smooth_photo(48, 64))
    outcome = run_command("predict", tmp_path / "photo.png", "--weights", path, "--device", "mps")
    assert_refused(outcome, "does not run on device mps here; choose cpu")


def test_choice_of_engine(tmp_path: Path) -> None:
    """Shipped names on the CPU take ONNX Runtime, and what it cannot do is refused."""
    path = write(tmp_path / "flat.onnx", flat_model(FACTS))
    assert isinstance(depth_unet.load("transfer", "auto", engine="onnx"), OnnxModel)
    assert isinstance(depth_unet.load(path, "auto"), OnnxModel)
    assert isinstance(depth_unet.load("transfer", precision="bf16"), depth_unet.DepthModel)
    with pytest.raises(CheckpointError, match="is an ONNX file, which torch does not run"):
        depth_unet.load(path, engine="torch")
    with pytest.raises(ConfigError, match="precision bf16 needs a checkpoint and torch"):
        depth_unet.load(path, precision="bf16")
    for device in ("tpu", "", "xpu", "cuda:99"):
        with pytest.raises(ConfigError, match=f"device {device} is not available here; choose cpu"):
            depth_unet.load("scratch", device=device)
    with pytest.raises(ConfigError, match=r"write one with `depth-unet export .* model\.onnx`"):
        depth_unet.load(tmp_path, engine="onnx")
