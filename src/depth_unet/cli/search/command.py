"""``depth-unet search RECIPE``: train with many settings and report which did best."""

import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from depth_unet.cli.arguments.recipe import SearchArguments
from depth_unet.cli.program.console import make_console
from depth_unet.cli.search.trial import Environment, quiet_fabric, run_trial
from depth_unet.config.checks import check_range
from depth_unet.config.run import Config
from depth_unet.data.blocks import read_json_object
from depth_unet.data.fingerprint import check_fingerprint, hash_names, take_fingerprint
from depth_unet.data.mixture import Mixture
from depth_unet.data.run_data import open_run_data
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.atomic import check_writable, write_text
from depth_unet.files.owner import file_lock
from depth_unet.model.device import choose_device
from depth_unet.search.page import PAGE_NAME, format_short, write_report
from depth_unet.search.queue import TrialQueue
from depth_unet.search.results import TABLE_NAME, Result, best_result
from depth_unet.search.run import Search
from depth_unet.search.setup import Setup
from depth_unet.search.space import Space, parse_space
from depth_unet.search.study import STUDY_LOCK_NAME, check_plan, make_pruner, open_study
from depth_unet.train.devices import resolve_precision

DEFAULT_TRIALS = 20
FINGERPRINT_NAME = "fingerprint.json"


def run(arguments: SearchArguments) -> list[DataError]:
    """Check the settings, then run trials until there are ``--trials`` of them."""
    device = choose_device(arguments.device)
    config = arguments.settings
    check_settings(config)
    space = parse_space(arguments.space, config, arguments.sampler)
    precisions = [each.ends() for each in space.dimensions if each.name == "precision"]
    for precision in precisions[0] if precisions else (config.precision,):
        resolve_precision(replace(config, precision=precision), device)
    num_trials = count_trials(arguments, space)
    out = arguments.out or Path("runs") / f"{config.recipe}-search"
    check_writable(out)
    source, splits = open_run_data(arguments.data, config)
    if not splits.unseen:
        raise ConfigError(
            f"{' '.join(arguments.data)} has no held-out rooms to score trials on; use a data set "
            "of at least two rooms, with room_group in index.csv"
        )
    setup = Setup(
        config=config,
        space=space,
        sampler=arguments.sampler,
        pruner=arguments.pruner,
        num_trials=num_trials,
        data=arguments.data,
        dataset=source.info.name,
        names=hash_names(source, splits),
        num_train=len(splits.train),
        num_unseen=len(splits.unseen),
        num_steps=config.total_steps(len(splits.train)),
        out=out,
    )
    fingerprint = take_fingerprint(
        source, splits, labelled=config.loss.semantics > 0, workers=config.compute.workers
    )
    search(arguments, setup, source, fingerprint)
    return []


def search(
    arguments: SearchArguments, setup: Setup, source: Mixture, fingerprint: dict[str, str]
) -> None:
    """Open the study and run this process's part of it, with one line of output per trial."""
    console = make_console(stderr=True)
    config, out = setup.config, setup.out
    pruner = make_pruner(setup.pruner, setup.num_steps)
    with open_study(arguments.storage, out, pruner) as study:
        with file_lock(out / STUDY_LOCK_NAME):
            check_folder(study.get_trials(deepcopy=False), out)
            started = bool(study.user_attrs)
            check_plan(study, json.loads(json.dumps(setup.plan())))
            check_data(fingerprint, out, started=started)
        queue = TrialQueue(
            study,
            setup.space,
            out,
            num_trials=setup.num_trials,
            sampler=setup.sampler,
            seed=config.seed,
        )

        def on_end(number: int) -> None:
            with queue.lock:
                results = write_report(study, setup)
            console.print(describe_result(number, results))

        console.print(describe(setup))
        trial = partial(run_trial, Environment(source, choose_device(arguments.device), console))
        loop = Search(queue, config, run_trial=trial, on_end=on_end)
        try:
            with quiet_fabric():
                loop.run()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "the trial is saved; run the same command to resume the search"
            ) from None
        with queue.lock:
            results = write_report(study, setup)
    check_results(results, out)
    console.print(describe_end(results, setup, source.arguments()))


