"""How many small faults the tests notice: a sample of mutants of the code that must be right.

A mutant is the package with one small change, such as ``<`` for ``<=``. mutmut makes and runs them
(``[tool.mutmut]`` in pyproject.toml says of which files). Each meets only those tests of the folder
that mirrors its own which call the changed function.
"""

import argparse
import random
import signal
import sys
from collections import Counter
from pathlib import Path

from mutmut.__main__ import (
    CatchOutput,
    cli,
    collect_or_load_stats,
    create_mutants,
)
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.stats import save_stats, status_by_exit_code
from mutmut.utils.file_utils import (
    copy_also_copy_files,
    copy_src_dir,
    setup_source_paths,
    walk_mutatable_files,
)
from mutmut.workers.isolation import get_mutant_runner

EQUIVALENT = Path("tests/equivalent_mutants.txt")
REASON = "  # "
NOTICED = {"killed", "timeout"}
NOT_RUN = 255  # pytest did not find a test; to mutmut a timeout


def main() -> None:
    """Test a sample of mutants, and exit with 1 if too few are noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=300, help="mutants to test")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of mutants")
    parser.add_argument("--least", type=float, default=85, help="percentage that must be noticed")
    parser.add_argument("--minutes", type=int, default=60, help="after which testing ends")
    parser.add_argument("--processes", type=int, default=2, help="mutants tested at a time")
    options = parser.parse_args()
    # mutmut stops and keeps what it has, as after Ctrl-C.
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(60 * options.minutes)
    prepare(options.processes)
    names = sorted(results())
    chosen = random.Random(options.seed).sample(names, min(options.sample, len(names)))
    cli(["run", "--max-children", str(options.processes), *chosen], standalone_mode=False)
    signal.alarm(0)
    sys.exit(report(chosen, len(names), options.least))


def prepare(processes: int) -> None:
    """Write all mutants into ``mutants/``, and find the tests that call each function."""
    set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir(exist_ok=True)
    with CatchOutput(spinner_title="Generating mutants"):
        copy_src_dir()
        copy_also_copy_files()
        setup_source_paths()
        create_mutants(processes)
    collect_or_load_stats(get_mutant_runner(processes))
    tests = state().tests_by_mangled_function_name
    for function, names in tests.items():
        mirror = Path("tests", *function.split(".")[1:-2])
        tests[function] = {x for x in names if Path(x.partition("::")[0]).parent == mirror}
    save_stats()


def results() -> dict[str, str]:
    """Every mutant and what became of it."""
    found: dict[str, str] = {}
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            found[name] = "not run" if code == NOT_RUN else status_by_exit_code[code]
    return found


def report(chosen: list[str], total: int, least: float) -> int:
    """Print the mutants that no test noticed, and the figures; return the exit status."""
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines()
    equivalent = {line.partition(REASON)[0] for line in lines}
    outcomes = {name: status for name, status in results().items() if name in set(chosen)}
    counts = Counter(outcomes.values())
    missed = sorted(
        (describe(name), status) for name, status in outcomes.items() if status not in NOTICED
    )
    unnoticed = [(text, status) for text, status in missed if text not in equivalent]
    for text, status in unnoticed:
        sys.stdout.write(f"{status}: {text}\n")
    denominator = len(chosen) - (len(missed) - len(unnoticed))
    noticed = denominator - len(unnoticed)
    share = 100 * noticed / max(denominator, 1)
    sys.stdout.write(
        f"{len(chosen)} of {total} mutants: "
        f"{', '.join(f'{count} {status}' for status, count in counts.items())}; "
        f"{len(missed) - len(unnoticed)} of them are equivalent ({EQUIVALENT})\n"
        f"killed: {noticed} of {denominator}, {share:.1f} % (at least {least:g} % expected)\n"
    )
    return int(share < least)


def describe(name: str) -> str:
    """A mutant in one line: its function, what was removed and what was added."""
    module, _, function = name.rpartition(".")
    changes = [x for x in get_diff_for_mutant(name).splitlines()[2:] if x.startswith(("-", "+"))]
    change = " ".join(" ".join(x.split()) for x in changes)
    return f"{module}.{function.partition('__mutmut')[0].removeprefix('x_')}: {change}"


if __name__ == "__main__":
    main()
