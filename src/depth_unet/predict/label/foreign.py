"""Networks of other programs in ONNX files, described by a YAML file beside them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np

from depth_unet.arrays import Float32, UInt8
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.checks import check_ranges, require
from depth_unet.data.info import METRES_PER_UNIT
from depth_unet.errors import CheckpointError, DataError, is_out_of_memory
from depth_unet.files.damage import one_line
from depth_unet.files.text import read_text
from depth_unet.files.yaml_text import parse_yaml
from depth_unet.images.resize import resize_bilinear
from depth_unet.predict.onnx import RUNTIME, open_session, open_share
from depth_unet.predict.threads import num_cores

WHITE = 255
RANGES = {
    "mean": "[-1000, 1000]",
    "std": "(0, 1000]",
    "range_m": "(0, 1000]",
    "focal": "(0, 100]",
    "border": "[0, 0.5)",  # else nothing is left
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a network expects and returns; the YAML file has these fields.

    Attributes:
        mean: Mean of R, G and B, which is subtracted from colours in [0, 1].
        std: Standard deviation of R, G and B, by which they are divided.
        unit: Unit of its depth: ``mm``, ``cm`` or ``m``.
        range_m: Nearest and farthest depth that it can return, metres.
        focal: Focal length of its training camera, in image widths.
        border: White border that its training photos had on each side, in photo widths.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    unit: str
    range_m: tuple[float, float]
    focal: float
    border: float = 0.0

    def __post_init__(self) -> None:
        check_ranges(self, "", RANGES)
        units = tuple(METRES_PER_UNIT)
        require(self.unit in units, f"unit is {self.unit}; choose {', '.join(units)}")
        nearest_m, farthest_m = self.range_m
        require(
            nearest_m < farthest_m,
            f"range_m is {self.range_m}; write the nearest depth first, then the farthest",
        )

    def facts(self) -> dict[str, Any]:
        """The fields as plain values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            CheckpointError: It is missing, or a field is missing, unknown or out of range.
        """
        import yaml  # slow to import

        needed = [field.name for field in fields(cls) if field.default is MISSING]
        try:
            values = parse_yaml(read_text(path))
            require(isinstance(values, dict), "it has no fields")
            missing = [name for name in needed if name not in values]
            require(not missing, f"without {', '.join(missing)}")
            return cls(
                mean=_numbers(values.pop("mean"), 3),
                std=_numbers(values.pop("std"), 3),
                unit=str(values.pop("unit")),
                range_m=_numbers(values.pop("range_m"), 2),
                focal=float(values.pop("focal")),
                border=float(values.pop("border", 0)),
                **values,
            )
        except (DataError, OSError, yaml.YAMLError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path} does not describe a network ({one_line(error)}); write a YAML file with "
                f"{', '.join(needed)} and, if its training photos had a white border, border "
                "(docs/labels.md)"
            ) from None


def description_of(path: Path) -> Path:
    """The file that describes the network in an ``.onnx`` file."""
    return path.with_suffix(".yaml")


class ForeignNetwork:
    """A network of another program: RGB of a fixed size in, depth out.

    Args:
        path: The ``.onnx`` file, with one input (b 3 h w, float32) and one output (b 1 h w or
            b h w, floating-point).
        description: What the network expects; None reads ``description_of`` the file.
        num_threads: Threads of each photo; None takes all cores.

    Raises:
        CheckpointError: One of the files cannot be used.
    """

    def __init__(
        self, path: Path, description: Description | None = None, num_threads: int | None = None
    ) -> None:
        self.description = description or Description.read(description_of(path))
        self._path = path
        self._session = open_session(path, num_threads or num_cores())
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if inputs else []
        sides = [side for side in shape[2:] if isinstance(side, int)]
        if len(inputs) != 1 or len(shape) != 4 or shape[1] != 3 or len(sides) != 2:
            raise CheckpointError(
                f"{path} has the inputs {[(item.name, item.shape) for item in inputs]}; expected "
                "one of shape [batch, 3, height, width] with a fixed height and width"
            )
        kind = inputs[0].type
        if kind != "tensor(float)":
            raise CheckpointError(f"{path} takes {kind}; expected tensor(float), float32")
        self._input, (self._height, self._width) = inputs[0].name, sides

    @property
    def engine(self) -> str:
        """ONNX Runtime's version and the device."""
        return f"{RUNTIME}, cpu"

    @contextmanager
    def shared_by(self, num_threads: int) -> Iterator[Callable[[], None]]:
        """Let each of several threads compute with its share of the cores; see ``Predictor``."""
        before = self._session
        self._session = open_share(before, self._path, num_threads)
        try:
            yield lambda: None
        finally:
            self._session = before

    def predict_array(
        self, image: UInt8[np.ndarray, "h w 3"], intrinsics: Intrinsics
    ) -> Float32[np.ndarray, "h w"]:
        """Depth of a photo at its own size, metres; scaled to the camera's focal length.

        Raises:
            CheckpointError: The network does not run, or does not return one map.
            DataError: It returns NaN for this photo.
        """
        height, width = image.shape[:2]
        border = round(self.description.border * width)
        framed = np.pad(image, ((border,) * 2, (border,) * 2, (0, 0)), constant_values=WHITE)
        size = (self._width, self._height)
        rgb = cv2.resize(framed.astype(np.float32) / WHITE, size, interpolation=cv2.INTER_LINEAR)
        mean, std = (np.array(x, np.float32) for x in (self.description.mean, self.description.std))
        rgb = (rgb - mean) / std
        depth = self._run(rgb.transpose(2, 0, 1)[None]) * METRES_PER_UNIT[self.description.unit]
        depth_m = np.clip(depth, *self.description.range_m)
        full_m = resize_bilinear(depth_m, *framed.shape[:2])
        full_m = full_m[border : border + height, border : border + width]
        return full_m * np.float32(intrinsics.fx_px / width / self.description.focal)

    def _run(self, rgb: Float32[np.ndarray, "1 3 h w"]) -> Float32[np.ndarray, "h2 w2"]:
        try:
            depth = _one_map(self._session.run(None, {self._input: rgb}))
        except Exception as error:  # of many undocumented types without a common base
            if is_out_of_memory(error):
                raise
            raise CheckpointError(
                f"{self._path} does not run ({one_line(error)}); expected one floating-point "
                "output of shape [batch, 1, height, width] or [batch, height, width]"
            ) from None
        if np.isnan(depth).any():
            raise DataError(f"{self._path.name} predicts NaN; use another photo or teacher")
        return depth


def _one_map(outputs: Sequence[Any]) -> Float32[np.ndarray, "h w"]:
    if len(outputs) != 1:
        raise ValueError(f"it returns {len(outputs)} outputs")
    depth = np.asarray(outputs[0])
    leading = depth.shape[:-2]
    if depth.dtype.kind != "f" or not depth.size or leading not in ((1,), (1, 1)):
        raise ValueError(f"it returns {depth.dtype} of shape {list(depth.shape)}")
    return depth.reshape(depth.shape[-2:]).astype(np.float32)


def _numbers(values: Any, count: int) -> Any:
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f"{values} are not {count} numbers")
    return tuple(float(value) for value in values)
