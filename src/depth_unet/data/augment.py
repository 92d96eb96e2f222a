"""Random changes of training images, on the device, each determined by its frame's key.

Mirror, rotation about the optical axis and zoom-crop are one resampling. Depth values do not change
with it (the camera does not move); the intrinsics do, and the loss compares canonical depth, so a
zoomed crop stays metric.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Shaped, UInt8
from torch import Tensor

from depth_unet.config.augment import AugmentConfig
from depth_unet.data.appearance import add_white_frame, blur, jitter_colour
from depth_unet.data.labels import UNLABELLED
from depth_unet.data.loader import RawBatch
from depth_unet.records import Batch

NUM_DRAWS = 11
SHARPER = 0.5  # levels finer than a mipmap: photos are shrunk by area, which is sharper


def augment(
    raw: RawBatch, config: AugmentConfig, *, height: int, width: int, device: torch.device
) -> Batch:
    """Bring stored frames to the size of the canvas, with random changes.

    Args:
        raw: Frames of one size, on the CPU.
        config: What may change, and how far.
        height: Rows of the canvas.
        width: Columns of the canvas.
        device: Where to compute.

    Returns:
        Images in [0, 1], depth in metres with its mask, and the cameras after the change.
    """
    draws, matrix, shift = _draw_transforms(raw, config)
    source = raw.image.shape[-2:]
    image: Tensor = raw.image.to(device)
    depth_m = raw.depth_m.to(device)
    labels = None if raw.labels is None else raw.labels.to(device)
    if _needs_resampling(raw, config, height, width):
        grid = _make_grid(matrix, shift, height, width).to(device)
        image = resample(image, grid, _sampling_step(matrix, source[1], width))
        depth_m = _resample_depth(depth_m, grid)
        if labels is not None:
            labels = _resample_labels(labels, grid)
    intrinsics_px = _transform_cameras(
        raw.intrinsics_px, matrix, shift, (source[0], source[1]), (height, width)
    )
    on_device = draws.to(device)
    image = blur(jitter_colour(image / 255, on_device, config), draws, config)
    return Batch(
        image=add_white_frame(image, on_device, config),
        depth_m=depth_m,
        valid=depth_m > 0,
        intrinsics_px=intrinsics_px.to(device),
        labels=labels,
    )


def augment_mask(
    raw: RawBatch, config: AugmentConfig, *, height: int, width: int, device: torch.device
) -> Bool[Tensor, "b 1 {height} {width}"]:
    """The mask that ``augment`` returns, without the work and the memory for the images."""
    depth_m = raw.depth_m.to(device)
    if _needs_resampling(raw, config, height, width):
        _, matrix, shift = _draw_transforms(raw, config)
        depth_m = _resample_depth(depth_m, _make_grid(matrix, shift, height, width).to(device))
    return depth_m > 0


def resample(
    image: Shaped[Tensor, "b 3 h w"], grid: Float[Tensor, "b y x 2"], step_px: Float[Tensor, " b"]
) -> Float[Tensor, "b 3 y x"]:
    """Sample images as sharply as a camera would, however much each one shrinks.

    It interpolates between the two halvings of the image whose pixel sizes are closest to the
    result's, as mipmaps do. With plain interpolation a zoomed crop is more blurred than an
    unzoomed one, and a network learns to see the zoom by the blur, which no real lens causes.

    Args:
        image: Any values, bytes or floats.
        grid: Source position of each pixel of the result, -1 to 1 between the image's outer edges.
        step_px: Pixels of the image between neighbouring pixels of the result; up to 1, the image
            itself is interpolated. On the CPU.

    Returns:
        The images on the grid, fp32, mirrored at their edges.

    Reference:
        Williams, Pyramidal Parametrics, SIGGRAPH 1983.
    """
    levels: list[float] = (torch.log2(step_px) - SHARPER).clamp(min=0).tolist()
    parts = []
    # One by one, so that an image stays in the processor's cache: three times as fast on CPUs.
    for i, level in enumerate(levels):
        pixels, places = image[i : i + 1].float(), grid[i : i + 1]
        for _ in range(int(level)):
            pixels = _halve(pixels)
        part = _interpolate(pixels, places)
        if share := level % 1:
            part = part.lerp(_interpolate(_halve(pixels), places), share)
        parts.append(part)
    return torch.cat(parts)


def draw_numbers(key: int) -> Float[Tensor, " k"]:
    """The random numbers of one use of a frame, uniform in [0, 1)."""
    return torch.rand(NUM_DRAWS, generator=torch.Generator().manual_seed(key))


def affine(
    draws: Float[Tensor, "b k"], config: AugmentConfig, aspect: float
) -> tuple[Float[Tensor, "b 2 2"], Float[Tensor, "b 2"]]:
    """The source position of each pixel of the result: source = matrix @ result + shift.

    Coordinates run from -1 to 1 between the image's outer edges. A zoom z shows 1/z of the image
    at a random place inside it; log z is uniform. A share of the images is not zoomed, because
    whole photos would otherwise be at the edge of the training distribution.

    Args:
        draws: Uniform random numbers; the first five are used.
        config: Probability of the mirror, largest rotation, zoom and its probability.
        aspect: Width over height of the source, which a rotation must respect.
    """
    sign = torch.where(draws[:, 0] < config.flip, -1.0, 1.0)
    zoomed = draws[:, 1] < config.zoom_share
    place = draws[:, 1] / (config.zoom_share or 1.0)
    share = torch.where(zoomed, torch.exp(-place * math.log(config.zoom)), 1.0)
    angle = (draws[:, 2] * 2 - 1) * math.radians(config.rotation_deg)
    cosine, sine = angle.cos() * share, angle.sin() * share
    matrix = torch.stack(
        (
            torch.stack((cosine * sign, -sine / aspect), dim=1),
            torch.stack((sine * aspect * sign, cosine), dim=1),
        ),
        dim=1,
    )
    shift = (draws[:, 3:5] * 2 - 1) * (1 - share)[:, None]
    return matrix, shift


def _needs_resampling(raw: RawBatch, config: AugmentConfig, height: int, width: int) -> bool:
    """Whether pixels move on the way to the canvas."""
    moved = config.flip > 0 or config.rotation_deg > 0 or config.zoom > 1
    return moved or raw.image.shape[-2:] != (height, width)


def _draw_transforms(
    raw: RawBatch, config: AugmentConfig
) -> tuple[Float[Tensor, "b k"], Float[Tensor, "b 2 2"], Float[Tensor, "b 2"]]:
    """Random numbers, matrices and shifts of all frames; see ``affine``."""
    height, width = raw.image.shape[-2:]
    draws = torch.stack([draw_numbers(int(key)) for key in raw.keys])
    return (draws, *affine(draws, config, aspect=width / height))


def _make_grid(
    matrix: Float[Tensor, "b 2 2"], shift: Float[Tensor, "b 2"], height: int, width: int
) -> Float[Tensor, "b {height} {width} 2"]:
    """The source position of each pixel of the canvas, -1 to 1 between the source's edges."""
    theta = torch.cat((matrix, shift[..., None]), dim=2)
    return F.affine_grid(theta, [len(theta), 1, height, width], align_corners=False)


