"""Kaggle's ``soumikrakshit/nyu-depth-v2``: two lists, 8-bit training depth, 16-bit test depth."""

import csv
import io
from functools import partial
from pathlib import Path, PurePosixPath
from posixpath import basename, dirname

import numpy as np

from depth_unet.data.decode import read_depth, read_rgb
from depth_unet.data.forms.description import nyu_info
from depth_unet.data.forms.files import Archive, Files, Folder, checked_name, open_files
from depth_unet.data.forms.frames import FormSource, Pixels, width_of_photos
from depth_unet.data.forms.official import warn_unless_official
from depth_unet.data.forms.scenes import room_of
from depth_unet.data.layout import OnBad, PairRow, refuse
from depth_unet.errors import DataError

LISTS = {"train": "nyu2_train.csv", "test": "nyu2_test.csv"}
PREFIX = "data/"
FOLDERS = ("", "data/", "nyu_data/data/", "nyu_data/")
METRES_OF_255 = 10.0


def kaggle_folder(files: Files) -> str | None:
    """Where below the root the lists lie; None where there are none."""
    for folder in FOLDERS:
        if any(files.has(folder + name) for name in LISTS.values()):
            return folder
    if isinstance(files, Archive):  # packed together with a folder of another name
        for name in files.names:
            if PurePosixPath(name).name in LISTS.values() and ".." not in PurePosixPath(name).parts:
                return name.removesuffix(PurePosixPath(name).name)
    return None


def open_kaggle(root: Path, on_bad: OnBad = refuse) -> FormSource:
    """Open the folder, or the zip in place.

    Args:
        root: The folder or zip.
        on_bad: Told of every bad line of a list.

    Raises:
        DataError: A list is missing or damaged, or names a file that is not there.
    """
    files = open_files(root)
    folder = kaggle_folder(files)
    if folder is None:
        raise DataError(f"{root} holds no {LISTS['train']}; name the folder or zip that does")
    known: dict[str, str] = {}
    rows = [row for split in LISTS for row in _rows(files, folder, split, known, on_bad)]
    if not rows:
        raise DataError(f"{root}/{folder}{LISTS['train']} lists no pairs; download it again")
    test = [row.rgb for row in rows if row.official_split == "test"]
    if test:
        warn_unless_official(_numbers(test), f"{root}/{folder}{LISTS['test']}")
    pixels = partial(_pixels, files, folder, rows)
    return FormSource(
        root=root,
        rows=rows,
        info=nyu_info("NYU Depth v2, Kaggle", width_of_photos(pixels, len(rows))),
        pixels=pixels,
        origin_of=lambda index: " ".join(
            files.origin(folder + name) for name in (rows[index].rgb, rows[index].depth)
        ),
        place=lambda index: f"{root}/{folder}{rows[index].depth}",
    )


def _rows(
    files: Folder | Archive, folder: str, split: str, known: dict[str, str], on_bad: OnBad
) -> list[PairRow]:
    """The pairs of one list; their names are relative to its folder."""
    name = folder + LISTS[split]
    if not files.has(name):
        return []
    where = f"{files.root}/{name}"
    try:
        lines = list(csv.reader(io.StringIO(files.read(name).decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{where} is not a UTF-8 CSV file ({error}); save it as one") from None
    rows = []
    for number, line in enumerate(lines, start=1):
        if not any(cell.strip() for cell in line):
            continue
        try:
            here = f"{where}, line {number}"
            rgb, depth = _names(line, here, files, folder)
            first = known.setdefault(rgb, here)
            if first != here:
                raise DataError(f"{here}: {rgb} is also in {first}; list it once")
        except DataError as error:
            on_bad(error)
            continue
        room = room_of(basename(dirname(rgb))) if split == "train" else ""
        rows.append(PairRow(rgb=rgb, depth=depth, official_split=split, room_group=room))
    return rows


def _names(line: list[str], where: str, files: Folder | Archive, folder: str) -> tuple[str, str]:
    """Photo and depth map of a line, relative to the list's folder; both are there."""
    if len(line) != 2:
        raise DataError(
            f"{where}: {len(line)} columns, and photo,depth are expected; download it again"
        )
    rgb, depth = (checked_name(cell, where).removeprefix(PREFIX) for cell in line)
    for file in (rgb, depth):
        if not files.has(folder + file):
            raise DataError(
                f"{where} names {file}, which is not there; restore the file or remove the line"
            )
    return rgb, depth


def _pixels(files: Files, folder: str, rows: list[PairRow], index: int) -> Pixels:
    row = rows[index]
    photo, depth = (Path(f"{files.root}/{folder}{name}") for name in (row.rgb, row.depth))
    is_train = row.official_split == "train"
    unit = METRES_OF_255 / 255 if is_train else 1e-3
    image = read_rgb(photo, files.read(folder + row.rgb))
    depth_mm = read_depth(depth, unit, files.read(folder + row.depth), bits=8 if is_train else 16)
    return image, np.asarray(depth_mm)


def _numbers(names: list[str]) -> list[int]:
    """Indices in the labelled set, as the names of test photos begin with them."""
    stems = [PurePosixPath(name).name.partition("_")[0] for name in names]
    return [int(stem) if stem.isdecimal() else -1 for stem in stems]
