"""Generate a set of rooms in several processes, one room per task."""

import importlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from depth_unet.errors import ConfigError, install_command
from depth_unet.files.atomic import copy_file
from depth_unet.rooms.furniture.assets import ATTRIBUTION_NAME, load_pack
from depth_unet.rooms.options import RoomsOptions
from depth_unet.rooms.output import kaggle, pairs
from depth_unet.rooms.output.manifest import check_folder, prepare_folder, write_manifest
from depth_unet.rooms.output.record import RoomRecord, read_finished
from depth_unet.rooms.processes import run_tasks
from depth_unet.rooms.worker import make_room

MOST_WORKERS = 1024
LIBRARIES = ("numba", "embreex.rtcore_scene")


def generate(
    options: RoomsOptions,
    out: Path,
    *,
    workers: int = 0,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[RoomRecord]:
    """Write a set of rooms into ``out``. To resume after an interrupt, call it again.

    The files depend only on the options, not on the number of processes. Finished rooms are
    recognised by their checksums and kept, so a damaged file costs one room, and a call for more
    images, or for the whole set after a shard, keeps the existing ones. The index is written last.

    Args:
        options: The options of the set.
        out: Output folder, created if missing.
        workers: Number of processes. 0: one per core; 1: render in this process. Processes are
            spawned, so a script must call this below ``if __name__ == "__main__":``.
        overwrite: Replace rooms that were made with other options.
        progress: Called with the number of finished images and of all images of the shard.

    Returns:
        One record per room of the shard, in order.

    Raises:
        ConfigError: A library is missing, or the number of processes is out of range.
        DataError: ``out`` holds other files or other rooms, or the furniture pack is unusable.
        KeyboardInterrupt: Ctrl-C; its message says how many images are finished.
    """
    if not 0 <= workers <= MOST_WORKERS:
        raise ConfigError(f"workers is {workers}; give 1 to {MOST_WORKERS} or, for all cores, 0")
    check_libraries()
    replace, plans = check_folder(out, options, overwrite=overwrite), [*options.rooms()]
    if isinstance(options.furniture, Path):
        load_pack(options.furniture)  # Fails before anything is written.
    num_images = sum(plan.num_frames for plan in plans)
    records, num_done = dict[int, RoomRecord](), 0

    def add(record: RoomRecord) -> None:
        nonlocal num_done
        records[record.number] = record
        num_done += len(record.frames)
        progress(num_done, num_images)

    try:
        prepare_folder(out, options, replace=replace)
        progress(0, num_images)
        for plan in plans:
            if record := read_finished(out, plan):
                add(record)
        missing = [plan for plan in plans if plan.number not in records]
        workers = workers or os.cpu_count() or 1
        run_tasks(partial(make_room, out=out), missing, workers=workers, done=add)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"{num_done} of {num_images} images are finished; rerun the command to continue"
        ) from None
    ordered = [records[plan.number] for plan in plans]
    _write_lists(out, options, ordered)
    return ordered


def check_libraries() -> None:
    """Import the rendering libraries, so that a missing one fails before anything is written.

    Raises:
        ConfigError: A library is missing or cannot be loaded.
    """
    try:
        for name in LIBRARIES:
            importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"rooms are rendered with numba and embreex, which cannot be loaded ({error}); "
            f"install them: {install_command('numba', 'embreex')}"
        ) from None


def _write_lists(out: Path, options: RoomsOptions, records: list[RoomRecord]) -> None:
    """Write the attribution, the manifest and, last, the index."""
    if isinstance(options.furniture, Path):
        copy_file(options.furniture / ATTRIBUTION_NAME, out / ATTRIBUTION_NAME)
    write_manifest(out, options, complete=True)
    if options.kaggle:
        kaggle.write_lists(out, records)
    else:
        pairs.write_lists(out, options, records)
