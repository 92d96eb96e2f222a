"""The command line: parse the arguments, run one command, report what went wrong.

Imports stand where they are needed: help answers without tyro, and torch comes with a command.
"""

import gc
import importlib
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from depth_unet import __version__
from depth_unet.cli.program.help import USAGE, RefusedError, help_rules, recipes_help, suggest
from depth_unet.cli.program.repeated import join_repeated, option_values
from depth_unet.cli.program.streams import drop_unread, make_encodable, open_closed, say
from depth_unet.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    is_out_of_memory,
    missing_library,
)
from depth_unet.files.text import expand_home

INVALID, SOME_FAILED, INTERRUPTED = 2, 3, 130
UNREAD = 141  # 128 + SIGPIPE, as of other programs

MODULE_OF = {
    "predict": "predict.command",
    "train": "train.command",
    "evaluate": "evaluate.command",
    "compare": "compare",
    "leaderboard": "leaderboard",
    "search": "search.command",
    "export": "export",
    "push": "push",
    "inspect": "inspect",
    "prepare": "prepare",
    "label": "label",
    "measure": "measure",
    "app": "app",
    "rooms": "rooms",
}
WITH_RECIPE = ("train", "search")
_VALUE = re.compile(r"(-\w(?=~)|--?[\w.-]+=|)(.*)", re.DOTALL)
"""An argument as option and value: --out=VALUE, -o=VALUE, -oVALUE, or the value alone."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program's name; None takes the process's.

    Returns:
        The exit code: 0; 2 for an invalid request, or if a file cannot be written; 3 if some inputs
        failed and the rest is written; 130 after Ctrl-C or SIGTERM; 141 if nobody reads the output
        any more.
    """
    # Pictures only go into files. A notebook's commands inherit its backend, which may be missing.
    os.environ["MPLBACKEND"] = "agg"
    open_closed()
    make_encodable()
    try:
        try:
            with warnings.catch_warnings():
                if argv is None:
                    _keep_warnings_harmless()
                    _interrupt_on_terminate()
                given = sys.argv[1:] if argv is None else argv
                return _run([_expand_home(argument) for argument in given])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # as in `depth-unet --help | head -1`
        drop_unread()
        return UNREAD
    except OSError as error:
        return _report(error)


def _expand_home(argument: str) -> str:
    """Expand ``~`` in a value; most shells leave ``--out=~/depth`` as it is."""
    match = _VALUE.fullmatch(argument)
    assert match  # any text matches
    return match[1] + expand_home(match[2])


def _keep_warnings_harmless() -> None:
    """Show what ``-W error`` and PYTHONWARNINGS make fatal, here and in processes started here.

    Libraries warn when they are imported, and we warn of input that may be meant otherwise.
    """
    sys.warnoptions[:] = [re.sub("^e[a-z]*", "default", option) for option in sys.warnoptions]
    warnings.filters = [
        ("default" if action == "error" else action, text, kind, module, line)
        for action, text, kind, module, line in warnings.filters
    ]


def _interrupt_on_terminate() -> None:
    """Let SIGTERM end commands as Ctrl-C does: what they have begun is cleared away.

    Not under torchrun, which ends workers whose peers have failed: one that waits for a peer would
    notice it half a minute later.
    """
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL and "RANK" not in os.environ:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _run(arguments: list[str]) -> int:
    warnings.showwarning = lambda message, *_: say(f"warning: {message}")
    try:
        return _dispatch(*arguments)
    except (ConfigError, DataError, CheckpointError) as error:
        say(f"depth-unet: error: {error}")
        return INVALID
    except BrokenPipeError:
        raise
    except OSError as error:
        return _report(error)
    except KeyboardInterrupt as interrupt:
        say(f"depth-unet: interrupted{'; ' if str(interrupt) else ''}{interrupt}")
        return INTERRUPTED
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        say(
            "depth-unet: error: out of memory; close other programs, or ask for smaller images or "
            "fewer at a time, and run it again"
        )
        return INVALID


def _report(error: OSError) -> int:
    drop_unread()
    say(f"depth-unet: error: {error}; free space or use another path, and run it again")
    return INVALID


