"""``depth-unet pretrain RECIPE``: a run that looks at photos alone, for others to begin with."""

from pathlib import Path

from depth_unet.cli.arguments import PretrainArguments
from depth_unet.cli.train.command import begin
from depth_unet.errors import ConfigError, DataError


def run(arguments: PretrainArguments) -> list[DataError]:
    """Hide parts of the photos and train a network that paints them."""
    config = arguments.config
    if not config.hidden.share:
        raise ConfigError("hidden.share is 0 and leaves nothing to paint; choose a share in (0, 1)")
    begin(arguments, arguments.out or Path("runs") / f"{config.recipe}-pretrained")
    return []
