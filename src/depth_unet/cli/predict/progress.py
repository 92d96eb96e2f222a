"""The progress bar of photos and videos."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from depth_unet.cli.program.console import make_console


class SpeedColumn(ProgressColumn):
    """Items per second.

    Args:
        unit: The items, in the plural.
    """

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        """The speed; empty until two items are done."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} {self.unit}/s")


def speed_bar(unit: str, console: Console | None = None) -> Progress:
    """A progress bar that disappears at the end.

    Args:
        unit: The items, in the plural.
        console: Where it is drawn; stderr by default.
    """
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        SpeedColumn(unit),
        TimeRemainingColumn(),
        console=console or make_console(stderr=True),
        transient=True,
    )
