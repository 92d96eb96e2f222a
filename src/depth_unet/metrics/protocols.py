"""Evaluation protocols: crop, mask, clamp, averaging and alignment as one named value."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

from depth_unet.errors import ConfigError, DataError

ValidRule = Literal["inside", "up_to_max", "all"]
Average = Literal["image", "pixel"]
Alignment = Literal["none", "median", "scale_shift", "log_scale_shift"]
ALIGNMENT_WORDS: dict[Alignment, str] = {
    "none": "none",
    "median": "median",
    "scale_shift": "scale and shift",
    "log_scale_shift": "scale and shift of log depth",
}


class Prepared(NamedTuple):
    """Prediction, ground truth and mask, ready to compare."""

    prediction_m: Float64[Tensor, "h w"]
    """Cropped, aligned and clamped prediction, metres."""
    target_m: Float64[Tensor, "h w"]
    """Cropped ground truth, metres."""
    valid: Bool[Tensor, "h w"]
    """True where the pixel counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalProtocol:
    """Everything that a result depends on besides the model and the images.

    Variants are made with ``dataclasses.replace`` (``flip=True``, ``alignment="median"``).
    """

    name: str
    """Name printed with every result."""
    native_size: tuple[int, int] | None = None
    """Rows and columns that the ground truth must have; None allows any size."""
    rows: tuple[int, int] | None = None
    """First row of the crop and the one after its last; None keeps all rows."""
    columns: tuple[int, int] | None = None
    """First column of the crop and the one after its last; None keeps all columns."""
    min_depth_m: float = 1e-3
    """Nearest ground truth that counts, metres."""
    max_depth_m: float = 10.0
    """Farthest ground truth that counts, metres."""
    valid_rule: ValidRule = "inside"
    """`inside`: min < depth < max; `up_to_max`: min <= depth <= max; `all`: holes are refused."""
    clamp_m: tuple[float, float] = (1e-3, 10.0)
    """Range to which predictions are clamped, metres."""
    average: Average = "image"
    """`image`: per image, then over images; `pixel`: pooled over all pixels."""
    flip: bool = False
    """Whether the prediction is averaged with that of the mirror image."""
    alignment: Alignment = "none"
    """`none`: metric; `median`: scaled to the true median; `scale_shift`: least-squares line;
    `log_scale_shift`: least-squares line between the logs, `log d' = a log d + b`."""

    def __post_init__(self) -> None:
        for field, bounds in (
            ("range", (self.min_depth_m, self.max_depth_m)),
            ("clamp_m", self.clamp_m),
        ):
            if not 0 < bounds[0] < bounds[1]:
                raise ConfigError(
                    f"protocol {self.name}: {field} is {bounds}; it must satisfy 0 < min < max"
                )
        for field, span in (("rows", self.rows), ("columns", self.columns)):
            if span is not None and not 0 <= span[0] < span[1]:
                raise ConfigError(
                    f"protocol {self.name}: {field} is {span}; it must satisfy 0 <= start < stop"
                )

    def with_range(self, max_depth_m: float) -> Self:
        """The same protocol for another range of depth.

        Args:
            max_depth_m: Farthest depth of the data set, metres.

        Raises:
            ConfigError: The protocol belongs to one data set, which fixes its range.
        """
        if self.native_size is not None:
            raise ConfigError(
                f"protocol {self.name} ends at {self.max_depth_m:g} m by definition; choose "
                "protocol full for another range"
            )
        return replace(self, max_depth_m=max_depth_m, clamp_m=(self.clamp_m[0], max_depth_m))

    def describe(self, ground_truth: str, flip: str = "") -> str:
        """The protocol in one line, to print with every result.

        Args:
            ground_truth: The kind of depth, such as "raw" (holes are 0) or "filled".
            flip: Text for flip averaging in place of "on" or "off", for predictions made by others.

        Example:
            >>> FULL.describe("raw").split("; ")[0]
            'protocol full: ground truth raw at its own size'
        """
        native = self.native_size
        size = f"{native[1]}x{native[0]}" if native else "its own size"
        crop = "none"
        if self.rows is not None or self.columns is not None:
            crop = f"rows {_span(self.rows)}, columns {_span(self.columns)}"
        low, high = f"{self.min_depth_m:g}", f"{self.max_depth_m:g}"
        rule = {
            "inside": f"{low} < depth < {high} m",
            "up_to_max": f"{low} <= depth <= {high} m",
            "all": "all pixels, holes refused",
        }[self.valid_rule]
        pooled = self.average == "pixel"
        average = "pooled over all pixels" if pooled else "per image, then over images"
        return "; ".join(
            (
                f"protocol {self.name}: ground truth {ground_truth} at {size}",
                f"crop {crop}",
                f"valid {rule}",
                f"prediction clamped to [{self.clamp_m[0]:g}, {self.clamp_m[1]:g}] m",
                f"average {average}",
                f"flip averaging {flip or ('on' if self.flip else 'off')}",
                f"alignment {ALIGNMENT_WORDS[self.alignment]}",
            )
        )

    def prepare(
        self, prediction_m: Float[Tensor, "_ _"], target_m: Float[Tensor, "h w"]
    ) -> Prepared:
        """Crop, mask, align, clamp: in this order.

        Alignment is fitted to the valid pixels of this image; log depth needs positive numbers, so
        there the prediction is first raised to the nearest depth of the clamp. Flip averaging needs
        the model, so the code that runs the model does it.

        Args:
            prediction_m: Predicted depth at the size of the ground truth, metres.
            target_m: Ground truth, metres; 0 or NaN where unknown.

        Returns:
            Maps of the crop's size, float64. NaN in a prediction stays NaN; without a valid pixel
            there is no alignment.

        Raises:
            DataError: The ground truth does not have the native size, or has holes although the
                protocol counts all pixels; or the prediction has another size.

        Example:
            >>> depth_m = torch.full((480, 640), 2.0)
            >>> NYU_EIGEN.prepare(depth_m, depth_m).valid.shape
            torch.Size([426, 560])
        """
        self._require_size(prediction_m, target_m)
        rows, columns = slice(*(self.rows or (None,))), slice(*(self.columns or (None,)))
        prediction = prediction_m[rows, columns].double()
        target = target_m[rows, columns].double()
        valid = self._valid(target)
        if valid.any():
            prediction = self._align(prediction, target, valid)
        return Prepared(prediction.clamp(*self.clamp_m), target, valid)

    def _align(self, prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        match self.alignment:
            case "none":
                return prediction
            case "median":
                return prediction * (target[valid].quantile(0.5) / prediction[valid].quantile(0.5))
            case "scale_shift":
                return prediction + _correction(prediction, target, valid)
            case "log_scale_shift":
                prediction = prediction.clamp(min=self.clamp_m[0])
                return prediction * _correction(prediction.log(), target.log(), valid).exp()

    def _valid(self, target_m: Tensor) -> Tensor:
        match self.valid_rule:
            case "inside":
                return (target_m > self.min_depth_m) & (target_m < self.max_depth_m)
            case "up_to_max":
                return (target_m >= self.min_depth_m) & (target_m <= self.max_depth_m)
            case "all":
                known = (target_m > 0) & target_m.isfinite()
                if not known.all():
                    raise DataError(
                        f"protocol {self.name} counts all pixels, but "
                        f"{int((~known).sum())} pixels of the ground truth have no depth; "
                        "use filled depth, or protocol nyu-eigen"
                    )
                return known

    def _require_size(self, prediction_m: Tensor, target_m: Tensor) -> None:
        size = tuple(target_m.shape)
        if self.native_size is not None and size != self.native_size:
            raise DataError(
                f"protocol {self.name} needs ground truth of "
                f"{self.native_size[1]}x{self.native_size[0]}, but this is {size[1]}x{size[0]}; "
                "evaluate on the native depth, or with protocol full"
            )
        if prediction_m.shape != target_m.shape:
            height, width = prediction_m.shape
            raise DataError(
                f"the prediction is {width}x{height}, but its ground truth is {size[1]}x{size[0]}; "
                "resize the prediction first"
            )


NYU_EIGEN = EvalProtocol(
    name="nyu-eigen", native_size=(480, 640), rows=(45, 471), columns=(41, 601)
)
"""BTS, AdaBins, ZoeDepth: the field's default on NYU (AdaBins and ZoeDepth with flip averaging)."""

DENSEDEPTH = EvalProtocol(
    name="densedepth",
    native_size=(480, 640),
    rows=(20, 460),
    columns=(24, 616),
    valid_rule="all",
    clamp_m=(0.1, 10.0),
    average="pixel",
    flip=True,
)
"""The protocol of DenseDepth, except that AbsRel divides by the ground truth: DenseDepth's code
swaps the arguments and divides by the prediction."""

FULL = EvalProtocol(name="full", valid_rule="up_to_max")
"""Every valid pixel of any data set, no crop."""

PROTOCOLS = (NYU_EIGEN, DENSEDEPTH, FULL)


def protocol(name: str) -> EvalProtocol:
    """The protocol with this name.

    Raises:
        ConfigError: No protocol has this name.
    """
    by_name = {known.name: known for known in PROTOCOLS}
    if name not in by_name:
        raise ConfigError(f"unknown protocol {name!r}; choose one of {', '.join(by_name)}")
    return by_name[name]


def _span(bounds: tuple[int, int] | None) -> str:
    return "all" if bounds is None else f"{bounds[0]}:{bounds[1]}"


def _correction(prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """What the least-squares line from prediction to target adds to each pixel.

    The line is fitted to the residual, so that a perfect prediction does not change by a bit.
    """
    known = prediction[valid]
    residual = target[valid] - known
    centred = known - known.mean()
    spread = centred.square().sum()
    slope = torch.where(spread > 0, (centred * residual).sum() / spread, torch.zeros_like(spread))
    return slope * (prediction - known.mean()) + residual.mean()
