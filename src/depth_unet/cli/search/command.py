"""``depth-unet search RECIPE``: many runs, and which settings did best."""

import json
import os
import shlex
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from depth_unet.cli.arguments import SearchArguments
from depth_unet.cli.search.trial import Setting, quiet_fabric, run_trial
from depth_unet.config.run import Config
from depth_unet.data.mixture import Mixture
from depth_unet.data.run_data import open_run_data
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.atomic import check_writable
from depth_unet.model.device import choose_device
from depth_unet.search.background import Background
from depth_unet.search.html import PAGE_NAME, write_report
from depth_unet.search.locks import gate
from depth_unet.search.results import TABLE_NAME, Result, best_of
from depth_unet.search.run import Search
from depth_unet.search.space import Space, parse_space
from depth_unet.search.study import agree, make_pruner, opened_study
from depth_unet.search.told import short
from depth_unet.search.turns import Turns
from depth_unet.train.devices import resolve_precision

DEFAULT_TRIALS = 20


def run(arguments: SearchArguments) -> list[DataError]:
    """Check everything, then run trials until there are as many as were asked for."""
    device = choose_device(arguments.device)
    config = arguments.config
    check_one_process(config)
    space = parse_space(arguments.space, config, arguments.sampler)
    for precision in values_of("precision", space) or (config.precision,):
        resolve_precision(replace(config, precision=precision), device)
    num_trials = count_trials(arguments, space)
    out = arguments.out or Path("runs") / f"{config.recipe}-search"
    check_writable(out)
    source, splits = open_run_data(arguments.data, config)
    if not splits.unseen:
        raise ConfigError(
            f"{' '.join(arguments.data)} has no unseen rooms to choose by; use a data set of "
            "two rooms or more, with room_group in index.csv"
        )
    background = Background(
        config=config,
        space=space,
        sampler=arguments.sampler,
        pruner=arguments.pruner,
        num_trials=num_trials,
        data=arguments.data,
        dataset=source.info.name,
        fingerprint=source.fingerprint,
        num_train=len(splits.train),
        num_unseen=len(splits.unseen),
        num_steps=config.total_steps(len(splits.train)),
        out=out,
    )
    search(arguments, background, source)
    return []


def search(arguments: SearchArguments, background: Background, source: Mixture) -> None:
    """Open the study and do this process's part of it, with a word per trial.

    Raises:
        KeyboardInterrupt: It was interrupted; the message says how to go on.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    config, out = background.config, background.out
    pruner = make_pruner(background.pruner, background.num_steps)
    with opened_study(arguments.storage, out, pruner) as study:
        with gate(out):
            check_own_folder(study.get_trials(deepcopy=False), out)
            agree(study, json.loads(json.dumps(background.plan())))
        turns = Turns(
            study,
            background.space,
            out,
            num_trials=background.num_trials,
            sampler=background.sampler,
            seed=config.seed,
        )

        def ended(number: int) -> None:
            with turns.gate:
                results = write_report(study, background)
            console.print(line_of(number, results))

        console.print(describe(background))
        trial = partial(run_trial, Setting(source, choose_device(arguments.device), console))
        mine = Search(
            study, turns, config, sampler=background.sampler, run_trial=trial, ended=ended
        )
        try:
            with quiet_fabric():
                mine.run()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "the trial is saved; go on with the same command, which keeps what is complete"
            ) from None
        with turns.gate:
            results = write_report(study, background)
    console.print(closing(results, background))


def check_one_process(config: Config) -> None:
    """Refuse what a search cannot be run with.

    Raises:
        ConfigError: Nothing is held out, or one trial would take several processes.
    """
    if config.holdout == "none":
        raise ConfigError("--holdout none leaves no unseen rooms to choose by; give a share")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError(
            "a trial is one process and torchrun began several; run the same `depth-unet search` "
            "once per GPU instead, they share the study"
        )


def values_of(name: str, space: Space) -> tuple[Any, ...]:
    """The values that a setting takes; none for one that does not vary."""
    return next((each.ends() for each in space.dimensions if each.name == name), ())


def count_trials(arguments: SearchArguments, space: Space) -> int:
    """How many trials there shall be.

    Raises:
        ConfigError: Fewer than one, or more than the grid has.
    """
    if arguments.trials < 0:
        raise ConfigError(
            f"--trials is {arguments.trials}; choose at least 1, or 0 for the default"
        )
    if arguments.sampler != "grid":
        return arguments.trials or DEFAULT_TRIALS
    size = len(space.grid(0))
    if arguments.trials > size:
        raise ConfigError(
            f"--trials is {arguments.trials} and the grid has {size} combinations; leave --trials "
            "out to run all, or widen --space"
        )
    return arguments.trials or size


def check_own_folder(trials: list[Any], out: Path) -> None:
    """Refuse to begin a study beside the runs of another.

    Raises:
        ConfigError: There are runs and no trials.
    """
    left = next(out.glob("trial-*"), None)
    if not trials and left is not None:
        raise ConfigError(
            f"{left} is of another search, whose study is not at this --storage; name its "
            "--storage, choose another --out, or delete the folder"
        )


def describe(background: Background) -> str:
    """One line on what is about to run."""
    config, canvas = background.config, background.config.canvas
    return (
        f"{config.recipe}: {background.num_trials} trials ({background.sampler}) over "
        f"{background.space}; {background.num_train} training frames, {background.num_unseen} "
        f"unseen; {background.num_steps} steps of {config.batch_size} images at "
        f"{canvas.width}x{canvas.height}"
    )


def line_of(number: int, results: list[Result]) -> str:
    """One line on a trial that ended."""
    mine, best = next(r for r in results if r.number == number), best_of(results)
    values = " ".join(f"{name}={short(value)}" for name, value in mine.values.items())
    score = f"AbsRel {mine.abs_rel:.4f}" if mine.figures else "no figures"
    how = {"complete": score, "pruned": f"ended early at step {mine.step}, {score}"}
    so_far = f"; best: {best.abs_rel:.4f} (trial {best.number})" if best else ""
    return f"trial {number}: {values}: {how.get(mine.state, 'no result')}{so_far}"


def closing(results: list[Result], background: Background) -> str:
    """What to say last: what is there, what others still run, and how to go on."""
    lines = []
    running = sum(result.state == "running" for result in results)
    if running:
        lines.append(
            f"running in other processes: {running}; if one was killed, the same command goes on "
            "with its trial"
        )
    lines.append(f"wrote {background.out / PAGE_NAME} and {background.out / TABLE_NAME}")
    best = best_of(results)
    if best is not None:
        lines.append(f"next: {shlex.join(background.command(best.values))}")
    return "\n".join(lines)
