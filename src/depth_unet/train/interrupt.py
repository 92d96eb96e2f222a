"""Ctrl-C and SIGTERM end a run between two steps, never inside one."""

import contextlib
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupted(KeyboardInterrupt):  # it is one: the shell expects 130
    """The run was stopped from outside; its last step is saved."""


class StopSignal:
    """Remembers that SIGINT or SIGTERM came; a second one acts as usual.

    Args:
        says: What is written to stderr when it comes.

    Example:
        >>> with StopSignal() as stop:
        ...     bool(stop)
        False
    """

    def __init__(self, says: str = "stopping after this step; once more to stop at once") -> None:
        self._says = says
        self._came = False
        self._previous: dict[int, Any] = {}

    def __bool__(self) -> bool:
        """Whether a signal came."""
        return self._came

    def __enter__(self) -> Self:
        """Take over both signals (in the main thread; elsewhere nothing can be caught)."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give both signals back."""
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # signal's form
        self._came = True
        with contextlib.suppress(OSError, RuntimeError):  # stderr may be closed, or in use
            sys.stderr.write(f"\n{self._says}\n")
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
