"""Start-up: what help costs, in bare starts of Python.

A bare start is `python -c ''`. Both take turns, so that a busy machine slows both alike; processor
time counts.

    python benchmarks/startup.py [--rounds 15]
"""

import argparse
import platform
import resource
import subprocess
import sys
from statistics import median

from attention import RESULT, commit
from throughput import spread

OUT = RESULT.parent / "startup.md"
COMMANDS = ("--help", "train seed --help", "predict --help")


def processor_s(*arguments: str) -> float:
    """Processor time of one Python process, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Measure each command and a bare start in turn, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    rows = []
    for command in COMMANDS:
        arguments = ("-m", "depth_unet", *command.split())
        processor_s(*arguments)  # the first start writes bytecode
        pairs = [(processor_s(*arguments), processor_s("-c", "")) for _ in range(rounds)]
        ratios = [help_s / bare_s for help_s, bare_s in pairs]
        help_ms = 1000 * median(help_s for help_s, _ in pairs)
        rows.append(f"| `depth-unet {command}` | {help_ms:.0f} | {spread(ratios).text(1)} |\n")
    text = (
        "# Start-up\n\n"
        f"`python benchmarks/startup.py`, commit {commit()}, Python {platform.python_version()}; "
        f"{rounds} rounds in turn: median (lowest-highest).\n\n"
        "| Command | ms of processor | Bare Python starts |\n|---|--:|--:|\n" + "".join(rows)
    )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
