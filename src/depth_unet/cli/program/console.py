"""The console on which commands print."""

import errno
import os

from rich.console import Console


class CommandConsole(Console):
    """A console that prints text as it is, and leaves a closed pipe to the caller."""

    def on_broken_pipe(self) -> None:
        """Print nothing more, and raise; rich would end the program with exit code 1."""
        self.quiet = True
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def make_console(*, stderr: bool = False) -> CommandConsole:
    """A console on stdout or stderr, without markup, colours of numbers and line breaks."""
    return CommandConsole(stderr=stderr, highlight=False, soft_wrap=True, markup=False)
