"""A data folder vanishes in mid-epoch, as a disk that is pulled out or a network that fails."""

from pathlib import Path
from typing import Any

import pytest

from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import LAST_NAME
from depth_unet.train.reporter import Reporter
from tests.integration.commandline import depth_unet
from tests.integration.short_run import NUM_STEPS, OPTIONS, assert_same_weights

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("unchecked", "without_pictures")]


@pytest.mark.parametrize(
    "form",
    ["cache", pytest.param("pairs", marks=pytest.mark.slow)],  # files of either form
)
def test_data_folder_vanishes(
    form: str, cache: Path, box_rooms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names a file, the steps so far are saved; once it is back, the run is the same."""
    data, away = tmp_path / "data", tmp_path / "away"
    data.symlink_to(cache if form == "cache" else box_rooms)
    given = ("train", "seed", "--data", data, "--steps", NUM_STEPS, *OPTIONS)
    assert depth_unet(*given, "--out", tmp_path / "straight").code == 0
    count = Reporter.count

    def counted(self: Reporter, step: int, *rest: Any) -> None:
        count(self, step, *rest)
        if step == 1:
            data.rename(away)

    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(Reporter, "count", counted)
        outcome = depth_unet(*given, "--out", out)
    assert outcome.code == 2, outcome.err
    assert str(data) in outcome.complaints[-1]
    assert "Traceback" not in outcome.err
    assert 1 <= read(out / LAST_NAME).step <= 2  # a batch is read ahead
    missing = depth_unet("train", "--resume", out)
    assert missing.code == 2
    assert str(data) in missing.complaints[-1]
    away.rename(data)
    assert depth_unet("train", "--resume", out).code == 0
    assert_same_weights(out / LAST_NAME, tmp_path / "straight" / LAST_NAME)
