"""Help: of the program and of every command, complete and readable."""

import re

import pytest

from depth_unet import __version__
from depth_unet.cli.main import MODULE_OF, WITH_RECIPE
from depth_unet.cli.program import help as help_texts
from depth_unet.recipes import RECIPES
from tests.integration.commandline import Outcome, depth_unet

WITH_OPTIONS = [
    *((name,) for name in MODULE_OF if name not in WITH_RECIPE),
    *((name, recipe) for name in WITH_RECIPE for recipe in RECIPES),
    ("train", "--resume"),
]


WITHOUT_OPTIONS = [(), *((name,) for name in WITH_RECIPE)]


@pytest.mark.parametrize(
    ("command", "flag"),
    [
        *((command, "-h") for command in (*WITHOUT_OPTIONS, *WITH_OPTIONS)),
        *((command, "--help") for command in WITHOUT_OPTIONS),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_help(command: tuple[str, ...], flag: str) -> None:
    """Every command has help on stdout, and exits 0."""
    outcome = depth_unet(*command, flag)
    assert (outcome.code, outcome.err) == (0, "")
    named = [word for word in command if word != "--resume"]
    assert outcome.out.startswith(" ".join(("usage: depth-unet", *named)))
    assert len(outcome.out.splitlines()) > 3


@pytest.mark.parametrize("command", WITH_OPTIONS, ids=" ".join)
def test_options_are_readable(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Values have plain names, every default says something, and paragraphs are whole."""
    monkeypatch.setenv("COLUMNS", "1000")  # one line for each text
    outcome = depth_unet(*command, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    out = outcome.out
    assert "usage: depth-unet" in out
    for riddle in ("[[", "...]", "STR", "None", "(default: )", "default: ''", "{FLOAT"):
        assert riddle not in out
    texts = [line.strip("│ ") for line in out.splitlines() if line.startswith("│   ")]
    assert [text for text in texts if text[-1:] not in (".", ")") and ":" not in text] == []


def test_help_of_a_recipe_names_every_setting() -> None:
    """Help states every field with its default, from the recipe."""
    out = " ".join(depth_unet("train", "seed", "--help").out.split())
    for words in (
        "--data PATH[:WEIGHT]",
        "--fraction",
        "--optim.lr",
        "--loss.ssim-terms.data-range-m",
    ):
        assert words in out
    assert "(default: 0.05)" in out


@pytest.mark.parametrize(
    "command", ["predict", "evaluate", "compare", "export", "label", "train seed"], ids=str
)
def test_help_lists_the_shipped_weights(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command that takes weights names all that ship, also those that come later."""
    names = ["rendered", "scratch", "transfer", "transfer-small"]
    monkeypatch.setattr(help_texts, "shipped_names", lambda: names)
    out = " ".join(depth_unet(*command.split(), "--help").out.replace("│", "").split())
    assert f"ship with the package ({', '.join(names)})" in out
    assert "{shipped}" not in out


@pytest.mark.parametrize("command", [(), ("predict",), ("train",), ("train", "seed")], ids=" ".join)
def test_help_is_a_command(command: tuple[str, ...]) -> None:
    """``help COMMAND`` is ``COMMAND --help``."""
    assert depth_unet("help", *command) == depth_unet(*command, "--help")


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version(flag: str) -> None:
    """The version is printed with the name of the program."""
    assert depth_unet(flag) == Outcome(0, f"depth-unet {__version__}\n", "")


def test_no_command() -> None:
    """Without a command the usage is printed, and the exit code is 2."""
    outcome = depth_unet()
    assert outcome.code == 2
    assert "usage: depth-unet" in outcome.out


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("trai", "train"),
        ("pedict", "predict"),
        ("train sed", "seed"),
        ("search sed", "seed"),
    ],
)
def test_mistyped(typed: str, meant: str) -> None:
    """A mistyped command or recipe is answered with the one that is nearest."""
    outcome = depth_unet(*typed.split())
    assert outcome.code == 2
    assert f"did you mean {meant}?" in outcome.err


def test_usage_names_every_command() -> None:
    """The usage lists the commands that exist, and no other."""
    listed = re.findall(r"^  ([a-z]\w+) ", depth_unet("--help").out, re.MULTILINE)
    assert set(listed) == {*MODULE_OF, "help"}
