"""The student's side: `student.py` as it is, under the meter.

python -m contest.theirs SETTINGS      (JSON; `throughput.py` starts it and talks over the pipes)
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from torch.utils.data import DataLoader

from contest import student
from contest.arithmetic import fastest_device, flops_per_image
from contest.meter import NEVER, Meter, Settings, facts, follow

NYU_PAIRS = 795


class Waiting:
    """A loader whose waiting time a meter counts."""

    def __init__(self, loader: DataLoader[student.Pair], meter: Meter) -> None:
        self.loader, self.meter = loader, meter

    def __iter__(self) -> Iterator[student.Pair]:
        """One epoch."""
        return self.meter.waiting(iter(self.loader))


def main() -> None:
    """Train on pairs as long as there are turns."""
    settings, device = Settings(**json.loads(sys.argv[1])), fastest_device()
    canvas, files = settings.config().canvas, student.read_files(Path(settings.data))
    # As many items an epoch as NYU has: at its end the workers' queue runs dry.
    epoch = files * max(1, round(NYU_PAIRS / len(files)))
    loader = student.make_loader(epoch, (canvas.width, canvas.height), settings.batch_size)
    model = student.UNet(student.WIDTHS[settings.widths])
    names = [os.path.relpath(photo, settings.data) for photo, _ in files]
    told = facts(settings, model, names, flops_per_image(model, model, canvas))
    meter = Meter(told, device, settings.warm_steps)
    follow(meter, lambda: student.train(model, Waiting(loader, meter), device, NEVER))


if __name__ == "__main__":
    main()
