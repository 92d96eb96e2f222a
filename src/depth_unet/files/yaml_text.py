"""YAML from strangers: a small file can be made to take hours and all memory."""

from typing import Any

from depth_unet.errors import DataError

MOST_CHARACTERS, MOST_EVENTS, MOST_LEVELS = 10_000, 20_000, 16


def parse_yaml(text: str) -> Any:
    """The values of a small YAML file: a calibration, a description.

    Raises:
        DataError: It has aliases, which can make a small file expand without end, or more than such
            a file has.
        yaml.YAMLError: It is no YAML.
    """
    import yaml  # slow to import

    level = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        level += isinstance(event, yaml.CollectionStartEvent)
        level -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise _aliases()
        is_long = isinstance(event, yaml.ScalarEvent) and len(event.value) > MOST_CHARACTERS
        if is_long or count > MOST_EVENTS or level > MOST_LEVELS:
            raise DataError(
                f"the file has more than {MOST_EVENTS} YAML values or {MOST_LEVELS} levels, or a "
                f"value of more than {MOST_CHARACTERS} characters; export it again"
            )
    return yaml.safe_load(text)


def refuse_aliases(text: str) -> None:
    """Raise a ``DataError`` if YAML of any size, which a library will read, has aliases.

    Raises:
        DataError: It has aliases, which can make a small file expand without end.
        yaml.YAMLError: It is no YAML.
    """
    import yaml  # slow to import

    # Aliases need both signs; reading a large file in Python takes seconds.
    if "&" in text and "*" in text:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise _aliases()


def _aliases() -> DataError:
    return DataError("the file has YAML aliases (*), which are not supported; write the values out")
