"""Random changes to training images: what moves with what, and what never changes."""

import math
from dataclasses import fields, replace
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from depth_unet.camera.canonical import depth_per_canonical
from depth_unet.config.augment import AugmentConfig
from depth_unet.data.augment import NUM_DRAWS, affine, augment, draw_numbers, resample
from depth_unet.data.labels import UNLABELLED
from depth_unet.data.loader import RawBatch
from depth_unet.data.order import hash_key
from depth_unet.records import Batch

CPU = torch.device("cpu")
SOURCE = (120, 160)
CANVAS = (96, 128)
CAMERA = (130.0, 130.0, 82.0, 57.5)
IDENTITY = AugmentConfig(flip=0.0)
COLOURS = AugmentConfig(brightness=0.3, contrast=0.3, saturation=0.3, channel_swap=0.3, blur=0.5)
EVERYTHING = replace(COLOURS, rotation_deg=10, zoom=1.8)
GEOMETRY = AugmentConfig(rotation_deg=20, zoom=2.0)
KEYS = [hash_key(0, 0, frame) for frame in range(12)]
PLANE = (0.3, -0.2, 0.5)  # inverse depth: slopes over the rays' x and y, and value on the axis


class Rays(NamedTuple):
    """Where the valid pixels of a result look, and what depth they show."""

    xy: Tensor
    depth_m: Tensor


def plane_inverse_depth(height: int, width: int) -> Tensor:
    """A slanted plane as the source camera sees it: its inverse depth is linear over the image."""
    fx_px, fy_px, cx_px, cy_px = CAMERA
    x = (torch.arange(width, dtype=torch.float64) - cx_px) / fx_px
    y = (torch.arange(height, dtype=torch.float64) - cy_px) / fy_px
    return PLANE[0] * x[None, :] + PLANE[1] * y[:, None] + PLANE[2]


def make_raw(
    depth_m: Tensor, image: Tensor | None = None, keys: list[int] | None = None
) -> RawBatch:
    """The same frame once for every key; by default its photo is smooth."""
    keys = KEYS if keys is None else keys
    height, width = depth_m.shape
    if image is None:
        coarse = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(0))
        image = F.interpolate(coarse, size=(height, width), mode="bilinear")[0]
        image = (image * 255).round().to(torch.uint8)
    return RawBatch(
        image=image.expand(len(keys), -1, -1, -1).contiguous(),
        depth_m=depth_m.float().expand(len(keys), 1, -1, -1).contiguous(),
        intrinsics_px=torch.tensor([CAMERA] * len(keys)),
        keys=torch.tensor(keys),
    )


def slanted_plane() -> RawBatch:
    """The plane, seen by the source camera."""
    return make_raw(1 / plane_inverse_depth(*SOURCE))


def run(raw: RawBatch, config: AugmentConfig, size: tuple[int, int] = CANVAS) -> Batch:
    """Augment on the CPU."""
    return augment(raw, config, height=size[0], width=size[1], device=CPU)


def tensors(batch: RawBatch | Batch) -> dict[str, Tensor]:
    """Everything in it that has a value per frame."""
    values = {item.name: getattr(batch, item.name) for item in fields(batch)}
    return {name: value for name, value in values.items() if isinstance(value, Tensor)}


def same(one: Batch, other: Batch) -> None:
    """Two batches are equal to the last bit."""
    assert len(tensors(one)) == len(tensors(other)) > 3
    for name, value in tensors(one).items():
        assert torch.equal(value, tensors(other)[name]), name


def rays(batch: Batch, i: int) -> Rays:
    """Unproject the valid pixels of one result with the camera that came with it."""
    fx_px, fy_px, cx_px, cy_px = batch.intrinsics_px[i].double()
    rows, columns = batch.valid[i, 0].nonzero(as_tuple=True)
    xy = torch.stack(((columns - cx_px) / fx_px, (rows - cy_px) / fy_px), dim=1)
    return Rays(xy, batch.depth_m[i, 0, rows, columns].double())


def zooms(keys: list[int], config: AugmentConfig) -> Tensor:
    """The zoom of each key: log-uniform between 1 and the largest."""
    return torch.stack([torch.exp(draw_numbers(key)[1] * math.log(config.zoom)) for key in keys])


