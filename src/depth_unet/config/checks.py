"""What every part of a config is checked with."""

from depth_unet.errors import ConfigError


def require(condition: bool, message: str) -> None:
    """Refuse a setting unless ``condition`` holds.

    Raises:
        ConfigError: It does not; the message gives value, rule and remedy.
    """
    if not condition:
        raise ConfigError(message)
