"""A bar that says how fast it goes."""

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


class SpeedColumn(ProgressColumn):
    """How many are done per second.

    Args:
        unit: What is counted, in the plural.
    """

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        """Nothing until there are two to tell it by."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} {self.unit}/s")


def speed_bar(console: Console, unit: str, *, shown: bool = True) -> Progress:
    """A bar that leaves no trace; tasks' descriptions stand before it as they are.

    Args:
        console: Where.
        unit: What is counted, in the plural.
        shown: Whether there is one at all.
    """
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        SpeedColumn(unit),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not shown,
    )
