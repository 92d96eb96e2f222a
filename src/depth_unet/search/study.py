"""The study: what all processes know of all trials, in a database that Optuna keeps."""

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.files.atomic import make_folder
from depth_unet.search.space import Sampler, Space

try:
    import optuna
    from filelock import FileLock
    from optuna.exceptions import ExperimentalWarning, OptunaError, StorageInternalError
    from optuna.pruners import BasePruner, MedianPruner, NopPruner
    from optuna.samplers import BaseSampler, RandomSampler, TPESampler
    from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
    from optuna.trial import FrozenTrial
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import SQLAlchemyError
except ModuleNotFoundError as error:
    raise ConfigError(
        f"search needs {error.name}, which is not installed: "
        f"{install_command('optuna', 'filelock', 'sqlalchemy')}"
    ) from None

Pruner = Literal["none", "median"]
DATABASE_NAME, LOCKS_NAME = "study.db", "locks"
PLAN = "plan"
# A process records every BEAT_S that a trial is alive. One that is silent for GRACE_S was killed.
BEAT_S, GRACE_S = 15, 60
MAX_RETRIES = 10  # of a trial that is killed or fails again and again
BUSY_S = 60  # how long to wait while another process writes to SQLite
STARTUP_TRIALS = 5  # complete trials before the first is pruned


@contextlib.contextmanager
def open_study(storage: str, out: Path, pruner: BasePruner) -> Iterator[optuna.Study]:
    """Open or create the study named after the folder ``out``; used as a context.

    Optuna's log lines and its warnings of experimental features are off inside.

    Args:
        storage: URL of the database; empty takes a SQLite file in ``out``.
        out: The search's folder.
        pruner: What ends trials early.

    Raises:
        ConfigError: The database cannot be opened.
        DataError: It stopped answering.
    """
    url = storage or _file_url(out / DATABASE_NAME)
    shown, keeper = _without_password(url), None
    with _quiet_optuna():
        try:
            with file_lock(out, "study"):  # two processes at once cannot create the tables
                keeper = _open_storage(url)
                study = optuna.create_study(
                    storage=keeper,
                    study_name=out.resolve().name,
                    pruner=pruner,
                    load_if_exists=True,
                )
        except (ImportError, ValueError, RuntimeError, SQLAlchemyError, OptunaError) as error:
            raise ConfigError(
                f"--storage {shown} cannot be opened ({_first_line(error)}); give an Optuna URL, "
                "such as sqlite:///study.db or postgresql://user@host/name"
            ) from None
        try:
            yield study
        except (SQLAlchemyError, StorageInternalError) as error:
            raise DataError(
                f"the study's database {shown} does not answer ({_first_line(error)}); "
                "repeat the command when it does"
            ) from None
        finally:
            keeper.remove_session()
            keeper.engine.dispose()


def file_lock(out: Path, name: str) -> FileLock:
    """A lock in a search's folder; the system frees it when its process dies."""
    make_folder(out / LOCKS_NAME)
    return FileLock(out / LOCKS_NAME / f"{name}.lock")


def check_plan(study: optuna.Study, plan: Mapping[str, Any]) -> None:
    """Check that a study was started with the same plan; a new study gets this one.

    Args:
        study: The study, locked.
        plan: What all trials share, as plain values.

    Raises:
        ConfigError: It was started with another plan; the message gives the differences.
    """
    first = study.user_attrs.get(PLAN)
    if first is None:
        if study.get_trials(deepcopy=False):
            raise ConfigError(
                f"the database holds a study {study.study_name!r} of another program; "
                "choose another --out or --storage"
            )
        study.set_user_attr(PLAN, dict(plan))
        return
    # A setting that a later version added, or dropped, is not a difference.
    others = [
        f"{name} is {plan[name]} and was {first[name]}"
        for name in plan
        if name in first and first[name] != plan[name]
    ]
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise ConfigError(
            f"the study {study.study_name!r} was started with other settings: "
            f"{'; '.join(others[:3])}{more}; repeat the first command, or choose another --out"
        )


def queue_trials(
    study: optuna.Study, space: Space, num_trials: int, sampler: Sampler, seed: int
) -> None:
    """Queue trials until there are ``num_trials``; the study must be locked."""
    if sampler == "grid":
        for labels in space.grid(seed)[:num_trials]:
            study.enqueue_trial(labels, skip_if_exists=True)
        return
    retried = RetryHeartbeatStaleTrialCallback.retried_trial_number
    existing = sum(retried(trial) is None for trial in study.get_trials(deepcopy=False))
    for _ in range(num_trials - existing):
        study.enqueue_trial({})


def queue_again(study: optuna.Study, attempt: FrozenTrial) -> None:
    """Queue another attempt at a failed trial, with its values and reports, up to MAX_RETRIES."""
    RetryHeartbeatStaleTrialCallback(MAX_RETRIES, inherit_intermediate_values=True)(study, attempt)


def make_sampler(name: Sampler, seed: int, trial: int) -> BaseSampler:
    """The sampler of one trial; a grid's trials are queued with their values.

    It is seeded by the trial's number, so that a search that was interrupted draws the same values
    as one that was not, and two processes draw different ones.
    """
    number = (seed * 1_000_003 + trial) % 2**32
    return TPESampler(seed=number, constant_liar=True) if name == "tpe" else RandomSampler(number)


def make_pruner(name: Pruner, num_steps: int) -> BasePruner:
    """What ends trials early: nothing, or the others' median after a fifth of the steps."""
    match name:
        case "none":
            return NopPruner()
        case "median":
            return MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=num_steps // 5)


@contextlib.contextmanager
def _quiet_optuna() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _open_storage(url: str) -> RDBStorage:
    sqlite = make_url(url).get_backend_name() == "sqlite"
    return RDBStorage(
        url,
        engine_kwargs={"connect_args": {"timeout": BUSY_S}} if sqlite else {},
        heartbeat_interval=BEAT_S,
        grace_period=GRACE_S,
        heartbeat_stale_trial_callback=queue_again,
    )


def _file_url(path: Path) -> str:
    text = URL.create("sqlite", database=str(path.resolve())).render_as_string()
    return text.replace("{", "{{").replace("}", "}}")  # Optuna formats the URL


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return repr(url.rsplit("@", maxsplit=1)[-1])


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
