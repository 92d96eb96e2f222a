"""The progress bar of commands that process many photos."""

import io

from rich.console import Console

from depth_unet.cli.predict.job import speed_bar


def shown(*, is_shown: bool = True) -> str:
    """What a terminal is sent while three of ten are done, one a second."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    now_s = iter(range(1000))
    with speed_bar(console, "images", shown=is_shown) as progress:
        progress.get_time = lambda: float(next(now_s))
        task = progress.add_task("[dim].jpg", total=10)
        for _ in range(3):
            progress.advance(task)
        progress.refresh()
    return stream.getvalue()


def test_speed_and_names() -> None:
    """The bar shows the speed; a name that looks like markup is shown as it is."""
    text = shown()
    assert "images/s" in text
    assert "3/10" in text
    assert "[dim].jpg" in text


def test_none() -> None:
    """Where there is nothing to do it says nothing."""
    assert "images/s" not in shown(is_shown=False)
