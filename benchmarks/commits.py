"""Training speed of this tree against another commit: whole steps of `train`, in turn.

Both train the same recipe on the same cache, each in a process of its own with its own source; they
take turns, so that a busy machine slows both alike. A ratio compares the two turns of one round, by
the clock and by processor time, which other programs disturb less.

    python benchmarks/commits.py BASE [--rounds 5] [--seconds 8] [--quick] [--data CACHE]
"""

import argparse
import contextlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from attention import commit, device_name
from contest.arithmetic import fastest_device, peak_flops
from contest.meter import Settings, Turn
from contest.opponent import Opponent
from throughput import OUT, ROOMS, prepared, rendered_rooms, spread

from depth_unet.config.run import Precision
from depth_unet.recipes import RECIPES
from depth_unet.train.devices import has_bf16

ROOT = Path(__file__).parents[1]
HEADER = (
    "| Precision | Images/s before | Images/s | Times as fast, clock | Processor time "
    "| Share of peak |\n|---|--:|--:|--:|--:|--:|"
)


def unpack(revision: str, folder: Path) -> Path:
    """The package's source at a commit, below a folder."""
    packed = subprocess.run(
        ["git", "archive", revision, "src"], cwd=ROOT, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


def compare(settings: Settings, sources: Sequence[Path], options: argparse.Namespace) -> str:
    """Let two sources take turns; a row of the table."""
    turns: list[list[Turn]] = [[], []]
    peaks: list[float] = []
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(Opponent(settings, source)) for source in sources]
        facts = [side.facts() for side in sides][-1]
        for _ in range(options.rounds):
            peaks.append(peak_flops(fastest_device(), settings.precision))
            for side, its_turns in zip(sides, turns, strict=True):
                its_turns.append(side.take_turn(least_s=options.seconds, least_steps=2))
    before, after = (
        [settings.batch_size * turn.steps / turn.elapsed_s for turn in side] for side in turns
    )
    clock = [new / old for old, new in zip(before, after, strict=True)]
    processor = [
        (old.processor_s / old.steps) / (new.processor_s / new.steps)
        for old, new in zip(*turns, strict=True)
    ]
    shares = [
        speed * facts["flops_per_image"] / peak for speed, peak in zip(after, peaks, strict=True)
    ]
    cells = (
        settings.precision,
        spread(before).text(1),
        spread(after).text(1),
        spread(clock).text(2),
        spread(processor).text(2),
        f"{spread(shares).median:.0%}",
    )
    return f"| {' | '.join(cells)} |"


def both_precisions() -> list[Precision]:
    """Single precision, and bf16 where the device has it."""
    return ["fp32", "bf16"] if has_bf16(fastest_device()) else ["fp32"]


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("base", nargs="?", default="HEAD~1", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--seconds", type=float, default=8.0, help="least time of a turn")
    parser.add_argument("--recipe", default="seed", choices=RECIPES)
    parser.add_argument("--precisions", nargs="+", help="default: fp32, and bf16 in hardware")
    parser.add_argument("--data", type=Path, help="a cache, instead of rendered rooms")
    parser.add_argument("--out", type=Path, default=OUT, help="where the page is written")
    parser.add_argument("--quick", action="store_true", help="short; figures mean nothing")
    options = parser.parse_args()
    options.precisions = options.precisions or both_precisions()
    if options.quick:
        options.rounds, options.seconds, options.precisions = 1, 0.0, ["fp32"]
    return options


def main() -> None:
    """Print the page; write it to build/bench."""
    options = parse()
    device = fastest_device()
    options.out.mkdir(parents=True, exist_ok=True)
    cache = options.data or prepared(options.recipe, rendered_rooms(), ROOMS.parent)
    with tempfile.TemporaryDirectory() as folder:
        sources = (unpack(options.base, Path(folder)), ROOT / "src")
        rows = [
            compare(
                Settings(side="ours", data=str(cache), recipe=options.recipe, precision=precision),
                sources,
                options,
            )
            for precision in options.precisions
        ]
    text = "\n".join(
        (
            f"# `train {options.recipe}` against {options.base}",
            "",
            f"`python benchmarks/commits.py {' '.join(sys.argv[1:])}`, commit {commit()}, "
            f"{device_name(device.type)}; {options.rounds} rounds of {options.seconds:g} s or more "
            "per side, in turn: median (lowest–highest).",
            "",
            HEADER,
            *rows,
            "",
        )
    )
    (options.out / "commits.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
