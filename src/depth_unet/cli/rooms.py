"""``depth-unet rooms``: procedural rooms with exact depth, from a seed."""

import contextlib
import shlex

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from depth_unet.cli.arguments import RoomsArguments
from depth_unet.cli.prepare import parse_size
from depth_unet.errors import DataError
from depth_unet.rooms.generate import generate
from depth_unet.rooms.options import RoomsOptions
from depth_unet.rooms.output.manifest import PREVIEW_NAME
from depth_unet.rooms.output.preview import write_preview


def run(arguments: RoomsArguments) -> list[DataError]:
    """Render the rooms and say how to go on with them."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    width, height = parse_size(arguments.size)
    options = RoomsOptions(
        num_images=arguments.images,
        width=width,
        height=height,
        seed=arguments.seed,
        views=arguments.views,
        samples=arguments.samples,
        test_share=arguments.test_share,
        fov_deg=arguments.fov,
        walk=arguments.walk,
        furniture=arguments.furniture,
        kaggle=arguments.kaggle,
    )
    with contextlib.ExitStack() as stack:
        bar = _Bar(console, options.num_images, stack)
        records = generate(
            options,
            arguments.out,
            workers=arguments.workers,
            overwrite=arguments.overwrite,
            progress=bar.show,
        )
    num_test = sum(len(record.frames) for record in records if record.share == "test")
    console.print(
        f"{arguments.out}: {options.num_images - num_test} images and {num_test} test images "
        f"of {len(records)} rooms at {width}x{height}"
    )
    if arguments.preview:
        path = arguments.out / PREVIEW_NAME
        write_preview(arguments.out, records, path)
        console.print(f"preview: {path}")
    if not arguments.kaggle:
        console.print(f"next: depth-unet prepare {shlex.quote(str(arguments.out))} CACHE")
    return []


class _Bar:
    """A progress bar that appears when work begins: what is refused is refused in one line."""

    def __init__(self, console: Console, total: int, stack: contextlib.ExitStack) -> None:
        columns = (TextColumn("rendering"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, TimeRemainingColumn(), console=console)
        self._task = self._progress.add_task("rooms", total=total)
        self._stack, self._shown = stack, False

    def show(self, done: int, _total: int) -> None:
        """Move the bar."""
        if not self._shown:
            self._stack.enter_context(self._progress)
            self._shown = True
        self._progress.update(self._task, completed=done)
