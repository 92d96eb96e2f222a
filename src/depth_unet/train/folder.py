"""The run folder: checked, cleared, and its ``config.yaml``."""

import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import yaml

from depth_unet.config.run import Config
from depth_unet.config.values import to_dict
from depth_unet.errors import ConfigError, own_command
from depth_unet.files.atomic import make_folder, remove_leftovers, write_text
from depth_unet.files.owner import own_folder
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.train.history import METRICS_NAME
from depth_unet.train.tracker import FOLDERS, NAME_FILE

CONFIG_NAME = "config.yaml"
FILES = (BEST_NAME, LAST_NAME, METRICS_NAME, CONFIG_NAME, NAME_FILE)
"""What a run writes into its folder, besides the folders of trackers."""


def own_run_folder(out: Path) -> AbstractContextManager[None]:
    """Own a run folder; see ``own_folder``. Of torchrun's processes, the main one owns it."""
    return own_folder(out) if os.environ.get("RANK", "0") == "0" else nullcontext()


def check_run_folder(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that holds a run, unless it may be replaced.

    Raises:
        ConfigError: It holds a run and may not be overwritten.
    """
    if not overwrite and any((out / name).exists() for name in (BEST_NAME, LAST_NAME)):
        raise ConfigError(
            f"{out} already holds a run; resume it with `{own_command('train', '--resume', out)}`, "
            "choose another --out, or replace it with --overwrite"
        )


def clear_run_folder(out: Path) -> None:
    """Make the run folder and remove what an earlier run left in it."""
    make_folder(out)
    for name in FILES:
        (out / name).unlink(missing_ok=True)
    for name in FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)


def begin_run_folder(out: Path, config: Config) -> None:
    """Remove what a killed process left, and write every setting of the run to ``config.yaml``."""
    remove_leftovers(out / name for name in FILES)
    write_text(out / CONFIG_NAME, yaml.safe_dump(to_dict(config), sort_keys=False))
