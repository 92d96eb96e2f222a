"""Run tasks in processes that exit when their parent exits."""

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

    If a task fails or the call is interrupted, the other tasks are stopped at once.

    Args:
        function: A module-level function, so that it can be pickled.
        tasks: Its arguments, one per call.
        workers: Number of processes; a single worker or task runs in this process.
        done: Called in this process with each result, in order of completion.

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
    receiver, sender = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_process, initargs=(receiver,)
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
        sender.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        sender.close()
        receiver.close()


def _start_process(lifeline: Connection) -> None:
    """Set up a new process: one OpenCV thread, and exit when the parent closes the pipe."""
    cv2.setNumThreads(1)
    threading.Thread(target=_exit_with_parent, args=(lifeline,), daemon=True).start()


def _exit_with_parent(lifeline: Connection) -> None:
    # Pool processes hold one another's queues open: after a killed parent they would wait forever.
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)


@contextlib.contextmanager
def _child_settings() -> Iterator[None]:
    """Processes started in this context use one thread and ignore Ctrl-C."""
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
