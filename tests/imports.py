"""Lists what a program imports, in a new Python process."""

import subprocess
import sys


def imported_by(program: str) -> set[str]:
    """Names of the modules that are loaded when ``program`` ends."""
    report = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    process = subprocess.run(
        [sys.executable, "-c", report + program], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return set(process.stderr.split())
