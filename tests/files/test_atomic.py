"""Files are complete or absent."""

import errno
import os
import stat
from pathlib import Path

import pytest

from depth_unet.errors import DataError
from depth_unet.files.atomic import (
    copy_file,
    make_folder,
    remove_leftovers,
    replacing,
    replacing_folder,
    write_bytes,
    write_text,
)


def names(folder: Path) -> list[str]:
    """What lies in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


def test_written_files_are_whole(tmp_path: Path) -> None:
    """Text is UTF-8 with its line ends as given, bytes and copies are exact; folders are made."""
    write_text(tmp_path / "a" / "b" / "t.txt", "grün\nrot\n")
    write_bytes(tmp_path / "a" / "x.bin", bytes(range(256)))
    copy_file(tmp_path / "a" / "x.bin", tmp_path / "c" / "y.bin")
    assert (tmp_path / "a" / "b" / "t.txt").read_bytes() == "grün\nrot\n".encode()
    assert (tmp_path / "c" / "y.bin").read_bytes() == bytes(range(256))
    assert names(tmp_path / "a") == ["b", "x.bin"]


def test_nothing_is_there_before_the_end(tmp_path: Path) -> None:
    """While a file is written, its name does not exist; the temporary one keeps the suffix."""
    path = tmp_path / "depth.png"
    with replacing(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.parent == path.parent
        assert temporary.suffix == ".png"
        assert temporary.name.startswith(".")
    assert path.read_text() == "half"
    assert names(tmp_path) == ["depth.png"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("7 requested and 2 written"), "7 requested and 2 written; the disk may be full"),
    ],
)
def test_a_full_disk_error_names_the_file(tmp_path: Path, error: OSError, reason: str) -> None:
    """Python and NumPy do not name the file that did not fit, so we do; nothing is left."""
    path = tmp_path / "x.npy"

    def write() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(OSError, match=reason) as caught:
        write()
    assert caught.value.filename == str(path)
    assert names(tmp_path) == []


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_mode_follows_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    """The umask decides the file's mode, whatever mode the writer set."""
    before = os.umask(umask)
    try:
        with replacing(tmp_path / "x.txt") as temporary:
            temporary.write_text("x")
            temporary.chmod(0o600)
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.txt").stat().st_mode) == mode


def test_content_is_on_the_disk_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is flushed to the disk while the old one still has the name."""
    path, seen = tmp_path / "x.txt", list[str]()
    write_text(path, "old")
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(path.read_text()))
    write_text(path, "new")
    assert seen == ["old"]
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_failure_keeps_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    """If writing fails or is interrupted, the old file stays, and nothing half-written."""
    path = tmp_path / "last.json"
    write_text(path, "old")

    def write() -> None:
        with replacing(path) as temporary:
            temporary.write_text("ne")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["last.json"]


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    """Two writers of one file use two temporary names; the last to finish wins, whole."""
    path = tmp_path / "x.txt"
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert names(tmp_path) == ["x.txt"]


@pytest.mark.parametrize("parts", [("file",), ("file", "sub"), ("file", "sub", "sub")])
def test_path_below_a_file_is_refused(tmp_path: Path, parts: tuple[str, ...]) -> None:
    """A folder cannot be made where a regular file lies; the message names that file."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match=r"/file is a file, not a folder; choose another"):
        make_folder(tmp_path.joinpath(*parts))
    with pytest.raises(DataError, match=r"/file is a file, not a folder"):
        write_text(tmp_path.joinpath(*parts, "x.txt"), "x")
    assert (tmp_path / "file").read_text() == "mine"
    assert names(tmp_path) == ["file"]


def test_folder_that_cannot_be_made_is_refused() -> None:
    """Where the system allows no folder, its reason is given."""
    with pytest.raises(DataError, match=r"cannot make folder /proc/.*; choose another"):
        make_folder(Path("/proc/nothing/can/be/made/here"))


def test_folders_may_exist(tmp_path: Path) -> None:
    """Making a folder twice does no harm."""
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_folder_made_in_between_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that another thread makes between two questions is not taken for a file."""
    is_dir, folder = Path.is_dir, tmp_path / "a"

    def is_dir_then_made(path: Path) -> bool:
        answer = is_dir(path)
        if path == folder and not answer:
            path.mkdir()
        return answer

    monkeypatch.setattr(Path, "is_dir", is_dir_then_made)
    make_folder(folder)
    assert folder.is_dir()


def test_a_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    """The new folder replaces the old one if the block succeeds; an error keeps the old one."""
    path = tmp_path / "new" / "frames"
    with replacing_folder(path) as folder:
        (folder / "a").write_text("1")
        assert not path.exists()
    assert [item.name for item in path.iterdir()] == ["a"]
    with pytest.raises(FileNotFoundError), replacing_folder(path) as folder:
        (folder / "missing" / "b").touch()
    assert [item.name for item in path.parent.iterdir()] == ["frames"]
    with replacing_folder(path) as folder:
        (folder / "c").touch()
    assert [item.name for item in path.iterdir()] == ["c"]


def test_leftovers_of_the_names_go(tmp_path: Path) -> None:
    """What a killed process left of a file or folder is removed, and nothing else."""
    kept = [".other.0123abcd.part.mp4", ".walk.txt", "walk.mp4", ".walk.0123abcd.part.mkv"]
    gone = [".walk.0123abcd.part.mp4", ".walk.mp4.0123abcd.part"]
    for name in (*kept, *gone):
        (tmp_path / name).touch()
    (tmp_path / ".frames.0123abcd.old.part").mkdir()
    (tmp_path / ".frames.0123abcd.part").mkdir()
    (tmp_path / ".frames.0123abcd.part" / "a").touch()
    names = ("walk.mp4", "frames", "missing/walk.mp4")
    remove_leftovers(tmp_path / name for name in names)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_the_old_folder_stays_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the process dies between the two renames, the old or the new folder exists."""
    path, rename = tmp_path / "frames", Path.rename
    path.mkdir()
    (path / "old").touch()

    def interrupted(self: Path, target: Path) -> Path:
        if target == path and ".old" not in self.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), replacing_folder(path) as folder:
        (folder / "new").touch()
    assert names(tmp_path) == ["frames"]
    assert names(path) == ["old"]
