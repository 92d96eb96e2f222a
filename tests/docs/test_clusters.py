"""The files for clusters on the page on several machines can be read, and start what they say."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from depth_unet.cli import main as command_line
from tests.docs.blocks import PAGES, ROOT, Block, blocks_of
from tests.integration.commandline import depth_unet

CLUSTERS = ROOT / "docs" / "clusters.md"
SCRIPTS = [block for page in PAGES for block in blocks_of(page) if block.language == "bash"]


@pytest.fixture
def files() -> dict[str, tuple[Any, Block]]:
    """The YAML files of the page by what they are for."""
    blocks = [block for block in blocks_of(CLUSTERS) if block.language == "yaml"]
    parsed = [(yaml.safe_load(block.text), block) for block in blocks]
    return {file.get("kind", "task"): (file, block) for file, block in parsed}


def arguments_of(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the command line understands."""
    found = list[Any]()
    runner = SimpleNamespace(run=lambda arguments: found.append(arguments) or [])
    monkeypatch.setattr(command_line, "_import", lambda _: runner)
    outcome = depth_unet(*words)
    assert outcome.code == 0, outcome.err
    return found[0]


def test_skypilot(files: dict[str, tuple[Any, Block]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The task resumes; data and run folder are in its mounts; what it installs exists."""
    task, block = files["task"]
    assert set(task) <= {"name", "workdir", "resources", "file_mounts", "setup", "run", "num_nodes"}
    arguments = arguments_of(block.commands[0], monkeypatch)
    assert arguments.auto_resume
    assert {Path(path).parts[1] for path in (*arguments.data, arguments.out)} == {"cache", "runs"}
    assert set(task["file_mounts"]) == {"/cache", "/runs"}
    assert task["file_mounts"]["/runs"]["mode"] == "MOUNT_CACHED"
    assert task["resources"]["use_spot"]
    for script in (task["setup"], task["run"]):
        check_script(script)


def test_kubernetes(files: dict[str, tuple[Any, Block]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The job resumes, and writes where its volume is mounted."""
    job, _ = files["TrainJob"]
    trainer = job["spec"]["trainer"]
    assert trainer["command"][-2:] == ["-m", "depth_unet"]
    arguments = arguments_of(trainer["args"], monkeypatch)
    assert arguments.auto_resume
    (patch,) = job["spec"]["runtimePatches"]
    (pod,) = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    (container,) = pod["template"]["spec"]["template"]["spec"]["containers"]
    (mount,) = container["volumeMounts"]
    assert arguments.out.is_relative_to(mount["mountPath"])


@pytest.mark.parametrize("block", SCRIPTS, ids=lambda block: f"{block.page.name}:{block.line}")
def test_scripts_are_bash(block: Block) -> None:
    """Bash can read them."""
    check_script(block.text)


def check_script(text: str) -> None:
    """Bash reads a script without running it."""
    done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