def test_identity_is_exact() -> None:
    """With nothing to change, image, depth and camera come through to the last bit."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (3, *SOURCE), generator=generator, dtype=torch.uint8)
    raw = make_raw(1 / plane_inverse_depth(*SOURCE), image)
    batch = run(raw, IDENTITY, SOURCE)
    assert torch.equal(batch.depth_m, raw.depth_m)
    assert torch.equal(batch.intrinsics_px, raw.intrinsics_px)
    assert torch.equal(batch.image, raw.image / 255)
    assert batch.valid.all()


@pytest.mark.parametrize("micro_batch", [1, 5])
def test_same_key_same_result(micro_batch: int) -> None:
    """A frame's changes follow from its key: alone, in a part or in the whole batch, the same."""
    raw = slanted_plane()
    whole = run(raw, EVERYTHING)
    for start in range(0, len(raw), micro_batch):
        part = slice(start, start + micro_batch)
        cut = RawBatch(**{name: value[part] for name, value in tensors(raw).items()})
        batch = run(cut, EVERYTHING)
        assert torch.equal(batch.valid, whole.valid[part])
        assert torch.equal(batch.depth_m, whole.depth_m[part])
        assert torch.equal(batch.intrinsics_px, whole.intrinsics_px[part])
        # A mean over pixels may be summed in another order on another number of threads.
        torch.testing.assert_close(batch.image, whole.image[part], rtol=1e-5, atol=1e-6)


def test_classes_move_with_depth() -> None:
    """A class per depth stays at that depth, whatever moves; beyond the edge there is none."""
    depth_m = 1 + torch.arange(SOURCE[0] * SOURCE[1]).reshape(SOURCE) % 200
    raw = make_raw(depth_m)
    raw = replace(raw, labels=raw.depth_m.to(torch.uint8))
    batch = run(raw, EVERYTHING)
    assert batch.labels is not None
    inside = batch.valid
    assert not inside.all()
    assert torch.equal(batch.labels[inside], batch.depth_m[inside].to(torch.uint8))
    assert (batch.labels[~inside] == UNLABELLED).all()
    half = batch.slice(1, 3)
    assert half.labels is not None
    assert torch.equal(half.labels, batch.labels[1:3])


def test_keys_decide() -> None:
    """The same keys give the same batch, other keys another, and no two frames are alike."""
    raw = slanted_plane()
    same(run(raw, EVERYTHING), run(raw, EVERYTHING))
    images = run(raw, EVERYTHING).image.flatten(1)
    assert torch.cdist(images, images).fill_diagonal_(1e9).min() > 0.1


def test_global_random_state_is_not_used() -> None:
    """Seeding PyTorch elsewhere changes nothing, and nothing is drawn from it."""
    torch.manual_seed(1)
    one, state = run(slanted_plane(), EVERYTHING), torch.get_rng_state()
    torch.manual_seed(2)
    same(one, run(slanted_plane(), EVERYTHING))
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


def test_inputs_are_left_alone() -> None:
    """Stored frames are not changed."""
    raw, untouched = slanted_plane(), slanted_plane()
    for config in (EVERYTHING, IDENTITY):
        run(raw, config)
        batch = run(raw, config, SOURCE)
        batch.image.zero_()
    for name, value in tensors(raw).items():
        assert torch.equal(value, tensors(untouched)[name]), name


