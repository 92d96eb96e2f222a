"""``manifest.json`` holds the options of a set; with it, this module checks the output folder."""

import json
import shutil
from pathlib import Path
from typing import Any

from depth_unet.data.layout import RECORDS_NAME
from depth_unet.errors import DataError
from depth_unet.files.atomic import check_writable, make_folder, write_text
from depth_unet.files.owner import contents, remove_all_leftovers
from depth_unet.rooms.options import WHOLE, RoomsOptions, room_numbers
from depth_unet.rooms.output import kaggle, pairs
from depth_unet.rooms.output.record import package_version

MANIFEST_NAME = "manifest.json"
PREVIEW_NAME = "preview.png"
TITLE = "rooms"


def check_folder(out: Path, options: RoomsOptions, *, overwrite: bool) -> bool:
    """Check that rooms may be written into ``out``, without changing anything.

    Returns:
        True if it holds rooms of other options, which must be removed first.

    Raises:
        DataError: ``out`` lies below a file, holds other files, or, without ``overwrite``, holds
            rooms of other options.
    """
    check_writable(out)
    if not out.is_dir() or not contents(out):
        return False
    held = _read(out)
    if held is None:
        raise DataError(f"{out} is not empty and holds no rooms; choose another output folder")
    difference = _difference(held, options)
    if difference and not overwrite:
        raise DataError(
            f"{out} holds rooms with {difference}; choose another folder, or replace the rooms "
            "with --overwrite"
        )
    return bool(difference)


def prepare_folder(out: Path, options: RoomsOptions, *, replace: bool) -> None:
    """Mark ``out`` as an unfinished set and remove temporary files of killed commands.

    With ``replace``, the existing rooms are removed first.
    """
    make_folder(out)
    if replace:
        _remove_rooms(out)
    remove_all_leftovers(out)
    held = _read(out)
    if held is None or held != _values(options, complete=True):
        write_manifest(out, options, complete=False)


def write_manifest(out: Path, options: RoomsOptions, *, complete: bool) -> None:
    """Write the options of the set and whether it is complete."""
    text = json.dumps(_values(options, complete=complete), indent=1)
    write_text(out / MANIFEST_NAME, text + "\n")


def _values(options: RoomsOptions, *, complete: bool) -> dict[str, Any]:
    return {
        "title": TITLE,
        "complete": complete,
        "depth_unet": package_version(),
        "command": options.command(),
        "num_images": options.images,
        "num_rooms": options.num_rooms,
        "shard": options.shard,
        "options": options.content(),
    }


def _read(out: Path) -> dict[str, Any] | None:
    """The manifest, or None if there is none."""
    try:
        values = json.loads((out / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, ValueError):
        return None
    ours = isinstance(values, dict) and values.get("title") == TITLE
    usable = ours and isinstance(values.get("options"), dict)
    counted = usable and all(
        isinstance(values.get(key), int) for key in ("num_images", "num_rooms")
    )
    return values if counted else None


def _difference(held: dict[str, Any], options: RoomsOptions) -> str:
    """The options that differ from those of the existing rooms; more rooms are allowed."""
    asked = options.content()
    found = [
        f"{name} {held['options'].get(name)}, not {value}"
        for name, value in asked.items()
        if held["options"].get(name) != value
    ]
    if held.get("depth_unet") != package_version():
        found.append(f"depth-unet {held.get('depth_unet')}, not {package_version()}")
    if held["num_images"] > options.images:
        found.append(f"{held['num_images']} images, not {options.images}")
    shard = str(held.get("shard", WHOLE))
    existing = room_numbers(shard, held["num_rooms"])
    if not {*existing} <= {*room_numbers(options.shard, max(held["num_rooms"], options.num_rooms))}:
        found.append(f"shard {shard}, not {options.shard}")
    return "; ".join(found)


def _remove_rooms(out: Path) -> None:
    """Remove the files that this package wrote, lists first; keep all others."""
    for name in (*pairs.LIST_NAMES, *kaggle.LIST_NAMES, PREVIEW_NAME):
        (out / name).unlink(missing_ok=True)
    for name in (*pairs.FOLDERS, *kaggle.FOLDERS, RECORDS_NAME):
        shutil.rmtree(out / name, ignore_errors=True)