def check_settings(config: Config) -> None:
    """Refuse to run without held-out rooms, or under torchrun."""
    if config.holdout == "none":
        raise ConfigError("--holdout none leaves no rooms to score trials on; use --holdout 0.1")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError(
            "search does not run under torchrun; start the same `depth-unet search` once per GPU, "
            "the processes share the study"
        )


def count_trials(arguments: SearchArguments, space: Space) -> int:
    """The number of trials to run; refuses a number out of range or above the grid's size."""
    check_range("--trials", arguments.trials, "[0, 1000000]")
    if arguments.sampler != "grid":
        return arguments.trials or DEFAULT_TRIALS
    size = len(space.grid(0))
    if arguments.trials > size:
        raise ConfigError(
            f"--trials is {arguments.trials}, but the grid has {size} combinations; leave out "
            "--trials to run all of them, or widen --space"
        )
    return arguments.trials or size


def check_folder(trials: list[Any], out: Path) -> None:
    """Refuse to start a study in a folder with runs of another one."""
    run = next(out.glob("trial-*"), None)
    if not trials and run is not None:
        raise ConfigError(
            f"{run} belongs to another search, and the database has no study "
            f"{out.resolve().name!r}; give the --storage of that search and, if you renamed the "
            "folder, its old name; or choose another --out"
        )


def check_data(fingerprint: dict[str, str], out: Path, *, started: bool) -> None:
    """Store the fingerprint of the data in the search's folder, or compare it with the stored one.

    Raises:
        DataError: The data is not that of the search that was started.
    """
    path = out / FINGERPRINT_NAME
    saved: dict[str, str] = {}
    if started:
        saved = read_json_object(path)
        check_fingerprint(fingerprint, saved)
    write_text(path, json.dumps(saved | fingerprint) + "\n")


def check_results(results: list[Result], out: Path) -> None:
    """Raise DataError if no trial has a result and none is left to get one."""
    if results and all(result.state == "failed" for result in results):
        raise DataError(
            f"none of the {len(results)} trials has a result: see {out / PAGE_NAME} for their "
            "settings, and search lower learning rates in another --out"
        )


def describe(setup: Setup) -> str:
    """The search in one line."""
    config, canvas = setup.config, setup.config.canvas
    return (
        f"{config.recipe}: {setup.num_trials} trials ({setup.sampler}) over {setup.space}; "
        f"{setup.num_train} training frames, {setup.num_unseen} from held-out rooms; "
        f"{setup.num_steps} steps of {config.batch_size} images at {canvas.width}x{canvas.height}"
    )


def describe_result(number: int, results: list[Result]) -> str:
    """A finished trial in one line."""
    result, best = next(r for r in results if r.number == number), best_result(results)
    values = " ".join(f"{name}={format_short(value)}" for name, value in result.values.items())
    score = f"AbsRel {result.abs_rel:.4f}" if result.figures else "no metrics"
    outcome = {"complete": score, "pruned": f"pruned at step {result.step}, {score}"}
    so_far = f"; best: {best.abs_rel:.4f} (trial {best.number})" if best else ""
    return f"trial {number}: {values}: {outcome.get(result.state, 'no result')}{so_far}"


def describe_end(results: list[Result], setup: Setup, data: Sequence[str]) -> str:
    """The last lines: what was written, what still runs, and the command for the best settings.

    ``data`` are the values of ``--data`` from any folder.
    """
    lines = [f"wrote {setup.out / PAGE_NAME} and {setup.out / TABLE_NAME}"]
    running = sum(result.state == "running" for result in results)
    if running:
        lines.insert(
            0,
            f"running in other processes: {running}; if one was killed, run the same command to "
            "resume its trial",
        )
    best = best_result(results)
    if best is not None:
        anywhere = replace(setup, data=tuple(data), out=setup.out.absolute())
        lines.append(f"next: {shlex.join(anywhere.command(best.values))}")
    return "\n".join(lines)
