"""``depth-unet rooms``: procedural rooms with exact depth, from a seed."""

import contextlib
import warnings
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from depth_unet.cli.arguments.data import RoomsArguments
from depth_unet.cli.program.console import make_console
from depth_unet.data.forms.recognise import open_source, recognise
from depth_unet.errors import DataError, check_installed, own_command
from depth_unet.files.owner import own_folder
from depth_unet.rooms.generate import generate
from depth_unet.rooms.options import WHOLE
from depth_unet.rooms.output.manifest import PREVIEW_NAME


def run(arguments: RoomsArguments) -> list[DataError]:
    """Render the rooms and name the next command."""
    if arguments.preview:
        check_installed("--preview", "matplotlib")
    with own_folder(arguments.out):
        render(arguments)
    return []


def render(arguments: RoomsArguments) -> None:
    """Render the rooms into a folder that this process owns."""
    console = make_console(stderr=True)
    options, out = arguments.options, arguments.out
    columns = (TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console)
    task = bar.add_task("rooms", total=options.images)
    with contextlib.ExitStack() as stack:

        def show(done: int, total: int) -> None:
            # Starts here: options that are refused leave one line and no bar.
            if not bar.live.is_started:
                stack.enter_context(bar)
            bar.update(task, completed=done, total=total)

        records = generate(
            options,
            out,
            workers=arguments.workers,
            overwrite=arguments.overwrite,
            progress=show,
        )
    num_images = sum(len(record.frames) for record in records)
    num_test = sum(len(record.frames) for record in records if record.share == "test")
    shard = "" if options.shard == WHOLE else f", shard {options.shard}"
    console.print(
        f"{out}: {num_images - num_test} images and {num_test} test images "
        f"of {len(records)} rooms at {options.width}x{options.height}{shard}"
    )
    if arguments.preview:
        from depth_unet.cli.program.sheet import write_sheet  # noqa: PLC0415  # needs matplotlib

        path = out / PREVIEW_NAME
        with warnings.catch_warnings():
            # Readers of the Kaggle layout warn that these are not NYU's official test frames.
            warnings.simplefilter("ignore")
            write_sheet(open_source(out, recognise(out)), path)
        console.print(f"preview: {path}")
    if not options.kaggle:
        console.print(f"next: {own_command('prepare', out, Path(f'{out}-cache'))}")
