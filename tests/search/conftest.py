"""Searches whose trials train nothing: what is tested is who runs what, and what is kept."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.search.bench import Bench, MakeBench


@pytest.fixture(scope="session", autouse=True)
def database_without_waiting() -> Iterator[None]:
    """SQLite does not wait for the disk: a power cut is not among what is tested."""

    def connected(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(Engine, "connect", connected)
    yield
    event.remove(Engine, "connect", connected)


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[MakeBench]:
    """Benches in folders of their own."""
    with ExitStack() as stack:
        yield lambda name: Bench(tmp_path / name, stack)


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """One bench."""
    return make_bench("search")
