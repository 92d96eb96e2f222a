"""The rule that keeps depth metric."""

import pytest
import torch

from depth_unet.camera.canonical import depth_per_canonical
from depth_unet.camera.nyu import NYU_FOCAL
from tests.tolerances import TOLERANCE


def test_training_camera_sees_canonical_depth() -> None:
    """For NYU's camera at the recipe's canvas, canonical depth is depth."""
    assert depth_per_canonical(NYU_FOCAL * 128, NYU_FOCAL, 128) == pytest.approx(1, rel=1e-12)


def test_longer_lens_sees_farther() -> None:
    """Depth is proportional to the focal length: what looks as large is as many times farther."""
    focal_px = torch.tensor([50.0, 100.0, 200.0])
    expected = torch.tensor([0.5, 1.0, 2.0])
    ratio = depth_per_canonical(focal_px, 0.5, 200)
    torch.testing.assert_close(ratio, expected, **TOLERANCE[torch.float32])


def test_larger_canvas_means_a_shorter_lens() -> None:
    """The same focal length in pixels of a canvas twice as wide is half as long."""
    assert depth_per_canonical(100.0, 0.8, 256) * 2 == depth_per_canonical(100.0, 0.8, 128)
