"""What the name of weights stands for."""

from pathlib import Path

import pytest

from depth_unet.errors import CheckpointError
from depth_unet.model.shipped import find_weights, shipped_names, shipped_weights, words_for


@pytest.fixture
def namesakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a folder for each shipped name."""
    monkeypatch.chdir(tmp_path)
    for name in shipped_names():
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.mark.usefixtures("namesakes")
@pytest.mark.parametrize("name", shipped_names())
def test_shipped_names_win(name: str) -> None:
    """A name is that of shipped weights; any other way to write it is that of the folder."""
    folder = Path(name)
    assert find_weights(name) == shipped_weights(name)
    for words in (f"./{name}", f"{name}/", folder, str(folder.absolute()), words_for(folder)):
        assert find_weights(words).samefile(folder)
        assert find_weights(words).is_dir()
    assert words_for(folder) == f"./{name}"
    assert words_for(Path("runs") / name) == str(Path("runs") / name)


def test_empty_name() -> None:
    """It is not the working folder."""
    with pytest.raises(CheckpointError, match=r"weights is empty; name a file, a run .*transfer"):
        find_weights("")


def test_only_names_are_looked_up_in_the_package(tmp_path: Path) -> None:
    """``./NAME`` and a path without its suffix are no shipped weights, even where files are so."""
    (tmp_path / "mine.safetensors").touch()
    name = shipped_names()[0]
    for missing in (f"./{name}", Path(name), f"../weights/{name}", str(tmp_path / "mine")):
        with pytest.raises(CheckpointError, match="does not exist"):
            find_weights(missing)
