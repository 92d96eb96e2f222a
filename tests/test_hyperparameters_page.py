"""The page on searches says what is true: its commands are commands."""

import re
import shlex
from pathlib import Path

from tests.integration.commandline import assert_refused, depth_unet

PAGE = Path(__file__).resolve().parents[1] / "docs" / "hyperparameters.md"


def test_documented_commands() -> None:
    """Every command's settings and space are accepted: what is refused is the --trials added."""
    text = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^depth-unet (search .*)$", text, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        words = shlex.split(re.sub(r" --trials \d+", "", command))
        assert_refused(depth_unet(*words, "--trials", -1), "--trials is -1")
