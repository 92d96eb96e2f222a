"""Cross-entropy of the classes of pixels: a second task, in training only."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from depth_unet.losses.masking import num_images, upcast
from depth_unet.records import SumCount


def semantics(
    logits: Float[Tensor, "b c h w"],
    labels: UInt8[Tensor, "b 1 y x"],
    valid: Bool[Tensor, "b 1 y2 x2"],
) -> SumCount:
    """Cross-entropy, averaged over each image's places, summed over images.

    With ``p`` the softmax of the logits at a place and ``k`` the class of the pixel at its centre:
    ``sum over images of 1 / (h * w) * sum over places with a class of -ln p_k``

    Places without a class add nothing but are counted, so that the count depends on the depth
    masks alone and is known before the forward pass.

    Args:
        logits: Scores of ``c`` classes, at a whole fraction of the size of the labels.
        labels: Class of every pixel; ``c`` and above: none.
        valid: True where depth may be used; an image without any such pixel is left out.

    Returns:
        Sum over images (nats) and number of images with a valid pixel, at least fp32. An image
        without any class adds exactly 0 with a zero gradient.

    Example:
        >>> import torch
        >>> labels = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
        >>> term = semantics(torch.zeros(1, 2, 1, 1), labels, labels == 0)
        >>> round(float(term.sum / term.count), 3)  # ln 2
        0.693
    """
    classes, height, width = logits.shape[1:]
    rows, columns = labels.shape[-2] // height, labels.shape[-1] // width
    centres = labels[:, 0, rows // 2 :: rows, columns // 2 :: columns].long()
    used = valid.flatten(1).any(dim=1)[:, None, None]
    targets = torch.where(used & (centres < classes), centres, classes)
    losses = F.cross_entropy(upcast(logits), targets, ignore_index=classes, reduction="none")
    return SumCount(losses.flatten(1).mean(dim=1).sum(), num_images(valid))
