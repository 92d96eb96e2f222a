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
from depth_unet.search.fields import short_value
from depth_unet.search.page import PAGE_NAME, write_report
from depth_unet.search.plan import Plan
from depth_unet.search.results import TABLE_NAME, Result, best_of
from depth_unet.search.run import Search
from depth_unet.search.space import Space, parse_space
from depth_unet.search.study import check_plan, file_lock, make_pruner, open_study
from depth_unet.train.devices import resolve_precision

DEFAULT_TRIALS = 20


def run(arguments: SearchArguments) -> list[DataError]:
    """Check everything, then run trials until there are as many as were asked for."""
    device = choose_device(arguments.device)
    config = arguments.config
    check_splits_and_processes(config)
    space = parse_space(arguments.space, config, arguments.sampler)
    varied = {each.name: each.ends() for each in space.dimensions}
    for precision in varied.get("precision", (config.precision,)):
        resolve_precision(replace(config, precision=precision), device)
    num_trials = count_trials(arguments, space)
    out = arguments.out or Path("runs") / f"{config.recipe}-search"
    check_writable(out)
    source, splits = open_run_data(arguments.data, config)
    if not splits.unseen:
        raise ConfigError(
            f"{' '.join(arguments.data)} has no held-out rooms to rank trials by; use a data set "
            "of two rooms or more, with room_group in index.csv"
        )
    plan = Plan(
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
    search(arguments, plan, source)
    return []


def search(arguments: SearchArguments, plan: Plan, source: Mixture) -> None:
    """Open the study and run this process's part of it, with a line per trial.

    Raises:
        KeyboardInterrupt: The user interrupted it; the message says how to resume.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    lock = file_lock(plan.out, "study")
    with open_study(arguments.storage, plan.out, make_pruner(plan.pruner, plan.num_steps)) as study:
        with lock:
            check_own_folder(study.get_trials(deepcopy=False), plan.out)
            check_plan(study, json.loads(json.dumps(plan.shared())))

        def ended(number: int) -> None:
            with lock:
                results = write_report(study, plan)
            console.print(line_of(number, results))

        def wait(seconds: float) -> None:
            console.print(
                f"other processes still run trials; waiting up to {seconds:.0f} s to see whether "
                "one of them was killed"
            )

        console.print(describe(plan))
        mine = Search(
            study,
            plan.space,
            plan.out,
            plan.config,
            num_trials=plan.num_trials,
            sampler=plan.sampler,
            run_trial=partial(run_trial, Setting(source, choose_device(arguments.device), console)),
            ended=ended,
            wait=wait,
        )
        try:
            with quiet_fabric():
                mine.run()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "the trial is saved; repeat the same command to resume"
            ) from None
        with lock:
            results = write_report(study, plan)
    console.print(closing(results, plan))


def check_splits_and_processes(config: Config) -> None:
    """Refuse a search without held-out rooms, or under torchrun.

    Raises:
        ConfigError: One of them.
    """
    if config.holdout == "none":
        raise ConfigError("--holdout none leaves no held-out rooms to rank trials by; give a share")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError(
            "search does not run under torchrun: a trial is one process; start `depth-unet search` "
            "once per GPU instead, and they share the study"
        )


def count_trials(arguments: SearchArguments, space: Space) -> int:
    """The number of trials of all processes together.

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
    """Refuse to start a study in a folder that holds the runs of another.

    Raises:
        ConfigError: There are runs and no trials.
    """
    left = next(out.glob("trial-*"), None)
    if not trials and left is not None:
        raise ConfigError(
            f"{left} belongs to a search whose study is not at this --storage; name its "
            "--storage, choose another --out, or delete the folder"
        )


def describe(plan: Plan) -> str:
    """One line on what will run."""
    canvas = plan.config.canvas
    return (
        f"{plan.config.recipe}: {plan.num_trials} trials ({plan.sampler}) over {plan.space}; "
        f"{plan.num_train} training frames, {plan.num_unseen} unseen; {plan.num_steps} steps of "
        f"{plan.config.batch_size} images at {canvas.width}x{canvas.height}"
    )


def line_of(number: int, results: list[Result]) -> str:
    """One line on a trial that ended."""
    mine, best = next(r for r in results if r.number == number), best_of(results)
    values = " ".join(f"{name}={short_value(value)}" for name, value in mine.values.items())
    score = f"AbsRel {mine.abs_rel:.4f}" if mine.figures else "no figures"
    how = {"complete": score, "pruned": f"ended early at step {mine.step}, {score}"}
    so_far = f"; best: {best.abs_rel:.4f} (trial {best.number})" if best else ""
    return f"trial {number}: {values}: {how.get(mine.state, 'no result')}{so_far}"


def closing(results: list[Result], plan: Plan) -> str:
    """The last lines: what other processes still run, what was written, what to do next."""
    lines = []
    running = sum(result.state == "running" for result in results)
    if running:
        lines.append(f"still running in other processes: {running}")
    lines.append(f"wrote {plan.out / PAGE_NAME} and {plan.out / TABLE_NAME}")
    best = best_of(results)
    if best is not None:
        lines.append(f"next: depth-unet {shlex.join(plan.command(best.values))}")
    return "\n".join(lines)
