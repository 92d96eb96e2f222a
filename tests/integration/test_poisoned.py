"""No file runs code: pickles under every name that a command reads, YAML tags, paths that leave."""

import io
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from onnx import TensorProto
from onnx.external_data_helper import set_external_data

from depth_unet.camera.read import read_calibration
from depth_unet.data.cache import CacheSource
from depth_unet.errors import CheckpointError, ConfigError, DataError
from depth_unet.files.checksum import sha256_of
from depth_unet.model import imagenet
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.predict.label.foreign import Description
from depth_unet.predict.load import load
from depth_unet.predict.onnx import open_session
from depth_unet.rooms.furniture.assets import ATTRIBUTION_NAME, FULL_NAMES, load_pack
from depth_unet.train.folder import CONFIG_NAME
from depth_unet.train.history import METRICS_NAME
from tests.hub_server import Hub
from tests.integration.commandline import assert_refused, depth_unet
from tests.predict.onnx_files import FACTS, flat_model

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


class Bomb:
    """Makes a file where it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Callable[..., None], tuple[Path]]:
        """What a pickle calls."""
        return Path.touch, (self.place,)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """The file that would be there if code had run; it is not."""
    return tmp_path / "code has run"


@pytest.fixture(autouse=True)
def no_code_has_run(trace: Path) -> object:
    """Looked for after every test."""
    yield
    assert not trace.exists()


def torch_pickle(trace: Path) -> bytes:
    """As ``torch.save`` writes it."""
    stream = io.BytesIO()
    torch.save({"weights": torch.ones(2), "bomb": Bomb(trace)}, stream)
    return stream.getvalue()


def old_torch_pickle(trace: Path) -> bytes:
    """As ``torch.save`` wrote it before it wrote zips: pickles, one after another."""
    stream = io.BytesIO()
    torch.save({"bomb": Bomb(trace)}, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def numpy_pickle(trace: Path) -> bytes:
    """An array of objects."""
    stream = io.BytesIO()
    np.save(stream, np.array([Bomb(trace)], object), allow_pickle=True)
    return stream.getvalue()


def numpy_archive(trace: Path) -> bytes:
    """An archive with an array of objects under every name that is looked for."""
    stream = io.BytesIO()
    names = ("depth_m", "depth", "intrinsics", "unit", "arr_0", "vertices")
    np.savez(stream, **dict.fromkeys(names, np.array([Bomb(trace)], object)))
    return stream.getvalue()


PICKLES: dict[str, Callable[[Path], bytes]] = {
    "pickle": lambda trace: pickle.dumps(Bomb(trace)),
    "torch": torch_pickle,
    "old torch": old_torch_pickle,
    "npy": numpy_pickle,
    "npz": numpy_archive,
}
YAML = "!!python/object/apply:os.mkdir [{}]"
FILES = (BEST_NAME, LAST_NAME, "model.safetensors", "model.onnx", "model.pt", "model.pth", "m.npz")


def test_the_poison_works(tmp_path: Path) -> None:
    """Unpickled, each of them makes the file, so the tests below can fail."""
    readers: dict[str, Callable[[bytes], object]] = {
        "pickle": pickle.loads,
        "torch": lambda data: torch.load(io.BytesIO(data), weights_only=False),
        "old torch": lambda data: torch.load(io.BytesIO(data), weights_only=False),
        "npy": lambda data: np.load(io.BytesIO(data), allow_pickle=True),
        "npz": lambda data: np.load(io.BytesIO(data), allow_pickle=True)["depth_m"],
    }
    for name, unpickle in readers.items():
        place = tmp_path / name
        unpickle(PICKLES[name](place))
        assert place.exists(), name
    yaml.unsafe_load(YAML.format(tmp_path / "yaml"))
    assert (tmp_path / "yaml").exists()


@pytest.mark.parametrize("kind", PICKLES)
def test_checkpoints(kind: str, cache: Path, photo: Path, tmp_path: Path, trace: Path) -> None:
    """Every command that takes weights refuses them in one line, under every name."""
    run, out = tmp_path / "run", tmp_path / "out"
    run.mkdir()
    for name in FILES:
        (run / name).write_bytes(PICKLES[kind](trace))
    assert_refused(depth_unet("train", "--resume", run), LAST_NAME)
    for path in (run, *(run / name for name in FILES)):
        commands = (
            ("predict", photo, "--weights", path, "--out", out),
            ("measure", photo, "1,1", "2,2", "--weights", path),
            ("evaluate", path, "--data", cache, "--out", out),
            ("compare", path, path, "--data", cache, "--out", out),
            ("export", path, tmp_path / "copy.safetensors"),
            ("train", "seed", "--data", cache, "--init", path, "--out", out),
            ("label", photo, "--teacher", path, "--out", out),
        )
        for command in commands:
            assert_refused(depth_unet(*command), str(run))
            assert not out.exists()


@pytest.mark.parametrize("kind", PICKLES)
def test_settings(kind: str, cache: Path, run_folder: Path, tmp_path: Path, trace: Path) -> None:
    """A file of settings or folds is text; what stands beside a checkpoint is not needed."""
    run = Path(shutil.copytree(run_folder, tmp_path / "run"))
    for name in (CONFIG_NAME, METRICS_NAME):
        (run / name).write_bytes(PICKLES[kind](trace))
    given = ("train", "seed", "--data", cache, "--out", tmp_path / "out")
    assert_refused(depth_unet(*given, "--config", run / CONFIG_NAME), CONFIG_NAME)
    assert_refused(depth_unet(*given, "--fold", f"{run / CONFIG_NAME}:0"), CONFIG_NAME)
    assert not (tmp_path / "out").exists()
    assert depth_unet("train", "--resume", run).code == 0


def test_weights_with_the_name_of_a_pickle(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """The content counts: a safetensors file is read as one under any name."""
    for name in ("model.pt", "model.pth", "model.bin", "model.pkl"):
        shutil.copyfile(run_folder / BEST_NAME, tmp_path / name)
        given = ("predict", photo, "--weights", tmp_path / name, "--fov", 60)
        outcome = depth_unet(*given, "--out", tmp_path / f"out of {name}")
        assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("kind", PICKLES)
def test_arrays(kind: str, suffix: str, cache: Path, tmp_path: Path, trace: Path) -> None:
    """Predictions, blocks of a cache and furniture hold numbers alone."""
    folder, own = tmp_path / "predictions", Path(shutil.copytree(cache, tmp_path / "cache"))
    for photo in cache.glob("test/*/*_rgb.png"):
        place = folder / photo.relative_to(cache).with_suffix(suffix)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(PICKLES[kind](trace))
    evaluate = ("evaluate", "--predictions", folder, "--data", cache, "--split", "test")
    assert_refused(depth_unet(*evaluate, "--out", tmp_path / "out"), str(folder))
    block = own / "blocks/00000.rgb.npy"
    block.write_bytes(PICKLES[kind](trace))
    manifest = own / "cache.json"
    text = manifest.read_text().replace(sha256_of(cache / "blocks/00000.rgb.npy"), sha256_of(block))
    manifest.write_text(text[: text.rindex(', "crc32"')] + "}")
    with pytest.raises(DataError, match="damaged"):
        CacheSource(own)
    for name in (*FULL_NAMES, ATTRIBUTION_NAME):
        (tmp_path / name).write_bytes(PICKLES[kind](trace))
    (tmp_path / FULL_NAMES[1]).write_text('{"models": [{"name": "chair"}]}')
    with pytest.raises(DataError, match="cannot be used"):
        load_pack(tmp_path)


def test_yaml(photo: Path, tmp_path: Path, trace: Path) -> None:
    """Tags of Python are text that no option takes."""
    file = tmp_path / "poison.yaml"
    call = YAML.format(trace)
    file.write_text(f"seed: {call}\nmean: {call}\ncamera_matrix: {call}\n", encoding="utf-8")
    assert depth_unet("train", "seed", "--config", file).code == 2
    assert depth_unet("predict", photo, "--camera", file, "--out", tmp_path / "out").code == 2
    with pytest.raises(CheckpointError, match="does not describe a network"):
        Description.read(file)
    with pytest.raises(DataError):
        read_calibration(file)


@pytest.mark.parametrize("kind", PICKLES)
def test_hub(kind: str, hub: Hub, trace: Path) -> None:
    """What comes from the Hub is read as any other file is."""
    names = ("model.safetensors", "model.onnx", "pytorch_model.bin", "config.json")
    hub.add("anna/poison", {name: PICKLES[kind](trace) for name in names})
    for engine in ("onnx", "torch"):
        with pytest.raises((CheckpointError, DataError)):
            load("hf://anna/poison", engine=engine)  # type: ignore[arg-type]
    hub.add("anna/pickle", {"pytorch_model.bin": PICKLES[kind](trace)})
    with pytest.raises((CheckpointError, DataError)):
        load("hf://anna/pickle")


def test_package_of_imagenet(tmp_path: Path, trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one pickle that is read belongs to an installed package; it may hold tensors alone."""
    path = tmp_path / "weights.pth"
    path.write_bytes(torch_pickle(trace))
    monkeypatch.setattr(imagenet, "_file", lambda _: path)
    with pytest.raises(ConfigError, match="is damaged"):
        imagenet.imagenet_weights("efficientnet_lite0")


@pytest.mark.parametrize("place", ["../secret.bin", "/etc/passwd", "inner/../../secret.bin"])
def test_external_weights_stay_beside_their_file(place: str, tmp_path: Path) -> None:
    """An ONNX file cannot make another file outside of its folder a part of a network."""
    (tmp_path / "secret.bin").write_bytes(np.float32(0.02).tobytes())
    (tmp_path / "inner").mkdir()
    for stated in (None, {"file": place, "crc32": 0}):
        facts = FACTS if stated is None else FACTS | {"external": stated}
        model = flat_model(facts)
        (weight,) = (each for each in model.graph.initializer if each.name == "weight")
        assert weight.data_type == TensorProto.FLOAT
        set_external_data(weight, place, 0, 4)
        weight.ClearField("raw_data")
        path = tmp_path / "inner" / "model.onnx"
        path.write_bytes(model.SerializeToString())
        with pytest.raises(CheckpointError) as caught:
            load(path)
        assert "\n" not in str(caught.value)
        with pytest.raises(CheckpointError, match="refers to weights in another file"):
            open_session(path, 1)  # as for networks of other programs
