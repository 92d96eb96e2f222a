"""The throughput benchmark compares like with like; how fast either side is, no test says."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.contest.student import Pairs, read_files
from depth_unet.data.fit import fit_frame
from depth_unet.data.source import PairsSource

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_both_sides_train_on_the_same_images(few_pairs: Path, tmp_path: Path) -> None:
    """A short run writes finite figures of both sides, which name the same training images."""
    command = (sys.executable, ROOT / "benchmarks" / "throughput.py", "--quick")
    done = subprocess.run(
        [*command, "--data", few_pairs, "--out", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    student, ours = json.loads((tmp_path / "out" / "throughput.json").read_text(encoding="utf-8"))
    assert (student["facts"]["side"], ours["facts"]["side"]) == ("student", "ours")
    trained = [row.rgb for row in PairsSource(few_pairs).rows if row.official_split != "test"]
    for result in (student, ours):
        assert result["facts"]["images"] == sorted(trained)
        assert result["facts"]["batch_size"] == student["facts"]["batch_size"]
        assert result["facts"]["parameters"] == pytest.approx(10.1e6, rel=0.04)
        figures = [result["memory_bytes"], *result["images_per_s"], *result["ratios"]]
        figures += result["peak_share"]
        assert all(math.isfinite(figure) and figure > 0 for figure in figures)
        assert all(0 <= share <= 1 for share in result["waiting"])
    page = (tmp_path / "out" / "throughput.md").read_text(encoding="utf-8")
    assert page == done.stdout
    assert page.count("| 128×96 |") == 2


@pytest.mark.slow
def test_a_commit_is_compared_with_this_tree(few_pairs: Path, tmp_path: Path) -> None:
    """A short run of both prints a line with finite ratios, and writes the same page."""
    if not (ROOT / ".git").exists():
        pytest.skip("no repository")
    command = (sys.executable, ROOT / "benchmarks" / "commits.py", "HEAD", "--quick")
    done = subprocess.run(
        [*command, "--data", few_pairs, "--out", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "commits.md").read_text(encoding="utf-8") == done.stdout
    precision, *cells = done.stdout.strip().rpartition("\n")[2].strip("| ").split(" | ")
    assert precision == "fp32"
    assert all(float(cell.partition(" ")[0].rstrip("%")) > 0 for cell in cells)


def test_student_sees_what_we_see(few_pairs: Path) -> None:
    """Photo and depth of every item are those that our source reads, brought to the same size."""
    source, height, width = PairsSource(few_pairs), 24, 32
    student = Pairs(read_files(few_pairs), (width, height), flip=False)
    rows = [index for index, row in enumerate(source.rows) if row.official_split != "test"]
    assert len(student) == len(rows)
    for item, index in enumerate(rows):
        image, depth_m = student[item]
        frame = fit_frame(source.read(index), height, width)
        ours = frame.image.transpose(2, 0, 1).astype(np.float32) / 255
        assert float(np.abs(image.numpy() - ours).mean()) < 0.02
        assert float(np.abs(depth_m[0].numpy() - frame.depth_mm / 1000).mean()) < 0.1
