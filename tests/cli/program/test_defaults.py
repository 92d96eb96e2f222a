"""tyro does not check our defaults, which would import typeguard."""

import sys

import pytest

from depth_unet.cli.main import main
from depth_unet.cli.program.defaults import trusted_defaults
from tests.imports import imported_by


def test_parsing_does_not_import_typeguard() -> None:
    """Options are parsed without it, and nothing stays in its place."""
    program = "from depth_unet.cli.main import _parse; _parse('predict', ['photo.jpg'])"
    loaded = imported_by(program)
    assert "tyro" in loaded
    assert "typeguard" not in loaded


def test_real_library_answers_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the stand-in does not have comes from typeguard, which then takes its place."""
    monkeypatch.delitem(sys.modules, "typeguard", raising=False)
    with trusted_defaults():
        stand_in = sys.modules["typeguard"]
        assert stand_in.check_type(1, str) == 1
        assert stand_in.TypeCheckMemo.__module__.startswith("typeguard")
        assert sys.modules["typeguard"] is not stand_in
    assert sys.modules["typeguard"] is not stand_in


def test_wrong_values_are_still_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Values that users give are checked as before."""
    with pytest.raises(SystemExit):
        main(["predict", "photo.jpg", "--fov", "wide"])
    assert "--fov" in capsys.readouterr().err
