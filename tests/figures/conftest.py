"""A simple room without photos: a floor, a wall and a box, at any size."""

from collections.abc import Callable

import numpy as np
import pytest

from depth_unet.figures.panel import PanelRow

MakeRow = Callable[..., PanelRow]


@pytest.fixture
def make_row() -> MakeRow:
    """Build a row from a size, an error factor and a title."""

    def build(
        height: int = 60,
        width: int = 80,
        *,
        factor: float = 1.1,
        far_m: float = 5.0,
        title: str = "rooms/0002.png, AbsRel 0.10",
    ) -> PanelRow:
        rows, columns = np.mgrid[0:height, 0:width]
        depth_m = np.minimum(far_m, 0.6 * far_m * height / (rows + 1.0)).astype(np.float32)
        depth_m[height // 2 : height * 3 // 4, width // 4 : width // 2] = 0.3 * far_m
        image = np.stack((rows * 255 // height, columns * 255 // width, 128 + 0 * rows), axis=-1)
        return PanelRow(
            image=image.astype(np.uint8),
            prediction_m=(depth_m * factor).astype(np.float32),
            target_m=depth_m,
            title=title,
        )

    return build
