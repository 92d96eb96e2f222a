"""From a photo of any size to metres at that size."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.predict.canvas import canvas_size, to_canvas
from depth_unet.predict.network import predict_metres
from depth_unet.recipes import RECIPES
from depth_unet.records import DepthOutput

CANVAS = CanvasConfig(height=96, width=128)
CONFIG = Config(canvas=CANVAS, model=ModelConfig(canonical_focal=NYU_FOCAL))
PHOTOS = [
    (480, 640),
    (640, 480),
    (100, 3000),
    (3000, 100),
    (1, 1),
    (1080, 1920),
    (37, 41),
    (7, 900),
]
CPU = torch.device("cpu")


def photo(height: int, width: int) -> np.ndarray:
    """A smooth photo: red grows to the right, green downwards."""
    rows, columns = np.mgrid[0:height, 0:width]
    channels = (columns * 255 // max(width - 1, 1), rows * 255 // max(height - 1, 1), 0 * rows + 90)
    return np.stack(channels, axis=-1).astype(np.uint8)


def red_depth(image: Tensor, _camera: Tensor) -> DepthOutput:
    """A network whose depth is 1 m at the left and 2 m at the right."""
    return DepthOutput(1 + image[:, :1])


def flat_depth(image: Tensor, _camera: Tensor) -> DepthOutput:
    """A network that sees 2 m everywhere."""
    return DepthOutput(torch.full_like(image[:, :1], 2.0))


def metres(
    network: Callable[[Tensor, Tensor], DepthOutput], image: np.ndarray, camera: Intrinsics
) -> np.ndarray:
    """Predict on the canvas of these tests, on the CPU."""
    return predict_metres(network, image, camera, CONFIG, CPU)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(("height", "width"), PHOTOS)
def test_canvases_are_multiples_of_16(recipe: str, height: int, width: int) -> None:
    """Whatever the photo, both sides are multiples of 16, and the area is the recipe's."""
    canvas = RECIPES[recipe]().canvas
    rows, columns = canvas_size(height, width, canvas)
    assert rows % 16 == columns % 16 == 0
    assert min(rows, columns) >= 32
    assert 1 / 1.2 <= rows * columns / (canvas.height * canvas.width) <= 1.2


@pytest.mark.parametrize("recipe", RECIPES)
def test_nyu_maps_to_the_canvas_of_the_recipe(recipe: str) -> None:
    """A 640x480 photo, and any other 4:3, gets exactly the canvas that was trained on."""
    canvas = RECIPES[recipe]().canvas
    for height, width in ((480, 640), (120, 160), (3000, 4000)):
        assert canvas_size(height, width, canvas) == (canvas.height, canvas.width)


def test_every_canvas_is_its_own() -> None:
    """A photo of the canvas's size is not resized, whichever canvas it is."""
    for height in range(32, 321, 16):
        for width in range(32, 321, 16):
            canvas = CanvasConfig(height=height, width=width)
            assert canvas_size(height, width, canvas) == (height, width)


def test_portrait_is_landscape_turned() -> None:
    """Turning a photo turns its canvas."""
    for height, width in ((480, 640), (1080, 1920), (100, 400)):
        rows, columns = canvas_size(height, width, CANVAS)
        turned = CanvasConfig(height=CANVAS.width, width=CANVAS.height)
        assert canvas_size(width, height, turned) == (columns, rows)
    assert canvas_size(640, 480, CANVAS)[0] > canvas_size(640, 480, CANVAS)[1]


@pytest.mark.parametrize(("height", "width"), [(480, 640), (640, 480), (1080, 1920), (300, 300)])
def test_shape_is_kept(height: int, width: int) -> None:
    """A usual photo is stretched by less than a twelfth on its canvas."""
    rows, columns = canvas_size(height, width, CANVAS)
    assert abs(np.log(columns / rows * height / width)) < np.log(13 / 12)


def test_panoramas_get_the_longest_canvas() -> None:
    """A photo far longer than wide gets the longest canvas of the area, not a larger one."""
    assert canvas_size(100, 5000, CANVAS) == (32, 448)
    assert canvas_size(5000, 100, CANVAS) == (448, 32)


def test_to_canvas_keeps_the_colours() -> None:
    """A photo on its canvas is the same photo, and its camera is that of the smaller image."""
    camera = Intrinsics.centred(640, 480, 500.0)
    pixels, small = to_canvas(photo(480, 640), camera, CANVAS)
    assert (pixels.shape, pixels.dtype) == ((96, 128, 3), np.uint8)
    assert pixels[:, -1, 0].min() > 250
    assert pixels[:, 0, 0].max() < 5
    assert pixels[-1, :, 1].min() > 250
    assert (pixels[..., 2] == 90).all()
    assert small == camera.resized(128, 96)


def test_network_gets_colours_from_0_to_1() -> None:
    """A network of torch sees RGB from 0 to 1, in this order, rows downwards."""
    batches = []

    def listening(image: Tensor, camera: Tensor) -> DepthOutput:
        batches.append(image)
        return flat_depth(image, camera)

    metres(listening, photo(480, 640), Intrinsics.centred(640, 480, 500.0))
    assert (batches[0].shape, batches[0].dtype) == ((1, 3, 96, 128), torch.float32)
    assert batches[0][0, 0, :, -1].min() > 0.98
    assert batches[0][0, 1, -1].min() > 0.98
    torch.testing.assert_close(batches[0][0, 2], torch.full((96, 128), 90 / 255))


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_canvas_is_its_own_canvas(recipe: str) -> None:
    """A photo that was resized to its canvas is not resized again by an exported network."""
    canvas = RECIPES[recipe]().canvas
    for height in (1, 37, 240, 480, 999, 1500, 3000):
        for width in (1, 41, 320, 641, 1200, 2500, 4000):
            size = canvas_size(height, width, canvas)
            assert canvas_size(*size, canvas) == size


