"""The threads that commands and Python share to predict many photos."""

import io
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.images.photo import DecodedPhoto
from depth_unet.predict import threads
from depth_unet.predict.onnx import OnnxModel
from depth_unet.predict.threads import photos_in_threads, shared_threads
from tests.predict.onnx_files import FACTS, flat_model, write


@pytest.fixture
def model(tmp_path: Path) -> OnnxModel:
    """A network that several threads can share."""
    return OnnxModel(write(tmp_path / "flat.onnx", flat_model(FACTS)))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
def test_as_many_threads_as_cores_may_be_used(
    model: OnnxModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container with one core of a large machine, photos do not compete for it."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {3})
    with shared_threads(model) as (_, num_threads):
        assert num_threads == 1


@pytest.fixture
def without_heif(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow as it is before the first HEIC photo is read."""
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name != "HEIF"])


@pytest.mark.usefixtures("without_heif")
@pytest.mark.parametrize(("ending", "in_memory"), [("png", False), ("png", True), ("heic", False)])
def test_large_photos_wait_for_one_another(
    model: OnnxModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, in_memory: bool
) -> None:
    """Of the large photos one is decoded at a time; small ones share the threads."""
    monkeypatch.setattr(threads, "num_cores", lambda: 4)
    monkeypatch.setattr(threads, "LARGE_PIXELS", 100)
    photos = []
    for side in (20, 20, 5, 5):
        path = tmp_path / f"{len(photos)}.{ending}"
        image = Image.new("RGB", (side, side))
        if ending == "heic":
            pytest.importorskip("pillow_heif").from_pillow(image).save(path)
        else:
            image.save(path)
        photos.append((path.name, path.read_bytes() if in_memory else path))
    both_small, large = threading.Barrier(2), threading.Lock()

    def work(place: int, photo: DecodedPhoto) -> int:
        if len(photo.image) == 5:
            both_small.wait(timeout=60)
        else:
            assert large.acquire(blocking=False), "two large photos at once"
            time.sleep(0.2)
            large.release()
        return place

    with photos_in_threads(model, photos, work) as futures:
        assert [future.result() for future in futures] == [0, 1, 2, 3]


def test_pools_wait_for_one_another(model: OnnxModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists that several threads predict at once leave the network as it was."""
    monkeypatch.setattr(threads, "num_cores", lambda: 4)
    whole = model._session  # noqa: SLF001
    photo = np.zeros((48, 64, 3), np.uint8)
    callers = [threading.Thread(target=model.predict, args=([photo] * 4,)) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert model._session is whole  # noqa: SLF001


def test_one_pillow_image_in_several_threads(
    model: OnnxModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image that is not decoded yet may stand in a list several times."""
    monkeypatch.setattr(threads, "num_cores", lambda: 8)
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    stream, tags = io.BytesIO(), Image.Exif()
    tags[0x0112] = 6
    Image.fromarray(pixels).save(stream, "png", exif=tags)
    for _ in range(5):
        same = [Image.open(stream)] * 16
        for prediction in model.predict(same):
            assert np.array_equal(prediction.image, np.rot90(pixels, -1))