def _halve(image: Float[Tensor, "1 3 h w"]) -> Float[Tensor, "1 3 h2 w2"]:
    """Means of 2x2 pixels: halfway between their centres, a bilinear value is their mean.

    Where a side is odd, they are not halfway, and slower means over areas take their place.
    """
    half = [-(-side // 2) for side in image.shape[-2:]]
    is_even = not any(side % 2 for side in image.shape[-2:])
    return F.interpolate(image, size=half, mode="bilinear" if is_even else "area")


def _interpolate(
    image: Float[Tensor, "1 3 h w"], grid: Float[Tensor, "1 y x 2"]
) -> Float[Tensor, "1 3 y x"]:
    return F.grid_sample(image, grid, padding_mode="reflection", align_corners=False)


def _resample_depth(
    depth_m: Float[Tensor, "b 1 h w"], grid: Float[Tensor, "b y x 2"]
) -> Float[Tensor, "b 1 y x"]:
    """Depth of the nearest pixel: averages would lie between two surfaces."""
    return F.grid_sample(depth_m, grid, mode="nearest", align_corners=False)


def _resample_labels(
    labels: UInt8[Tensor, "b 1 h w"], grid: Float[Tensor, "b y x 2"]
) -> UInt8[Tensor, "b 1 y x"]:
    """Class of the nearest pixel, ``UNLABELLED`` beyond the edge."""
    shifted = labels.float() - UNLABELLED  # grid_sample fills in 0
    sampled = F.grid_sample(shifted, grid, mode="nearest", align_corners=False)
    return (sampled + UNLABELLED).to(torch.uint8)


def _sampling_step(
    matrix: Float[Tensor, "b 2 2"], source_width: int, width: int
) -> Float[Tensor, " b"]:
    """Pixels of the source between neighbouring pixels of the result."""
    step_px: Tensor = torch.linalg.det(matrix).abs().sqrt() * source_width / width
    return step_px


def _transform_cameras(
    intrinsics_px: Float[Tensor, "b 4"],
    matrix: Float[Tensor, "b 2 2"],
    shift: Float[Tensor, "b 2"],
    old: tuple[int, int],
    new: tuple[int, int],
) -> Float[Tensor, "b 4"]:
    """fx, fy, cx, cy in pixels of the result; old and new are heights and widths."""
    old_size = torch.tensor([old[1], old[0]], dtype=torch.float32)
    new_size = torch.tensor([new[1], new[0]], dtype=torch.float32)
    zoom = torch.linalg.det(matrix).abs().rsqrt()[:, None]
    focal = intrinsics_px[:, :2] * new_size / old_size * zoom
    centre = (2 * intrinsics_px[:, 2:] + 1) / old_size - 1
    centre = torch.linalg.solve(matrix, (centre - shift)[..., None])[..., 0]
    return torch.cat((focal, ((centre + 1) * new_size - 1) / 2), dim=1)
