"""The weights that come with the package; does not import torch."""

from pathlib import Path

CHECKPOINT, ONNX = ".safetensors", ".onnx"
WEIGHTS = Path(__file__).parents[1] / "weights"


def shipped_weights(name: str, suffix: str = CHECKPOINT) -> Path:
    """The path of shipped weights of that name; it may not exist."""
    return WEIGHTS / f"{name}{suffix}"


def shipped_names() -> list[str]:
    """The names of all shipped weights."""
    return sorted(file.stem for file in WEIGHTS.glob(f"*{CHECKPOINT}"))
