"""The study: what every process knows of all trials, in a database that Optuna keeps."""

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from depth_unet.errors import ConfigError, DataError
from depth_unet.search.locks import gate
from depth_unet.search.space import Sampler

try:
    import optuna
    from optuna.exceptions import ExperimentalWarning, OptunaError, StorageInternalError
    from optuna.pruners import BasePruner, MedianPruner, NopPruner
    from optuna.samplers import BaseSampler, RandomSampler, TPESampler
    from optuna.storages import RDBStorage
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import SQLAlchemyError
except ModuleNotFoundError as error:
    raise ConfigError(
        f"a search needs {error.name}, which is not installed; pip install 'depth-unet[search]'"
    ) from None

Pruner = Literal["none", "median"]
DATABASE_NAME = "study.db"
PLAN = "plan"
# A process says every BEAT_S that it is alive. What another machine has not heard of for GRACE_S
# is taken to be dead; on one machine locks tell at once.
BEAT_S, GRACE_S = 30, 180
WAIT_S = 60  # for a SQLite file that another process is writing
STARTUP_TRIALS = 5  # complete ones, before the first is pruned


@contextlib.contextmanager
def opened_study(storage: str, out: Path, pruner: BasePruner) -> Iterator[optuna.Study]:
    """Open the study that is called as the folder ``out``, or begin it; used as a context.

    Optuna's own log lines and its warnings of experimental parts are off inside.

    Args:
        storage: URL of the database; empty takes a SQLite file in ``out``.
        out: The search's folder.
        pruner: What ends trials early.

    Raises:
        ConfigError: No database can be had at that URL.
        DataError: It stopped answering.
    """
    url = storage or _file_url(out / DATABASE_NAME)
    shown, keeper = _without_password(url), None
    with _quiet_optuna():
        try:
            with gate(out):  # two processes at once cannot make the same tables
                keeper = _storage(url)
                study = optuna.create_study(
                    storage=keeper,
                    study_name=out.resolve().name,
                    pruner=pruner,
                    load_if_exists=True,
                )
        except (ImportError, ValueError, RuntimeError, SQLAlchemyError, OptunaError) as error:
            raise ConfigError(
                f"--storage {shown} cannot be opened ({_first_line(error)}); give a URL as Optuna "
                "takes it, such as sqlite:///study.db or postgresql://user@host/name"
            ) from None
        try:
            yield study
        except (SQLAlchemyError, StorageInternalError) as error:
            raise DataError(
                f"the study's database {shown} does not answer ({_first_line(error)}); once it "
                "does, run the same command again"
            ) from None
        finally:
            keeper.remove_session()
            keeper.engine.dispose()


def agree(study: optuna.Study, plan: Mapping[str, Any]) -> bool:
    """Check that a study was begun with the same plan, or write the plan down if it is new.

    Args:
        study: The study; nobody else may begin it at the same time.
        plan: Everything that all trials have in common, as plain values.

    Returns:
        Whether the study is new.

    Raises:
        ConfigError: It was begun with another plan; the message gives the differences.
    """
    begun = study.user_attrs.get(PLAN)
    if begun is None:
        if study.get_trials(deepcopy=False):
            raise ConfigError(
                f"the database holds a study {study.study_name!r} of another program; "
                "choose another --out or --storage"
            )
        study.set_user_attr(PLAN, dict(plan))
        return True
    # A setting that a later version added is not a difference.
    others = [
        f"{name} is {plan[name]} and was {begun[name]}"
        for name in plan
        if name in begun and begun[name] != plan[name]
    ]
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise ConfigError(
            f"the study {study.study_name!r} was begun otherwise: {'; '.join(others[:3])}{more}; "
            "give the same settings to go on, or choose another --out"
        )
    return False


def make_sampler(name: Sampler, seed: int, trial: int) -> BaseSampler:
    """What draws the values of one trial.

    Seeded by the trial's place in the study: after a restart the draws go on, where a sampler of
    one seed would begin again with the same ones, and two processes draw differently.

    Args:
        name: A grid is enumerated elsewhere and draws nothing.
        seed: The run's seed.
        trial: How many trials there are already.
    """
    number = (seed * 1_000_003 + trial) % 2**32
    return TPESampler(seed=number, constant_liar=True) if name == "tpe" else RandomSampler(number)


def make_pruner(name: Pruner, num_steps: int) -> BasePruner:
    """What ends trials early: nothing, or the median of the others after a fifth of the steps."""
    match name:
        case "none":
            return NopPruner()
        case "median":
            return MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=num_steps // 5)


def fail_stale_trials(study: optuna.Study) -> None:
    """Mark trials of machines that were not heard of for GRACE_S as failed."""
    optuna.storages.fail_stale_trials(study)


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


def _storage(url: str) -> RDBStorage:
    sqlite = make_url(url).get_backend_name() == "sqlite"
    return RDBStorage(
        url,
        engine_kwargs={"connect_args": {"timeout": WAIT_S}} if sqlite else {},
        heartbeat_interval=BEAT_S,
        grace_period=GRACE_S,
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
