"""The HTML that every page of ours is made of: document, table, chart, figure."""

import base64
import io
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from PIL import Image

WEBP_QUALITY = 90


def document(*, title: str, lede: str, sections: Iterable[tuple[str, str]], footer: str) -> str:
    """A whole page of HTML 5: no script, nothing loaded, light or dark as the reader's system.

    Args:
        title: Plain text.
        lede: HTML of what comes first.
        sections: Headings as plain text, each with its HTML; those without HTML are left out.
        footer: Plain text.
    """
    template = Template(
        files("depth_unet.report").joinpath("page.html").read_text(encoding="utf-8")
    )
    return template.substitute(
        title=escape(title),
        lede=lede,
        main="\n".join(
            f"<section>\n<h2>{escape(heading)}</h2>\n{body}\n</section>"
            for heading, body in sections
            if body
        ),
        footer=escape(footer),
    )


def paragraphs(texts: Iterable[str]) -> str:
    """Plain texts, a paragraph each."""
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts)


def cell(mean: str, interval: str) -> str:
    """A cell of a table: a value above its interval."""
    return f"<td>{mean}<small>{interval}</small></td>"


def scrolling_table(headings: Iterable[str], rows: str, caption: str) -> str:
    """A table that scrolls sideways where it does not fit; headings and rows are HTML."""
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    return (
        f'<div class="scroll"><table>\n<caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def chart(
    bars: Iterable[tuple[str, str, Mapping[str, float], str]], most: float, caption: str
) -> str:
    """Means and intervals on one scale from 0.

    Args:
        bars: Name as plain text, HTML attributes of the line, ``mean``, ``low`` and ``high``, and
            the value as HTML.
        most: Where the scale ends; no value is above it.
        caption: Plain text.
    """
    lines = []
    for name, attributes, interval, value in bars:
        mean, low, high = (100 * interval[key] / most for key in ("mean", "low", "high"))
        lines.append(
            f'<li{attributes}><span>{escape(name)}</span><span class="track">'
            f'<i style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
            f'<b style="left:{mean:.2f}%"></b></span>'
            f"<span>{value}</span></li>"
        )
    listed = "\n".join(lines)
    return f'<ul class="chart">\n{listed}\n</ul>\n<p class="soft">{escape(caption)}</p>'


def figure(path: Path, alt: str, caption: str, *, least_rem: float = 0) -> str:
    """A picture inside the page; SVG stays sharp at any size.

    Args:
        path: A PNG or SVG file.
        alt: What it shows, for those who do not see it.
        caption: What stands under it.
        least_rem: Width below which it scrolls sideways instead of shrinking; 0: the page's own.
    """
    kind, content = ("svg+xml", path.read_bytes()) if path.suffix == ".svg" else _webp(path)
    data = base64.b64encode(content).decode("ascii")
    width = f' style="min-width:{least_rem:g}rem"' if least_rem else ""
    return (
        f'<figure class="wide"><img alt="{escape(alt)}"{width} '
        f'src="data:image/{kind};base64,{data}">\n'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _webp(path: Path) -> tuple[str, bytes]:
    """A picture as WebP, a quarter of the PNG, so that the page can be sent by mail."""
    stream = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGB").save(stream, "WEBP", quality=WEBP_QUALITY)
    return "webp", stream.getvalue()
