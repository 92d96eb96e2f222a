"""The same U-Net with another head: colours of what is hidden in a photo."""

from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from depth_unet.config.model import ModelConfig
from depth_unet.model.unet import UNet


class PainterUNet(UNet):
    """Colours of a photo of which parts are hidden: what a network learns without any depth.

    The hidden parts are grey to the encoder, and grey is what a new network paints.

    Args:
        config: As ``UNet`` takes it; the range of depth means nothing here.

    Example:
        >>> model = PainterUNet(ModelConfig())
        >>> hidden = torch.ones(1, 1, 96, 128, dtype=torch.bool)
        >>> model(torch.rand(1, 3, 96, 128), hidden).shape
        torch.Size([1, 3, 96, 128])

    Reference:
        Xie et al., SimMIM: A Simple Framework for Masked Image Modeling, CVPR 2022, with the
        decoder and its skip connections in place of a single layer.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.colour_head = nn.Conv2d(config.widths[0], 3, 3, padding=1)
        self._initialise()
        nn.init.zeros_(self.colour_head.weight)  # features of a pretrained encoder are large
        nn.init.constant_(cast(Tensor, self.colour_head.bias), self.encoder.mean)

    def forward(
        self,
        image: Float[Tensor, "b 3 h w"],
        hidden: Bool[Tensor, "b 1 h w"],
        intrinsics_px: Float[Tensor, "b 4"] | None = None,
    ) -> Float[Tensor, "b 3 h w"]:
        """Paint the whole photo.

        Args:
            image: RGB in [0, 1], any size.
            hidden: True where the network does not see the image.
            intrinsics_px: fx, fy, cx, cy in pixels of the image; None: the canonical camera.

        Returns:
            RGB, fp32, about 0 to 1 and not limited to it. No hidden pixel has any influence.
        """
        features = self.features(image.masked_fill(hidden, self.encoder.mean), intrinsics_px)
        with torch.autocast(image.device.type, enabled=False):
            x = F.silu(features[-1].to(self.colour_head.weight.dtype))
            return F.interpolate(self.colour_head(x), size=image.shape[-2:], mode="bilinear")

    def heads(self) -> tuple[str, ...]:
        """See ``UNet.heads``."""
        return ("colour_head",)
