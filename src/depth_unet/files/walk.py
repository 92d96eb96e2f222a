"""Files below a folder: one rule for hidden files, links and folders that cannot be read."""

from collections.abc import Callable, Iterator
from pathlib import Path

from depth_unet.errors import DataError

OnError = Callable[[OSError], None]


def refuse(error: OSError) -> None:
    """Raise what kept a folder, or what is in it, from being read as a ``DataError``."""
    raise DataError(
        f"{error.filename} cannot be read ({error.strerror}); make it readable or move it"
    )


def is_file(path: Path) -> bool:
    """Whether a path is a file; circular links and names that are too long are none."""
    try:
        return path.is_file()
    except OSError:
        return False


def walk(root: Path, on_error: OnError = refuse) -> Iterator[tuple[Path, list[Path]]]:
    """Each folder from ``root`` downwards, with its files in order of their names.

    Hidden files and folders are skipped. Links to folders are followed. A folder that is reached
    several times, as through a link to a folder above, counts once; its own path comes before
    those through links.

    Args:
        root: The folder; it may be hidden itself.
        on_error: Called with the error of a folder that cannot be read, or of a link into one.
    """
    seen = set[tuple[int, int]]()
    folders, links = [root], list[Path]()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            visible = sorted(path for path in folder.iterdir() if path.name[0] != ".")
        except OSError as error:
            on_error(error)
            continue
        below, files = list[Path](), list[Path]()
        for path in visible:
            try:
                (below if path.is_dir() else files).append(path)
            except OSError as error:
                on_error(error)
        links += [path for path in below if path.is_symlink()]
        folders += [path for path in reversed(below) if not path.is_symlink()]
        yield folder, files


def files_below(root: Path, suffix: str = "", on_error: OnError = refuse) -> Iterator[Path]:
    """The files that ``walk`` finds, or those whose names end in ``suffix``."""
    for _, files in walk(root, on_error):
        yield from (path for path in files if path.name.endswith(suffix))
