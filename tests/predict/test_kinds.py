"""Every way to pass photos, cameras and weights in Python: the same depth, or a plain refusal."""

import copy
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import depth_unet
from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import CheckpointError, ConfigError, DataError
from depth_unet.files.fetch import OFFLINE
from depth_unet.images import kinds
from depth_unet.images.photo import read_photo
from depth_unet.model.shipped import WEIGHTS
from depth_unet.predict import threads
from depth_unet.predict.onnx import OnnxModel
from depth_unet.predict.predictor import Predictor
from tests.server import serving_files

HEIGHT, WIDTH = 48, 64


def pixels() -> np.ndarray:
    """A photo, uint8 RGB."""
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photo as a file."""
    path = tmp_path_factory.mktemp("photos") / "room.png"
    Image.fromarray(pixels()).save(path)
    return path


@pytest.fixture(scope="module")
def server(path: Path) -> Iterator[str]:
    """The address of a server with the photo, something else, and weights."""
    files = {
        "/my%20room": path.read_bytes(),
        "/page.html": b"<html></html>",
        "/scratch.safetensors": (WEIGHTS / "scratch.safetensors").read_bytes(),
        "/broken.onnx": b"no model",
    }
    with serving_files(files) as address:
        yield address


@pytest.fixture(scope="module", params=["onnx", "torch"])
def model(request: pytest.FixtureRequest) -> Predictor:
    """Shipped weights, run by either engine."""
    return depth_unet.load("scratch", engine=request.param)


def opened(path: Path) -> Image.Image:
    """A Pillow image that is not decoded yet."""
    return Image.open(io.BytesIO(path.read_bytes()))


Make = Callable[[Path, str], Any]
WAYS: dict[str, Make] = {
    "str": lambda path, _: str(path),
    "Path": lambda path, _: path,
    "PathLike": lambda path, _: sorted(os.scandir(path.parent), key=str)[0],
    "URL": lambda _, server: f"{server}/my%20room",
    "quoted URL": lambda _, server: f"{server}/my room?size=1",
    "open file": lambda path, _: io.BufferedReader(io.BytesIO(path.read_bytes())),
    "BytesIO": lambda path, _: io.BytesIO(path.read_bytes()),
    "bytes": lambda path, _: path.read_bytes(),
    "bytearray": lambda path, _: bytearray(path.read_bytes()),
    "memoryview": lambda path, _: memoryview(path.read_bytes()),
    "Pillow": lambda path, _: opened(path),
    "Pillow in RGBA": lambda path, _: opened(path).convert("RGBA"),
    "NumPy": lambda _path, _: pixels(),
    "NumPy in Fortran's order": lambda _path, _: np.asfortranarray(pixels()),
    "torch": lambda _path, _: torch.from_numpy(pixels()).permute(2, 0, 1) / 255,
    "torch in double": lambda _path, _: torch.from_numpy(pixels()).permute(2, 0, 1).double() / 255,
    "decoded": lambda path, _: read_photo(path),
}


@pytest.fixture(scope="module")
def expected_m(model: Predictor) -> np.ndarray:
    """The depth of the photo, metres."""
    return model.predict(pixels()).depth_m


@pytest.mark.parametrize("way", WAYS)
def test_one_photo(
    model: Predictor, expected_m: np.ndarray, path: Path, server: str, way: str
) -> None:
    """Every way of passing a photo gives the identical array."""
    prediction = model.predict(WAYS[way](path, server))
    assert np.array_equal(prediction.image, pixels())
    assert np.array_equal(prediction.depth_m, expected_m)


def test_list(
    model: Predictor,
    expected_m: np.ndarray,
    path: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A list of all ways gives a list, in order: each depth is that of the photo alone."""
    monkeypatch.setattr(threads, "num_cores", lambda: 4)
    photos = [make(path, server) for make in WAYS.values()]
    photos.insert(3, pixels()[::-1].copy())
    found_m = [prediction.depth_m for prediction in model.predict(photos)]
    mirrored_m = found_m.pop(3)
    assert len(found_m) == len(WAYS)
    first_m, *others_m = found_m
    for other_m in others_m:
        assert np.array_equal(first_m, other_m)
    # A photo alone is computed by all threads, with which torch's sums differ in the last bits.
    alone_m = (expected_m, model.predict(pixels()[::-1].copy()).depth_m)
    rtol = 0 if isinstance(model, OnnxModel) else 1e-5
    np.testing.assert_allclose((first_m, mirrored_m), alone_m, rtol=rtol)


def test_lists_of_any_length(model: Predictor, expected_m: np.ndarray) -> None:
    """A tuple is a list, too; of no photos there are no predictions."""
    (prediction,) = model.predict((pixels(),))  # in one thread with all cores
    assert np.array_equal(prediction.depth_m, expected_m)
    assert model.predict([]) == []


