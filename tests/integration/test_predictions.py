"""``evaluate --predictions`` and ``leaderboard``: the same figures as the network's own."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.integration.commandline import (
    Outcome,
    assert_refused,
    depth_unet,
    evaluate,
    no_pictures,
    results_in,
)
from tests.report.page import Page

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")
TEST = ("--split", "test")


def score_files(folder: Path, data: Path, out: Path, *options: object) -> Outcome:
    """Evaluate depth files."""
    return depth_unet("evaluate", "--predictions", folder, "--data", data, "--out", out, *options)


@pytest.fixture(scope="module")
def written(run_folder: Path, box_rooms: Path) -> Path:
    """What ``predict`` writes of the test photos, which all have one camera."""
    out = run_folder.parent / "written"
    info = json.loads((box_rooms / "dataset.json").read_text(encoding="utf-8"))["intrinsics"]
    focal_px = info["fx_px"] * 640 / info["width"]
    code = depth_unet(
        *("predict", box_rooms / "test" / "**" / "*_rgb.png", "--weights", run_folder),
        *("--out", out, "--focal-px", focal_px),
    ).code
    assert code == 0
    return out


@pytest.fixture(scope="module")
def scored(written: Path, run_folder: Path, box_rooms: Path) -> tuple[Path, Path]:
    """Evaluations of the network and of its files."""
    network, files = run_folder.parent / "of_network", run_folder.parent / "of_files"
    with no_pictures():
        assert evaluate(run_folder, box_rooms, network, *TEST).code == 0
        outcome = score_files(written, box_rooms, files, "--name", "ours | as files")
    assert (outcome.code, outcome.complaints, outcome.warnings) == (0, [], [])
    assert "ours | as files (4 .npy files in" in outcome.out
    assert "flip averaging as the files have it" in outcome.out
    return network, files


def test_folders_behind_links(
    scored: tuple[Path, Path], written: Path, box_rooms: Path, tmp_path: Path
) -> None:
    """Depth files in a folder that is linked are found, as ``predict`` finds photos."""
    (tmp_path / "files").mkdir()
    for folder in written.iterdir():
        (tmp_path / "files" / folder.name).symlink_to(folder)
    (tmp_path / "files" / "up").symlink_to(tmp_path / "files")
    outcome = score_files(tmp_path / "files", box_rooms, tmp_path / "out")
    assert (outcome.code, outcome.warnings) == (0, []), outcome.err
    expected = results_in(scored[1])["splits"]["test"]
    assert results_in(tmp_path / "out")["splits"]["test"] == expected


def test_files_have_the_figures_of_the_network(scored: tuple[Path, Path]) -> None:
    """Depth that ``predict`` writes as floats scores the same as the network."""
    network, files = (results_in(folder) for folder in scored)
    assert files["files"] == {".npy": 4}
    assert (files["flip"], files["num_weights"]) == (None, None)
    assert files["share_without_prediction"] == {"test": 0}
    for metric, interval in network["splits"]["test"].items():
        assert files["splits"]["test"][metric] == pytest.approx(interval, rel=1e-4), metric
    page = Page((scored[1] / "report.html").read_text(encoding="utf-8")).text
    assert "The files do not say what wrote them" in page
    assert "Next steps" not in page


def test_millimetres_have_them_to_their_precision(
    written: Path, scored: tuple[Path, Path], box_rooms: Path, tmp_path: Path
) -> None:
    """Rounding to whole millimetres changes the scores by less than a millimetre's share."""
    folder = tmp_path / "png"
    shutil.copytree(written, folder, ignore=shutil.ignore_patterns("*.npy", "*.json"))
    assert score_files(folder, box_rooms, tmp_path / "out").code == 0
    ours, exact = (results_in(f)["splits"]["test"] for f in (tmp_path / "out", scored[1]))
    assert ours["rmse"]["mean"] == pytest.approx(exact["rmse"]["mean"], abs=5e-4)
    assert results_in(tmp_path / "out")["files"] == {".png": 4}
    refused = score_files(folder, box_rooms, tmp_path / "no", "--unit", "cm")
    assert_refused(refused, "states 0.001 m per count", "leave out --unit")


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_files_are_taken_as_stored(
    orientation: int, written: Path, scored: tuple[Path, Path], box_rooms: Path, tmp_path: Path
) -> None:
    """A TIFF that its reader would turn is refused; one that is upright counts as it is."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    for path in written.rglob("*_depth.npy"):
        copy = (tmp_path / path.relative_to(written)).with_suffix(".tiff")
        copy.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.load(path)).save(copy, exif=exif)
    outcome = score_files(tmp_path, box_rooms, tmp_path / "out")
    if orientation == 1:
        assert outcome.code == 0, outcome.err
        expected = results_in(scored[1])["splits"]["test"]
        assert results_in(tmp_path / "out")["splits"]["test"] == expected
    else:
        assert_refused(outcome, "_depth.tiff has an orientation tag", "remove the tag")


def test_missing_extra_and_numbered(written: Path, box_rooms: Path, tmp_path: Path) -> None:
    """A missing frame is an error; extra files and holes are warnings; numbers need --by order."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number, path in enumerate(sorted(written.rglob("*_depth.npy"))):
        depth_m = np.load(path)
        depth_m[:48] = np.nan
        np.save(folder / f"{number:05d}.npy", depth_m)
    out = tmp_path / "out"
    assert_refused(score_files(folder, box_rooms, out), "4 of 4 frames", "--by order")
    assert not out.exists()
    ordered = score_files(folder, box_rooms, out, "--by", "order", "--parameters", "0.7M")
    assert ordered.code == 0
    assert len(ordered.warnings) == 1
    assert "10.00" in ordered.warnings[0]
    results = results_in(out)
    assert (results["paired_by"], results["num_weights"]) == ("order", 700_000)
    assert results["share_without_prediction"]["test"] == pytest.approx(0.1)
    whole = Path(shutil.copytree(written, tmp_path / "whole"))
    np.save(whole / "stranger.npy", np.ones((48, 64), np.float32))
    more = score_files(whole, box_rooms, tmp_path / "more")
    assert more.code == 0
    assert "1 depth files that belong to no frame" in more.warnings[0]
    assert "stranger.npy" in more.warnings[0]


