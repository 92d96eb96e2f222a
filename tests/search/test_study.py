"""The study: created once, resumed with the same settings only, at any URL."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest

from depth_unet.errors import ConfigError
from depth_unet.search.study import check_plan, make_pruner, open_study
from tests.search.bench import optunas_own

PLAN = {"recipe": "seed", "optim.lr": 3e-4, "--space": "loss.mae=0..1", "--sampler": "tpe"}


def reopen(out: Path, plan: dict[str, Any]) -> dict[str, Any]:
    """Open the study of a folder, check the plan, and return the stored one."""
    with open_study("", out, make_pruner("none", 1)) as study:
        check_plan(study, plan)
        return dict(study.user_attrs["plan"])


def test_same_plan_goes_on(tmp_path: Path) -> None:
    """The first process begins the study, the others join it; a later version's setting is fine."""
    assert reopen(tmp_path, PLAN) == PLAN
    assert reopen(tmp_path, PLAN) == PLAN
    assert reopen(tmp_path, PLAN | {"optim.new": 1}) == PLAN


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--space": "loss.mae=0..2"}, ["loss.mae=0..2", "loss.mae=0..1"]),
        ({"--sampler": "grid"}, ["grid", "tpe"]),
        ({"optim.lr": 1e-3, "recipe": "base"}, ["optim.lr is 0.001 and was 0.0003", "recipe"]),
        (dict.fromkeys(PLAN, 0), ["and 1 more"]),
    ],
)
def test_other_plan_is_refused(tmp_path: Path, changes: dict[str, Any], words: list[str]) -> None:
    """Another plan is refused with the difference, and the study keeps its own."""
    reopen(tmp_path, PLAN)
    with pytest.raises(ConfigError) as refusal:
        reopen(tmp_path, PLAN | changes)
    assert str(refusal.value).isprintable()
    for word in words:
        assert word in str(refusal.value)
    assert reopen(tmp_path, PLAN) == PLAN


def test_foreign_study_is_refused(tmp_path: Path) -> None:
    """A study of the same name that another program filled is not touched."""
    url = f"sqlite:///{tmp_path}/shared.db"
    with optunas_own(url) as storage:
        foreign = optuna.create_study(storage=storage, study_name="rooms")
        foreign.add_trial(optuna.create_trial(value=1.0))
    with (
        open_study(url, tmp_path / "rooms", make_pruner("none", 1)) as study,
        pytest.raises(ConfigError, match="another program"),
    ):
        check_plan(study, PLAN)


@pytest.mark.slow  # starts many processes
def test_many_begin_at_once(tmp_path: Path) -> None:
    """Processes that begin one study at the same moment all open it."""
    script = (
        "import sys, pathlib, depth_unet.search.study as s\n"
        "print('ready', flush=True); input()\n"
        "with s.open_study('', pathlib.Path(sys.argv[1]), s.make_pruner('none', 1)): pass\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "search")]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    processes = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err


def test_studies_share_a_database(tmp_path: Path) -> None:
    """At one URL, searches differ by the names of their folders."""
    url = f"sqlite:///{tmp_path}/shared.db"
    for name in ("one", "two"):
        with open_study(url, tmp_path / name, make_pruner("none", 1)) as study:
            check_plan(study, PLAN | {"recipe": name})
            assert study.study_name == name


def test_renamed_folder_keeps_its_study(tmp_path: Path) -> None:
    """The only study that was started in the folder's database is taken, whatever its name."""
    old, new = tmp_path / "old", tmp_path / "elsewhere" / "new"
    reopen(old, PLAN)
    # Earlier versions left an empty study of the new name.
    with optunas_own(f"sqlite:///{old}/study.db") as storage:
        optuna.create_study(storage=storage, study_name="new")
    new.parent.mkdir()
    old.rename(new)
    with open_study("", new, make_pruner("none", 1)) as study:
        assert study.study_name == "old"
        assert study.user_attrs["plan"] == PLAN


def test_renamed_folder_needs_its_name_at_a_url(tmp_path: Path) -> None:
    """A database of several searches knows a study by the name of its folder alone."""
    url = f"sqlite:///{tmp_path}/shared.db"
    for name in ("old", "new"):
        with open_study(url, tmp_path / name, make_pruner("none", 1)) as study:
            assert study.study_name == name
            assert "plan" not in study.user_attrs
            check_plan(study, PLAN)


@pytest.mark.parametrize("name", ["with space", "räume", "{braces}", "100%", "a?b#c"])
def test_any_folder_name(tmp_path: Path, name: str) -> None:
    """The database lies in the folder, whatever that is called."""
    assert reopen(tmp_path / name, PLAN) == PLAN
    assert reopen(tmp_path / name, PLAN) == PLAN
    assert {path.name for path in (tmp_path / name).iterdir()} == {"study.lock", "study.db"}


@pytest.mark.parametrize(
    "url",
    [
        "study.db",
        "redis://localhost",
        "nonsense://me:secret@host/name",
        "mysql+nodriver://me:secret@localhost/x",
        "sqlite:////nowhere/at/all/study.db",
    ],
)
def test_bad_url_is_one_line(tmp_path: Path, url: str) -> None:
    """A URL that leads nowhere is refused in one line, which shows no password."""
    with (
        pytest.raises(ConfigError) as refusal,
        open_study(url, tmp_path, make_pruner("none", 1)),
    ):
        pass
    assert str(refusal.value).isprintable()
    assert "--storage" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_optuna_is_as_before(tmp_path: Path) -> None:
    """Optuna's log level is changed while a study is open, and only then."""
    before = optuna.logging.get_verbosity()
    with open_study("", tmp_path, make_pruner("none", 1)):
        assert optuna.logging.get_verbosity() == optuna.logging.ERROR
    assert optuna.logging.get_verbosity() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")
def test_file_system_without_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without file locks trials would be run twice; one line says what search needs."""
    import fcntl

    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)
    with (
        pytest.raises(ConfigError, match=r"study\.lock cannot be locked .*another file system"),
        open_study("", tmp_path, make_pruner("none", 1)),
    ):
        pass
