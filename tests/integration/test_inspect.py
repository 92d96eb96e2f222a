"""``inspect``: what a data set holds, at the command line."""

from pathlib import Path

import pytest
from PIL import Image

from tests.integration.commandline import assert_refused, depth_unet
from tests.integration.spoil import cut

pytestmark = pytest.mark.usefixtures("unchecked")


def test_inspect_tells_and_draws(box_rooms: Path, tmp_path: Path) -> None:
    """Form, counts and depth on the screen, and a sheet of photos beside their depth."""
    sheet = tmp_path / "sheet.png"
    outcome = depth_unet("inspect", box_rooms, "--sheet", sheet)
    assert outcome.code == 0, outcome.err
    for words in ("pairs layout", "76 (72 train, 4 test)", "160x120 (72)", "no sign of"):
        assert words in outcome.out, outcome.out
    with Image.open(sheet) as image:
        assert min(image.size) > 500
    assert_refused(depth_unet("inspect", box_rooms, "--sheet", sheet), "already exists")


def test_inspect_goes_on_after_bad_pairs(pairs: Path) -> None:
    """They are named, the rest is described, and the exit code says so."""
    cut(next(pairs.glob("test/*/*_rgb.png")))
    outcome = depth_unet("inspect", pairs)
    assert outcome.code == 3
    assert "1 bad" in outcome.out
    assert "is damaged" in outcome.err


def test_inspect_knows_a_cache(cache: Path) -> None:
    """A cache can be inspected, and cannot be prepared again."""
    outcome = depth_unet("inspect", cache, "--most", 10)
    assert outcome.code == 0
    assert "cache of `depth-unet prepare`" in outcome.out
    assert_refused(depth_unet("prepare", cache, cache.parent / "again"), "is a cache already")


def test_prepare_leaves_out_what_is_bad(pairs: Path, tmp_path: Path) -> None:
    """Only where that is wanted; then every bad pair is named and the exit code is 3."""
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
