"""Ctrl-C and SIGTERM end a run between two steps, never inside one."""

import contextlib
import signal
import sys
import threading
from types import FrameType
from typing import Any, Self


class Interrupted(KeyboardInterrupt):  # a KeyboardInterrupt, since the shell expects exit code 130
    """The run was stopped from outside; its last step is saved."""


class StopSignal:
    """True after the first SIGINT or SIGTERM; a second one has its usual effect.

    Args:
        message: Written to stderr when the signal comes.

    Example:
        >>> with StopSignal() as stop:
        ...     bool(stop)
        False
    """

    def __init__(self, message: str = "stopping after this step; repeat to stop at once") -> None:
        self._message = message
        self._came = False
        self._previous: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return self._came

    def __enter__(self) -> Self:
        """Handle both signals (in the main thread; other threads cannot)."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the handlers from before."""
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # signal's form
        self._came = True
        with contextlib.suppress(OSError, RuntimeError):  # stderr may be closed, or in use
            sys.stderr.write(f"\n{self._message}\n")
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
