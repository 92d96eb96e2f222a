"""The figures of a run: what is written is read back, after a resume and after a kill, too."""

import math
from pathlib import Path

import pytest

from depth_unet.train.history import METRICS_NAME, Curve, MetricsFile, read_history


def record(run: Path, start: int, stop: int, value: float) -> None:
    """One sitting of a run: two figures after every step."""
    file = MetricsFile(run, start)
    for step in range(start + 1, stop + 1):
        file.write(step, {"unseen/abs_rel": value + step / 8, "unseen/rmse": 1.0})


def test_all_figures_come_back(tmp_path: Path) -> None:
    """Every step and every value of every figure, to the last bit."""
    values = (0.1, 1 / 3, 1e-300, 2.0**-1074, 123456789.123456789, math.inf)
    file = MetricsFile(tmp_path, 0)
    for step, value in enumerate(values, start=1):
        file.write(step, {"loss/mae": value, "run/images_per_s": -value})
    curves = read_history(tmp_path)
    assert list(curves) == ["loss/mae", "run/images_per_s"]
    assert curves["loss/mae"] == Curve(steps=(1, 2, 3, 4, 5, 6), values=values)
    file.write(7, {"loss/mae": math.nan})
    assert math.isnan(read_history(tmp_path)["loss/mae"].values[-1])


def test_the_file_is_plain(tmp_path: Path) -> None:
    """A header, then one line per figure."""
    record(tmp_path, 0, 1, 0.5)
    text = (tmp_path / METRICS_NAME).read_text(encoding="utf-8")
    assert text == "step,name,value\n1,unseen/abs_rel,0.625\n1,unseen/rmse,1.0\n"


def test_resumed_run_replaces_what_it_repeats(tmp_path: Path) -> None:
    """Rows beyond the step that a run was resumed from are dropped."""
    record(tmp_path, 0, 6, 0.0)
    record(tmp_path, 4, 5, 10.0)
    curve = read_history(tmp_path)["unseen/abs_rel"]
    assert curve.steps == (1, 2, 3, 4, 5)
    assert curve.values == (0.125, 0.25, 0.375, 0.5, 10.625)


def test_run_without_the_file_has_no_curves(tmp_path: Path) -> None:
    """No folder, an empty folder, and a file of something else are no error."""
    assert read_history(tmp_path / "missing") == {}
    assert read_history(tmp_path) == {}
    (tmp_path / METRICS_NAME).write_bytes(b"\x00\xff no, figures, at, all\n" * 20)
    assert read_history(tmp_path) == {}


@pytest.mark.chaos
@pytest.mark.parametrize("num_bytes", range(2, 60, 7))
def test_kill_while_writing_loses_the_last_line_at_most(tmp_path: Path, num_bytes: int) -> None:
    """Wherever the file was cut, whole lines are read and a resumed run appends to them."""
    record(tmp_path, 0, 4, 0.0)
    path = tmp_path / METRICS_NAME
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_bytes(path.read_bytes()[:-num_bytes])
    num_whole = path.read_bytes().count(b"\n") - 1
    assert sum(len(curve.steps) for curve in read_history(tmp_path).values()) == num_whole
    record(tmp_path, 3, 3, 0.0)
    kept = [line for line in lines[: num_whole + 1] if not line.startswith("4,")]
    assert path.read_text(encoding="utf-8") == "".join(kept)


def test_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """As other errors of the system are."""
    file = MetricsFile(tmp_path, 0)
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(OSError, match=METRICS_NAME):
        file.write(1, {"loss/mae": 1.0})
