"""What a model in Python accepts as a photo."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

import depth_unet
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.predict.model import DepthModel

CAMERA = Intrinsics.centred(64, 48, 60.0)


@pytest.fixture(scope="module")
def model() -> DepthModel:
    """The shipped weights."""
    model = depth_unet.load(engine="torch")
    assert isinstance(model, DepthModel)
    return model


def pixels() -> np.ndarray:
    """A photo, uint8 RGB."""
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensor: tensor * 255, r"values from 0 to 255; expected RGB in \[0, 1\]"),
        (lambda tensor: tensor - 0.45, r"values from -0\.45 to 0\.55"),
        (lambda tensor: tensor.masked_fill(tensor == tensor.max(), torch.nan), "holds NaN"),
        (lambda tensor: tensor.masked_fill(tensor == tensor.max(), torch.inf), "to inf"),
    ],
)
def test_ranges_of_tensors(
    model: DepthModel, change: Callable[[Tensor], Tensor], words: str
) -> None:
    """A tensor whose values are not those of a photo is refused with the expected range."""
    tensor = torch.from_numpy(pixels()).permute(2, 0, 1) / 255
    with pytest.raises(depth_unet.DataError, match=words):
        model.predict(change(tensor))


@pytest.mark.parametrize("overshoot", [0.0, 0.001])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_tensors_are_photos(model: DepthModel, dtype: torch.dtype, overshoot: float) -> None:
    """A tensor in [0, 1], up to rounding, is the photo that its counts are."""
    image = pixels()
    tensor = (torch.from_numpy(image).permute(2, 0, 1) / 255).to(dtype)
    tensor = tensor * (1 + 2 * overshoot) - overshoot
    found = model.predict(tensor, CAMERA)
    assert np.array_equal(found.image, image)
    assert np.array_equal(found.depth_m, model.predict_array(image, CAMERA))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("method", ["predict_array", "predict_low_resolution"])
def test_arrays(model: DepthModel, method: str) -> None:
    """Arrays of other kinds are refused, and so are cameras of another size."""
    predict, image = getattr(model, method), pixels()
    for wrong in (image / 255, image.astype(np.float32), image[..., 0], image.astype(np.int64)):
        with pytest.raises(depth_unet.DataError, match="expected uint8 RGB"):
            predict(wrong, CAMERA)
    with pytest.raises(depth_unet.DataError, match=r"pass camera\.resized\(64, 48\)"):
        predict(image, CAMERA.resized(128, 96))
