"""Which files are photos: by their ending, or else by their content."""

from pathlib import Path

from PIL import Image

from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error

SUFFIXES = frozenset(
    (
        *(".apng", ".avif", ".avifs", ".bmp", ".dib", ".gif", ".heic", ".heif", ".hif"),
        *(".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx"),
        *(".mpo", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp"),
    )
)
"""Endings of photos; such a file is a photo even if it is damaged, which is then reported."""
RAW_SUFFIXES = frozenset(
    (
        *(".3fr", ".arw", ".cr2", ".cr3", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq"),
        *(".k25", ".kdc", ".mef", ".mos", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw"),
        *(".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
    )
)
"""Raw files of cameras. Most are TIFF files whose first page is a thumbnail."""
MAP_SUFFIXES = frozenset((".pfm",))
"""Files that Pillow opens, but that hold depth or disparity."""
NOT_DECODED = frozenset(("BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"))
"""Formats that Pillow recognises and cannot decode, at least not without another program."""
HEIF_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"))
HEAD_BYTES = 12  # that hold HEIF's brand


def is_photo(path: Path) -> bool:
    """Whether a file is a photo: by its ending, or for other endings by a format's signature.

    Raw files of cameras and maps of depth are none.
    """
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or (
        suffix not in RAW_SUFFIXES | MAP_SUFFIXES and _has_signature(path)
    )


def is_heif(head: bytes) -> bool:
    """Whether a file that begins with these bytes is HEIF."""
    return head[4:8] == b"ftyp" and head[8:HEAD_BYTES] in HEIF_BRANDS


def _has_signature(path: Path) -> bool:
    try:
        with as_data_error(path), path.open("rb") as stream:
            if is_heif(stream.read(HEAD_BYTES)):
                return True
            stream.seek(0)
            Image.init()
            # Formats without a signature, such as TGA, would also fit other files.
            signed = {name for name, (_, accept) in Image.OPEN.items() if accept is not None}
            Image.open(stream, formats=sorted(signed - NOT_DECODED)).close()
    except DataError:
        return False
    return True
