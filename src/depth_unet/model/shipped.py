"""Names of weights, and those that come with the package; does not import torch."""

from pathlib import Path

from depth_unet.errors import CheckpointError
from depth_unet.files.text import as_path

CHECKPOINT, ONNX = ".safetensors", ".onnx"
BEST_NAME, LAST_NAME = "best.safetensors", "last.safetensors"
WEIGHTS = Path(__file__).parents[1] / "weights"


def shipped_weights(name: str, suffix: str = CHECKPOINT) -> Path:
    """The path of shipped weights of that name; it may not exist."""
    return WEIGHTS / f"{name}{suffix}"


def shipped_names() -> list[str]:
    """The names of all shipped weights."""
    return sorted(file.stem for file in WEIGHTS.glob(f"*{CHECKPOINT}"))


def find_weights(name: str | Path) -> Path:
    """The checkpoint file or run folder that a name stands for.

    Args:
        name: The name of shipped weights, or a path; in text, ``~`` is the home folder. A shipped
            name wins over a file or folder of that name, which ``./NAME`` names. A ``Path`` is
            always a file or folder.

    Raises:
        CheckpointError: It is an ONNX file, or neither a file, a folder nor shipped weights.
    """
    names = shipped_names()
    if name in names:
        return shipped_weights(str(name))
    path = as_path(name)
    if path.suffix.lower() == ONNX and not path.is_dir():
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
    return f"./{path}" if str(path) in shipped_names() else str(path)