def test_cameras(model: Predictor) -> None:
    """A focal length, a field of view and the camera with that focal length are the same."""
    camera = Intrinsics.centred(WIDTH, HEIGHT, WIDTH / 2)
    expected = model.predict(pixels(), camera)
    assert expected.intrinsics.fx_px == 32
    calibrated = Calibration(intrinsics=camera, distortion="none")
    for found in (
        model.predict(pixels(), camera=calibrated),
        model.predict(pixels(), focal_px=32),
        model.predict(pixels(), fov_deg=90),
        *model.predict([pixels()] * 2, camera),
        *model.predict([pixels()] * 2, fov_deg=90),
        *model.predict([pixels()] * 2, focal_px=32),
    ):
        np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=1e-6)
        assert found.intrinsics.fx_px == pytest.approx(32)
        assert found.focal_from == expected.focal_from == "given by the user"


@pytest.mark.usefixtures("unchecked")
def test_numbers_of_numpy(model: Predictor, tmp_path: Path) -> None:
    """They become Python's, which files can hold."""
    wide: Any = np.float32(90)
    prediction = model.predict(pixels(), fov_deg=wide)
    prediction.save(tmp_path / "depth.json")
    stated = json.loads((tmp_path / "depth.json").read_text("utf-8"))
    assert stated["intrinsics"]["fx_px"] == pytest.approx(WIDTH / 2)


def test_field_of_view_is_across_the_longer_side(model: Predictor) -> None:
    """An upright photo has the focal length of the same photo lying."""
    upright = np.ascontiguousarray(np.rot90(pixels()))
    assert model.predict(upright, fov_deg=90).intrinsics.fx_px == pytest.approx(WIDTH / 2)


def test_a_camera_for_each_photo(model: Predictor) -> None:
    """The cameras of a list belong to its photos in order; None stands for an unknown one."""
    near, far = (Intrinsics.centred(WIDTH, HEIGHT, focal_px) for focal_px in (40.0, 80.0))
    found = model.predict([pixels()] * 3, [near, None, far])
    assert [one.intrinsics.fx_px for one in found] == pytest.approx(
        [40, model.canonical_focal * WIDTH, 80]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"fov_deg": 60, "focal_px": 50}, "focal_px and fov_deg both state the camera"),
        (
            {"camera": Intrinsics.centred(WIDTH, HEIGHT, 50.0), "fov_deg": 60},
            "fov_deg and camera both state the camera; use one of them",
        ),
        ({"fov_deg": 180}, "fov_deg is 180; choose a number in"),
        ({"focal_px": 0}, "focal_px is 0; choose a number in"),
        ({"focal_px": float("nan")}, "focal_px is nan; choose a number in"),
    ],
)
@pytest.mark.parametrize("in_list", [False, True])
def test_refused_cameras(
    model: Predictor, arguments: dict[str, Any], words: str, in_list: bool
) -> None:
    """Two statements of the camera, and values out of range, are refused in one line."""
    with pytest.raises(ConfigError, match=words):
        model.predict([pixels()] if in_list else pixels(), **arguments)


def test_another_number_of_cameras(model: Predictor) -> None:
    """A list of cameras has one for each photo."""
    camera = Intrinsics.centred(WIDTH, HEIGHT, 50.0)
    with pytest.raises(ConfigError, match="there are 3 photos and 2 cameras; pass one camera"):
        model.predict([pixels()] * 3, [camera] * 2)


KINDS = "expected a path, a URL, a binary file, bytes, a Pillow image, a NumPy array or a torch"
CAMERAS = "expected Intrinsics or Calibration"


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((5,), f"the photo is of type int; {KINDS}"),
        ((None,), f"the photo is of type NoneType; {KINDS}"),
        (({"a": 1},), f"the photo is of type dict; {KINDS}"),
        (([pixels(), 5],), rf"photos\[1\] is of type int; {KINDS}"),
        (([pixels(), [pixels()]],), rf"photos\[1\] is of type list; {KINDS}"),
        ((io.StringIO("text"),), "the photo is a text file; open it in binary mode"),
        (([io.StringIO("text")],), r"photos\[0\] is a text file; open it in binary mode"),
        ((pixels(), 50.0), f"camera is of type float; {CAMERAS}"),
        ((pixels(), "camera.yaml"), f"camera is of type str; {CAMERAS}"),
        ((pixels(), [None]), f"camera is of type list; {CAMERAS}"),
        (([pixels()], 50.0), rf"camera\[0\] is of type float; {CAMERAS}"),
        (([pixels()] * 2, [None, 50.0]), rf"camera\[1\] is of type float; {CAMERAS}"),
    ],
)
def test_wrong_types(model: Predictor, arguments: tuple[Any, ...], words: str) -> None:
    """A wrong type is a TypeError that names the accepted ones."""
    with pytest.raises(TypeError, match=words):
        model.predict(*arguments)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", ["fov_deg", "focal_px"])
