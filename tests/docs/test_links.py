"""Links of README, docs and the other pages lead somewhere; Sphinx checks those of docs again."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, ROOT

GENERATED = {("docs/commands.md", "recipes")}
"""Headings that are made when the docs are built; tests/docs/test_commands.py knows them."""
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")


def plain(page: Path) -> str:
    """The text of a page without its code."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, as GitHub and the built docs name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link is a file or folder of the repository, and every anchor a heading."""
    for name, anchor in _LINK.findall(plain(page)):
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{name} is not there"
        known = (target.relative_to(ROOT).as_posix(), anchor) in GENERATED
        assert not anchor or known or anchor in anchors(target), f"{name}#{anchor} is no heading"


def test_pages_have_links() -> None:
    """The pattern above finds them."""
    assert sum(len(_LINK.findall(plain(page))) for page in PAGES) > 100
