"""A run or search is resumed on its own data, wherever that lies, and on no other."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from depth_unet.model.checkpoint import read, save
from depth_unet.model.shipped import LAST_NAME
from tests.integration.commandline import FEW_STEPS, assert_refused, depth_unet, start_two
from tests.integration.short_run import signal_after

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")

UNCHECKED = "could not be checked"


def interrupt(data: Path, out: Path, *options: object, command: str = "train") -> None:
    """Train until Ctrl-C is pressed in the first of two steps."""
    with pytest.MonkeyPatch.context() as patch:
        signal_after(patch, 1)
        stopped = depth_unet(command, "seed", "--data", data, "--out", out, *FEW_STEPS, *options)
    assert stopped.code == 130, stopped.err


def prepare(data: Path, out: Path, size: str = "64x48") -> Path:
    """A cache of the data."""
    assert depth_unet("prepare", data, out, "--size", size).code == 0
    return out


def move(data: Path, folder: Path) -> Path:
    """The same data under another name."""
    return data.rename(folder / "moved")


def copy(data: Path, folder: Path) -> Path:
    """The same data twice; the copies are new files."""
    return Path(shutil.copytree(data, folder / "copy", copy_function=shutil.copyfile))


def rewrite(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Change the pixels of an image file."""
    pixels = np.asarray(Image.open(path))
    Image.fromarray(change(pixels).astype(pixels.dtype)).save(path)


def edit_info(data: Path, **changes: Any) -> None:
    """Change ``dataset.json``."""
    path = data / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def frames(data: Path) -> list[Path]:
    """The photos of the training rooms."""
    return sorted((data / "train").rglob("*_rgb.png"))


def depth_of(photo: Path) -> Path:
    """The depth map beside a photo."""
    return photo.with_name(photo.name.replace("_rgb", "_depth"))


def double_depth(data: Path) -> None:
    """Other depth everywhere."""
    for photo in frames(data):
        rewrite(depth_of(photo), lambda pixels: pixels * 2)


def shift_camera(data: Path) -> None:
    """Another focal length."""
    camera = json.loads((data / "dataset.json").read_text())["intrinsics"]
    edit_info(data, intrinsics=camera | {"fx_px": camera["fx_px"] + 1})


CHANGES: dict[str, Callable[[Path], None]] = {
    "depth": double_depth,
    "unit": lambda data: edit_info(data, depth_unit=0.0005),
    "range": lambda data: edit_info(data, max_depth_m=2.5),
    "camera": shift_camera,
    "one photo": lambda data: rewrite(frames(data)[-1], lambda pixels: 255 - pixels),
    "one depth map": lambda data: rewrite(depth_of(frames(data)[0]), lambda pixels: pixels + 1),
}


