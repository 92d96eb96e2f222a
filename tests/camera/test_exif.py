"""Focal lengths from EXIF data."""

import io
import math

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from depth_unet.camera.exif import (
    EXIF_IFD,
    FOCAL_LENGTH_IN_35MM_FILM,
    PIXEL_DIMENSIONS,
    exif_focal_px,
)


def photo(
    focal: object, size: tuple[int, int] = (360, 240), sides: tuple[int, ...] = ()
) -> Image.Image:
    """A photo, saved and opened, that states a focal length, and perhaps its width and height."""
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD).update(zip(PIXEL_DIMENSIONS, sides, strict=False))
    exif.get_ifd(EXIF_IFD)[FOCAL_LENGTH_IN_35MM_FILM] = focal
    stream = io.BytesIO()
    Image.new("RGB", size).save(stream, format="JPEG", exif=exif)
    return Image.open(stream)


def test_focal_length_by_hand() -> None:
    """Of the film's own shape, 36 mm are the image's width."""
    assert exif_focal_px(photo(36)) == pytest.approx(360)
    assert exif_focal_px(photo(24)) == pytest.approx(240)


def test_equivalence_is_by_the_diagonal() -> None:
    """A photo of 4:3 has 50 of 43.27 diagonals where it states 50 mm; turned, the same."""
    expected = 50 * 500 / math.hypot(36, 24)
    assert exif_focal_px(photo(50, (400, 300))) == pytest.approx(expected)
    assert exif_focal_px(photo(50, (300, 400))) == pytest.approx(expected)


@pytest.mark.parametrize("focal", [0, 4, 2001, 65535])
def test_absurd_focal_lengths_are_unknown(focal: int) -> None:
    """Zero means unknown, and no lens is shorter than 5 mm or longer than 2000 mm."""
    assert exif_focal_px(photo(focal)) is None


@pytest.mark.parametrize("focal", [5, 2000])
def test_limits_belong_to_the_range(focal: int) -> None:
    """The shortest and the longest lens count."""
    assert exif_focal_px(photo(focal)) is not None


@pytest.mark.parametrize("focal", ["28", IFDRational(56, 2), (28,)])
def test_other_types_of_the_tag(focal: object) -> None:
    """A text, a fraction or a list of one is read as its number."""
    image = Image.new("RGB", (360, 240))
    image.getexif().get_ifd(EXIF_IFD)[FOCAL_LENGTH_IN_35MM_FILM] = focal
    assert exif_focal_px(image) == pytest.approx(280)


@pytest.mark.parametrize("focal", ["wide", IFDRational(1, 0), (28, 35), b"\xff", math.nan])
def test_no_number_is_unknown(focal: object) -> None:
    """A focal length that is no number counts as unknown."""
    image = Image.new("RGB", (360, 240))
    image.getexif().get_ifd(EXIF_IFD)[FOCAL_LENGTH_IN_35MM_FILM] = focal
    assert exif_focal_px(image) is None


@pytest.mark.parametrize(
    "sides",
    [(), (0, 0), (3600, 0), (0, 2400), (3600,), (3600, 2400), (2400, 3600), (3650, 2400), (36, 24)],
)
def test_sizes_of_the_same_shape(sides: tuple[int, ...]) -> None:
    """A stated size of the same shape, turned or not, or none: the focal length holds."""
    assert exif_focal_px(photo(36, sides=sides)) == pytest.approx(360)


@pytest.mark.parametrize("sides", [(3600, 3000), (3000, 3600), (3600, 1800), (3720, 2400), (9, 1)])
def test_cropped_photos_are_unknown(sides: tuple[int, ...]) -> None:
    """A stated size of another shape is that of the whole photo, and its focal length too."""
    assert exif_focal_px(photo(36, sides=sides)) is None


def test_photos_without_exif() -> None:
    """Most photos state no focal length."""
    assert exif_focal_px(Image.new("RGB", (4, 4))) is None
    assert exif_focal_px(Image.new("L", (4, 4))) is None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("length", [8, 12, 20, 30, 40])
def test_damaged_exif_is_unknown(length: int) -> None:
    """EXIF data that end early, or are noise, are no error of the photo."""
    data = photo(28).info["exif"]
    for damaged in (data[:length], data[:6] + bytes(range(100, 100 + length))):
        stream = io.BytesIO()
        Image.new("RGB", (8, 8)).save(stream, format="JPEG", exif=damaged)
        assert exif_focal_px(Image.open(stream)) in (
            None,
            pytest.approx(28 * 8 / 24 / 1.275, rel=1),
        )
