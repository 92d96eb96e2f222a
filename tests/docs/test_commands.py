"""The page on commands holds what the code knows, all of it."""

import runpy
from pathlib import Path

import pytest

from depth_unet.cli.arguments.find import arguments_of, options_of
from depth_unet.cli.main import MODULE_OF
from depth_unet.config.values import flatten
from depth_unet.recipes import RECIPES

CONF = Path(__file__).resolve().parents[2] / "docs" / "conf.py"


@pytest.fixture(scope="module")
def page() -> str:
    """What Sphinx appends to docs/commands.md."""
    source = [""]
    runpy.run_path(str(CONF))["add_commands"](None, "commands", source)
    return source[0]


def test_every_option_of_every_command_is_there(page: str) -> None:
    """Each command has a section, with each of its options, settings of recipes included."""
    for command in MODULE_OF:
        sections = page.split(f"\n## depth-unet {command}")[1:]
        text = "".join(section.partition("\n## ")[0] for section in sections)
        for option in options_of(arguments_of(command)):
            assert option.flag in text, f"{command} {option.path}"


def test_every_recipe_is_there(page: str) -> None:
    """The table has a column for each recipe, and a value that only the recipe has."""
    (table,) = page.split("\n## Recipes\n")[1:]
    head, _, *rows = table.strip().splitlines()
    assert [cell.strip(" `") for cell in head.split("|")[3:-1]] == list(RECIPES)
    (canvas,) = [row for row in rows if row.startswith("| canvas.height ")]
    heights = [flatten(recipe())["canvas.height"] for recipe in RECIPES.values()]
    assert [int(cell) for cell in canvas.split("|")[3:-1]] == heights
