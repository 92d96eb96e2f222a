"""Bad checkpoints: one clear line, exit code 2, and nothing is written."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from depth_unet.files.checksum import unseal
from depth_unet.model.checkpoint import HEADER_KEY, TENSORS_KEY
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from tests.integration.commandline import assert_refused, depth_unet, files_below
from tests.integration.spoil import cut

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


def with_header(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the facts in a checkpoint, and leave its tensors; checksums are left out."""
    with safe_open(path, framework="pt") as stream:
        header = unseal(json.loads(stream.metadata()[HEADER_KEY]))
    changed = change(without(header, TENSORS_KEY))
    text = changed if isinstance(changed, str) else json.dumps(changed)
    save_file(load_file(path), path, metadata={HEADER_KEY: text})


def with_tensors(path: Path, change: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> None:
    """Change the tensors in a checkpoint, and leave its facts; checksums are left out."""
    with_header(path, dict)
    with safe_open(path, framework="pt") as stream:
        metadata = stream.metadata()
    save_file(change(load_file(path)), path, metadata=metadata)


def spoilt(tensors: dict[str, Tensor], value: float) -> dict[str, Tensor]:
    """One weight in the middle of the network has another value."""
    name = sorted(name for name in tensors if name.startswith("weights/"))[5]
    tensors[name].view(-1)[0] = value
    return tensors


def without(values: dict[str, Any], name: str) -> dict[str, Any]:
    """All but one."""
    return {key: value for key, value in values.items() if key != name}


CHECKPOINT_DEFECTS: dict[str, Callable[[Path], Any]] = {
    "missing": Path.unlink,
    "zero bytes": lambda path: path.write_bytes(b""),
    "a text": lambda path: path.write_text("these are no weights"),
    "a photo": lambda path: Image.new("RGB", (20, 20)).save(path, format="PNG"),
    "truncated": cut,
    "of another program": lambda path: save_file({"weight": torch.ones(3)}, path),
    "of another version": lambda path: with_header(path, lambda header: header | {"schema": 99}),
    "header is no JSON": lambda path: with_header(path, lambda _: "{"),
    "header is a list": lambda path: with_header(path, lambda _: "[]"),
    "header without config": lambda path: with_header(
        path, lambda header: without(header, "config")
    ),
    "header without splits": lambda path: with_header(
        path, lambda header: without(header, "splits")
    ),
    "config with an unknown field": lambda path: with_header(
        path, lambda header: header | {"config": header["config"] | {"colour": 1}}
    ),
    "config with a bad value": lambda path: with_header(
        path, lambda header: header | {"config": header["config"] | {"batch_size": 0}}
    ),
    "config with a word for a number": lambda path: with_header(
        path, lambda header: header | {"config": header["config"] | {"batch_size": "many"}}
    ),
    "config is a number": lambda path: with_header(path, lambda header: header | {"config": 7}),
    "NaN weights": lambda path: with_tensors(path, lambda tensors: spoilt(tensors, math.nan)),
    "infinite weights": lambda path: with_tensors(path, lambda tensors: spoilt(tensors, math.inf)),
    "no weights": lambda path: with_tensors(path, lambda _: {"state/x": torch.ones(1)}),
    "weights of another network": lambda path: with_header(
        path,
        lambda header: (
            header
            | {
                "config": header["config"]
                | {"model": header["config"]["model"] | {"widths": [8, 16, 24]}}
            }
        ),
    ),
}


@pytest.mark.chaos
@pytest.mark.parametrize("command", ["predict", "evaluate", "resume"])
@pytest.mark.parametrize("defect", CHECKPOINT_DEFECTS)
def test_checkpoint(
    command: str, defect: str, run_folder: Path, cache: Path, tmp_path: Path
) -> None:
    """What is no checkpoint, or not a whole one, is named in one line; nothing is written."""
    name = LAST_NAME if command == "resume" else BEST_NAME
    path, out = tmp_path / "run" / name, tmp_path / "out"
    path.parent.mkdir()
    shutil.copyfile(run_folder / name, path)
    CHECKPOINT_DEFECTS[defect](path)
    before = files_below(tmp_path)
    match command:
        case "predict":
            photo = next(cache.glob("test/*/*_rgb.png"))
            outcome = depth_unet("predict", photo, "--weights", path, "--out", out)
        case "evaluate":
            outcome = depth_unet("evaluate", path, "--data", cache, "--out", out)
        case _:
            outcome = depth_unet("train", "--resume", path)
    fits_no_network = "weights" in defect and "NaN" not in defect and "infinite" not in defect
    assert_refused(outcome, "do not fit its config" if fits_no_network else str(path))
    assert files_below(tmp_path) == before


def test_folder_without_a_checkpoint(cache: Path, tmp_path: Path) -> None:
    """An empty folder is no run."""
    for command in (
        ("evaluate", tmp_path, "--data", cache),
        ("predict", next(cache.glob("test/*/*_rgb.png")), "--weights", tmp_path),
        ("train", "--resume", tmp_path),
    ):
        assert_refused(depth_unet(*command), str(tmp_path))
        assert not files_below(tmp_path)


def test_best_cannot_be_resumed(run_folder: Path, tmp_path: Path) -> None:
    """The best checkpoint holds no training state; the message names the last one."""
    shutil.copyfile(run_folder / BEST_NAME, tmp_path / BEST_NAME)
    assert_refused(depth_unet("train", "--resume", tmp_path / BEST_NAME), LAST_NAME)
    assert files_below(tmp_path) == {BEST_NAME}
