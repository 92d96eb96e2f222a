"""Maps of depth and classes: their values as stored, whatever orientation a file states."""

from pathlib import Path

from PIL import Image

from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.images.photo import ORIENTATION, ROTATED


def load_as_stored(image: Image.Image, path: Path) -> Image.Image:
    """Decode an open map in place, and return it.

    Raises:
        DataError: The file is damaged, or is a TIFF that Pillow would turn.
    """
    with as_data_error(path, remedy="replace it"):
        if image.format == "TIFF" and image.getexif().get(ORIENTATION) in ROTATED:
            raise DataError(
                f"{path} has an orientation tag, which Pillow applies to TIFF, but maps are taken "
                "as stored; remove the tag, or store the map upright as PNG"
            )
        image.load()
    return image
