"""The form of a data set: of a folder by what is in it, of a file by its ending."""

from pathlib import Path
from typing import assert_never

from depth_unet.data.cache import CacheSource, is_cache
from depth_unet.data.forms.bts import bts_lists, open_bts
from depth_unet.data.forms.description import FormName
from depth_unet.data.forms.files import Folder
from depth_unet.data.forms.folders import FOLDERS
from depth_unet.data.forms.h5 import open_h5
from depth_unet.data.forms.kaggle import kaggle_folder, open_kaggle
from depth_unet.data.forms.mat import MatSource
from depth_unet.data.forms.parquet import ParquetSource
from depth_unet.data.forms.record3d import RECORD3D
from depth_unet.data.forms.recording import RecordingForm
from depth_unet.data.forms.recordings import RecordingSource, find_recordings
from depth_unet.data.forms.rosbag import ROSBAG
from depth_unet.data.forms.stray import STRAY
from depth_unet.data.forms.tum import TUM
from depth_unet.data.layout import INDEX_NAME, OnBad, refuse
from depth_unet.data.source import Original, PairsSource, Source
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.walk import files_below

ENDINGS: dict[str, FormName] = {
    ".zip": "kaggle",
    ".mat": "mat",
    ".tar": "h5-tar",
    ".parquet": "parquet",
    ".txt": "bts",
}
RECORDINGS: dict[FormName, RecordingForm] = {
    "record3d": RECORD3D,
    "stray": STRAY,
    "tum": TUM,
    "rosbag": ROSBAG,
    "folders": FOLDERS,
}


def recognise(root: Path) -> FormName:
    """The form of the data set at a path; a ``DataError`` if it is missing or not recognised."""
    _check_exists(root)
    form = _of_folder(root) if root.is_dir() else _of_file(root)
    if form is None:
        raise DataError(
            f"the form of {root} is not recognised; name a folder with {INDEX_NAME}, a cache, or "
            "one of the other forms (docs/data.md), or give --form"
        )
    return form


def open_source(root: Path, form: FormName | None = None, on_bad: OnBad = refuse) -> Source:
    """Open a data set in the given form; None recognises it.

    ``on_bad`` is called with the error of every bad line, in the forms that have lists, and of
    every recording and frame that is known to be bad.

    Raises:
        DataError: The form is not recognised, or is not the given one.
        ConfigError: A library for this form is not installed.
    """
    found = form or recognise(root)
    return CacheSource(root) if found == "cache" else open_original(root, found, on_bad)


def open_original(root: Path, form: FormName | None = None, on_bad: OnBad = refuse) -> Original:
    """Open a data set from which a cache can be prepared; see ``open_source``."""
    _check_exists(root)
    found = form or recognise(root)
    match found:
        case "cache":
            raise ConfigError(f"{root} is a cache already; name the data set that it was made from")
        case "pairs":
            source: Original = PairsSource(root, on_bad=on_bad)
        case "kaggle":
            source = open_kaggle(root, on_bad)
        case "bts":
            source = open_bts(root, on_bad)
        case "mat" | "mat-raw":
            source = MatSource(root, raw=found == "mat-raw")
        case "h5" | "h5-tar":
            source = open_h5(root, packed=found == "h5-tar")
        case "parquet":
            source = ParquetSource(root)
        case "record3d" | "stray" | "tum" | "rosbag" | "folders":
            source = RecordingSource(root, RECORDINGS[found], on_bad, RECORDINGS.values())
        case _:
            assert_never(found)
    _check_names(source)
    return source


def _check_exists(root: Path) -> None:
    if not root.exists():
        raise DataError(f"{root} does not exist; name a data set")


def _check_names(source: Original) -> None:
    """Refuse names that no list can hold, although the system's files may have them."""
    for row in source.rows:
        try:
            (row.rgb + row.depth).encode()
        except UnicodeEncodeError:
            raise DataError(
                f"{source.root} has files named {row.rgb!a}, which is not UTF-8; rename them "
                "or the folder"
            ) from None


def _of_folder(root: Path) -> FormName | None:
    if is_cache(root):
        return "cache"
    if (root / INDEX_NAME).exists():
        return "pairs"
    if kaggle_folder(Folder(root)) is not None:
        return "kaggle"
    if bts_lists(root):
        return "bts"
    return _of_recordings(root) or _of_endings(root) or _of_recordings(root, whole=False)


def _of_recordings(root: Path, *, whole: bool = True) -> FormName | None:
    """The form of all recordings below a folder; several are refused, as one would be read."""
    names = {form: name for name, form in RECORDINGS.items()}
    found = dict[FormName, Path]()
    for path, form, is_whole in find_recordings(root, tuple(names)):
        if is_whole or not whole:
            found.setdefault(names[form], path)
    if len(found) > 1:
        listed = ", ".join(f"{form} ({path})" for form, path in found.items())
        raise DataError(
            f"{root} holds recordings of several forms: {listed}; put each form into a folder of "
            "its own, or give --form, which leaves out the others"
        )
    return next(iter(found), None)


def _of_endings(root: Path) -> FormName | None:
    for suffix, form in ((".h5", "h5"), (".tar", "h5-tar"), (".parquet", "parquet")):
        if next(files_below(root, suffix), None) is not None:
            return form  # type: ignore[return-value]  # mypy forgets the literals
    return None


def _of_file(root: Path) -> FormName | None:
    return ENDINGS.get(root.suffix.lower()) or _of_recordings(root)
