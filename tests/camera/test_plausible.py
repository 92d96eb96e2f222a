"""Cameras that are refused, and those that are doubted, at the limits."""

import math
from dataclasses import replace

import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.plausible import (
    check_aspect,
    check_inside,
    check_same_size,
    find_doubt,
    has_aspect,
)
from depth_unet.errors import DataError

CAMERA = Intrinsics(width=100, height=50, fx_px=80.0, fy_px=80.0, cx_px=49.5, cy_px=24.5)


@pytest.mark.parametrize("centre", [(0, 24), (99, 24), (49, 0), (49, 49), (-1, 24), (49, 60)])
def test_centres_on_the_border_are_refused(centre: tuple[float, float]) -> None:
    """The first and the last column and row are the border."""
    with pytest.raises(DataError) as caught:
        check_inside(replace(CAMERA, cx_px=float(centre[0]), cy_px=float(centre[1])))
    assert str(caught.value) == (
        f"the principal point ({centre[0]}, {centre[1]}) is not inside the image of 100x50 pixels; "
        "expected it near the middle; correct the principal point or the image size"
    )


@pytest.mark.parametrize("centre", [(0.5, 24), (98.5, 24), (49, 0.5), (49, 48.5)])
def test_centres_inside_are_taken(centre: tuple[float, float]) -> None:
    """Half a pixel within the border is inside."""
    check_inside(replace(CAMERA, cx_px=float(centre[0]), cy_px=float(centre[1])))


@pytest.mark.parametrize("change", [{"cx_px": 60.0}, {"cx_px": 39.0}, {"cy_px": 30.0}])
def test_photos_of_another_size(change: dict[str, float]) -> None:
    """A centre more than a tenth of a side from the middle is that of other photos."""
    camera = replace(CAMERA, **change)
    with pytest.raises(DataError) as caught:
        check_same_size(camera)
    assert str(caught.value) == (
        f"the file states no image size, and its principal point ({camera.cx_px:g}, "
        f"{camera.cy_px:g}) is not near the middle of a photo of 100x50 pixels; add image_width "
        "and image_height of the photos that were calibrated"
    )


@pytest.mark.parametrize("change", [{"cx_px": 59.0}, {"cx_px": 40.0}, {"cy_px": 29.0}])
def test_photos_of_the_same_size(change: dict[str, float]) -> None:
    """Up to a tenth of a side, the middle counts from the image's edges."""
    check_same_size(replace(CAMERA, **change))


@pytest.mark.parametrize(
    ("size", "same"),
    [
        ((200, 100), True),
        ((202, 100), True),
        ((203, 100), False),
        ((198, 100), True),
        ((197, 100), False),
        ((50, 100), False),
    ],
)
def test_aspect_within_a_hundredth(size: tuple[int, int], same: bool) -> None:
    """Of 2:1, 202x100 is and 203x100 is not; the error names both sizes and the remedy."""
    assert has_aspect(CAMERA, *size) == same
    if same:
        check_aspect(CAMERA, *size, "turn it")
        return
    with pytest.raises(DataError) as caught:
        check_aspect(CAMERA, *size, "turn it")
    assert str(caught.value) == (
        f"the calibration is for photos of 100x50 pixels and the photo has {size[0]}x{size[1]}; "
        "the aspect ratio must be the same; turn it"
    )


def camera_of(fov_deg: float, side: int) -> Intrinsics:
    """A camera whose longer side, columns (0) or rows (1), covers an angle."""
    size = (100, 50) if side == 0 else (50, 100)
    return Intrinsics.centred(*size, 50 / math.tan(math.radians(fov_deg / 2)))


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("fov_deg", "shown"), [(4.9, "4.9"), (151.0, "151")])
def test_doubtful_fields_of_view(fov_deg: float, shown: str, side: int) -> None:
    """Below 5 and above 150 degrees, along the longer side."""
    assert find_doubt(camera_of(fov_deg, side)) == (
        f"its field of view is {shown} degrees; expected 5 to 150, and focal lengths in pixels, "
        "not millimetres"
    )


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("fov_deg", [5.1, 60.0, 149.0])
def test_usual_fields_of_view(fov_deg: float, side: int) -> None:
    """From 5 to 150 degrees nothing is doubted."""
    assert find_doubt(camera_of(fov_deg, side)) == ""


@pytest.mark.parametrize(("fy_px", "doubted"), [(40.0, 0), (39.0, 1), (160.0, 0), (161.0, 1)])
def test_doubtful_stretch(fy_px: float, doubted: bool) -> None:
    """One focal length may be twice the other, as of anamorphic lenses, and no more."""
    expected = f"its focal lengths are 80 and {fy_px:g} pixels; expected nearly equal ones"
    assert find_doubt(replace(CAMERA, fy_px=fy_px)) == expected * doubted


@pytest.mark.parametrize(
    ("centre", "doubted"),
    [
        ((70.0, 24.5), True),
        ((69.0, 24.5), False),
        ((29.0, 24.5), True),
        ((30.0, 24.5), False),
        ((49.5, 35.0), True),
        ((49.5, 34.0), False),
        ((49.5, 14.0), True),
        ((49.5, 15.0), False),
    ],
)
def test_doubtful_centres(centre: tuple[float, float], doubted: bool) -> None:
    """More than a fifth of a side from the middle, counted from the image's edges."""
    expected = (
        f"its principal point ({centre[0]:g}, {centre[1]:g}) is far from the middle of the 100x50 "
        "pixels, as only that of a crop can be"
    )
    assert find_doubt(replace(CAMERA, cx_px=centre[0], cy_px=centre[1])) == expected * doubted
