"""The command line: parse, hand over to one command, say in one line what went wrong."""

import importlib
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import tyro
from rich.console import Console

from depth_unet import __version__
from depth_unet.cli.arguments import (
    Arguments,
    ExportArguments,
    InspectArguments,
    PredictArguments,
    PrepareArguments,
    ResumeArguments,
    RoomsArguments,
    SearchArguments,
    TrainArguments,
)
from depth_unet.cli.scoring_arguments import (
    CompareArguments,
    EvaluateArguments,
    LeaderboardArguments,
)
from depth_unet.config.run import Config
from depth_unet.errors import CheckpointError, ConfigError, DataError
from depth_unet.recipes import RECIPES

INVALID, SOME_FAILED, INTERRUPTED = 2, 3, 130

USAGE = """\
usage: depth-unet COMMAND ...

Metric depth of rooms from one photo.

commands (each has --help):
  inspect SOURCE                 what a data set holds, and what is wrong with it
  prepare SOURCE OUT             decode and resize a data set once, into a cache
  train RECIPE --data DIR        train a network; RECIPE is one of: {recipes}
  train --resume RUN             go on with an interrupted run
  search RECIPE --data DIR       train it with many settings and find the best
  evaluate CHECKPOINT --data DIR score seen rooms, unseen rooms and test frames
  evaluate --predictions DIR ... score depth files that another program wrote
  leaderboard EVALUATION...      set evaluations beside one another, as Markdown and as a page
  compare RUN RUN... --data DIR  curves, tables with intervals, the same images side by side
  predict INPUT...               metres for your photos and videos
  export RUN FILE.safetensors    one small file to predict with
  rooms OUT --images N           render rooms with exact depth, from a seed

options: --help, --version
"""

COMMAND_OF: dict[type[Arguments], str] = {
    TrainArguments: "train",
    ResumeArguments: "resume",
    SearchArguments: "search",
    EvaluateArguments: "evaluate",
    CompareArguments: "compare",
    LeaderboardArguments: "leaderboard",
    PredictArguments: "predict",
    ExportArguments: "export",
    InspectArguments: "inspect",
    PrepareArguments: "prepare",
    RoomsArguments: "rooms",
}

MODULE_OF = {
    "evaluate": "evaluate.command",
    "predict": "predict.command",
    "resume": "train.resume",
    "search": "search.command",
    "train": "train.command",
}

EXTRA_OF = {"filelock": "search", "optuna": "search", "sqlalchemy": "search"}

Parsed = TypeVar("Parsed")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program's name; None takes the process's.

    Returns:
        The exit code: 0; 2 for an invalid request (nothing was done); 3 where some inputs failed
        and the rest is written; 130 after an interrupt.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(USAGE.format(recipes=", ".join(RECIPES)))
        return 0 if arguments else INVALID
    if arguments[0] == "--version":
        sys.stdout.write(f"depth-unet {__version__}\n")
        return 0
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: console.print(f"warning: {message}")
        try:
            failures = _run(_parse(arguments[0], arguments[1:]))
            for failure in failures:
                console.print(f"depth-unet: error: {failure}")
            return SOME_FAILED if failures else 0
        except (ConfigError, DataError, CheckpointError) as error:
            console.print(f"depth-unet: error: {error}")
            return INVALID
        except OSError as error:
            console.print(f"depth-unet: error: {error}; free or change the path and run it again")
            return 1
        except KeyboardInterrupt as interrupt:
            console.print(f"depth-unet: interrupted{'; ' if str(interrupt) else ''}{interrupt}")
            return INTERRUPTED


def _run(arguments: Arguments) -> list[DataError]:
    """Import the command that takes these arguments (torch comes with it) and run it.

    Returns:
        What is wrong with inputs that were left out while the rest was done.
    """
    name = COMMAND_OF[type(arguments)]
    try:
        command = importlib.import_module(f"depth_unet.cli.{MODULE_OF.get(name, name)}")
    except ModuleNotFoundError as error:
        extra = EXTRA_OF.get(error.name or "")
        if extra is None:
            raise
        raise ConfigError(
            f"{name} needs {error.name}, which is not installed: pip install 'depth-unet[{extra}]'"
        ) from None
    failures: list[DataError] = command.run(arguments)
    return failures


def _parse(command: str, rest: list[str]) -> Arguments:
    match command:
        case "train":
            return _parse_train(rest)
        case "search":
            return _parse_search(rest)
        case "resume":
            pass  # an option of train
        case _ if command in COMMAND_OF.values():
            kind = next(kind for kind, name in COMMAND_OF.items() if name == command)
            return _tyro(kind, command, rest)
    raise ConfigError(f"there is no command {command!r}; run `depth-unet --help` for the list")


def _parse_train(rest: list[str]) -> TrainArguments | ResumeArguments:
    first = rest[0] if rest else ""
    if any(item.split("=")[0] == "--resume" for item in rest):
        return _parse_resume(rest)
    if first in RECIPES:
        default = TrainArguments(config=RECIPES[first](), data=tyro.MISSING)
        return _tyro(TrainArguments, f"train {first}", rest[1:], default)
    if first in ("-h", "--help"):
        _show_recipes("train", "       depth-unet train --resume RUN\n")
    found = f"{first!r} is no recipe" if first else "no recipe was named"
    raise ConfigError(f"{found}; choose {', '.join(RECIPES)}, or --resume RUN")


def _parse_resume(rest: list[str]) -> ResumeArguments:
    """Options beside --resume are read as changes of the run's settings, or of a recipe's."""
    from depth_unet.model.checkpoint import read_config, run_file

    if rest[0] in RECIPES:
        config, rest = RECIPES[rest[0]](), rest[1:]
    else:
        place = next(i for i, item in enumerate(rest) if item.split("=")[0] == "--resume")
        name = rest[place].partition("=")[2] or "".join(rest[place + 1 : place + 2])
        config = read_config(run_file(Path(name))) if name else Config()
    default = ResumeArguments(config=config, resume=tyro.MISSING)
    return _tyro(ResumeArguments, "train", rest, default)


def _parse_search(rest: list[str]) -> SearchArguments:
    first = rest[0] if rest else ""
    if first in RECIPES:
        default = SearchArguments(config=RECIPES[first](), data=tyro.MISSING)
        return _tyro(SearchArguments, f"search {first}", rest[1:], default)
    if first in ("-h", "--help"):
        _show_recipes("search")
    found = f"{first!r} is no recipe" if first else "no recipe was named"
    raise ConfigError(f"{found}; choose {', '.join(RECIPES)}")


def _show_recipes(command: str, more: str = "") -> NoReturn:
    sys.stdout.write(
        f"usage: depth-unet {command} RECIPE --data DIR [options]   (RECIPE --help lists them)\n"
        f"{more}\nrecipes:\n"
    )
    for name, recipe in RECIPES.items():
        sys.stdout.write(f"  {name:8} {(recipe.__doc__ or '').splitlines()[0]}\n")
    raise SystemExit(0)


def _tyro(
    kind: type[Parsed], command: str, rest: list[str], default: Parsed | None = None
) -> Parsed:
    if default is None:
        return tyro.cli(kind, prog=f"depth-unet {command}", args=rest)
    return tyro.cli(kind, prog=f"depth-unet {command}", args=rest, default=default)
