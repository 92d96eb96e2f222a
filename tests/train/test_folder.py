"""The run folder."""

from pathlib import Path

import pytest

from depth_unet.errors import ConfigError
from depth_unet.files.owner import own_folder
from depth_unet.train.folder import own_run_folder


def test_one_process_of_a_run_owns_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of torchrun's processes, the main one owns it, and the others work beside it."""
    monkeypatch.setenv("RANK", "0")
    with own_run_folder(tmp_path):
        with pytest.raises(ConfigError), own_folder(tmp_path):
            pass
        monkeypatch.setenv("RANK", "1")
        with own_run_folder(tmp_path):
            pass