def test_requests_that_cannot_be_meant(
    written: Path, run_folder: Path, box_rooms: Path, tmp_path: Path
) -> None:
    """Contradicting options and the truth as prediction: one line each, nothing written."""
    out = tmp_path / "out"
    for options, words in (
        (("--flip",), ("--flip", "average before")),
        (("--split", "seen"), ("--split seen", "choose test")),
        (("--unit", "inch"), ("--unit", "'inch'", "0.001")),
        (("--parameters", "many"), ("--parameters", "0.7M")),
        (("--by", "order", "--split", "test", "all"), ("single --split",)),
    ):
        assert_refused(score_files(written, box_rooms, out, *options), *words)
    assert_refused(depth_unet("evaluate", "--data", box_rooms), "neither was named")
    both = ("evaluate", run_folder, "--predictions", written, "--data", box_rooms)
    assert_refused(depth_unet(*both), "both were named")
    assert_refused(evaluate(run_folder, box_rooms, out, "--unit", "mm"), "--unit")
    truth = Path(shutil.copytree(box_rooms, tmp_path / "truth"))
    for path in truth.rglob("*_depth.png"):
        path.rename(path.with_name(path.name.replace("_depth", "")))
    index = truth / "index.csv"
    index.write_text(index.read_text(encoding="utf-8").replace("_depth", ""), encoding="utf-8")
    for path in truth.rglob("*_rgb.png"):
        path.rename(path.with_suffix("").with_name(path.stem.removesuffix("_rgb") + ".jpg"))
    index.write_text(index.read_text(encoding="utf-8").replace("_rgb.png", ".jpg"), "utf-8")
    assert_refused(score_files(truth, truth, out), "is the ground truth of", "not a prediction")
    assert not out.exists()


def test_leaderboard(scored: tuple[Path, Path], tmp_path: Path) -> None:
    """Two evaluations of the same photos share one table; names are shown as they are."""
    files = (tmp_path / "board.md", tmp_path / "board.html")
    outcome = depth_unet("leaderboard", *scored, "--out", *files)
    assert (outcome.code, outcome.complaints) == (0, [])
    text = files[0].read_text(encoding="utf-8")
    assert outcome.out.startswith(text)
    assert text.count("## ") == 1
    assert r"ours \| as files" in text
    mean = results_in(scored[0])["splits"]["test"]["abs_rel"]["mean"]
    assert text.count(f"**{mean:.3f}**") >= 2
    page = files[1].read_text(encoding="utf-8")
    assert "ours | as files" in page
    assert "//" not in page
    before = files[0].read_bytes()
    again = depth_unet("leaderboard", scored[0], "--out", files[0])
    assert_refused(again, "already exists", "--overwrite")
    assert files[0].read_bytes() == before
    assert depth_unet("leaderboard", scored[0], "--out", files[0], "--overwrite").code == 0


def test_leaderboard_separates(
    scored: tuple[Path, Path], written: Path, box_rooms: Path, tmp_path: Path
) -> None:
    """Results with another alignment are in another table."""
    fitted = tmp_path / "fitted"
    assert score_files(written, box_rooms, fitted, "--align", "median").code == 0
    outcome = depth_unet("leaderboard", scored[1], fitted, "--out", tmp_path / "board.md")
    assert outcome.out.count("## ") == 2
    assert "2 tables, because" in outcome.out


def test_leaderboard_refuses(scored: tuple[Path, Path], tmp_path: Path) -> None:
    """No folder, one twice, no evaluation, a damaged one, an unknown ending: one line each."""
    out = tmp_path / "board.md"
    assert_refused(depth_unet("leaderboard", "--out", out), "no evaluation was named")
    twice = (scored[0], scored[0] / "metrics.json")
    assert_refused(depth_unet("leaderboard", *twice, "--out", out), "named twice")
    assert_refused(depth_unet("leaderboard", tmp_path, "--out", out), "metrics.json is missing")
    assert_refused(
        depth_unet("leaderboard", scored[0], "--out", tmp_path / "b.txt"), "must end in .md"
    )
    spoilt = Path(shutil.copytree(scored[0], tmp_path / "spoilt"))
    (spoilt / "metrics.json").write_text('{"splits": {"test": 1}}', encoding="utf-8")
    assert_refused(depth_unet("leaderboard", spoilt, "--out", out), "is not an evaluation")
    lines = (scored[0] / "per_image.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    shutil.copyfile(scored[0] / "metrics.json", spoilt / "metrics.json")
    (spoilt / "per_image.csv").write_text("".join(lines[:-1]), encoding="utf-8")
    assert_refused(depth_unet("leaderboard", spoilt, "--out", out), "has 3 photos of test")
    assert not out.exists()
