"""What each part of the student's recipe is worth: one short run per change, all of one length.

Every run is `depth-unet train seed` on the whole training part (unless it says otherwise) with one
fold's rooms kept apart; stopped, the same command goes on. The table shows the last averaged
weights on rooms seen in training and on unseen ones.

    python benchmarks/accuracy/ablations.py --data nyu [--out runs/ablations] [--steps 600]
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from depth_unet.cli.main import main as cli
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import LAST_NAME

FOLD = "folds/nyu_train.csv:0"
NO_SSIM, NO_EDGE = ("--loss.ssim", "0"), ("--loss.gradient-edge", "0")
CHANGES: dict[str, tuple[str, ...]] = {
    "MAE alone": (*NO_SSIM, *NO_EDGE),
    "MAE + edge": NO_SSIM,
    "MAE + edge + SSIM (the recipe)": (),
    "SSIM without contrast": ("--loss.ssim-terms.contrast", "0"),
    "SSIM without structure": ("--loss.ssim-terms.structure", "0"),
    "without attention": ("--model.attention-blocks", "0", "0", "0", "0", "0"),
    "5 % of the rooms": ("--fraction", "0.05"),
    "25 % of the rooms": ("--fraction", "0.25"),
}
SHOWN = ("unseen/abs_rel", "unseen/delta1", "unseen/rmse", "seen/abs_rel", "seen/delta1")


def train(change: tuple[str, ...], seed: int, out: Path, options: argparse.Namespace) -> None:
    """Train one run, or go on with it."""
    steps = str(options.steps)
    fraction = () if "--fraction" in change else ("--fraction", "1")
    code = cli(
        [
            *("train", "seed", "--data", str(options.data), "--fold", options.fold),
            *("--out", str(out), "--auto-resume", "--steps", steps, "--validate-every", steps),
            *("--seed", str(seed), *fraction, *change),
        ]
    )
    if code:
        sys.exit(code)


def main() -> int:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/ablations"))
    parser.add_argument("--fold", default=FOLD)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    lines = []
    for number, (name, change) in enumerate(CHANGES.items()):
        rows = []
        for seed in options.seeds:
            fold = options.fold.rpartition(":")[2]
            out = options.out / f"{number}-seed{seed}-fold{fold}-{options.steps}"
            train(change, seed, out, options)
            metrics = read(out / LAST_NAME, only_config=True).metrics
            rows.append([metrics[key] for key in SHOWN])
        means = [sum(column) / len(column) for column in zip(*rows, strict=True)]
        lines.append(f"| {name} | {' | '.join(f'{mean:.3f}' for mean in means)} |")
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say(f"{options.steps} steps of 16 images, {len(options.seeds)} seed(s), fold {options.fold}")
    say("| Change | unseen AbsRel | delta1 | RMSE, m | seen AbsRel | delta1 |")
    say("|---|---|---|---|---|---|")
    say("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
