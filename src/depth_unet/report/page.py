"""Pages from Jinja2 templates; one of HTML is one file that embeds everything it shows."""

import base64
import functools
import io
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from PIL import Image

from depth_unet import __version__

Interval = Mapping[str, float]
"""``mean``, ``low`` and ``high`` of a metric."""
SPACE = "\N{NO-BREAK SPACE}"
WEBP_QUALITY = 90


def render(template: str, **values: object) -> str:
    """Fill a template of ``report/templates``; in HTML, every value is escaped.

    Args:
        template: File name, such as ``evaluation.html``.
        values: The names that the template uses; a missing one raises ``jinja2.UndefinedError``.

    Returns:
        Markdown, or HTML 5 without scripts and links, light or dark like the reader's system.
    """
    return _environment().get_template(template).render(values)


def percent(share: float) -> str:
    """A share as per cent."""
    return f"{100 * share:.1f}{SPACE}%"


def percent_range(interval: Interval) -> str:
    """Both ends of an interval in per cent."""
    return f"{100 * interval['low']:.1f} to {percent(interval['high'])}"


def metres(value_m: float) -> str:
    """Metres to the centimetre."""
    return f"{value_m:.2f}{SPACE}m"


def metres_range(interval: Interval) -> str:
    """Both ends of an interval in metres."""
    return f"{interval['low']:.2f} to {metres(interval['high'])}"


def count_photos(frames: int, rooms: int | None = None) -> str:
    """Number of photos, and of their rooms if it is known."""
    photos = f"{frames:,} photo{'s' * (frames != 1)}"
    return photos if rooms is None else f"{photos} of {rooms:,} room{'s' * (rooms != 1)}"


def data_uri(path: Path) -> str:
    """A picture as the ``src`` of an ``<img>``.

    SVG stays as it is, sharp at any size; anything else becomes WebP, a quarter of a PNG, so that
    the page can be sent by mail.
    """
    if path.suffix == ".svg":
        kind, content = "svg+xml", path.read_bytes()
    else:
        stream = io.BytesIO()
        with Image.open(path) as image:
            image.convert("RGB").save(stream, "WEBP", quality=WEBP_QUALITY)
        kind, content = "webp", stream.getvalue()
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def shell_command(words: Iterable[object]) -> str:
    """A command of ours for a shell, quoted where it must be."""
    return shlex.join(map(str, ("depth-unet", *words)))


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("depth_unet.report"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"version": __version__, "count_photos": count_photos}
    environment.filters |= {
        "percent": percent,
        "percent_range": percent_range,
        "metres": metres,
        "metres_range": metres_range,
        "data_uri": data_uri,
        "shell_command": shell_command,
    }
    return environment
