"""``python -m tests.integration.paused ARGUMENTS``: a command that stops for good in mid-work.

It prints a line when its first file is about to get its name, or, where ``PAUSE_AFTER`` is set, the
one after as many files; then it can only be killed, or, where ``PAUSE_S`` is set, goes on after as
many seconds. The fingerprint that a search stores before its first trial does not count. ``PAGE``
is a folder in the place of the page of ``app``.
"""

import os
import sys
import time
from pathlib import Path

from depth_unet.app import site
from depth_unet.cli.main import main

REPLACE = Path.replace
num_before = int(os.environ.get("PAUSE_AFTER", "0"))


def pause(temporary: Path, path: Path) -> Path:
    """Take the place of ``Path.replace``."""
    global num_before  # noqa: PLW0603
    if path.name == "fingerprint.json" or num_before:
        num_before -= path.name != "fingerprint.json"
        return REPLACE(temporary, path)
    Path.replace = REPLACE  # type: ignore[method-assign]
    sys.stdout.write("paused\n")
    sys.stdout.flush()
    time.sleep(float(os.environ.get("PAUSE_S", "1e6")))
    return REPLACE(temporary, path)


if __name__ == "__main__":
    site.PAGE = Path(os.environ.get("PAGE", site.PAGE))
    Path.replace = pause  # type: ignore[method-assign, assignment]
    sys.exit(main())
