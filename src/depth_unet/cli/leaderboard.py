"""``depth-unet leaderboard``: several evaluations in one table, as Markdown and as a page."""

from collections.abc import Sequence
from pathlib import Path

from depth_unet.cli.arguments.scoring import LeaderboardArguments
from depth_unet.cli.evaluate.scoring import check_free
from depth_unet.cli.program.console import make_console
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.atomic import check_writable, write_text
from depth_unet.report.leaderboard.boards import make_boards
from depth_unet.report.leaderboard.read import Evaluation, read_evaluation
from depth_unet.report.leaderboard.render import markdown, page

FORMS = {".md": markdown, ".html": page}


def run(arguments: LeaderboardArguments) -> list[DataError]:
    """Read the evaluations, print the tables as Markdown and write them."""
    console = make_console()
    if not arguments.results:
        raise ConfigError(
            "no evaluation was named; name folders that `depth-unet evaluate` wrote: depth-unet "
            "leaderboard FOLDER..."
        )
    _check_outputs(arguments.out, overwrite=arguments.overwrite)
    boards = make_boards(_read_all(arguments.results), arguments.sort)
    for path in arguments.out:
        write_text(path, FORMS[path.suffix.lower()](boards))
    console.print(markdown(boards))
    if len(boards) > 1:
        console.print(
            f"{len(boards)} tables, because data set, split, protocol, alignment or photos differ: "
            "such results cannot be compared"
        )
    console.print(f"wrote {', '.join(map(str, arguments.out))}")
    return []


def _read_all(paths: Sequence[Path]) -> list[Evaluation]:
    found: list[Evaluation] = []
    for path in paths:
        parts = read_evaluation(path)
        if any(part.place.resolve() == parts[0].place.resolve() for part in found):
            raise ConfigError(f"{path} was named twice; name every evaluation once")
        found += parts
    return found


def _check_outputs(paths: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse outputs of an unknown form, and files that exist, before any work is done."""
    if not paths:
        raise ConfigError("--out is empty; name a file that ends in .md or .html")
    for path in paths:
        if path.suffix.lower() not in FORMS:
            raise ConfigError(f"--out {path} must end in .md or .html; choose another name")
        check_free(path, overwrite=overwrite)
        check_writable(path.parent)