def _dispatch(command: str = "", *rest: str) -> int:
    if command == "help" and rest:
        return _dispatch(*rest, "--help")
    if command in ("", "help", "-h", "--help"):
        sys.stdout.write(USAGE)
        return 0 if command else INVALID
    if command in ("-V", "--version"):
        sys.stdout.write(f"depth-unet {__version__}\n")
        return 0
    if command == "--completion":
        from depth_unet.cli.program.completion import script

        sys.stdout.write(script("".join(rest)))
        return 0
    if command not in MODULE_OF:
        raise ConfigError(
            f"there is no command {command!r}{suggest(command, MODULE_OF)}; "
            "run `depth-unet --help` for the list"
        )
    try:
        failures = _run_command(command, list(rest))
    except ModuleNotFoundError as error:
        raise missing_library(command, error) from None
    for failure in failures:
        say(f"depth-unet: error: {failure}")
    return SOME_FAILED if failures else 0


def _run_command(command: str, arguments: list[str]) -> list[DataError]:
    with _no_collection():
        module, parsed = _parse_command(command, arguments)
        run = _import(module).run
    failures: list[DataError] = run(parsed)
    return failures


@contextmanager
def _no_collection() -> Iterator[None]:
    """Imports leave no garbage, and to look for it takes a tenth of the start."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _parse_command(command: str, arguments: list[str]) -> tuple[str, Any]:
    """The module that runs a command, and its parsed options."""
    module = MODULE_OF[command]
    if command == "train" and any(item.split("=")[0] == "--resume" for item in arguments):
        return "train.resume", _parse_resume(arguments)
    if command in WITH_RECIPE:
        return module, _parse_recipe(command, arguments)
    return module, _parse(command, arguments)


def _import(module: str) -> Any:
    return importlib.import_module(f"depth_unet.cli.{module}")


def _parse_recipe(command: str, rest: list[str]) -> Any:
    from depth_unet.recipes import RECIPES

    name = rest[0] if rest else ""
    if name in RECIPES:
        return _parse(command, rest[1:], prog=f"{command} {name}", recipe=name)
    if name in ("-h", "--help"):
        sys.stdout.write(recipes_help(command, RECIPES))
        raise SystemExit(0)
    files = option_values(rest, "config")
    if name[:1] == "-" and files:
        late = next((word for word in files[1:] if word in RECIPES), "")
        if late:
            raise ConfigError(
                f"the recipe {late} stands behind the file of --config; name it first: depth-unet "
                f"{command} {late} --config FILE"
            )
        return _parse(command, rest)
    found = f"there is no recipe {name!r}{suggest(name, RECIPES)}" if name else "no recipe given"
    other = ", or --resume RUN" if command == "train" else ""
    raise ConfigError(f"{found}; choose {', '.join(RECIPES)}, or --config FILE{other}")


def _parse_resume(rest: list[str]) -> Any:
    """Parse ``train --resume``; other options change the settings of the run, or of a recipe."""
    from pathlib import Path

    from depth_unet.cli.arguments.recipe import ResumeArguments
    from depth_unet.config.run import Config
    from depth_unet.model.checkpoint import read_config, run_file
    from depth_unet.recipes import RECIPES

    if rest[0] in RECIPES:
        return _parse("resume", rest[1:], prog="train", recipe=rest[0])
    rest = join_repeated(rest, ResumeArguments)
    run = "".join(option_values(rest, "resume")[:1])
    settings = read_config(run_file(Path(run))) if run and run[0] != "-" else Config()
    if "-h" in rest or "--help" in rest:
        rest = ["--help"]
    return _parse("resume", rest, prog="train", settings=settings)


def _parse(
    command: str, rest: list[str], *, prog: str = "", recipe: str = "", settings: Any = None
) -> Any:
    """Parse the options of a command; tyro prints help and errors, and exits.

    Args:
        command: What ``arguments_of`` knows.
        rest: Its arguments.
        prog: How usage names it.
        recipe: The recipe that the command line names.
        settings: The settings to start from, in place of a recipe's.
    """
    import tyro

    from depth_unet.cli.arguments.find import arguments_of
    from depth_unet.cli.program import settings as files
    from depth_unet.cli.program.defaults import trusted_defaults

    kind, registry = arguments_of(command), help_rules()
    rest = join_repeated(rest, kind)
    files.check_choices(rest, kind)
    values = files.read_settings(rest, kind, registry)
    given = {}
    if command == "resume" or command in WITH_RECIPE:
        given["settings"] = settings or files.first_settings(recipe, values)
    try:
        with trusted_defaults():
            return tyro.cli(
                kind,
                prog=f"depth-unet {prog or command}",
                args=files.drop_known_switches(rest, kind, values),
                default=files.start_from(files.without_value(kind, tyro.MISSING, **given), values),
                config=(tyro.conf.DisallowNone,),
                registry=registry,
            )
    except RefusedError as refused:
        raise refused.error from None
