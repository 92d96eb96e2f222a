"""Training beside another program that takes a core: ours against every fixed number of threads.

Each side trains `seed` in a process of its own; they take turns, first on the machine as it is,
then beside one process that spins. A fixed number of threads computes the whole batch in one pass;
ours computes parts of it in threads of their own.

    python benchmarks/busy.py [--rounds 5] [--seconds 8] [--recipe seed] [--quick]
"""

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from attention import RESULT, commit, device_name
from contest.arithmetic import fastest_device
from contest.meter import Settings
from contest.opponent import Opponent
from throughput import ROOMS, prepared, rendered_rooms, spread

from depth_unet.config.run import Precision
from depth_unet.recipes import RECIPES
from depth_unet.train.devices import has_bf16

OUT = RESULT.parent
OURS = "ours"


@contextlib.contextmanager
def spinning() -> Iterator[None]:
    """Another program that never waits."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def line_up(recipe: str, cache: Path, batch_size: int) -> dict[str, Settings]:
    """Ours, and one pass for the whole batch with 1, 2, 4 ... threads."""
    most = torch.get_num_threads()
    fixed = [2**power for power in range(most.bit_length()) if 2**power <= most]
    precision: Precision = "bf16" if has_bf16(fastest_device()) else "fp32"

    def settings(micro_batch_size: int, threads: int) -> Settings:
        return Settings(
            side="ours",
            data=str(cache),
            recipe=recipe,
            precision=precision,
            batch_size=batch_size,
            micro_batch_size=micro_batch_size,
            threads=threads,
        )

    sides = {OURS: settings(0, most)}
    return sides | {f"{number} threads": settings(batch_size, number) for number in fixed}


def measure(sides: dict[str, Settings], options: argparse.Namespace) -> list[str]:
    """The lines of the table: images/s of each side, and of ours against the best of the others."""
    lines = [f"| Machine | {' | '.join(sides)} | Ours / the best other |"]
    lines.append("|---" + "|--:" * (len(sides) + 1) + "|")
    with contextlib.ExitStack() as stack:
        opponents = {
            name: stack.enter_context(Opponent(settings)) for name, settings in sides.items()
        }
        for opponent in opponents.values():
            opponent.facts()
        for machine, load in (("quiet", contextlib.nullcontext), ("busy", spinning)):
            speeds: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(options.rounds):
                for name, opponent in opponents.items():
                    with load():
                        turn = opponent.take_turn(least_s=options.seconds, least_steps=1)
                    speed = turn.steps * sides[name].batch_size / turn.elapsed_s
                    speeds[name].append(speed)
            lines.append(row(machine, speeds))
    return lines


def row(machine: str, speeds: dict[str, list[float]]) -> str:
    """Medians with extremes; the ratios are those of each round."""
    others: Sequence[tuple[float, ...]] = list(
        zip(*(values for name, values in speeds.items() if name != OURS), strict=True)
    )
    ratios = [ours / max(rest) for ours, rest in zip(speeds[OURS], others, strict=True)]
    cells = [spread(values).text(1) for values in speeds.values()]
    return f"| {machine} | {' | '.join(cells)} | {spread(ratios).text(2)} |"


def main() -> None:
    """Print the page and write it to build/bench."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--seconds", type=float, default=8.0, help="least time of a turn")
    parser.add_argument("--recipe", default="seed", choices=RECIPES)
    parser.add_argument("--batch-size", type=int, default=16, help="images per optimiser step")
    parser.add_argument("--quick", action="store_true", help="short; figures mean nothing")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.0
    cache = prepared(options.recipe, rendered_rooms(), ROOMS.parent)
    lines = measure(line_up(options.recipe, cache, options.batch_size), options)
    head = (
        f"`python benchmarks/busy.py {' '.join(sys.argv[1:])}`, commit {commit()}, "
        f"{device_name(fastest_device().type)}: images/s of `{options.recipe}`, median "
        f"(lowest–highest) of {options.rounds} rounds in turn"
    ).replace(" `,", "`,")
    OUT.mkdir(parents=True, exist_ok=True)
    text = "\n".join(["# Training beside another program", "", f"{head}.", "", *lines, ""])
    (OUT / "busy.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
