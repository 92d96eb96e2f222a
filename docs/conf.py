"""Sphinx settings: Markdown pages, an API reference made from the docstrings, help of commands."""

import contextlib
import io
import os
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING
from unittest import mock

import jaxtyping  # noqa: F401  # signatures show shapes if it is imported before the package

from depth_unet.cli.main import MODULE_OF, WITH_RECIPE, main
from depth_unet.config.run import Config
from depth_unet.config.values import flatten
from depth_unet.recipes import RECIPES

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "depth-unet"
author = "The depth-unet authors"
copyright = author
release = installed_version("depth-unet")
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]

html_theme = "furo"
html_title = f"depth-unet {release}"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

napoleon_google_docstring = True
napoleon_numpy_docstring = False
# "Attributes:" sections become fields of the class; autodoc lists the attributes themselves.
napoleon_use_ivar = True

autodoc_default_options = {"members": True, "member-order": "bysource"}
# Types stand in the signature, where jaxtyping writes the shape beside them.
autodoc_typehints = "signature"
autodoc_typehints_format = "short"


def setup(app: "Sphinx") -> None:
    """Called by Sphinx."""
    app.connect("source-read", add_commands)


def add_commands(_app: "Sphinx", page: str, source: list[str]) -> None:
    """Append what is made from the code to the page on commands."""
    if page == "commands":
        source[0] += commands() + recipes()


def commands() -> str:
    """The help of every command as Markdown."""
    calls = [[], *([name] for name in MODULE_OF), *([name, "seed"] for name in WITH_RECIPE)]
    return "".join(
        f"\n## {' '.join(['depth-unet', *call])}\n\n```text\n{help_of(call)}```\n"
        for call in sorted(calls)
    )


def help_of(call: list[str]) -> str:
    """What ``depth-unet CALL --help`` prints on a terminal of 88 columns."""
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
        mock.patch.dict(os.environ, COLUMNS="88", NO_COLOR="1"),
    ):
        main([*call, "--help"])
    return "".join(f"{line.rstrip()}\n" for line in printed.getvalue().strip().splitlines())


def recipes() -> str:
    """A table of the settings that recipes change, as Markdown."""
    default = flatten(Config())
    values = {name: flatten(recipe()) for name, recipe in RECIPES.items()}
    changed = [
        name
        for name in default
        if name != "recipe" and any(of[name] != default[name] for of in values.values())
    ]
    lines = [
        f"| {setting} | {' | '.join(_cell(of[setting]) for of in (default, *values.values()))} |\n"
        for setting in changed
    ]
    head = " | ".join(("Setting", "Default", *(f"`{name}`" for name in values)))
    return f"\n## Recipes\n\n| {head} |\n|{'---|' * (2 + len(values))}\n{''.join(lines)}"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
