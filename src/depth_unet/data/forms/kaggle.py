"""Kaggle's ``soumikrakshit/nyu-depth-v2``: two lists, 8-bit training depth, 16-bit test depth."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import basename, dirname

from depth_unet.data.forms.files import Archive, Files, Folder
from depth_unet.data.forms.form_source import ListedSource
from depth_unet.data.forms.nyu import room_of, warn_unless_official
from depth_unet.data.layout import OnBad, PairRow, check_path, collect_rows, plain_name, refuse
from depth_unet.errors import DataError
from depth_unet.files.text import decode_text

LISTS = {"train": "nyu2_train.csv", "test": "nyu2_test.csv"}
PREFIX = "data/"
FOLDERS = ("", "data/", "nyu_data/data/", "nyu_data/")
Line = tuple[str, list[str]]  # split and cells


def kaggle_folder(files: Files) -> str | None:
    """Where the lists are, below the root; None where there are none."""
    for folder in FOLDERS:
        if any(files.has(folder + name) for name in LISTS.values()):
            return folder
    if isinstance(files, Archive):  # packed with a folder of another name
        for name in files.names:
            if PurePosixPath(name).name in LISTS.values() and ".." not in PurePosixPath(name).parts:
                return name.removesuffix(PurePosixPath(name).name)
    return None


def open_kaggle(root: Path, on_bad: OnBad = refuse) -> ListedSource:
    """Open the folder, or the zip in place; ``on_bad`` gets the error of every bad line."""
    files: Files = Archive(root) if root.is_file() else Folder(root)
    folder = kaggle_folder(files)
    if folder is None:
        raise DataError(f"{root} holds no {LISTS['train']}; name the folder or zip that does")

    def parse(line: Line, where: str) -> PairRow:
        return _parse(line, where, files, folder)

    rows = collect_rows(_lines(files, folder), parse, on_bad)
    if not rows:
        raise DataError(f"{root}/{folder}{LISTS['train']} lists no pairs; download it again")
    test = [basename(row.rgb).partition("_")[0] for row in rows if row.official_split == "test"]
    if test:  # test photos are named after their number in the labelled set
        numbers = [int(stem) if stem.isdecimal() else -1 for stem in test]
        warn_unless_official(numbers, f"{root}/{folder}{LISTS['test']}")
    return ListedSource(root, files, folder, rows, title="NYU Depth v2, Kaggle", train_bits=8)


def _lines(files: Files, folder: str) -> Iterator[tuple[str, Line]]:
    for split, name in LISTS.items():
        if not files.has(folder + name):
            continue
        where = f"{files.root}/{folder}{name}"
        try:
            text = decode_text(files.read(folder + name))
            lines = list(csv.reader(io.StringIO(text, newline="")))
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"{where} is not a UTF-8 CSV file ({error}); save it as one") from None
        for number, cells in enumerate(lines, start=1):
            if any(cell.strip() for cell in cells):
                yield f"{where}, line {number}", (split, cells)


def _parse(line: Line, where: str, files: Files, folder: str) -> PairRow:
    split, cells = line
    if len(cells) != 2:
        raise DataError(
            f"{where}: {len(cells)} columns, and photo,depth are expected; download it again"
        )
    rgb, depth = (
        plain_name(check_path(cell, f"{where}: {what}")).removeprefix(PREFIX)
        for what, cell in zip(("photo", "depth"), cells, strict=True)
    )
    for file in (rgb, depth):
        if not files.has(folder + file):
            raise DataError(
                f"{where} names {file}, which is missing; restore the file or remove the line"
            )
    room = room_of(basename(dirname(rgb))) if split == "train" else ""
    return PairRow(rgb=rgb, depth=depth, official_split=split, room_group=room)
