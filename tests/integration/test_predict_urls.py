"""``predict``: photos and weights at URLs."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.files.fetch import OFFLINE
from tests.integration.commandline import assert_refused, depth_unet, files_below, predict
from tests.server import serving_files


@pytest.fixture
def server(photo: Path, run_folder: Path) -> Iterator[str]:
    """The address of a server with two photos of one name, a page, and the weights of the run."""
    files = {
        "/a/living%20room.png": photo.read_bytes(),
        "/b/living%20room.jpg": photo.read_bytes(),
        "/page": b"<html></html>",
        "/run.safetensors": (run_folder / "best.safetensors").read_bytes(),
    }
    with serving_files(files) as address:
        yield address


def test_photos_and_weights(run_folder: Path, photo: Path, server: str, tmp_path: Path) -> None:
    """Outputs have the name in the URL, and the depth is that of the file."""
    assert predict(run_folder, tmp_path / "file", photo, "--save", "npy").code == 0
    url, out = f"{server}/a/living%20room.png?size=large", tmp_path / "depth"
    options = ("--out", out, "--save", "npy", "json")
    outcome = depth_unet("predict", url, "--weights", f"{server}/run.safetensors?key=1", *options)
    assert outcome.code == 0, outcome.err
    name = "living room_depth"
    assert files_below(out) == {f"{name}.npy", f"{name}.npy.json", f"{name}.json"}
    depth_m = np.load(out / f"{name}.npy")
    assert np.array_equal(depth_m, np.load(tmp_path / "file" / "room_depth.npy"))
    stated = (out / f"{name}.json").read_text(encoding="utf-8")
    assert "living room.png" in stated
    assert "depth-unet run.safetensors" in stated
    assert "key=1" not in stated


def test_names_that_clash(run_folder: Path, photo: Path, server: str, tmp_path: Path) -> None:
    """As with files, the ending is kept, and what still clashes is refused."""
    urls = [f"{server}/{name}" for name in ("a/living%20room.png", "b/living%20room.jpg")]
    shutil.copyfile(photo, tmp_path / "living room.webp")
    out = tmp_path / "depth"
    arguments = (*urls, urls[0], tmp_path / "living room.webp", "--save", "npy")
    assert predict(run_folder, out, *arguments).code == 0
    assert {path.name for path in out.glob("*.npy")} == {
        f"living room.{ending}_depth.npy" for ending in ("png", "jpg", "webp")
    }
    clashing = predict(run_folder, out, urls[0], f"{urls[0]}?size=small")
    assert_refused(clashing, "2 inputs are called living room.png")


def test_list_on_standard_input(
    run_folder: Path, photo: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list may hold files and URLs."""
    names = tmp_path / "names.txt"
    for text, expected in (
        (f"{server}/a/living%20room.png\n{photo}\n", {"living room", "room"}),
        (f"{server}/b/living%20room.jpg\n", {"living room"}),
    ):
        names.write_text(text, encoding="utf-8")
        out = tmp_path / f"depth{len(expected)}"
        with names.open(encoding="utf-8") as stream:
            monkeypatch.setattr("sys.stdin", stream)
            assert predict(run_folder, out, "-", "--save", "npy").code == 0
        assert {path.name.removesuffix("_depth.npy") for path in out.glob("*.npy")} == expected


def test_photos_that_fail(run_folder: Path, photo: Path, server: str, tmp_path: Path) -> None:
    """What cannot be downloaded or is no photo is reported, and the others are predicted."""
    bad = (f"{server}/missing.jpg", f"{server}/page")
    outcome = predict(run_folder, tmp_path / "depth", *bad, photo, "--save", "npy")
    assert outcome.code == 3
    assert (tmp_path / "depth" / "room_depth.npy").is_file()
    errors = [line for line in outcome.complaints if "error: " in line]
    assert errors == [
        f"depth-unet: error: {bad[0]} cannot be downloaded (HTTP Error 404: Not Found); check the "
        "address and the network, or download the file and pass its path",
        f"depth-unet: error: {bad[1]} is not an image file; use another photo",
    ]


def test_offline(
    run_folder: Path, photo: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--offline`` refuses URLs before any work; the variable refuses each download."""
    out, url = tmp_path / "depth", f"{server}/a/living%20room.png"
    refused = predict(run_folder, out, photo, url, "--offline")
    assert_refused(refused, f"{url} is a URL, and --offline refuses these; download it")
    weights = f"{server}/run.safetensors"
    refused = depth_unet("predict", photo, "--weights", weights, "--out", out, "--offline")
    assert_refused(refused, f"{weights} is a URL, and --offline refuses these")
    assert not list(out.glob("*"))
    assert predict(run_folder, out, photo, "--offline", "--save", "npy").code == 0
    monkeypatch.setenv(OFFLINE, "1")
    outcome = predict(run_folder, out, url)
    assert outcome.code == 3
    assert "is not downloaded, as HF_HUB_OFFLINE is set" in outcome.complaints[-1]


def test_measure(run_folder: Path, photo: Path, server: str, tmp_path: Path) -> None:
    """``measure`` takes URLs, too; its picture states the name, and ``--offline`` refuses them."""
    url, out = f"{server}/a/living%20room.png?key=1", tmp_path / "lengths.png"
    points = ("10,20", "100,90", "--weights", run_folder)
    expected = depth_unet("measure", photo, *points)
    found = depth_unet("measure", url, *points, "--out", out)
    assert (found.code, found.out) == (0, expected.out)
    with Image.open(out) as picture:
        stated = str(picture.info)
    assert "living room.png" in stated
    assert "key=1" not in stated
    stated = json.loads(depth_unet("measure", url, *points, "--json").out)
    assert stated["photo"] == "living room.png"
    refused = depth_unet("measure", url, *points, "--offline")
    assert_refused(refused, "is a URL, and --offline refuses these")
    assert "key=1" not in refused.err
    missing = url.replace("living", "dining")
    for command in (("measure", missing, *points), ("predict", missing, "--out", tmp_path)):
        failed = depth_unet(*command)
        assert f"{server}/a/dining%20room.png cannot be downloaded" in failed.err
        assert "key=1" not in failed.err


def test_finished_photos_are_not_downloaded(run_folder: Path, server: str, tmp_path: Path) -> None:
    """A second call needs no network."""
    url = f"{server}/a/living%20room.png"
    assert predict(run_folder, tmp_path, url, "--save", "npy").code == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(OFFLINE, "1")
        outcome = predict(run_folder, tmp_path, url, "--save", "npy")
    assert outcome.code == 0
    assert "1 already there" in outcome.err


def test_what_must_be_a_file(photo: Path, tmp_path: Path) -> None:
    """Videos, and the photos and teachers of label, are refused at a URL in one line."""
    address = "http://127.0.0.1:1"
    video = depth_unet("predict", f"{address}/clip.mp4", "--out", tmp_path / "depth")
    assert_refused(video, "clip.mp4 is a video; download it, and name the file")
    labels = ("--out", tmp_path / "labels")
    outcome = depth_unet("label", f"{address}/room.jpg", *labels)
    assert_refused(outcome, "room.jpg is a URL; label takes files")
    teacher = f"{address}/net.onnx"
    for name in (teacher, f"{teacher}:2"):
        outcome = depth_unet("label", photo, "--teacher", name, *labels)
        assert_refused(outcome, f"{teacher} is a URL; label takes files")
