"""The three errors that the package raises on purpose.

Each message is one line: what was found, what was expected, what to do.
Only the command line catches them. Everything else is a bug and keeps its traceback.
"""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

EXTRAS = {
    "train": ("torch", "lightning-fabric", "safetensors", "matplotlib", "psutil"),
    "search": ("optuna", "sqlalchemy"),
}
"""Libraries that whole commands need, by extra of this package."""

NO_MEMORY = re.compile(
    r"allocate memory|out of memory|insufficient memory|bad_alloc|failed to map segment"
    r"|could not (create|execute) a (primitive|memory( object)?)$"  # oneDNN
    r"|can't start new thread",  # no memory for its stack
    re.IGNORECASE,
)


class ConfigError(ValueError):
    """A setting is out of range, or two settings contradict each other."""


class DataError(ValueError):
    """An input file, a data set or a split is not what it claims to be."""


class CheckpointError(ValueError):
    """A file is not a checkpoint of this package, or what it holds cannot be used."""


def own_command(*words: str | Path) -> str:
    """A command of this program for messages: quoted for a shell, and the same from any folder.

    Args:
        words: The command and its arguments; a relative path becomes absolute.

    Example:
        >>> own_command("train", "--resume", Path("/my runs/seed"))
        "depth-unet train --resume '/my runs/seed'"
    """
    given = (word.absolute() if isinstance(word, Path) else word for word in words)
    return shlex.join(map(str, ("depth-unet", *given)))


def install_command(*libraries: str) -> str:
    """The command that installs optional libraries, as error messages name it.

    It names the libraries and not this package's extra: the package is on no index, so that
    ``pip install "depth-unet[video]"`` fails outside a clone.

    Args:
        libraries: Names on the package index, such as ``av``.

    Returns:
        For example ``pip install "av>=18"``, with the versions that this package declares.
    """
    # Imported here because it takes longer to load than the help takes to print.
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415

    try:
        declared = [line.partition(";")[0].strip() for line in requires("depth-unet") or ()]
    except PackageNotFoundError:
        declared = []
    wanted = []
    for library in libraries:
        found = (line for line in declared if re.split(r"[<>=!~ \[]", line)[0] == library)
        wanted.append(f'"{next(found, library)}"')
    return f"pip install {' '.join(wanted)}"


def check_installed(task: str, library: str) -> None:
    """Refuse a task before any work is done if its optional library is not installed.

    Args:
        task: What needs the library, as the message names it.
        library: Its name in Python, and on the package index with hyphens for underscores.

    Raises:
        ConfigError: It is not installed.
    """
    if find_spec(library) is None:
        raise ConfigError(
            f"{task} needs {library}, which is not installed; run: "
            f"{install_command(library.replace('_', '-'))}"
        )


def missing_library(task: str, error: ModuleNotFoundError) -> ConfigError:
    """What to raise in place of ``error`` where a library of ``EXTRAS`` is not installed.

    Args:
        task: What needs the library, as the message names it.
        error: The failed import.

    Raises:
        ModuleNotFoundError: ``error`` itself, if another module is missing: that is a bug.
    """
    library = (error.name or "").partition(".")[0].replace("_", "-")
    for libraries in EXTRAS.values():
        if library in libraries:
            command = install_command(*libraries)
            return ConfigError(f"{task} needs {library}, which is not installed; run: {command}")
    raise error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: libraries of C++ say so in the text of their errors alone."""
    return isinstance(error, MemoryError) or bool(NO_MEMORY.search(str(error)))
