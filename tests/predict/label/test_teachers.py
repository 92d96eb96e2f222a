"""Teachers are named by the content that was loaded."""

import shutil
from pathlib import Path

import pytest

from depth_unet.errors import DataError
from depth_unet.files.checksum import sha256_of
from depth_unet.model.shipped import BEST_NAME, ONNX, shipped_weights
from depth_unet.predict.label import teachers
from depth_unet.predict.label.teachers import open_teacher
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