def test_flip_moves_image_depth_and_camera_together() -> None:
    """In the mirror image, columns of photo and depth are reversed, and so is the axis."""
    raw = slanted_plane()
    batch = run(raw, AugmentConfig(flip=1.0), SOURCE)
    assert torch.equal(batch.depth_m, raw.depth_m.flip(-1))
    torch.testing.assert_close(batch.image, raw.image.flip(-1) / 255, rtol=0, atol=1e-3)
    expected = torch.tensor([130.0, 130.0, 160 - 1 - 82.0, 57.5]).expand(len(raw), 4)
    torch.testing.assert_close(batch.intrinsics_px, expected, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize(("probability", "share"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_share_of_flips(probability: float, share: float) -> None:
    """As many images are mirrored as the config says; the others are exactly as they were."""
    raw = make_raw(torch.tensor([[1.0, 2.0]]), keys=[hash_key(9, i) for i in range(400)])
    left = run(raw, AugmentConfig(flip=probability), (1, 2)).depth_m[:, 0, 0, 0]
    assert set(left.tolist()) <= {1.0, 2.0}
    assert (left == 2).float().mean().item() == pytest.approx(share, abs=0.08)


def test_zoom_multiplies_the_focal_length() -> None:
    """A crop by z has z times the focal length, so canonical depth is divided by z; depth stays."""
    config = AugmentConfig(flip=0.0, zoom=2.0)
    raw = make_raw(torch.full(SOURCE, 3.0))
    batch = run(raw, config)
    zoom = zooms(KEYS, config)
    assert zoom.min() < 1.2
    assert zoom.max() > 1.6
    torch.testing.assert_close(batch.focal_px, 130 * 0.8 * zoom, rtol=1e-5, atol=0)
    assert (batch.depth_m == 3).all()
    canonical = batch.depth_m[:, 0, 0, 0] / depth_per_canonical(batch.focal_px, 0.8, 128)
    plain = run(raw, IDENTITY)
    before = plain.depth_m[:, 0, 0, 0] / depth_per_canonical(plain.focal_px, 0.8, 128)
    torch.testing.assert_close(canonical, before / zoom, rtol=1e-5, atol=0)


def test_a_share_is_not_zoomed() -> None:
    """With a zoom share below 1 the others are whole photos, and the zoomed ones as far as ever."""
    config = AugmentConfig(flip=0.0, zoom=2.0, zoom_share=0.6)
    keys = list(range(400))
    matrix, _ = affine(torch.stack([draw_numbers(key) for key in keys]), config, aspect=4 / 3)
    zoom = 1 / matrix[:, 0, 0]
    whole = zoom == 1
    assert 0.33 < whole.float().mean() < 0.47
    torch.testing.assert_close(
        zoom[~whole].log().mean(), torch.tensor(math.log(2) / 2), atol=0.05, rtol=0
    )
    assert zoom.max() > 1.9
    none, _ = affine(
        torch.stack([draw_numbers(key) for key in keys]), replace(config, zoom_share=0.0), 4 / 3
    )
    assert bool((none[:, 0, 0] == 1).all())


def test_zoom_shows_the_inside_of_the_image() -> None:
    """A zoom-crop lies inside the photo, anywhere in it: no hole comes in at the edges."""
    keys = [hash_key(3, i) for i in range(200)]
    raw = make_raw(torch.full((12, 16), 2.0), keys=keys)
    batch = run(raw, AugmentConfig(flip=0.0, zoom=1.5), (12, 16))
    assert batch.valid.all()
    fx_px, _, cx_px, cy_px = batch.intrinsics_px.T
    left = CAMERA[2] - (cx_px + 0.5) * CAMERA[0] / fx_px + 0.5  # in columns of the source
    top = CAMERA[3] - (cy_px + 0.5) * CAMERA[0] / fx_px + 0.5
    room = 1 - CAMERA[0] / fx_px  # what the crop leaves, in shares of the side
    for edge, side in ((left, 16), (top, 12)):
        assert (edge > -1e-3).all()
        assert (edge < room * side + 1e-3).all()
        place = (edge / (room * side))[room > 0.05]
        assert place.min() < 0.1
        assert place.max() > 0.9


@pytest.mark.parametrize("size", [CANVAS, SOURCE, (64, 128)], ids=str)
@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_every_pixel_looks_where_its_camera_says(size: tuple[int, int], flip: float) -> None:
    """Mirrored, turned and zoomed: the new camera has the old rays, turned about the axis.

    Every source pixel carries its own number as depth, so the result tells where it comes from.
    """
    numbers = torch.arange(1, SOURCE[0] * SOURCE[1] + 1, dtype=torch.float64).view(SOURCE)
    config = AugmentConfig(flip=flip, rotation_deg=20, zoom=2.0)
    batch = run(make_raw(numbers), config, size)
    angles = []
    for i in range(len(KEYS)):
        xy, number = rays(batch, i)
        index = number.long() - 1
        columns, rows = index % SOURCE[1], index // SOURCE[1]
        source_xy = torch.stack((columns - CAMERA[2], rows - CAMERA[3]), dim=1).double() / CAMERA[0]
        turn = torch.linalg.lstsq(xy, source_xy).solution
        torch.testing.assert_close(
            turn @ turn.T, torch.eye(2, dtype=torch.float64), rtol=0, atol=2e-3
        )
        assert (turn.det() < 0) == (flip == 1)
        error_px = (xy @ turn - source_xy) * CAMERA[0]
        assert error_px.abs().max() < 0.55, "farther than the nearest pixel"
        assert error_px.mean(dim=0).abs().max() < 0.03, "shifted"
        angles.append(math.degrees(math.atan2(turn[1, 0], turn[1, 1])))
    assert max(angles) - min(angles) > 15
    assert max(map(abs, angles)) <= 20.1


def sharpness(image: Tensor) -> Tensor:
    """How fine an image is: bends from pixel to pixel over differences across four."""
    bends = (image[..., 2:] - 2 * image[..., 1:-1] + image[..., :-2]).abs().mean()
    return bends / (image[..., 4:] - image[..., :-4]).abs().mean()


@pytest.mark.parametrize("zoom", [1.001, 1.5, 2.0])
def test_zoom_cannot_be_seen_by_blur(zoom: float) -> None:
    """A zoomed crop is as sharp as the same crop shrunk from the original photo, within 15 %.

    The picture has detail at every size, as photos have. One bilinear interpolation of frames a
    quarter larger than the canvas would leave a crop of zoom 2 less than two thirds as sharp.
    """
    frequencies = torch.fft.fftfreq(480)[:, None] ** 2 + torch.fft.fftfreq(640)[None, :] ** 2
    noise = torch.fft.fft2(torch.randn(480, 640, generator=torch.Generator().manual_seed(0)))
    photo = torch.fft.ifft2(noise / (frequencies + 1e-6).sqrt() ** 1.2).real
    photo = ((photo - photo.min()) / (photo.max() - photo.min()))[None, None].expand(1, 3, -1, -1)
    left, top = round(320 - 320 / zoom), round(240 - 240 / zoom)
    crop = photo[..., top : 480 - top, left : 640 - left]
    true = F.interpolate(crop, size=(96, 128), mode="area")
    grid = F.affine_grid(
        torch.tensor([[[1 / zoom, 0, 0], [0, 1 / zoom, 0]]]), [1, 1, 96, 128], align_corners=False
    )

    def sampled(size: tuple[int, int]) -> Tensor:
        stored = F.interpolate(photo, size=size, mode="area")
        return resample(stored, grid, torch.tensor([size[1] / 128 / zoom]))

    assert sharpness(sampled((240, 320))) == pytest.approx(float(sharpness(true)), rel=0.15)
    if zoom == 2:
        assert sharpness(sampled((120, 160))) < sharpness(true) * 0.67


def test_resample_of_little_steps_is_one_interpolation() -> None:
    """Where the result is no coarser than the image, its own pixels are interpolated."""
    image = torch.rand(2, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    grid = F.affine_grid(
        torch.tensor([[[0.5, 0, 0.2], [0, 0.5, 0]]] * 2), [2, 1, 12, 16], align_corners=False
    )
    plain = F.grid_sample(image, grid, padding_mode="reflection", align_corners=False)
    assert torch.equal(resample(image, grid, torch.tensor([1.0, 0.4])), plain)


def test_resample_of_bytes_is_that_of_floats() -> None:
    """Bytes are sampled as the same numbers in floats are, and are not rounded."""
    pixels = torch.randint(0, 256, (2, 3, 21, 30), generator=torch.Generator().manual_seed(0))
    grid = F.affine_grid(torch.eye(2, 3).expand(2, 2, 3), [2, 1, 6, 8], align_corners=False)
    steps = torch.tensor([1.2, 3.7])
    found = resample(pixels.to(torch.uint8), grid, steps)
    assert torch.equal(found, resample(pixels.float(), grid, steps))
    assert (found % 1).any()


@pytest.mark.parametrize("width", [427, 428, 561])
def test_stripes_become_grey(width: int) -> None:
    """Stripes of a pixel, four of which become one, fade everywhere, also where a side is odd."""
    image = (torch.arange(width) % 2).float().expand(1, 3, 8, width)
    grid = F.affine_grid(torch.eye(2, 3)[None], [1, 3, 2, width // 4], align_corners=False)
    grey = resample(image, grid, torch.tensor([4.0]))
    assert (grey - 0.5).abs().max() < 0.2


def test_resample_takes_every_image_by_itself() -> None:
    """Strongly and weakly shrunk images in one batch come out as each does alone."""
    image = torch.rand(3, 3, 60, 80, generator=torch.Generator().manual_seed(0))
    grid = F.affine_grid(torch.eye(2, 3).expand(3, 2, 3) * 0.9, [3, 1, 6, 8], align_corners=False)
    steps = torch.tensor([1.2, 3.0, 9.0])
    whole = resample(image, grid, steps)
    for i in range(3):
        alone = resample(image[i : i + 1], grid[i : i + 1], steps[i : i + 1])
        assert torch.equal(whole[i : i + 1], alone)


@pytest.mark.parametrize("config", [GEOMETRY, EVERYTHING, AugmentConfig(flip=1.0)], ids=str)
def test_a_plane_stays_the_plane(config: AugmentConfig) -> None:
    """Unprojected with the returned camera, a slanted plane is the same, turned about the axis."""
    batch = run(slanted_plane(), config)
    for i in range(len(KEYS)):
        xy, depth_m = rays(batch, i)
        terms = torch.cat((xy, torch.ones(len(xy), 1, dtype=torch.float64)), dim=1)
        a, b, c = torch.linalg.lstsq(terms, 1 / depth_m[:, None]).solution[:, 0]
        assert float(c) == pytest.approx(PLANE[2], rel=2e-3)
        assert float(torch.hypot(a, b)) == pytest.approx(math.hypot(*PLANE[:2]), rel=5e-3)


def test_depth_is_never_invented() -> None:
    """Every valid depth is one of the source's: there is no interpolation across edges."""
    depth_m = torch.where(torch.arange(160) < 70, 1.0, 5.0).expand(SOURCE)
    batch = run(make_raw(depth_m), EVERYTHING)
    assert set(batch.depth_m[batch.valid].unique().tolist()) == {1.0, 5.0}


def test_holes_stay_holes() -> None:
    """A hole is invalid after any change, nothing else is inside the image, and they move along."""
    number = torch.arange(120)[:, None] // 8 + torch.arange(160) // 8
    depth_m = torch.where(number % 3 == 0, 0.0, 2.5)
    for config in (GEOMETRY, AugmentConfig(zoom=2.0), IDENTITY):
        batch = run(make_raw(depth_m), config)
        assert torch.equal(batch.valid, batch.depth_m > 0)
        assert set(batch.depth_m.unique().tolist()) == {0.0, 2.5}
        share = (~batch.valid).float().mean(dim=(1, 2, 3))
        assert share.min() > 0.2
    without_rotation = run(make_raw(depth_m), AugmentConfig(zoom=2.0))
    assert (~without_rotation.valid).float().mean(dim=(1, 2, 3)).max() < 0.45


def test_what_a_rotation_brings_in_is_a_hole() -> None:
    """Corners that were outside the photo have no depth, and colours of the photo, not black."""
    image = torch.full((3, *SOURCE), 200, dtype=torch.uint8)
    raw = make_raw(torch.full(SOURCE, 2.0), image)
    batch = run(raw, AugmentConfig(flip=0.0, rotation_deg=20))
    turned = [i for i, key in enumerate(KEYS) if abs(float(draw_numbers(key)[2]) - 0.5) > 0.1]
    assert turned
    corners = batch.valid[turned][..., :: CANVAS[0] - 1, :: CANVAS[1] - 1]
    assert not corners.all(dim=(1, 2, 3)).any()
    assert batch.valid.float().mean() > 0.8
    torch.testing.assert_close(batch.image, torch.full_like(batch.image, 200 / 255))


def test_photo_and_depth_stay_on_top_of_each_other() -> None:
    """After any geometry, photo and depth show an edge at the same place."""
    edge = torch.where(torch.arange(160) < 80, 1.0, 3.0).expand(SOURCE)
    image = ((edge == 3).float() * 255).to(torch.uint8).expand(3, -1, -1)
    batch = run(make_raw(edge, image), GEOMETRY)
    bright = batch.image[:, :1] > 0.5
    agree = (bright == (batch.depth_m == 3))[batch.valid]
    assert agree.float().mean() > 0.995


@pytest.mark.parametrize("field", ["brightness", "contrast", "saturation", "channel_swap", "blur"])
def test_colour_leaves_depth_and_camera(field: str) -> None:
    """Colours change within [0, 1]; depth, mask and camera do not change at all."""
    config = AugmentConfig(flip=0.0, **{field: 0.9})
    raw = slanted_plane()
    plain, batch = run(raw, IDENTITY, SOURCE), run(raw, config, SOURCE)
    assert torch.equal(batch.depth_m, plain.depth_m)
    assert torch.equal(batch.intrinsics_px, plain.intrinsics_px)
    assert not torch.equal(batch.image, plain.image)
    assert batch.image.min() >= 0
    assert batch.image.max() <= 1


def test_brightness_by_hand() -> None:
    """Brightness is a factor between 1 - x and 1 + x, of its own for every image."""
    image = torch.full((3, 4, 4), 100, dtype=torch.uint8)
    raw = make_raw(torch.ones(4, 4), image, keys=[hash_key(5, i) for i in range(300)])
    factors = run(raw, AugmentConfig(brightness=0.2), (4, 4)).image[:, 0, 0, 0] * 255 / 100
    assert 0.8 <= factors.min() < 0.82
    assert 1.18 < factors.max() <= 1.2
    assert factors.mean().item() == pytest.approx(1, abs=0.03)


def test_contrast_keeps_the_mean() -> None:
    """Contrast stretches about the image's mean."""
    image = torch.full((3, 4, 4), 120, dtype=torch.uint8)
    image[:, :2] = 130
    raw = make_raw(torch.ones(4, 4), image, keys=[hash_key(6, i) for i in range(100)])
    batch = run(raw, AugmentConfig(flip=0.0, contrast=0.5), (4, 4))
    torch.testing.assert_close(
        batch.image.mean(dim=(1, 2, 3)), torch.full((100,), 125 / 255), rtol=1e-5, atol=0
    )
    stretch = (batch.image[:, 0, 0, 0] - batch.image[:, 0, 3, 0]) * 255 / 10
    assert 0.5 <= stretch.min() < 0.55
    assert 1.45 < stretch.max() <= 1.5


def test_saturation_keeps_the_grey_value() -> None:
    """Saturation moves colours towards their own grey or away from it; grey stays grey."""
    image = torch.tensor([120, 100, 140], dtype=torch.uint8)[:, None, None].expand(3, 4, 4)
    raw = make_raw(torch.ones(4, 4), image)
    weights = torch.tensor([0.299, 0.587, 0.114])
    colours = run(raw, AugmentConfig(flip=0.0, saturation=0.5), (4, 4)).image[:, :, 0, 0]
    expected = (image[:, 0, 0] / 255 @ weights).expand(len(KEYS))
    torch.testing.assert_close(colours @ weights, expected, rtol=1e-5, atol=0)
    assert colours.std(dim=1).unique().numel() == len(KEYS)
    grey = make_raw(torch.ones(4, 4), torch.full((3, 4, 4), 120, dtype=torch.uint8))
    same_grey = run(grey, AugmentConfig(saturation=0.5), (4, 4)).image
    torch.testing.assert_close(same_grey, torch.full_like(same_grey, 120 / 255))


@pytest.mark.parametrize("probability", [0.3, 1.0])
def test_channel_swap_permutes(probability: float) -> None:
    """With its probability, channels come in one of six orders, all as likely."""
    image = torch.tensor([10, 20, 30], dtype=torch.uint8)[:, None, None].expand(3, 2, 2)
    raw = make_raw(torch.ones(2, 2), image, keys=[hash_key(7, i) for i in range(1200)])
    config = AugmentConfig(flip=0.0, channel_swap=probability)
    orders = (run(raw, config, (2, 2)).image[:, :, 0, 0] * 255).round().int().tolist()
    counts = {order: orders.count(list(order)) / 1200 for order in map(tuple, orders)}
    assert all(sorted(order) == [10, 20, 30] for order in counts)
    assert len(counts) == 6
    kept = counts.pop((10, 20, 30))
    assert kept == pytest.approx(1 - probability * 5 / 6, abs=0.05)
    for share in counts.values():
        assert share == pytest.approx(probability / 6, abs=0.03)


def test_more_draws_change_none_of_the_others() -> None:
    """A key's first numbers do not depend on how many there are, so earlier runs repeat."""
    ten = torch.rand(10, generator=torch.Generator().manual_seed(12345))
    assert torch.equal(draw_numbers(12345)[:10], ten)


def test_draws_are_uniform_and_apart() -> None:
    """The numbers of a key are uniform in [0, 1), and no two of them go together."""
    draws = torch.stack([draw_numbers(hash_key(11, i)) for i in range(2000)])
    assert draws.shape == (2000, NUM_DRAWS)
    assert draws.min() >= 0
    assert draws.max() < 1
    assert (draws.mean(dim=0) - 0.5).abs().max() < 0.03
    correlation = draws.T.corrcoef() - torch.eye(NUM_DRAWS)
    assert correlation.abs().max() < 0.1
