"""Teachers: the networks that label photos, each with a weight."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depth_unet.arrays import Float32, UInt8
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.checks import check_range
from depth_unet.errors import CheckpointError, ConfigError
from depth_unet.files.checksum import unchanged
from depth_unet.files.fetch import is_url, without_secrets
from depth_unet.files.hub import is_hub_name
from depth_unet.files.text import as_path
from depth_unet.files.walk import is_file
from depth_unet.model.shipped import (
    BEST_NAME,
    CHECKPOINT,
    LAST_NAME,
    ONNX,
    find_weights,
    short_name,
)
from depth_unet.predict.label.combine import combine
from depth_unet.predict.label.foreign import ForeignNetwork, description_of
from depth_unet.predict.load import load
from depth_unet.predict.predictor import Predictor


@dataclass(frozen=True, slots=True)
class Teacher:
    """A network and its weight in the mean.

    Attributes:
        name: Name of its file or weights.
        sha256: Checksum of its file.
        network: Predicts depth.
        weight: Relative to the other teachers.
    """

    name: str
    sha256: str
    network: Predictor | ForeignNetwork
    weight: float

    def predict(
        self, image: UInt8[np.ndarray, "h w 3"], camera: Intrinsics
    ) -> Float32[np.ndarray, "h w"]:
        """The geometric mean of the depths of a photo and of its mirror image, metres."""
        straight_m = self.network.predict_array(image, camera)
        mirrored = np.ascontiguousarray(image[:, ::-1])
        mirrored_m = self.network.predict_array(mirrored, camera.flipped())
        return np.asarray(np.sqrt(straight_m * mirrored_m[:, ::-1]))

    @property
    def weights(self) -> str:
        """As of ``Predictor.weights``; empty for networks of other programs."""
        return self.network.weights if isinstance(self.network, Predictor) else ""

    def facts(self) -> dict[str, Any]:
        """What its depth depends on, and its weight, as plain values."""
        facts: dict[str, Any] = {"name": self.name, "sha256": self.sha256, "weight": self.weight}
        if isinstance(self.network, ForeignNetwork):
            facts["description"] = self.network.description.facts()
        return facts


def open_teacher(text: str) -> Teacher:
    """Open a teacher given as NAME or NAME:WEIGHT.

    Args:
        text: Shipped weights, a run, a checkpoint, a model of the Hub (``hf://OWNER/NAME``), an
            ``.onnx`` file of ``depth-unet export``, or the ``.onnx`` file of another program with
            its description.

    Raises:
        CheckpointError: A file cannot be used.
        ConfigError: The weight is not positive.
        DataError: A model of the Hub cannot be downloaded, or a file was written to meanwhile.
    """
    name, weight = _split(text)
    if is_url(name):
        raise CheckpointError(
            f"{without_secrets(name)} is a URL; label takes files; download it first"
        )
    given = find_weights(name, (ONNX, CHECKPOINT)) if is_hub_name(name) else name
    path = as_path(given)
    foreign = path.suffix.lower() == ONNX and description_of(path).is_file()
    title = short_name(path) if is_hub_name(name) else path.stem
    with unchanged(*_weights_files(given, path)) as checksums:
        network = ForeignNetwork(path) if foreign else _load(given, path)
    return Teacher(title, next(iter(checksums), ""), network, weight)


def _load(name: str | Path, path: Path) -> Predictor:
    try:
        return load(name)
    except CheckpointError as error:
        if path.suffix.lower() != ONNX or not path.is_file():
            raise
        beside = description_of(path)
        raise CheckpointError(f"{error}, or describe it in {beside} (docs/labels.md)") from None


def _weights_files(name: str | Path, path: Path) -> list[Path]:
    """The file of a teacher's weights, whose checksum names it; none if there is no such file."""
    file = path if path.suffix.lower() == ONNX else find_weights(name)
    files = [file / name for name in (BEST_NAME, LAST_NAME)] if file.is_dir() else [file]
    return list(filter(is_file, files))[:1]


def _split(text: str) -> tuple[str, float]:
    name, colon, number = text.rpartition(":")
    try:
        weight = float(number)
    except ValueError:  # the colon is part of the name
        return text, 1.0
    if not colon:
        return text, 1.0
    if not name:
        raise ConfigError(f"--teacher {text} names no network; write NAME:WEIGHT")
    check_range(f"the weight of --teacher {name}", weight, "[1e-6, 1e6]")
    return name, weight


class Teachers:
    """Several networks that label photos together.

    Args:
        members: The networks; the first gives the scale.
    """

    def __init__(self, members: Sequence[Teacher]) -> None:
        self.members = tuple(members)

    def label(
        self, image: UInt8[np.ndarray, "h w 3"], camera: Intrinsics
    ) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
        """Depth of a photo, metres, and the disagreement; see ``combine``."""
        depths_m = [teacher.predict(image, camera) for teacher in self.members]
        return combine(depths_m, [teacher.weight for teacher in self.members])

    def facts(self) -> dict[str, Any]:
        """What labels depend on, as plain values."""
        return {"teachers": [one.facts() for one in self.members]}

    @contextmanager
    def shared_by(self, num_threads: int) -> Iterator[Callable[[], None]]:
        """Let several threads label at once; see ``Predictor.shared_by``."""
        with ExitStack() as stack:
            prepares = [
                stack.enter_context(teacher.network.shared_by(num_threads))
                for teacher in self.members
            ]

            def prepare() -> None:
                for one in prepares:
                    one()

            yield prepare