def test_wrong_types_of_numbers(model: Predictor, name: str) -> None:
    """Neither text nor a truth value is a number."""
    for value in ("66", True):
        wrong: Any = {name: value}
        kind = type(value).__name__
        with pytest.raises(TypeError, match=f"{name} is of type {kind}; expected a number"):
            model.predict(pixels(), **wrong)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b"no image", r"^photos\[2\] is not an image file; use another photo$"),
        ("", r"^photos\[2\]: the name of photos\[2\] is empty; give a path or a URL$"),
        (Path(), r"^photos\[2\]: \. is a folder; name a photo in it$"),
        (
            Path("missing.jpg"),
            r"^photos\[2\]: missing\.jpg does not exist; check its name and folder$",
        ),
        (pixels() / 255, r"^photos\[2\]: the photo is an array of float64"),
        (torch.ones(3, 8, 8) * 2, r"^photos\[2\]: the photo is a tensor with values"),
    ],
)
def test_a_bad_photo_in_a_list(model: Predictor, bad: Any, words: str) -> None:
    """The message names the photo by its place."""
    with pytest.raises(DataError, match=words):
        model.predict([pixels(), pixels(), bad, pixels()])


def test_a_camera_of_another_size_in_a_list(model: Predictor) -> None:
    """It is reported for its photo."""
    cameras = [None, Intrinsics.centred(WIDTH, HEIGHT, 50.0).resized(128, 96)]
    with pytest.raises(DataError, match=r"^photos\[1\]: the camera is for images of 128x96"):
        model.predict([pixels()] * 2, cameras)


def test_urls_that_are_no_photos(
    model: Predictor, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page, a missing file, and one that is too large: one line names the URL."""
    for in_list in (False, True):
        for name, words in (
            ("page.html", "page.html is not an image file; use another photo"),
            ("missing.jpg", "missing.jpg cannot be downloaded (HTTP Error 404: Not Found);"),
        ):
            url = f"{server}/{name}"
            with pytest.raises(DataError) as error:
                model.predict([url] if in_list else url)
            assert f"{server}/{words}" in str(error.value)
    monkeypatch.setattr(kinds, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match=r"it is larger than 0\.001 MB"):
        model.predict(f"{server}/my room")
    monkeypatch.setenv(OFFLINE, "1")
    with pytest.raises(DataError, match="HF_HUB_OFFLINE is set"):
        model.predict(f"{server}/my room")


def test_offline_is_remembered() -> None:
    """A network that was loaded offline downloads no photo, nor does a copy of it."""
    for engine in ("onnx", "torch"):
        model = depth_unet.load(engine=engine, offline=True)
        for photo in ("http://127.0.0.1:9/a.jpg", [pixels(), "http://127.0.0.1:9/a.jpg"]):
            with pytest.raises(DataError, match="a photo is a URL, and offline is set"):
                copy.deepcopy(model).predict(photo)


def test_weights_at_a_url(server: str, tmp_path: Path) -> None:
    """Weights at a URL predict as their file does, in either engine."""
    found = depth_unet.load(f"{server}/scratch.safetensors?token=secret")
    assert found.name == "depth-unet scratch.safetensors"
    expected_m = depth_unet.load("scratch", engine="torch").predict(pixels()).depth_m
    assert np.array_equal(found.predict(pixels()).depth_m, expected_m)

    from onnx import load as load_onnx
    from onnx import save as save_onnx

    # The shipped graph refers to the weights beside it.
    for name in ("scratch.onnx", "scratch.safetensors"):
        shutil.copyfile(WEIGHTS / name, tmp_path / name)
    single = tmp_path / "single.onnx"
    graph = load_onnx(tmp_path / "scratch.onnx")
    facts = next(one for one in graph.metadata_props if one.key == "depth_unet")
    facts.value = facts.value.replace('"external"', '"before"')
    graph.metadata_props.pop()  # the checksum of the file as it was
    save_onnx(graph, single)
    with serving_files({"/single.onnx": single.read_bytes()}) as address:
        loaded = depth_unet.load(f"{address}/single.onnx")
    assert loaded.engine.startswith("ONNX Runtime")
    expected_m = depth_unet.load(single).predict(pixels()).depth_m
    for prediction in loaded.predict([pixels()] * 2):
        assert np.array_equal(prediction.depth_m, expected_m)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("page.html", CheckpointError, r"page.html does not end in \.onnx or \.safetensors"),
        ("missing.onnx", DataError, "missing.onnx cannot be downloaded"),
        ("broken.onnx", CheckpointError, "broken.onnx is damaged or no ONNX file"),
    ],
)
def test_refused_weights(server: str, name: str, kind: type[Exception], words: str) -> None:
    """What is at the URL must be weights."""
    with pytest.raises(kind, match=words):
        depth_unet.load(f"{server}/{name}")


@pytest.mark.usefixtures("unchecked")
def test_types_of_weights() -> None:
    """Weights have a name, a path or a URL."""
    wrong: Any = b"weights"
    with pytest.raises(TypeError, match="name is of type bytes; expected the name of shipped"):
        depth_unet.load(wrong)
