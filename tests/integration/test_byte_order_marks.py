"""Text files as Windows writes them: a byte order mark is no part of the text."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from depth_unet.cli.predict import command as predicting
from tests.integration.commandline import assert_refused, depth_unet


def marked(path: Path, encoding: str = "utf-8-sig") -> None:
    """Write a text again, with a byte order mark."""
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_pairs(encoding: str, pairs: Path) -> None:
    """dataset.json and index.csv: the same description with the mark as without."""
    info = json.loads((pairs / "dataset.json").read_text(encoding="utf-8"))
    (pairs / "dataset.json").write_text(json.dumps(info | {"depth_unit": 0.0005}))
    expected = depth_unet("inspect", pairs)
    for name in ("dataset.json", "index.csv"):
        marked(pairs / name, encoding)
    outcome = depth_unet("inspect", pairs)
    assert (outcome.code, outcome.out) == (0, expected.out), outcome.err
    assert "median depth    1.1" in outcome.out


def test_fold(pairs: Path, tmp_path: Path) -> None:
    """The rooms of a fold are found, and the known folds are listed as they are called."""
    folds = tmp_path / "folds.csv"
    folds.write_text("fold,room_group\none,room_00\ntwo,room_01\n", encoding="utf-8-sig")
    command = ("train", "seed", "--data", pairs, "--out", tmp_path / "run", "--fold")
    assert_refused(depth_unet(*command, f"{folds}:three"), "choose among one, two")


def test_bts_list(pairs: Path) -> None:
    """A list of BTS is recognised, and its first line is read."""
    with (pairs / "index.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for name in ("index.csv", "dataset.json"):
        (pairs / name).unlink()
    lines = [f"{row['rgb']} {row['depth']} 512.0\n" for row in rows]
    (pairs / "files_train.txt").write_text("".join(lines), encoding="utf-8-sig")
    outcome = depth_unet("inspect", pairs)
    assert outcome.code == 0, outcome.err
    assert "form            bts" in outcome.out
    assert f"{len(rows)} ({len(rows)} train)" in outcome.out


@pytest.mark.parametrize("data", ["\ufeffä.png\r\n", "\udcff.png\n"], ids=["mark", "not UTF-8"])
def test_names_on_stdin(data: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A list on standard input names its first photo without the mark, and any file name."""
    listed = list[Path]()

    def targets(item: predicting.Input, _: object) -> dict[str, Path]:
        listed.append(item.path)
        return {}

    stream = io.BytesIO(data.encode("utf-8", "surrogateescape"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stream, encoding="utf-8"))
    monkeypatch.setattr(predicting, "photo_targets", targets)
    assert depth_unet("predict", "-", "--out", tmp_path).code == 0
    assert listed == [Path(data.strip("\ufeff\r\n"))]


def test_depth_and_results(few_pairs: Path, tmp_path: Path) -> None:
    """The JSON beside a depth file states its unit; saved again, results are still ranked."""
    name = next(few_pairs.glob("test/*/*_rgb.png"))
    folder = tmp_path / "depth"
    folder.mkdir()
    np.save(folder / f"{name.stem}.npy", np.full((480, 640), 2000, np.float32))
    (folder / f"{name.stem}.npy.json").write_text(
        '{"unit": "mm; 0 is a hole"}', encoding="utf-8-sig"
    )
    outcome = depth_unet(
        "evaluate", "--predictions", folder, "--data", few_pairs, "--out", tmp_path / "out"
    )
    assert outcome.code == 0, outcome.err
    results = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert 0.3 < results["splits"]["test"]["rmse"]["mean"] < 3
    for file in ("metrics.json", "per_image.csv"):
        marked(tmp_path / "out" / file)
    board = depth_unet("leaderboard", tmp_path / "out", "--out", tmp_path / "board.md")
    assert board.code == 0, board.err
    assert "| 1 |" in board.out


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_names_on_stdin_in_utf_16(
    encoding: str, photo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A list as Windows PowerShell writes it is read, and predicted."""
    stream = io.BytesIO(f"\ufeff{photo}\r\n".encode(encoding))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stream, encoding="utf-8"))
    outcome = depth_unet("predict", "-", "--save", "npy", "--out", tmp_path / "depth")
    assert outcome.code == 0, outcome.err
    assert (tmp_path / "depth" / f"{photo.stem}_depth.npy").is_file()


def test_the_root_folder_on_stdin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A listed path without a name is refused in one line."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"/\n"), encoding="utf-8"))
    assert_refused(
        depth_unet("predict", "-", "--out", tmp_path), "standard input lists /, a folder"
    )