def test_image_is_left_alone() -> None:
    """Predicting changes neither the photo nor what the network returned."""
    image = photo(96, 128)
    depth_m = torch.full((1, 1, 96, 128), 3.0)
    metres(lambda _image, _camera: DepthOutput(depth_m), image, Intrinsics.centred(128, 96, 200.0))
    assert np.array_equal(image, photo(96, 128))
    assert (depth_m == 3).all()


@pytest.mark.parametrize(("height", "width"), PHOTOS)
def test_depth_has_the_size_of_the_photo(height: int, width: int) -> None:
    """Depth comes at the photo's size, positive and finite, in fp32."""
    camera = Intrinsics.centred(width, height, 0.8 * width)
    depth_m = metres(red_depth, photo(height, width), camera)
    assert (depth_m.shape, depth_m.dtype) == ((height, width), np.float32)
    assert np.isfinite(depth_m).all()
    assert depth_m.min() > 0


def test_training_camera_keeps_the_depth() -> None:
    """For NYU's focal length the network's metres are metres, at any resolution."""
    for width in (64, 128, 640, 1000):
        height = width * 3 // 4
        camera = Intrinsics.centred(width, height, NYU_FOCAL * width)
        assert metres(flat_depth, photo(height, width), camera) == pytest.approx(2.0, rel=1e-6)


def test_twice_the_focal_length_is_twice_the_depth() -> None:
    """The camera rule: depth is proportional to the focal length alone."""
    image = photo(480, 640)
    camera = Intrinsics.centred(640, 480, 500.0)
    depth_m = metres(red_depth, image, camera)
    doubled = metres(red_depth, image, replace(camera, fx_px=1000.0))
    moved = metres(red_depth, image, replace(camera, cx_px=10.0, cy_px=20.0))
    assert doubled == pytest.approx(2 * depth_m, rel=1e-6)
    assert np.array_equal(moved, depth_m)


def test_focal_length_is_in_pixels_of_the_network() -> None:
    """In a bucket of another width, what counts is how large an object appears to the network."""
    camera = Intrinsics.centred(1920, 1080, NYU_FOCAL * 1920)
    columns = canvas_size(1080, 1920, CANVAS)[1]
    assert columns != CANVAS.width
    depth_m = metres(flat_depth, photo(1080, 1920), camera)
    assert depth_m == pytest.approx(2.0 * columns / CANVAS.width, rel=1e-6)


@pytest.mark.parametrize(("height", "width"), [(96, 128), (128, 96), (60, 107)])
def test_twice_the_size_is_the_same_depth(height: int, width: int) -> None:
    """A photo and its camera at twice the size: the same metres at every place."""
    image = photo(height, width)
    camera = Intrinsics.centred(width, height, 0.9 * width)
    depth_m = metres(red_depth, image, camera)
    large = metres(
        red_depth,
        image.repeat(2, axis=0).repeat(2, axis=1),
        camera.resized(2 * width, 2 * height),
    )
    means = large.reshape(height, 2, width, 2).mean(axis=(1, 3))
    assert means == pytest.approx(depth_m, rel=0.01)
    assert means.mean() == pytest.approx(depth_m.mean(), rel=1e-3)


def test_crop_is_nearer_only_without_the_rule() -> None:
    """A centre crop resized back looks nearer; its focal length states the factor."""
    camera = Intrinsics.centred(640, 480, NYU_FOCAL * 640)
    crop = camera.cropped(160, 120, 320, 240)
    depth_m = metres(flat_depth, photo(240, 320), crop)
    assert depth_m == pytest.approx(2 * 2.0, rel=1e-6)


def test_depth_lies_where_the_photo_shows_it() -> None:
    """Left stays left: depth of a picture is on top of the picture, to a fraction of a pixel."""
    image = photo(240, 320)
    depth_m = metres(red_depth, image, Intrinsics.centred(320, 240, NYU_FOCAL * 320))
    assert depth_m == pytest.approx(1 + image[..., 0] / 255.0, abs=0.006)


def test_network_gets_the_camera_of_its_canvas() -> None:
    """It gets fx, fy, cx, cy in pixels of the resized photo."""
    cameras = []

    def listening(image: Tensor, camera: Tensor) -> DepthOutput:
        cameras.append(camera)
        return flat_depth(image, camera)

    camera = Intrinsics(width=640, height=480, fx_px=500, fy_px=510, cx_px=300, cy_px=250)
    metres(listening, photo(480, 640), camera)
    small = camera.resized(128, 96)
    expected = torch.tensor([[small.fx_px, small.fy_px, small.cx_px, small.cy_px]])
    assert torch.equal(cameras[0], expected)


def test_prediction_needs_no_gradient() -> None:
    """Nothing is kept for a backward pass."""
    weight = torch.ones((), requires_grad=True)
    depth_m = metres(
        lambda image, _camera: DepthOutput(weight * image[:, :1] + 1),
        photo(96, 128),
        Intrinsics.centred(128, 96, 100.0),
    )
    assert isinstance(depth_m, np.ndarray)
