"""Work on items before they are needed, in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def work_ahead(
    items: Iterable[Item], work: Callable[[Item], Result], pool: ThreadPoolExecutor, waiting: int
) -> Generator[tuple[Item, Result], None, None]:
    """Every item with its result, in order; an error of ``work`` is raised in its place.

    ``Executor.map`` would take all items at once, and keep all results in memory.

    Args:
        items: What to work on; taken one by one.
        work: Called in the threads of ``pool``.
        pool: Threads. Where the caller stops, what has not begun is cancelled.
        waiting: How many results, at most, are there or under way while the caller has another.
    """
    pending = deque[tuple[Item, Future[Result]]]()
    try:
        for item in items:
            pending.append((item, pool.submit(work, item)))
            if len(pending) > waiting:
                first, result = pending.popleft()
                yield first, result.result()
        while pending:
            first, result = pending.popleft()
            yield first, result.result()
    finally:
        for _, result in pending:
            result.cancel()
