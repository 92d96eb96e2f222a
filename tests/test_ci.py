"""What continuous integration does where a part of it cannot be tested."""

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"
TOOLS = ("bash", "dirname", "env", "grep", "mktemp", "rm", "tee")
SUMMARY = "=== 1 passed in 1.0s ==="


@pytest.mark.skipif(not RUN.is_file(), reason="needs the files of a clone")
@pytest.mark.parametrize(
    ("lacking", "last"),
    [
        ("", SUMMARY),
        ("chromium", "the page was not tested"),
        ("npm", "the example for Node was not tested"),
    ],
)
def test_a_missing_part_is_no_success(lacking: str, last: str, tmp_path: Path) -> None:
    """All other parts are tested; the last line names the missing one, and the exit code is 1."""
    (tmp_path / ".ci").mkdir()
    script, tools = shutil.copy(RUN, tmp_path / ".ci"), tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(shutil.which(name) or name)
    stubs = {"make": f"echo '{SUMMARY}'", "npm": "", "chromium": "", "apt-get": "exit 1"}
    for name in stubs.keys() - {lacking}:
        (tools / name).write_text(f"#!{tools}/bash\n{stubs[name]}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    outcome = subprocess.run(
        [script], env={"PATH": str(tools)}, check=False, capture_output=True, text=True
    )
    assert SUMMARY in outcome.stdout
    assert outcome.stdout.splitlines()[-1].endswith(last)
    assert outcome.returncode == bool(lacking)
