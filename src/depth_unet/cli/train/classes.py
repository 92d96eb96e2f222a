"""Whether data have the classes that a run is to be trained on."""

from depth_unet.config.run import Config
from depth_unet.data.cache import CacheSource
from depth_unet.data.mixture import single_sources
from depth_unet.data.source import Source
from depth_unet.errors import ConfigError


def check_classes(source: Source, config: Config) -> None:
    """Refuse to train on classes that no data set has: the term would be 0 without a word.

    Raises:
        ConfigError: None of them is a cache with classes.
    """
    parts = single_sources(source)
    if config.loss.semantics and not any(
        isinstance(part, CacheSource) and part.manifest.labelled for part in parts
    ):
        raise ConfigError(
            f"loss.semantics is {config.loss.semantics} and {source.root} has no classes; prepare "
            "it with --labels FOLDER, or leave out --loss.semantics and --model.num-classes"
        )
