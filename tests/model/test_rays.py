"""The camera as an input of the network."""

import math

import pytest
import torch

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.model.rays import (
    NUM_FREQUENCIES,
    canonical_camera,
    fourier_features,
    ray_positions,
    relative_camera,
)
from tests.tolerances import TOLERANCE

CLOSE = TOLERANCE[torch.float32]


def rays_of(camera: Intrinsics, height: int, width: int) -> torch.Tensor:
    """Ray positions of one camera on a map of some size."""
    values = [float(camera.fx_px), float(camera.fy_px), float(camera.cx_px), float(camera.cy_px)]
    shares = relative_camera(torch.tensor([values]), camera.height, camera.width)
    return ray_positions(shares, NYU_FOCAL, height, width)


def test_canonical_camera_reaches_from_edge_to_edge() -> None:
    """Its outermost pixels lie half a pixel within +-1; rows in the same unit."""
    like = torch.zeros(3, 3, 96, 128)
    shares = relative_camera(canonical_camera(96, 128, NYU_FOCAL, like), 96, 128)
    positions = ray_positions(shares, NYU_FOCAL, 96, 128)
    assert positions.shape == (3, 2, 96, 128)
    torch.testing.assert_close(positions[0, 0, 5], (torch.arange(128) + 0.5) / 64 - 1, **CLOSE)
    torch.testing.assert_close(positions[2, 1, :, 7], (torch.arange(96) + 0.5) / 64 - 0.75, **CLOSE)


def test_pinhole_by_hand() -> None:
    """2 f (column - cx) / fx, and the same of rows with fy."""
    camera = Intrinsics(width=64, height=48, fx_px=50, fy_px=40, cx_px=30, cy_px=20)
    positions = rays_of(camera, 48, 64)
    assert float(positions[0, 0, 11, 35]) == pytest.approx(2 * NYU_FOCAL * 5 / 50, abs=1e-6)
    assert float(positions[0, 1, 11, 35]) == pytest.approx(2 * NYU_FOCAL * -9 / 40, abs=1e-6)


def test_crop_keeps_the_rays_of_its_pixels() -> None:
    """The ray of a pixel does not depend on how the photo is cropped."""
    camera = Intrinsics(width=64, height=48, fx_px=50, fy_px=52, cx_px=30, cy_px=20)
    crop = camera.cropped(16, 12, 32, 24)
    torch.testing.assert_close(
        rays_of(crop, 24, 32), rays_of(camera, 48, 64)[..., 12:36, 16:48], **CLOSE
    )


def test_size_of_the_map_changes_no_ray() -> None:
    """On a map three times as fine, every third pixel looks the same way."""
    camera = Intrinsics(width=80, height=60, fx_px=70, fy_px=71, cx_px=41, cy_px=28)
    torch.testing.assert_close(
        rays_of(camera, 12, 15)[..., 1::3, 1::3], rays_of(camera, 4, 5), **CLOSE
    )
    torch.testing.assert_close(
        rays_of(camera.resized(40, 30), 12, 15), rays_of(camera, 12, 15), **CLOSE
    )


def test_features_by_hand() -> None:
    """Sines of columns, sines of rows, cosines likewise; frequencies double; the middle is 0."""
    features = fourier_features(torch.tensor([[[[-0.5, 0.5]], [[0.0, 0.0]]]]))[0, :, 0]
    assert features.shape == (4 * NUM_FREQUENCIES, 2)
    angles = math.pi / 2 * torch.tensor([1.0, 2.0, 4.0, 8.0])[:NUM_FREQUENCIES, None]
    columns = angles * torch.tensor([[-0.5, 0.5]])
    rows = torch.zeros_like(columns)
    expected = torch.cat((columns.sin(), rows.sin(), columns.cos(), rows.cos()))
    torch.testing.assert_close(features, expected, **CLOSE)


def test_features_are_distinct() -> None:
    """No two places of a map of usual size have the same code; all values lie in [-1, 1]."""
    camera = Intrinsics.centred(640, 480, NYU_FOCAL * 640)
    codes = fourier_features(rays_of(camera, 30, 40))[0].flatten(1).T
    assert torch.cdist(codes, codes).fill_diagonal_(1).min() > 0.05
    assert codes.abs().max() <= 1
