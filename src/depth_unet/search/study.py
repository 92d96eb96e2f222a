"""The study: Optuna's database of all trials, shared by all processes."""

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, OptunaError, StorageInternalError
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import RDBStorage
from sqlalchemy import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from depth_unet.config.choices import PrunerChoice, SamplerChoice
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.owner import file_lock

DATABASE_NAME, STUDY_LOCK_NAME = "study.db", "study.lock"
PLAN = "plan"
# Every process reports every BEAT_S that it is alive; a trial without a report for GRACE_S counts
# as dead. Within one machine, file locks show that at once.
BEAT_S, GRACE_S = 30, 180
WAIT_S = 60  # for a SQLite file that another process is writing
STARTUP_TRIALS = 5  # complete trials before the first is pruned


@contextlib.contextmanager
def open_study(storage: str, out: Path, pruner: BasePruner) -> Iterator[optuna.Study]:
    """Open or create the study of the folder ``out``; a context manager.

    At a URL it has the folder's name. In the folder's own database it is the only one that was
    started, whatever the folder is called now; a new one gets the folder's name.

    Inside, Optuna's log lines and its warnings about experimental features are off.

    Args:
        storage: URL of the database; empty for a SQLite file in ``out``.
        out: The search's folder.
        pruner: Ends trials early.

    Raises:
        ConfigError: There is no database at that URL.
        DataError: The database stopped answering.
    """
    url = storage or _file_url(out / DATABASE_NAME)
    shown = _without_password(url)
    with _quiet_optuna(), contextlib.ExitStack() as stack:
        try:
            with file_lock(out / STUDY_LOCK_NAME):  # two processes cannot create the tables at once
                sqlite = make_url(url).get_backend_name() == "sqlite"
                # Without a pool, a connection is closed even where Optuna fails while it begins.
                options = {"connect_args": {"timeout": WAIT_S}, "poolclass": NullPool}
                backend = RDBStorage(
                    url,
                    engine_kwargs=options if sqlite else {},
                    heartbeat_interval=BEAT_S,
                    grace_period=GRACE_S,
                )
                stack.callback(backend.engine.dispose)
                stack.callback(backend.remove_session)
                study = optuna.create_study(
                    storage=backend,
                    study_name=(None if storage else _only_study(backend)) or out.resolve().name,
                    pruner=pruner,
                    load_if_exists=True,
                )
        except (ImportError, ValueError, RuntimeError, SQLAlchemyError, OptunaError) as error:
            raise ConfigError(
                f"--storage {shown} cannot be opened ({_first_line(error)}); give an SQLAlchemy "
                "URL, such as sqlite:///study.db or postgresql://user@host/name"
            ) from None
        except OSError as error:
            raise ConfigError(
                f"{out / STUDY_LOCK_NAME} cannot be locked ({error.strerror}), which a "
                "search needs; choose an --out on another file system"
            ) from None
        try:
            yield study
        except (SQLAlchemyError, StorageInternalError) as error:
            raise DataError(
                f"the database {shown} does not answer ({_first_line(error)}); check it, then run "
                "the same command to resume"
            ) from None


def check_plan(study: optuna.Study, plan: Mapping[str, Any]) -> None:
    """Store what all trials share in a new study, or compare it with an existing study's.

    Raises:
        ConfigError: The study was started with another plan; the message lists the differences.
    """
    started = study.user_attrs.get(PLAN)
    if started is None:
        if study.get_trials(deepcopy=False):
            raise ConfigError(
                f"the database has a study {study.study_name!r} that another program wrote; "
                "choose another --out or --storage"
            )
        study.set_user_attr(PLAN, dict(plan))
        return
    # A setting that a later version added is not a difference.
    others = [
        f"{name} is {plan[name]} and was {started[name]}"
        for name in plan
        if name in started and started[name] != plan[name]
    ]
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise ConfigError(
            f"the study {study.study_name!r} was started with other settings: "
            f"{'; '.join(others[:3])}{more}; use the same settings, or choose another --out"
        )


def make_sampler(name: SamplerChoice, seed: int, trial: int) -> BaseSampler:
    """A sampler for one trial, seeded by the number of trials before it.

    A restarted sampler with one seed for the whole study would draw the same values again.
    """
    number = (seed * 1_000_003 + trial) % 2**32
    return TPESampler(seed=number, constant_liar=True) if name == "tpe" else RandomSampler(number)


def make_pruner(name: PrunerChoice, num_steps: int) -> BasePruner:
    """Never prunes, or prunes below the median of the other trials after a fifth of the steps."""
    match name:
        case "none":
            return NopPruner()
        case "median":
            return MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=num_steps // 5)


def _only_study(backend: RDBStorage) -> str | None:
    """Name of the one study that was started in a database; None if there is none, or several."""
    summaries = optuna.get_all_study_summaries(backend, include_best_trial=False)
    started = [summary.study_name for summary in summaries if PLAN in summary.user_attrs]
    return started[0] if len(started) == 1 else None


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
