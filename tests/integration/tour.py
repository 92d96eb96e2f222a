"""Photos in every form that people have them in, and files that only pretend to be photos."""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

Maker = Callable[[Image.Image, Path], None]
FOCAL_35_MM, ORIENTATION, EXIF_IFD = 0xA405, 0x0112, 0x8769


def saved(mode: str = "RGB", **options: object) -> Maker:
    """Saves in a mode of Pillow's, with the writer's options."""
    return lambda image, path: image.convert(mode).save(path, **options)


def resized(width: int, height: int, **options: object) -> Maker:
    """Saves at another size."""
    return lambda image, path: image.resize((width, height)).save(path, **options)


def turned(orientation: int) -> Maker:
    """Saves with an Exif tag that has it shown turned or mirrored."""

    def make(image: Image.Image, path: Path) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        image.save(path, exif=exif)

    return make


def with_focal_length(image: Image.Image, path: Path) -> None:
    """28 mm, as telephones write it."""
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[FOCAL_35_MM] = 28
    image.save(path, exif=exif)


def animated(image: Image.Image, path: Path) -> None:
    """Two frames; the first one counts."""
    image.save(path, save_all=True, append_images=[image.rotate(180)])


def sixteen_bits(image: Image.Image, path: Path) -> None:
    """Grey of 16 bits."""
    grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(path)


def floats(image: Image.Image, path: Path) -> None:
    """Grey of 32-bit floats in [0, 1]."""
    Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255).save(path)


def palette_with_transparency(image: Image.Image, path: Path) -> None:
    """256 colours, one of them transparent."""
    image.convert("P", palette=Image.Palette.ADAPTIVE).save(path, transparency=3)


def heic(image: Image.Image, path: Path) -> None:
    """A telephone's format."""
    pillow_heif.from_pillow(image).save(path, quality=80)


def linked(image: Image.Image, path: Path) -> None:
    """A link to a photo elsewhere."""
    target = path.parent.parent / f"target{path.suffix}"
    image.save(target)
    path.symlink_to(target)


GOOD: dict[str, Maker] = {
    "baseline.jpg": saved(quality=90),
    "progressive.jpg": saved(progressive=True),
    "grey.jpg": saved("L"),
    "cmyk.jpg": saved("CMYK"),
    "subsampled.jpg": saved(subsampling=2, quality=30),
    **{f"turned_{number}.jpg": turned(number) for number in range(1, 9)},
    "telephone.jpg": with_focal_length,
    "UPPER.JPG": saved(format="JPEG"),
    "long.jpeg": saved(),
    "with space & ünïcode 房间.jpg": saved(),
    "-dash.jpg": saved(),
    "below/deeper/room.jpg": saved(),
    "link.jpg": linked,
    "rgb.png": saved(),
    "alpha.png": saved("RGBA"),
    "palette.png": saved("P"),
    "palette_transparent.png": palette_with_transparency,
    "bits.png": saved("1"),
    "grey.png": saved("L"),
    "grey_alpha.png": saved("LA"),
    "sixteen.png": sixteen_bits,
    "animated.png": animated,
    "rgb.tif": saved(),
    "lzw.tiff": saved(compression="tiff_lzw"),
    "cmyk.tif": saved("CMYK"),
    "lab.tif": saved("LAB"),
    "sixteen.tif": sixteen_bits,
    "floats.tif": floats,
    "pages.tif": animated,
    "rgb.bmp": saved(),
    "grey.bmp": saved("L"),
    "still.gif": saved("P"),
    "moving.gif": animated,
    "lossy.webp": saved(quality=70),
    "lossless.webp": saved("RGBA", lossless=True),
    "moving.webp": animated,
    "rgb.avif": saved(),
    "rgb.heic": heic,
    "tiny.png": resized(2, 2),
    "small.png": resized(32, 32),
    "odd.png": resized(47, 33),
    "wide.jpg": resized(2000, 20),
    "tall.jpg": resized(20, 2000),
    "twelve_megapixels.jpg": resized(4000, 3000),
}


def cut_short(ending: str, share: float) -> Maker:
    """The beginning of a photo's file."""

    def make(image: Image.Image, path: Path) -> None:
        whole = path.with_name(f"whole{ending}")
        image.save(whole)
        data = whole.read_bytes()
        whole.unlink()
        path.write_bytes(data[: int(len(data) * share)])

    return make


def content(data: bytes) -> Maker:
    """Something that is no photo."""
    return lambda _, path: path.write_bytes(data) and None


def bomb(_: Image.Image, path: Path) -> None:
    """A PNG of a few bytes that says it has 3.6 gigapixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def archive(_: Image.Image, path: Path) -> None:
    """A zip file under a photo's name."""
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("photo.png", b"nothing")


def bad_header(image: Image.Image, path: Path) -> None:
    """A PNG whose header does not have the checksum that follows it."""
    image.save(path)
    data = bytearray(path.read_bytes())
    data[19] ^= 0xFF
    path.write_bytes(data)


BAD: dict[str, Maker] = {
    "cut.jpg": cut_short(".jpg", 0.5),
    "header_only.jpg": cut_short(".jpg", 0.02),
    "cut.png": cut_short(".png", 0.6),
    "cut.webp": cut_short(".webp", 0.5),
    "cut.tif": cut_short(".tif", 0.5),
    "bad_header.png": bad_header,
    "empty.jpg": content(b""),
    "text.jpg": content(b"no photo at all\n"),
    "page.png": content(b"<html><body>404 Not Found</body></html>"),
    "noise.jpg": content(b"\xff\xd8\xff\xe0" + np.random.default_rng(0).bytes(5000)),
    "drawing.png": content(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "archive.png": archive,
    "bomb.png": bomb,
}


def lay_out(image: Image.Image, folder: Path) -> None:
    """Write every file; and things of a photo's name that are not even files."""
    for name, make in {**GOOD, **BAD}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make(image, path)
    (folder / "folder.jpg").mkdir()
    (folder / "nowhere.jpg").symlink_to(folder / "missing.jpg")
    os.mkfifo(folder / "pipe.jpg")
