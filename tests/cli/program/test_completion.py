"""Completion: the scripts are valid, and bash completes commands, recipes, options and values."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.commandline import assert_refused, depth_unet


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_valid(shell: str, tmp_path: Path) -> None:
    """The shell reads its script without complaint."""
    outcome = depth_unet("--completion", shell)
    assert (outcome.code, outcome.err) == (0, "")
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(outcome.out)
    subprocess.run([program, "-n", str(tmp_path / "script")], check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("tra", ["train"]),
        ("--ver", ["--version"]),
        ("train transfer-", ["transfer-medium", "transfer-small"]),
        ("train seed --optim.l", ["--optim.lr", "--optim.layer-decay"]),
        ("train seed --precision bf", ["bf16"]),
        ("search seed --sam", ["--sampler"]),
        ("predict photo.jpg --stab", ["--stabilise"]),
        ("predict --save png16 pl", ["ply", "plot3d"]),
        ("predict --no-", ["--no-stabilise"]),
        ("prepare --no-", []),
        ("help lea", ["leaderboard"]),
        ("predict photo", []),  # bash completes file names
    ],
)
def test_bash(typed: str, words: list[str]) -> None:
    """What is typed so far is completed with the words that fit."""
    script = depth_unet("--completion", "bash").out
    call = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _depth_unet; echo "${COMPREPLY[@]}"'
    shell = ["bash", "-c", f"{script}\n{call}", "bash", "depth-unet", *typed.split()]
    completed = subprocess.run(shell, check=True, capture_output=True, text=True)
    assert completed.stderr == ""
    assert completed.stdout.split() == words


@pytest.mark.parametrize("shell", ["", "tcsh"])
def test_other_shell(shell: str) -> None:
    """A shell without a script is refused, and the others are named."""
    assert_refused(depth_unet("--completion", *shell.split()), "bash, zsh or fish")
