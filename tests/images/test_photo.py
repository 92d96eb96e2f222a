"""Photos of every kind become RGB, the right way up."""

import io
import struct
import subprocess
import sys
import zlib
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from depth_unet.errors import DataError
from depth_unet.images.photo import read_photo, read_size

ORIENTATION = 0x0112


@pytest.fixture
def image() -> Image.Image:
    """A smooth photo of 40x30."""
    coarse = np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8)
    return Image.fromarray(coarse).resize((40, 30), Image.Resampling.BILINEAR)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """An image file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "RGB"])
def test_modes(image: Image.Image, mode: str) -> None:
    """A photo of any colour mode decodes to what Pillow shows, without a warning."""
    converted = image.convert(mode)
    decoded = read_photo(encoded(converted, "png"))
    expected = converted.convert("RGBA").convert("RGB")
    assert np.array_equal(decoded.image, np.asarray(expected))


def test_palette_with_transparency(image: Image.Image) -> None:
    """Transparency by colour is left out, and nothing is warned of."""
    palette = image.convert("P")
    data = encoded(palette, "png", transparency=bytes(range(256)))
    assert np.array_equal(read_photo(data).image, np.asarray(palette.convert("RGB")))


def test_sixteen_bits(tmp_path: Path) -> None:
    """65535 is white, and nothing is clipped."""
    values = np.random.default_rng(0).integers(0, 65536, (9, 7), np.uint16)
    path = tmp_path / "grey.png"
    Image.fromarray(values).save(path)
    assert np.array_equal(read_photo(path).image[..., 0], np.rint(values / 257))


def test_floats(tmp_path: Path) -> None:
    """Floats up to 1 are shares of white; what is no number is black."""
    values = np.full((4, 4), 1.0, np.float32)
    values[0, 0] = np.nan
    Image.fromarray(values).save(tmp_path / "grey.tiff")
    found = read_photo(tmp_path / "grey.tiff").image
    assert (found[0, 0] == 0).all()
    assert (found[1:] == 255).all()


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_few_bits_in_many(tmp_path: Path, kind: str, bits: int, channels: int) -> None:
    """Photos whose values have fewer than 16 bits are not black, in colour either."""
    pixels = np.random.default_rng(0).integers(0, 2**bits, (9, 7, channels), np.uint16)
    pixels[0] = 2**bits - 1
    path = tmp_path / f"photo.{kind}"
    assert cv2.imwrite(str(path), pixels)
    expected = pixels / (2**bits - 1) * 255
    expected = expected[..., 2::-1] if channels > 1 else np.repeat(expected, 3, axis=2)
    with (
        pytest.warns(UserWarning, match=f"{2**bits - 1} is assumed") if bits < 16 else nullcontext()
    ):
        found = read_photo(path).image
    assert np.abs(found - expected).max() <= 1


def test_few_bits_with_transparency() -> None:
    """Dark grey of 16 bits with transparency is refused, since its low byte cannot be read."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 4, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" + struct.pack(">HH", 1000, 65535)))
    with pytest.raises(DataError, match="save it without transparency"):
        read_photo(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""))


@pytest.mark.parametrize("suffix", ["pgm", "jp2"])
def test_formats_that_state_white(tmp_path: Path, suffix: str) -> None:
    """A dark photo stays dark, without a warning, where the file states which value is white."""
    path = tmp_path / f"dark.{suffix}"
    dark = np.full((40, 40), 600, np.uint16)
    if suffix == "pgm":
        path.write_bytes(b"P5 40 40 4095\n" + dark.astype(">u2").tobytes())
    else:
        Image.fromarray(dark).save(path)
    white = 4095 if suffix == "pgm" else 65535
    assert (read_photo(path).image == round(600 / white * 255)).all()


@pytest.mark.parametrize("orientation", range(10))
def test_orientation(image: Image.Image, orientation: int) -> None:
    """Tags are applied to files and to images, which stay as they were; 0 and 9 mean nothing."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = encoded(image, "png", exif=exif)
    decoded = read_photo(data)
    assert decoded.rotated == (1 < orientation < 9)
    assert decoded.image.shape == ((40, 30, 3) if 5 <= orientation < 9 else (30, 40, 3))
    with Image.open(io.BytesIO(data)) as opened:
        assert np.array_equal(read_photo(opened).image, decoded.image)
        assert opened.size == (40, 30)


def test_many_rows() -> None:
    """Rows are copied in bands without a seam."""
    pixels = np.random.default_rng(0).integers(0, 256, (2500, 3, 3), np.uint8)
    assert np.array_equal(read_photo(encoded(Image.fromarray(pixels), "png")).image, pixels)


@pytest.mark.slow  # a process of its own
def test_heif_by_its_bytes(image: Image.Image, tmp_path: Path) -> None:
    """HEIF is known by its content, in a process that has seen none before."""
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "phone.jpg"
    pillow_heif.from_pillow(image).save(path, format="HEIF")
    program = (
        "import sys; from pathlib import Path; from depth_unet.images.photo import read_photo; "
        "print(read_photo(Path(sys.argv[1]).read_bytes()).image.shape)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )
    assert finished.stdout.strip() == "(30, 40, 3)", finished.stderr


@pytest.mark.parametrize("orientation", [1, 3])
def test_orientation_of_heif(image: Image.Image, orientation: int) -> None:
    """A HEIF photo that its library has rotated counts as rotated."""
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream, exif=exif.tobytes())
    assert read_photo(stream.getvalue()).rotated == (orientation != 1)


def test_heif_without_the_library(
    image: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of that photo names what to install."""
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "phone.heic"
    pillow_heif.from_pillow(image).save(path)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(DataError, match='pip install "pillow-heif>='):
        read_photo(path)


def test_open_files(image: Image.Image, tmp_path: Path) -> None:
    """An open file is read from where it stands; text and closed files are refused."""
    path = tmp_path / "photo.bin"
    path.write_bytes(b"head" + encoded(image, "png"))
    with path.open("rb") as file:
        file.seek(4)
        assert np.array_equal(read_photo(file).image, np.asarray(image))
    with pytest.raises(DataError, match=r"^the file cannot be read \(read of closed file\)"):
        read_photo(file, "the file")
    path.write_text("text", encoding="utf-8")
    with (
        path.open(encoding="utf-8") as text,
        pytest.raises(TypeError, match="the photo is a text file; open it in binary mode"),
    ):
        read_photo(text)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_by_the_header(image: Image.Image, tmp_path: Path, orientation: int) -> None:
    """The size of a file, or of its bytes, is that of the upright photo."""
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    data = encoded(image, "jpeg", exif=tags)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    height, width, _ = read_photo(data).image.shape
    assert read_size(data) == read_size(path) == (width, height)
