"""The values that pass between modules: sums with counts, batches, the network's output.

Shape alphabet: ``b`` batch, ``c`` channels, ``h w`` pixels, ``n`` tokens, ``d`` head width.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

from jaxtyping import Bool, Float, UInt8
from torch import Tensor


@dataclass(frozen=True, slots=True)
class SumCount:
    """A sum and its number of terms; the caller divides once, by the global count.

    Masks differ between images, so the mean of means is not the mean.

    Attributes:
        sum: Sum over all counted terms, in the unit of the term. Zero if there are none.
        count: Number of counted terms.
    """

    sum: Float[Tensor, ""]
    count: Float[Tensor, ""]


class DepthOutput(NamedTuple):
    """The network's output for a batch of images.

    Attributes:
        canonical_depth_m: Depth for the canonical focal length, positive. It is metric depth only
            for that camera: ``DepthModel.predict`` returns metres for the camera of a photo.
        log_spread: Log of the predicted spread of log-depth; None without that head.
        semantics: Class logits, at 1/8 of the image; None without that head.
    """

    canonical_depth_m: Float[Tensor, "b 1 h w"]
    log_spread: Float[Tensor, "b 1 h w"] | None = None
    semantics: Float[Tensor, "b c h8 w8"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Images with their depth, one mask and one camera per image.

    Attributes:
        image: RGB in [0, 1].
        depth_m: Depth along the optical axis, metres; 0 where ``valid`` is False.
        valid: True where the depth may be used; the only mask.
        intrinsics_px: fx, fy, cx, cy in pixels of these images, integers at pixel centres.
        labels: Class of every pixel, 255 where there is none; None if no image has any.
    """

    image: Float[Tensor, "b 3 h w"]
    depth_m: Float[Tensor, "b 1 h w"]
    valid: Bool[Tensor, "b 1 h w"]
    intrinsics_px: Float[Tensor, "b 4"]
    labels: UInt8[Tensor, "b 1 h w"] | None = None

    def __len__(self) -> int:
        """Number of images."""
        return self.image.shape[0]

    @property
    def focal_px(self) -> Float[Tensor, " b"]:
        """Horizontal focal lengths, pixels of these images."""
        return self.intrinsics_px[:, 0]

    def slice(self, start: int, stop: int) -> Self:
        """Images ``start`` to ``stop`` (exclusive) as views, without copying."""
        cut = slice(start, stop)
        return type(self)(
            image=self.image[cut],
            depth_m=self.depth_m[cut],
            valid=self.valid[cut],
            intrinsics_px=self.intrinsics_px[cut],
            labels=None if self.labels is None else self.labels[cut],
        )
