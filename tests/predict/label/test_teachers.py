"""Teachers are named by the content that was loaded."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import DataError
from depth_unet.files.checksum import sha256_of
from depth_unet.model.shipped import BEST_NAME, ONNX, shipped_weights
from depth_unet.predict.label import teachers
from depth_unet.predict.label.foreign import ForeignNetwork
from depth_unet.predict.label.teachers import Teacher, open_teacher
from depth_unet.predict.load import load
from depth_unet.predict.predictor import Predictor


def test_checksum_is_that_of_the_weights() -> None:
    """Shipped weights are named by their checkpoint, whichever file of them runs."""
    teacher = open_teacher("transfer:0.5")
    assert (teacher.name, teacher.weight) == ("transfer", 0.5)
    assert teacher.sha256 == sha256_of(shipped_weights("transfer"))


@pytest.mark.parametrize("name", [f"mine{ONNX}", f"run/{BEST_NAME}", "run"])
def test_file_that_changes_meanwhile(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its checksum would be that of other weights than those that label; it is refused."""
    (tmp_path / "run").mkdir()
    path = tmp_path / name
    file = path / BEST_NAME if path.is_dir() or not path.suffix else path
    shutil.copy(shipped_weights("scratch"), file)
    network = load("scratch")

    def replace_and_load(_: object) -> Predictor:
        file.write_bytes(b"other weights")
        return network

    monkeypatch.setattr(teachers, "load", replace_and_load)
    with pytest.raises(DataError, match=f"{file.name} was written to while it was read"):
        open_teacher(str(path))


class Ramp(ForeignNetwork):
    """A network that sees walls recede to the right, whatever the photo shows."""

    def __init__(self) -> None:
        """Without a file."""

    def predict_array(self, image: np.ndarray, camera: Intrinsics) -> np.ndarray:
        """1, 2, 3 … metres from the left to the right; plus the centre of the camera."""
        height, width = image.shape[:2]
        columns = np.arange(1, width + 1, dtype=np.float32) + np.float32(camera.cx_px)
        return np.broadcast_to(columns, (height, width))


def test_mirrored_photo() -> None:
    """The label is the geometric mean of the predictions of a photo and of its mirror image.

    So the label of the mirrored photo is the mirrored label.
    """
    teacher = Teacher("ramp", "", Ramp(), 1.0)
    image = np.zeros((2, 4, 3), np.uint8)
    # The centre is left of the middle; mirrored, it is at 2.5.
    camera = Intrinsics(width=4, height=2, fx_px=5, fy_px=5, cx_px=0.5, cy_px=0.5)
    label_m = teacher.predict(image, camera)
    columns = np.array([1.5, 2.5, 3.5, 4.5]), np.array([6.5, 5.5, 4.5, 3.5])
    np.testing.assert_allclose(label_m, [np.sqrt(np.prod(columns, axis=0))] * 2, rtol=1e-6)
    np.testing.assert_array_equal(teacher.predict(image, camera.flipped())[:, ::-1], label_m)
