"""The run folder: checked, cleared, and its ``config.yaml``."""

import shutil
from pathlib import Path

import yaml

from depth_unet.config.run import Config
from depth_unet.config.values import to_dict
from depth_unet.errors import ConfigError, own_command
from depth_unet.files.atomic import check_writable, make_folder, write_text
from depth_unet.model.checkpoint import BEST_NAME, LAST_NAME
from depth_unet.train.history import METRICS_NAME
from depth_unet.train.reporter import EVENTS_NAME

CONFIG_NAME = "config.yaml"


def check_run_folder(out: Path, *, overwrite: bool) -> None:
    """Refuse a run folder that cannot be written, or that holds a run and may not be replaced.

    Raises:
        ConfigError: It holds a run and may not be overwritten.
        DataError: It cannot be made.
    """
    if not overwrite and any((out / name).exists() for name in (BEST_NAME, LAST_NAME)):
        raise ConfigError(
            f"{out} already holds a run; resume it with `{own_command('train', '--resume', out)}`, "
            "choose another --out, or replace it with --overwrite"
        )
    check_writable(out)


def clear_run_folder(out: Path) -> None:
    """Make the run folder and remove what an earlier run left in it."""
    make_folder(out)
    for name in (BEST_NAME, LAST_NAME, METRICS_NAME, CONFIG_NAME):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / EVENTS_NAME, ignore_errors=True)


def write_config(out: Path, config: Config) -> None:
    """Write every setting of the run to ``config.yaml``."""
    write_text(out / CONFIG_NAME, yaml.safe_dump(to_dict(config), sort_keys=False))
