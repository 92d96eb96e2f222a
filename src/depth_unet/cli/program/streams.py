"""The standard streams of a command: characters that they cannot encode, and closed pipes."""

import codecs
import io
import os
import re
import sys

LOOKALIKES = dict(zip("█━…–“”δ↓↑·°±×", '#-.-""dv^-o~x', strict=True))
HANDLER = "depth-unet"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def open_closed() -> None:
    """Let stdout and stderr that are closed, as after ``2>&-``, write to nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # It stays open as long as the process.
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def make_encodable() -> None:
    r"""Let stdout and stderr replace what they cannot encode, as in ``PYTHONIOENCODING=ascii``.

    A replacement is a similar ASCII character, or an escape such as ``\xe9``, from which a file
    name can be read.
    """
    codecs.register_error(HANDLER, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not a test's or a notebook's own stream
            stream.reconfigure(errors=HANDLER)


def say(text: str) -> None:
    r"""Write one line to stderr, with control characters as escapes such as ``\x1b``.

    They may come from file names and files, and would act on the terminal.

    Raises:
        BrokenPipeError: Nobody reads it any more.
    """
    try:
        sys.stderr.write(f"{CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)}\n")
    except BrokenPipeError:
        raise
    except OSError:  # a full disk: nobody can be told
        drop_unread()


def drop_unread() -> None:
    """Write what stdout and stderr still hold to nowhere, if it cannot be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    first = error.object[error.start]
    if first in LOOKALIKES:
        return LOOKALIKES[first], error.start + 1
    error.end = error.start + 1
    return codecs.backslashreplace_errors(error)
