"""Names of weights, and those that come with the package; does not import torch."""

from pathlib import Path

from depth_unet.errors import CheckpointError

CHECKPOINT, ONNX = ".safetensors", ".onnx"
WEIGHTS = Path(__file__).parents[1] / "weights"


def shipped_weights(name: str, suffix: str = CHECKPOINT) -> Path:
    """The path of shipped weights of that name; it may not exist."""
    return WEIGHTS / f"{name}{suffix}"


def shipped_names() -> list[str]:
    """The names of all shipped weights."""
    return sorted(file.stem for file in WEIGHTS.glob(f"*{CHECKPOINT}"))


def check_name(name: str) -> None:
    """Refuse a name that no checkpoint can have.

    Raises:
        CheckpointError: It is an ONNX file, or neither a file, a folder nor shipped weights.
    """
    path = Path(name)
    if path.suffix.lower() == ONNX and not path.is_dir():
        raise CheckpointError(
            f"{path} is an ONNX file, which torch does not run; name the checkpoint that it was "
            "exported from"
        )
    if not (path.exists() or shipped_weights(name).is_file()):
        names = ", ".join(shipped_names())
        raise CheckpointError(
            f"{path} does not exist; name a checkpoint file or a run folder"
            + (f", or shipped weights: {names}" if names else "")
        )
