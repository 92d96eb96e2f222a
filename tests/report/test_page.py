"""Templates: every value is escaped, none may be missing, and pictures are embedded."""

import base64
import io
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import escape
from PIL import Image

from depth_unet.report.page import _environment, count_photos, data_uri, render
from tests.report.page import Page

ODD = "<script>alert('x')</script> & \"$title\" {{ 7 * 7 }}"


def from_macros(body: str, **values: object) -> str:
    """A template of one line that may use all macros."""
    imported = "{% import 'macros.html' as m %}" + body
    return _environment().from_string(imported).render(values)


def test_page_shows_values_as_they_are() -> None:
    """A title is text, whatever it holds."""
    read = Page(render("base.html", title=ODD))
    assert (read.declaration, read.open) == ("DOCTYPE html", [])
    assert ODD in read.text
    assert "script" not in {tag for tag, _ in read.tags}


def test_missing_value_is_an_error() -> None:
    """A name that the template needs and nobody gave is not an empty place on the page."""
    with pytest.raises(UndefinedError, match="title"):
        render("base.html")


@pytest.mark.parametrize(
    "body",
    [
        "{{ m.paragraphs([odd]) }}",
        "{{ m.commands([[odd]]) }}",
        "{% call m.cards() %}{{ m.card(odd, odd, [odd]) }}{% endcall %}",
        "{% call m.table(odd, [odd]) %}<tr>{{ m.cell(odd, odd) }}</tr>{% endcall %}",
        "{% call m.chart(1) %}{{ m.bar(odd, {'mean': 1, 'low': 0, 'high': 2}, 2) }}{% endcall %}",
    ],
)
def test_macros_escape(body: str) -> None:
    """No macro takes a value for HTML."""
    text = from_macros(body, odd=ODD)
    assert Page(text).open == []
    assert "<script" not in text
    assert "&lt;script" in text


def test_commands_are_quoted_for_a_shell() -> None:
    """A word with a space stays one word."""
    text = from_macros("{{ m.commands([['predict', 'my photo.jpg'], ['evaluate', 1]]) }}")
    assert str(escape("depth-unet predict 'my photo.jpg'\ndepth-unet evaluate 1")) in text


def test_bars_of_zero_length() -> None:
    """A scale that ends at 0 causes no division by zero."""
    score = {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert "left:0.00%;width:0.00%" in from_macros("{{ m.bar('a', s, 0) }}", s=score)


def test_pictures_are_embedded(tmp_path: Path) -> None:
    """PNG becomes WebP of the same size; SVG stays as it is."""
    png, svg = tmp_path / "a.png", tmp_path / "a.svg"
    Image.new("RGBA", (32, 24), "teal").save(png)
    svg.write_text("<svg/>", encoding="utf-8")
    kind, _, data = data_uri(png).partition(";base64,")
    assert kind == "data:image/webp"
    with Image.open(io.BytesIO(base64.b64decode(data, validate=True))) as image:
        assert image.size == (32, 24)
    assert data_uri(svg) == f"data:image/svg+xml;base64,{base64.b64encode(b'<svg/>').decode()}"
    figure = from_macros("{{ m.figure(p, 'alt', 'caption', 9) }}", p=svg)
    assert Page(figure).tags[1][1]["style"] == "min-width:9rem"


def test_photos_are_counted() -> None:
    """One photo of one room, many of many; rooms only where they are known."""
    counts = [(1, 1), (1234, 2), (2, None)]
    assert [count_photos(*count) for count in counts] == [
        "1 photo of 1 room",
        "1,234 photos of 2 rooms",
        "2 photos",
    ]
