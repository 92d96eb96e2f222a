"""The three errors that the package raises on purpose.

Each message is one line: what was found, what was expected, what to do.
Only the command line and the app catch them; everything else is a bug and keeps its traceback.
"""


class ConfigError(ValueError):
    """A setting is out of range, or two settings contradict each other."""


class DataError(ValueError):
    """An input file, a data set or a split is not what it claims to be."""


class CheckpointError(ValueError):
    """A file is not a checkpoint of this package, or what it holds cannot be used."""
