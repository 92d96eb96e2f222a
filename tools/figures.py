"""Write every figure of the docs that depends on the shipped weights; `make figures` runs it.

    python -m tools.figures [--evaluations build/figures]

The plot of milliseconds and the table in docs/export.md come from docs/images/latency.json, which
`benchmarks/accuracy/latency.py` writes. Tables and checksums of the cards come from evaluations;
without them, they stay as they are. The README and the licences beside the weights repeat them.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from depth_unet.model.shipped import shipped_names
from tools.cards import PEER, ROOT, fill, peer_abs_rel, read_figures, write_figures, write_tables

IMAGES, PAGE = ROOT / "docs" / "images", ROOT / "docs" / "export.md"
COLOURS = {"PyTorch": "tab:orange", "exported": "tab:blue"}


def main() -> None:
    """Write cards, table and plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--evaluations", type=Path, default=ROOT / "build" / "figures")
    evaluations = parser.parse_args().evaluations
    for name in shipped_names():
        if (evaluations / name).is_dir():
            write_figures(name, evaluations)
    write_tables()
    latency = json.loads((IMAGES / "latency.json").read_text(encoding="utf-8"))
    fill(PAGE, "latency", lambda _: table(latency))
    draw(latency, IMAGES / "latency.png")


def table(latency: dict[str, Any]) -> str:
    """The milliseconds as Markdown."""
    lines = [
        f"{latency['machine']}, {latency['versions']}, {latency['rounds']} photos of "
        f"{latency['photo']} in turn: median (lowest–highest).\n",
        "| Network | Engine | ms | Times PyTorch |\n|---|---|--:|--:|",
    ]
    for side in latency["sides"]:
        ratio = spread(side["times_pytorch"], 2) if "times_pytorch" in side else ""
        lines.append(
            f"| {side['network']} | {side['engine']} | {spread(side['ms'], 0)} | {ratio} |"
        )
    return "\n".join((*lines, "\n![AbsRel against milliseconds](images/latency.png)\n"))


def spread(values: dict[str, float], digits: int) -> str:
    """Median and extremes for reading."""
    median, low, high = (f"{values[key]:.{digits}f}" for key in ("median", "low", "high"))
    return f"{median} ({low}–{high})"


def draw(latency: dict[str, Any], path: Path) -> None:
    """Milliseconds across, AbsRel up: the best are at the lower left."""
    figure = Figure((6.0, 3.6), 200, layout="constrained")
    axes = figure.add_subplot()
    axes.grid(visible=True, alpha=0.4)
    for side in latency["sides"]:
        name, engine = side["network"], side["engine"]
        abs_rel = peer_abs_rel() if name == PEER else float(read_figures(name)["abs_rel"])
        place = side["ms"]["median"], abs_rel
        axes.scatter(*place, s=40, color="tab:gray" if name == PEER else COLOURS[engine])
        above = name == PEER  # its point is close to ours
        words, offset = (name, (-4, 8)) if above else (f"{name}\n{engine}", (6, -20))
        axes.annotate(words, place, offset, textcoords="offset points", fontsize=8)
    axes.margins(y=0.2)
    axes.set_xlim(0, 1.3 * max(side["ms"]["median"] for side in latency["sides"]))
    axes.set_xlabel(f"ms for {latency['photo']}, {latency['machine']}")
    axes.set_ylabel("AbsRel on NYU's test frames, flip")
    figure.savefig(path, metadata={"Software": None})


if __name__ == "__main__":
    main()
