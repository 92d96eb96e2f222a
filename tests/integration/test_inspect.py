"""``inspect``: what a data set holds, at the command line."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from tests.integration.commandline import assert_refused, depth_unet
from tests.integration.spoil import cut

pytestmark = pytest.mark.usefixtures("unchecked")


def test_inspect_describes_and_draws(box_rooms: Path, tmp_path: Path) -> None:
    """Form, counts and depth on the screen, and a sheet of photos beside their depth."""
    sheet = tmp_path / "sheet.png"
    outcome = depth_unet("inspect", box_rooms, "--sheet", sheet)
    assert outcome.code == 0, outcome.err
    for words in ("pairs layout", "76 (72 train, 4 test)", "160x120 (72)", "no sign of"):
        assert words in outcome.out, outcome.out
    with Image.open(sheet) as image:
        assert min(image.size) > 500
    assert_refused(depth_unet("inspect", box_rooms, "--sheet", sheet), "already exists")


def test_inspect_continues_after_bad_pairs(pairs: Path) -> None:
    """Bad pairs are named, the rest is described, and the exit code is 3."""
    cut(next(pairs.glob("test/*/*_rgb.png")))
    outcome = depth_unet("inspect", pairs)
    assert outcome.code == 3
    assert "1 bad" in outcome.out
    assert "is damaged" in outcome.err


def test_inspect_lists_all_bad_pairs(pairs: Path) -> None:
    """Those that are bad by their line, or lack a file, and those that cannot be read."""
    index = pairs / "index.csv"
    first, *lines = index.read_text(encoding="utf-8").splitlines()
    index.write_text("\n".join((first, "gone.png,gone_depth.png", ",", *lines)), encoding="utf-8")
    cut(next(pairs.glob("test/*/*_rgb.png")))
    outcome = depth_unet("inspect", pairs)
    assert outcome.code == 3
    assert "3 bad" in outcome.out
    for words in ("line 2 names gone.png, which is missing", "line 3: rgb is ''", "is damaged"):
        assert words in outcome.err


def test_inspect_tells_of_a_shard(pairs: Path) -> None:
    """Which part of which set it is."""
    (pairs / "dataset.json").write_text('{"shard": "2/3 of abc"}')
    outcome = depth_unet("inspect", pairs)
    assert "2/3 of abc; `train` and `search` take" in outcome.out


def test_inspect_knows_a_cache(cache: Path) -> None:
    """A cache can be inspected, and cannot be prepared again."""
    outcome = depth_unet("inspect", cache, "--most", 10)
    assert outcome.code == 0
    assert "cache of `depth-unet prepare`" in outcome.out
    assert_refused(depth_unet("prepare", cache, cache.parent / "again"), "is a cache already")


def test_inspect_follows_links_to_folders(tmp_path: Path) -> None:
    """Frames of a scene that is linked into the data set belong to it, once each."""
    (tmp_path / "data" / "train").mkdir(parents=True)
    for scene in ("far/bath_0001", "data/train/den_0001"):
        (tmp_path / scene).mkdir(parents=True)
        for number in range(3):
            with h5py.File(tmp_path / scene / f"{number:05d}.h5", "w") as stored:
                stored["rgb"] = np.full((3, 48, 64), 40 * number, np.uint8)
                stored["depth"] = np.full((48, 64), 2 + number, np.float32)
    (tmp_path / "data" / "train" / "bath_0001").symlink_to(tmp_path / "far" / "bath_0001")
    (tmp_path / "data" / "up").symlink_to(tmp_path / "data")
    outcome = depth_unet("inspect", tmp_path / "data")
    assert outcome.code == 0, outcome.err
    assert "6 (6 train)" in outcome.out


def test_prepare_leaves_out_what_is_bad(pairs: Path, tmp_path: Path) -> None:
    """With --skip-bad, bad pairs are left out and named, and the exit code is 3."""
    bad = next(path for path in pairs.rglob("*_rgb.png") if "test" not in path.parts)
    cut(bad)
    out = tmp_path / "cache"
    refused = depth_unet("prepare", pairs, out, "--size", "80x60")
    assert_refused(refused, bad.name)
    assert not (out / "cache.json").exists()
    outcome = depth_unet("prepare", pairs, out, "--size", "80x60", "--skip-bad", "--overwrite")
    assert outcome.code == 3, outcome.err
    assert "left out 1 bad pairs" in outcome.err
    assert bad.name in outcome.err
    assert (out / "cache.json").exists()


@pytest.mark.parametrize(("counts_per_m", "unit"), [(5000, "1/5000 m"), (256, "1/256 m")])
def test_inspect_names_units(counts_per_m: int, unit: str, pairs: Path) -> None:
    """Depth in the units of other data sets is not called ten times too large or small."""
    for path in pairs.rglob("*_depth.png"):
        depth_m = np.asarray(Image.open(path)) / 1000
        counts = np.rint(np.clip(depth_m, 1.9, 2.5) * counts_per_m)  # 9.5 to 12.5 if read as mm
        Image.fromarray(counts.astype(np.uint16)).save(path)
    outcome = depth_unet("inspect", pairs)
    (line,) = (line for line in outcome.out.splitlines() if "implausible" in line)
    assert unit in line
    assert "times too" not in line


@pytest.mark.parametrize(
    "fields",
    [{"depth_scale": 5000}, {"max_depth": 20}, {"depth_units": "m"}, {"intrinsics": {"f": 500}}],
)
def test_unknown_fields_are_refused(fields: dict[str, object], pairs: Path) -> None:
    """dataset.json with a field that nobody reads is refused, and the known ones are listed."""
    (pairs / "dataset.json").write_text(json.dumps(fields), encoding="utf-8")
    unknown = "f" if "intrinsics" in fields else next(iter(fields))
    known = ("name", "depth_unit (", "border_px", "max_depth_m", "intrinsics (width, height, fx_px")
    words = ("dataset.json", f"unknown fields: {unknown})", *known)
    assert_refused(depth_unet("inspect", pairs), *words)
    assert_refused(depth_unet("prepare", pairs, pairs.parent / "cache"), *words)