@pytest.fixture
def stopped(few_pairs: Path, tmp_path: Path) -> Path:
    """A run on the pairs that was stopped after its first step."""
    interrupt(few_pairs, tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize("change", CHANGES)
def test_other_data_is_refused(change: str, stopped: Path, pairs: Path, tmp_path: Path) -> None:
    """Of the same names: raw or prepared, with --resume and --auto-resume; the run is kept."""
    before = (stopped / LAST_NAME).read_bytes()
    CHANGES[change](pairs)
    for data in (pairs, prepare(pairs, tmp_path / "cache")):
        for command in (
            ("train", "--resume", stopped, "--data", data),
            ("train", "seed", "--data", data, "--out", stopped, "--auto-resume", *FEW_STEPS),
        ):
            assert_refused(
                depth_unet(*command),
                *(
                    "another photo, depth, camera or classes than in the run",
                    "--data DIR",
                    "_rgb.png",
                ),
                f"{'1 ' if 'one' in change else ''}of the 6 frames",
            )
    assert (stopped / LAST_NAME).read_bytes() == before


def test_data_changed_in_place_is_refused(pairs: Path, tmp_path: Path) -> None:
    """Without --data, the folder that the run names is compared."""
    interrupt(pairs, tmp_path / "run")
    double_depth(pairs)
    assert_refused(depth_unet("train", "--resume", tmp_path / "run"), "6 of the 6 frames")


@pytest.mark.parametrize("begun", ["raw", "cache"])
@pytest.mark.parametrize("resumed", ["moved", "copied", "prepared", "prepared smaller"])
def test_same_data_is_resumed(begun: str, resumed: str, pairs: Path, tmp_path: Path) -> None:
    """Moved, copied, or prepared after the run was started on the files, and the reverse."""
    cache = prepare(pairs, tmp_path / "cache")
    first, other = (pairs, cache) if begun == "raw" else (cache, pairs)
    interrupt(first, tmp_path / "run")
    match resumed:
        case "moved":
            data = move(first, tmp_path)
        case "copied":
            data = copy(first, tmp_path)
        case "prepared":
            data = other
        case _:
            data = prepare(pairs, tmp_path / "small", "40x30")
    outcome = depth_unet("train", "--resume", tmp_path / "run", "--data", data)
    assert outcome.code == 0, outcome.err
    assert UNCHECKED not in outcome.err
    assert read(tmp_path / "run" / LAST_NAME).step == 2


def test_run_of_an_earlier_version(stopped: Path, pairs: Path) -> None:
    """A checkpoint without a fingerprint is resumed with one line, and has one from then on."""
    double_depth(pairs)
    path = stopped / LAST_NAME
    checkpoint = read(path)
    del checkpoint.extra["fingerprint"]
    save(path, checkpoint)
    command = ("train", "--resume", stopped, "--data", pairs)
    with pytest.MonkeyPatch.context() as patch:
        signal_after(patch, 2)
        outcome = depth_unet(*command)
    assert outcome.code == 0, outcome.err
    assert [UNCHECKED in line for line in outcome.warnings] == [True]
    again = depth_unet(*command)
    assert (again.code, again.warnings) == (0, [])


def test_classes_are_compared_where_they_are_used(pairs: Path, tmp_path: Path) -> None:
    """Other classes are other data for a run that learns them, and for no other."""
    semantic = (  # and four levels, so that the decoder has features at 1/8
        *("--loss.semantics", 0.1, "--model.num-classes", 3, "--model.widths", 8, 16, 32, 32),
        *("--model.blocks", 1, 1, 1, 1, "--model.attention-blocks", 0, 0, 1, 1),
    )
    caches = []
    for value in (1, 2):
        labels = tmp_path / f"labels-{value}"
        for photo in frames(pairs):
            path = labels / photo.relative_to(pairs)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((48, 64), value, np.uint8)).save(path)
        caches.append(tmp_path / f"cache-{value}")
        made = depth_unet("prepare", pairs, caches[-1], "--size", "64x48", "--labels", labels)
        assert made.code == 0, made.err
    interrupt(caches[0], tmp_path / "learns", *semantic)
    interrupt(caches[0], tmp_path / "not")
    refused = depth_unet("train", "--resume", tmp_path / "learns", "--data", caches[1])
    assert_refused(refused, "6 of the 6 frames")
    assert depth_unet("train", "--resume", tmp_path / "not", "--data", caches[1]).code == 0


@pytest.fixture
def stopped_search(pairs: Path, tmp_path: Path) -> Path:
    """A search that was stopped in its first trial."""
    interrupt(pairs, tmp_path / "search", "--trials", 1, command="search")
    return tmp_path / "search"


@pytest.mark.parametrize("where", ["study", "trial"])
def test_search_refuses_other_data(where: str, stopped_search: Path, pairs: Path) -> None:
    """The study is compared, and a trial of a study that an earlier version started."""
    if where == "trial":
        (stopped_search / "fingerprint.json").unlink()
    double_depth(pairs)
    refused = depth_unet(
        *("search", "seed", "--data", pairs, "--out", stopped_search, *FEW_STEPS, "--trials", 1)
    )
    assert refused.code == 2
    assert "6 of the 6 frames" in refused.complaints[-1]
    assert refused.err.count(UNCHECKED) == (where == "trial")


@pytest.mark.parametrize("place", [move, lambda data, at: prepare(data, at / "cache")])
def test_search_goes_on_with_the_same_data(
    place: Callable[[Path, Path], Path], stopped_search: Path, pairs: Path, tmp_path: Path
) -> None:
    """Moved without a title of its own, or prepared."""
    data = place(pairs, tmp_path)
    outcome = depth_unet(
        *("search", "seed", "--data", data, "--out", stopped_search, *FEW_STEPS, "--trials", 1)
    )
    assert outcome.code == 0, outcome.err
    assert UNCHECKED not in outcome.err
    assert read(stopped_search / "trial-0000" / LAST_NAME).step == 2


@pytest.mark.slow  # two processes
def test_every_process_refuses_other_data(stopped: Path, pairs: Path) -> None:
    """Under torchrun's variables, too, where a machine may have its own copy of the data."""
    double_depth(pairs)
    for process in start_two("train", "--resume", stopped, "--data", pairs):
        _, err = process.communicate(timeout=120)
        assert process.returncode == 2, err
        assert "6 of the 6 frames" in err
