"""``depth-unet prepare``: decode and resize a data set once."""

import warnings

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from depth_unet.cli.arguments.data import PrepareArguments
from depth_unet.cli.program.console import make_console
from depth_unet.config.checks import check_range
from depth_unet.data.forms.description import FORMS, FormName
from depth_unet.data.forms.recognise import open_original, recognise
from depth_unet.data.labels import Labelled
from depth_unet.data.layout import OnBad, refuse
from depth_unet.data.prepare import prepare, skip_bad
from depth_unet.data.shards import find_unlisted
from depth_unet.data.source import Original
from depth_unet.errors import DataError, own_command
from depth_unet.files.owner import own_folder
from depth_unet.images.size import parse_size


def run(arguments: PrepareArguments) -> list[DataError]:
    """Write the cache and print the command that trains from it."""
    check_range("--workers", arguments.workers, "[0, 1024]")
    with own_folder(arguments.out):
        return write_cache(arguments)


def write_cache(arguments: PrepareArguments) -> list[DataError]:
    """Write the cache, whose folder this process owns; return the errors of skipped pairs."""
    console = make_console(stderr=True)
    width, height = parse_size(arguments.size)
    form = arguments.form or recognise(arguments.source)
    bad: list[DataError] = []
    source = open_labelled(arguments, form, bad.append if arguments.skip_bad else refuse)
    console.print(f"{arguments.source}: {FORMS[form].title}; {len(source.rows)} pairs")
    if arguments.skip_bad:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("checking", total=len(source.rows))
            source = skip_bad(
                source,
                bad.append,
                workers=arguments.workers,
                progress=lambda: progress.advance(task),
            )
    columns = (TextColumn("preparing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("prepare", total=len(source.rows))
        cache = prepare(
            source,
            arguments.out,
            height=height,
            width=width,
            overwrite=arguments.overwrite,
            workers=arguments.workers,
            progress=lambda done, _total: progress.update(task, completed=done),
        )
    num_test = sum(row.official_split == "test" for row in cache.rows)
    console.print(
        f"{arguments.out}: {len(cache.rows) - num_test} frames at {width}x{height}"
        f"{' with classes' if cache.labelled else ''}, {num_test} test frames at native size"
    )
    if bad:
        console.print(f"left out {len(bad)} bad pairs or recordings")
    if num_test < len(cache.rows):  # else nothing is left to train on
        console.print(
            f"next: {own_command('train', 'seed', '--data', arguments.out, '--fraction', '1')}"
        )
    return bad


def open_labelled(arguments: PrepareArguments, form: FormName, on_bad: OnBad) -> Original:
    """The data set, with classes if ``--labels`` names them; warns of rooms that are not listed."""
    source = open_original(arguments.source, form, on_bad)
    if text := find_unlisted(source):
        warnings.warn(text, stacklevel=2)
    return source if arguments.labels is None else Labelled(source, arguments.labels)
