"""Searches whose trials train nothing: what is tested is who runs what, and what is kept."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from depth_unet.search.study import DATABASE_NAME, make_pruner, open_study
from tests.search.bench import Bench, MakeBench


@pytest.fixture(scope="session", autouse=True)
def database_without_waiting() -> Iterator[None]:
    """SQLite does not wait for the disk: a power cut is not among what is tested."""

    def connected(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(Engine, "connect", connected)
    yield
    event.remove(Engine, "connect", connected)


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with Optuna's tables."""
    out = tmp_path_factory.mktemp("tables")
    with open_study("", out, make_pruner("none", 1)):
        return out / DATABASE_NAME


@pytest.fixture
def make_bench(tmp_path: Path, tables: Path) -> Iterator[MakeBench]:
    """Benches in folders of their own."""
    with ExitStack() as stack:
        yield lambda name: Bench(tmp_path / name, stack, tables)


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """One bench."""
    return make_bench("search")
