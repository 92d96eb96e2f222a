"""``python -m tests.integration.paused ARGUMENTS``: a command that stops for good in mid-work.

It prints a line when its first file is about to get its name; then it can only be killed.
"""

import sys
import threading
from pathlib import Path

from depth_unet.cli.main import main


def pause(_temporary: Path, _path: Path) -> Path:
    """Take the place of ``Path.replace``."""
    sys.stdout.write("paused\n")
    sys.stdout.flush()
    threading.Event().wait()
    raise AssertionError


if __name__ == "__main__":
    Path.replace = pause  # type: ignore[method-assign, assignment]
    sys.exit(main())
