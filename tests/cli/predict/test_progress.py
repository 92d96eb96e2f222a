"""The progress bar of photos and videos."""

import io

from rich.console import Console

from depth_unet.cli.predict.progress import speed_bar


def shown() -> str:
    """What a terminal is sent while three of ten are done, one a second."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    now_s = iter(range(1000))
    with speed_bar("images", console) as progress:
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
