"""A folder has one owner at a time, and its lock leaves nothing behind."""

import errno
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from depth_unet.errors import ConfigError, DataError
from depth_unet.files.owner import LOCK_NAME, contents, own_folder, remove_all_leftovers

MANY = 4


def test_of_many_one_owns(tmp_path: Path) -> None:
    """Whoever comes at the same moment: one owns the folder, the others are refused at once."""
    start, end = threading.Barrier(MANY), threading.Barrier(MANY)

    def owns() -> bool:
        start.wait()
        try:
            with own_folder(tmp_path / "out"):
                end.wait()
        except ConfigError:
            end.wait()
            return False
        return True

    with ThreadPoolExecutor(MANY) as pool:
        assert sum(pool.map(lambda _: owns(), range(MANY))) == 1


def test_owners_follow_one_another(tmp_path: Path) -> None:
    """However often a lock is removed and made again, no two owners write at the same time."""
    counter = tmp_path / "counter"
    counter.write_text("0", encoding="utf-8")

    def count(_: int) -> None:
        while True:
            try:
                with own_folder(tmp_path):
                    number = int(counter.read_text(encoding="utf-8"))
                    counter.write_text(str(number + 1), encoding="utf-8")
                    return
            except ConfigError:
                continue

    with ThreadPoolExecutor(MANY) as pool:
        list(pool.map(count, range(10 * MANY)))
    assert counter.read_text(encoding="utf-8") == str(10 * MANY)


def test_waiting(tmp_path: Path) -> None:
    """An owner that waits comes in when the other has ended."""
    owned, events = threading.Event(), list[str]()

    def wait() -> None:
        with pytest.raises(ConfigError), own_folder(tmp_path):
            pass
        owned.set()
        with own_folder(tmp_path, wait=True):
            events.append("second")

    with ThreadPoolExecutor(1) as pool:
        with own_folder(tmp_path):
            second = pool.submit(wait)
            assert owned.wait(30)
            events.append("first")
        second.result()
    assert events == ["first", "second"]


def test_folders_that_stay_empty_are_removed(tmp_path: Path) -> None:
    """What an owner made goes if it is empty, and stays if it is not; others' folders stay."""
    (tmp_path / "old").mkdir()
    with pytest.raises(DataError, match="wrong"), own_folder(tmp_path / "old" / "a" / "b"):
        raise DataError("wrong")
    assert list(tmp_path.rglob("*")) == [tmp_path / "old"]
    with own_folder(tmp_path / "new" / "a"):
        (tmp_path / "new" / "kept").touch()
    assert sorted(tmp_path.rglob("*")) == [tmp_path / name for name in ("new", "new/kept", "old")]
    with own_folder(tmp_path / "old"):
        pass
    assert (tmp_path / "old").is_dir()


def test_lock_of_a_killed_process_does_not_matter(tmp_path: Path) -> None:
    """Its file is no content of the folder, and goes with the next owner."""
    (tmp_path / LOCK_NAME).touch()
    (tmp_path / ".depth.0123abcd.part.png").touch()
    (tmp_path / "depth.png").touch()
    assert contents(tmp_path) == [tmp_path / "depth.png"]
    with own_folder(tmp_path):
        pass
    assert not (tmp_path / LOCK_NAME).exists()


def test_moved_folder_keeps_its_owner(tmp_path: Path) -> None:
    """A folder that is renamed while it is owned is not free under its new name."""
    with own_folder(tmp_path / "old"):
        (tmp_path / "old").rename(tmp_path / "new")
        with pytest.raises(ConfigError, match="new"), own_folder(tmp_path / "new"):
            pass


def test_folder_below_a_file(tmp_path: Path) -> None:
    """It is refused in one line that has the file."""
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file is a file"), own_folder(tmp_path / "file" / "out"):
        pass


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It is refused with the reason and what to do; any other error passes."""

    def fail(self: FileLock, **_: object) -> None:
        raise OSError(number, os.strerror(number), self.lock_file)

    monkeypatch.setattr(FileLock, "acquire", fail)
    reason = f"cannot write into .*: {os.strerror(number)}; choose another output folder"
    with pytest.raises(DataError, match=reason), own_folder(tmp_path / "out"):
        pass
    number = errno.ENOSPC
    with pytest.raises(OSError, match=os.strerror(number)), own_folder(tmp_path / "out"):
        pass
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_file_system_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The work goes on after a warning, and nothing is left of the lock."""
    import fcntl

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.warns(UserWarning, match="without locks.*start only one"), own_folder(tmp_path):
        (tmp_path / "depth.png").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["depth.png"]


def test_leftovers(tmp_path: Path) -> None:
    """Files and folders of killed processes go, at any depth; those of other owners stay."""
    left = ".a.0123abcd.part.png", "blocks/.b.0123abcd.part.npy", "blocks/.c.0123abcd.part/1.png"
    kept = "a.png", ".a.part", "run/.last.0123abcd.part.safetensors", "run/deep/.d.0123abcd.part"
    for name in (*left, *kept, LOCK_NAME, f"run/{LOCK_NAME}"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    remove_all_leftovers(tmp_path)
    assert [name for name in left if (tmp_path / name).exists()] == []
    assert not (tmp_path / "blocks/.c.0123abcd.part").exists()
    assert [name for name in kept if not (tmp_path / name).exists()] == []
