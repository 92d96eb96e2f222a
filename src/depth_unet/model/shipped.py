"""Names of weights, and those that come with the package; does not import torch."""

from collections.abc import Sequence
from pathlib import Path

from depth_unet.errors import CheckpointError
from depth_unet.files.hub import SCHEME, SHORT, fetch_from_hub, is_hub_name, name_in_cache
from depth_unet.files.text import as_path

CHECKPOINT, ONNX = ".safetensors", ".onnx"
BEST_NAME, LAST_NAME = "best.safetensors", "last.safetensors"
MODEL = "model"  # the stem of both files on the Hub
WEIGHTS = Path(__file__).parents[1] / "weights"


def shipped_weights(name: str, suffix: str = CHECKPOINT) -> Path:
    """The path of shipped weights of that name; it may not exist."""
    return WEIGHTS / f"{name}{suffix}"


def shipped_names() -> list[str]:
    """The names of all shipped weights."""
    return sorted(file.stem for file in WEIGHTS.glob(f"*{CHECKPOINT}"))


def find_weights(
    name: str | Path, suffixes: Sequence[str] = (CHECKPOINT,), *, offline: bool = False
) -> Path:
    """The checkpoint file, ONNX file or run folder that a name stands for.

    Args:
        name: The name of shipped weights, a model of the Hub (``hf://OWNER/NAME``; see
            ``files.hub``), or a path; in text, ``~`` is the home folder. A shipped name wins over a
            file or folder of that name, which ``./NAME`` names. A ``Path`` is always a file or
            folder.
        suffixes: What is wanted of shipped weights and models of the Hub, which have several files:
            the first that there is.
        offline: Take models of the Hub from the cache alone.

    Raises:
        CheckpointError: It is empty, an ONNX file, which is not wanted, or neither a file, a
            folder, a model of the Hub nor shipped weights.
        ConfigError: It is on the Hub, and huggingface_hub is not installed.
        DataError: It is on the Hub and cannot be downloaded.
    """
    names = shipped_names()
    if name in names:
        files = [shipped_weights(str(name), suffix) for suffix in suffixes]
        return next((file for file in files if file.is_file()), files[0])
    if name == "":
        raise CheckpointError(
            f"the name of weights is empty; name a file, a run folder or {', '.join(names)}"
        )
    if is_hub_name(name):
        return fetch_from_hub(name, [MODEL + suffix for suffix in suffixes], offline=offline)
    path = as_path(name)
    if path.suffix.lower() == ONNX and ONNX not in suffixes and not path.is_dir():
        raise CheckpointError(
            f"{path} is an ONNX file, which torch does not run; name the checkpoint that it was "
            "exported from"
        )
    if not path.exists():
        raise CheckpointError(
            f"{path} does not exist; name a checkpoint file or a run folder"
            + (f", or shipped weights: {', '.join(names)}" if names else "")
        )
    return path


def words_for(path: Path) -> str:
    """The text that ``find_weights`` takes for a file or folder: ``./NAME`` for a shipped name."""
    model, commit, file = name_in_cache(path)
    if model:
        other = "" if Path(file).stem == MODEL else f"/{file}"
        return f"{SCHEME}{model}@{commit}{other}"
    return f"./{path}" if str(path) in shipped_names() else str(path)


def short_name(path: Path) -> str:
    """A file's name in tables: its run folder for ``best``, its model on the Hub, else its stem."""
    model, commit, _ = name_in_cache(path)
    if model:
        return f"{model}@{commit[:SHORT]}"
    return path.resolve().parent.name if path.name == BEST_NAME else path.stem
