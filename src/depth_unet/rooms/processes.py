"""Run tasks in processes that end with their parent."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import TypeVar

import cv2

from depth_unet.errors import DataError

Task = TypeVar("Task")
Result = TypeVar("Result")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def run_tasks(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int,
    done: Callable[[Result], None],
) -> None:
    """Call ``function`` with every task, each call on one thread.

    An error of a task or an interrupt ends all others at once.

    Args:
        function: A function of a module, which can be pickled.
        tasks: Its arguments.
        workers: Processes; one worker or one task runs in this process.
        done: Called in this process with each result, as they finish.

    Raises:
        DataError: A process was killed.
    """
    workers = min(workers, len(tasks))
    if workers > 1:
        _run_in_processes(function, tasks, workers, done)
        return
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for task in tasks:
            done(function(task))
    finally:
        cv2.setNumThreads(before)


def _run_in_processes(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    done: Callable[[Result], None],
) -> None:
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_prepare, initargs=(theirs,)
    )
    try:
        with _child_settings():
            futures = [pool.submit(function, task) for task in tasks]
        for future in as_completed(futures):
            done(future.result())
    except BrokenProcessPool:
        raise DataError(
            "a rendering process was killed, perhaps because memory ran out; run the command again "
            "with fewer --workers"
        ) from None
    except BaseException:
        ours.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        ours.close()
        theirs.close()


def _prepare(lifeline: Connection) -> None:
    """Start of a process: one thread for OpenCV, and an exit when the parent closes the pipe."""
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    # A pool's processes hold each other's queues open, so a killed parent would leave them waiting.
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)


@contextlib.contextmanager
def _child_settings() -> Iterator[None]:
    """Processes started in this context compute on one thread and ignore Ctrl-C."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main else None
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        if in_main:
            signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)
