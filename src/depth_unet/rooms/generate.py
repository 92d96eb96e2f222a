"""Make a set of rooms: photos with exact depth, room by room, in several processes."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

from depth_unet.errors import ConfigError
from depth_unet.files.atomic import copy_file
from depth_unet.rooms.furniture.assets import ATTRIBUTION_NAME, full_pack_folder, load_pack
from depth_unet.rooms.options import RoomsOptions
from depth_unet.rooms.output import kaggle, pairs
from depth_unet.rooms.output.manifest import check_folder, claim, write_manifest
from depth_unet.rooms.output.record import RoomRecord, finished_record
from depth_unet.rooms.processes import run_tasks
from depth_unet.rooms.worker import INSTALL, RoomTask, make_room

LIBRARIES = ("embreex", "numba")


def generate(
    options: RoomsOptions,
    out: Path,
    *,
    workers: int = 0,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[RoomRecord]:
    """Write a set of rooms into ``out``; interrupted, the same call goes on.

    The bytes depend on the options alone, whatever the number of processes. A room is written
    whole or done again; finished rooms are recognised by their checksums and kept, so a repaired
    file costs its own room only, and a call for more images keeps those that are there. The index
    comes last.

    Args:
        options: What the rooms are.
        out: The folder to write; made if missing.
        workers: Processes; 0 takes one per core, 1 renders in this one. More than one are started
            afresh: a script must call this below ``if __name__ == "__main__":``.
        overwrite: Replace rooms of other options.
        progress: Called with the number of images done and of all images.

    Returns:
        What was written of each room, in order.

    Raises:
        ConfigError: A library is missing, or the number of processes is negative.
        DataError: ``out`` holds something else, or the furniture is not there.
        KeyboardInterrupt: Ctrl-C; its words say how far it came.
    """
    if workers < 0:
        raise ConfigError(f"workers is {workers}; give a number of processes, or 0: one per core")
    check_libraries()
    starts_anew = check_folder(out, options, overwrite=overwrite)
    check_furniture(options)
    records: dict[int, RoomRecord] = {}
    num_done = 0

    def add(record: RoomRecord) -> None:
        nonlocal num_done
        records[record.number] = record
        num_done += len(record.frames)
        progress(num_done, options.num_images)

    try:
        claim(out, options, starts_anew=starts_anew)
        progress(0, options.num_images)
        waiting = []
        for plan in options.rooms():
            record = finished_record(out, plan)
            if record is None:
                waiting.append(RoomTask(plan=plan, out=out))
            else:
                add(record)
        run_tasks(make_room, waiting, workers=workers or os.cpu_count() or 1, done=add)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"{num_done} of {options.num_images} images are there; the same command goes on"
        ) from None
    ordered = [records[number] for number in range(options.num_rooms)]
    _complete(out, options, ordered)
    return ordered


def check_libraries() -> None:
    """Refuse to begin without the libraries that render; they are not loaded yet.

    Raises:
        ConfigError: One is missing.
    """
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"rooms need {' and '.join(missing)}, not installed here; install: {INSTALL}"
        )


def check_furniture(options: RoomsOptions) -> None:
    """Refuse to begin without the furniture; only the full pack can be missing.

    Raises:
        DataError: It is not there, or damaged.
    """
    if options.furniture == "full":
        load_pack(options.furniture)


def _complete(out: Path, options: RoomsOptions, records: list[RoomRecord]) -> None:
    """Write what makes the folder a data set; what lists the images comes last."""
    if options.furniture == "full":
        copy_file(full_pack_folder() / ATTRIBUTION_NAME, out / ATTRIBUTION_NAME)
    write_manifest(out, options, complete=True)
    if options.kaggle:
        kaggle.write_lists(out, records)
    else:
        pairs.write_lists(out, options, records)
