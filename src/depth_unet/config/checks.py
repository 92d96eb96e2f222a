"""The check that all parts of a config use."""

from depth_unet.errors import ConfigError


def require(condition: bool, message: str) -> None:
    """Raise ConfigError unless ``condition`` holds; the message gives value, rule and remedy."""
    if not condition:
        raise ConfigError(message)
