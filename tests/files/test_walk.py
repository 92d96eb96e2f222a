"""Folders are entered by one rule."""

from pathlib import Path

import pytest

from depth_unet.errors import DataError
from depth_unet.files.walk import files_below, walk


def found(root: Path) -> list[str]:
    """The files below a folder, in the order in which they are found."""
    return [path.relative_to(root).as_posix() for path in files_below(root)]


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A folder with two folders and hidden files."""
    root = tmp_path / "album"
    for name in ("b.txt", "a.txt", "sub/c.txt", "other/d.txt", ".git/e.txt", "sub/.hidden"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_order_and_hidden_files(album: Path) -> None:
    """Files come in order of their names, folder by folder; hidden ones are skipped."""
    assert found(album) == ["a.txt", "b.txt", "other/d.txt", "sub/c.txt"]
    assert list(files_below(album, ".jpg")) == []
    (album / ".git" / "x").mkdir()
    assert found(album / ".git") == ["e.txt"]  # the named folder itself may be hidden


def test_links_are_followed_once(album: Path, tmp_path: Path) -> None:
    """A folder elsewhere is entered; one in the album is listed under its own path only."""
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "f.txt").touch()
    (album / "aaa").symlink_to(album / "sub")
    (album / "far").symlink_to(tmp_path / "far")
    assert found(album) == ["a.txt", "b.txt", "other/d.txt", "sub/c.txt", "far/f.txt"]


def test_circles_end(album: Path) -> None:
    """Links that lead upwards and to each other end, however many there are."""
    for number in range(20):
        (album / "sub" / f"up{number}").symlink_to(album)
        (album / "other" / f"across{number}").symlink_to(album / "sub")
    (album / "self").symlink_to("self")
    assert found(album) == ["a.txt", "b.txt", "self", "other/d.txt", "sub/c.txt"]


def test_links_into_unreadable_folders(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that cannot be followed is an error, and takes nothing else with it."""
    (album / "sub" / "link").symlink_to(album / "other")
    is_dir = Path.is_dir

    def locked(path: Path) -> bool:
        if path.name == "link":
            raise PermissionError(13, "Permission denied", str(path))
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", locked)
    errors = list[OSError]()
    found = [path.name for path in files_below(album, on_error=errors.append)]
    assert found == ["a.txt", "b.txt", "d.txt", "c.txt"]
    assert [error.filename for error in errors] == [str(album / "sub" / "link")]
    with pytest.raises(DataError, match=r"link cannot be read \(Permission denied\)"):
        list(walk(album))


def test_unreadable_folders(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be read is an error, or is given to the caller."""
    listed = Path.iterdir

    def locked(folder: Path) -> object:
        if folder.name == "other":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", locked)
    with pytest.raises(DataError, match=r"other cannot be read \(Permission denied\)"):
        list(walk(album))
    errors = list[OSError]()
    assert [folder.name for folder, _ in walk(album, errors.append)] == ["album", "sub"]
    assert [error.filename for error in errors] == [str(album / "other")]
