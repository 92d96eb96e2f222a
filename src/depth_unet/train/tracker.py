"""Trackers: programs that show the figures of runs while they train.

Each is an extra and is imported here alone, when a run asks for it.
"""

import contextlib
import importlib
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from jaxtyping import UInt8

from depth_unet.config.run import Config
from depth_unet.config.values import to_dict
from depth_unet.errors import ConfigError, install_command
from depth_unet.files.atomic import make_folder, write_text

MODULE_OF = {"tensorboard": "torch.utils.tensorboard", "trackio": "trackio", "wandb": "wandb"}
EVENTS_NAME = "tensorboard"
FOLDERS = (EVENTS_NAME, "wandb")
NAME_FILE = "tracker.txt"
PROJECT = "depth-unet"


class Tracker(Protocol):
    """Where the figures of one run go. Any call may raise any error."""

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """Record figures of a step."""

    def picture(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """Record a picture, RGB."""

    def close(self) -> None:
        """Write what is left."""


OpenTracker = Callable[[Path, int], Tracker]
"""Opens a tracker for a run folder and the number of steps already taken."""


def import_tracker(config: Config) -> OpenTracker | None:
    """Import the library of a run's tracker.

    Returns:
        What opens the tracker; None where no tracker is asked for.

    Raises:
        ConfigError: The library is not installed.
    """
    name = config.tracker
    if name == "none":
        return None
    try:
        module = importlib.import_module(MODULE_OF[name])
    except ImportError:
        raise ConfigError(
            f"--tracker {name} needs {name}, which is not installed; run {install_command(name)}, "
            "or choose --tracker none"
        ) from None
    if name == "tensorboard":
        return lambda out, start_step: TensorBoard(module, out, start_step)
    return lambda out, _: HostedRun(module, out, config)


class TensorBoard:
    """Event files in the folder ``tensorboard`` of the run.

    Args:
        module: ``torch.utils.tensorboard``.
        out: The run folder.
        start_step: Steps already taken; figures of later steps are hidden.
    """

    def __init__(self, module: ModuleType, out: Path, start_step: int) -> None:
        self._writer = module.SummaryWriter(str(out / EVENTS_NAME), purge_step=start_step + 1)

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """See ``Tracker.figures``."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def picture(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """See ``Tracker.picture``."""
        self._writer.add_image(name, image, step, dataformats="HWC")

    def close(self) -> None:
        """See ``Tracker.close``."""
        self._writer.close()


class HostedRun:
    """A run of trackio or of wandb, which have one interface.

    The run's name is kept in ``tracker.txt``, so that a resumed run is recorded as the same.

    Args:
        module: ``trackio`` or ``wandb``.
        out: The run folder.
        config: The settings to record.
    """

    def __init__(self, module: ModuleType, out: Path, config: Config) -> None:
        self._module = module
        kept = out / NAME_FILE
        if not kept.is_file():
            folder = out.resolve()
            plain = re.sub(r"[^\w.-]+", "-", f"{folder.parent.name}-{folder.name}")
            write_text(kept, f"{plain[-80:]}-{secrets.token_hex(4)}")
        name = kept.read_text(encoding="utf-8").strip()
        if config.tracker == "trackio":
            # Else trackio itself warns, again and again, that it cannot write there.
            make_folder(Path(module.TRACKIO_DIR))
        # trackio finds a run by its name, wandb by its id; trackio writes where TRACKIO_DIR says.
        own: dict[str, Any] = {"id": name, "dir": str(out)} if config.tracker == "wandb" else {}
        with _quiet():
            module.init(project=PROJECT, name=name, config=to_dict(config), resume="allow", **own)

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """See ``Tracker.figures``."""
        self._module.log(dict(values), step=step)

    def picture(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """See ``Tracker.picture``."""
        self._module.log({name: self._module.Image(image, caption=name)}, step=step)

    def close(self) -> None:
        """See ``Tracker.close``."""
        with _quiet():
            self._module.finish()


def _quiet() -> contextlib.AbstractContextManager[Any]:
    """What libraries print goes to stderr: stdout is for results."""
    return contextlib.redirect_stdout(sys.stderr)
