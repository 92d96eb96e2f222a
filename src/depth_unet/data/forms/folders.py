"""A folder ``images`` and a folder ``depth``, whose files have the same names."""

from collections.abc import Callable, Sequence
from pathlib import Path

from depth_unet.data.forms.photo_files import camera_of_files, shot_of_files
from depth_unet.data.forms.recording import RecordingForm, Shot, Stated
from depth_unet.data.info import INFO_NAME
from depth_unet.data.layout import OnBad
from depth_unet.errors import DataError
from depth_unet.files.walk import files_below
from depth_unet.images.formats import is_photo
from depth_unet.outputs.depth_read import ENDINGS

IMAGES, DEPTH, SUFFIX = "images", "depth", "_depth"


def is_folders(path: Path) -> bool:
    """Whether a folder holds both folders."""
    return (path / IMAGES).is_dir() and (path / DEPTH).is_dir()


def is_part(path: Path) -> bool:
    """Whether a folder holds one of the folders."""
    return (path / IMAGES).is_dir() or (path / DEPTH).is_dir()


def open_folders(path: Path, stated: Stated, on_bad: OnBad) -> Sequence[Shot]:
    """Pair the files of both folders by their names below them, without ending.

    ``on_bad`` gets the error of every photo without depth map, and of every depth map without
    photo.
    """
    for name in (IMAGES, DEPTH):
        if not (path / name).is_dir():
            raise DataError(f"{path / name} is missing; restore it, or move {path} away")
    photos = _by_name(path / IMAGES, is_photo, on_bad)
    depths = _by_name(path / DEPTH, lambda file: file.suffix.lower() in ENDINGS, on_bad, SUFFIX)
    for name in sorted(photos.keys() ^ depths.keys()):
        file, other = (
            (photos[name], f"{DEPTH}/{name}.png or another depth file")
            if name in photos
            else (depths[name], f"{IMAGES}/{name}.jpg or another photo")
        )
        on_bad(DataError(f"{file} has no partner; add {other}, or remove the file"))
    both = sorted(photos.keys() & depths.keys())
    if not both:
        raise DataError(
            f"{path} holds {len(photos)} photos in {IMAGES} and {len(depths)} depth maps in "
            f"{DEPTH}, and none have the same name; name them alike"
        )
    unit, camera = stated.metres_per_unit, stated.camera
    if camera is not None:
        camera = camera_of_files(camera, [depths[name] for name in both], unit, path / INFO_NAME)
    return [
        shot_of_files(name, photos[name], depths[name], camera=camera, metres_per_unit=unit)
        for name in both
    ]


def _by_name(
    folder: Path, is_wanted: Callable[[Path], bool], on_bad: OnBad, suffix: str = ""
) -> dict[str, Path]:
    found = dict[str, Path]()
    for file in filter(is_wanted, files_below(folder)):
        name = file.relative_to(folder).with_suffix("").as_posix().removesuffix(suffix)
        first = found.setdefault(name, file)
        if first != file:
            on_bad(DataError(f"{file} has the name of {first}; keep one of them"))
    return found


# Files in no folder may show any room.
FOLDERS = RecordingForm(is_folder=is_folders, is_part=is_part, open_one=open_folders, alone="")
