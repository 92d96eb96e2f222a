"""Names of scenes, and the rooms that they are of."""

import re

_ENDING = re.compile(r"_out$")
_PART = re.compile(r"(?<=\d)[a-z]$")


def room_of(scene: str) -> str:
    """The room that a scene's folder shows: parts of one room are lettered.

    Args:
        scene: Name of a folder, such as ``basement_0001a_out``.

    Returns:
        ``basement_0001``, also for ``basement_0001b`` and ``basement_0001``.
    """
    return _PART.sub("", _ENDING.sub("", scene))
