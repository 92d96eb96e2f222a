"""Lists what a program imports, in a new Python process; hides libraries from it."""

import os
import subprocess
import sys

WITHOUT_TRAINING = """\
import sys
from importlib.machinery import PathFinder
hidden = ("torch", "lightning_fabric", "safetensors", "matplotlib", "psutil", "onnx")
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name in hidden else find(name, *rest)
"""
"""The start of a program that finds no library of the extra `train`."""


def imported_by(program: str) -> set[str]:
    """Names of the modules that are loaded when ``program`` ends."""
    report = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    command = [sys.executable, "-c", report + program]
    # `make coverage` would load its library into the process.
    others = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE_")}
    process = subprocess.run(command, capture_output=True, text=True, check=False, env=others)
    assert process.returncode == 0, process.stderr
    return set(process.stderr.split())
