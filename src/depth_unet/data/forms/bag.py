"""Messages of a bag; the only module that imports rosbags."""

import functools
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.files.checksum import sha256_of
from depth_unet.files.damage import as_data_error, named
from depth_unet.files.text import read_text
from depth_unet.files.walk import files_below
from depth_unet.files.yaml_text import refuse_aliases

REMEDY = "record it again, or repair it with `rosbag reindex` or `ros2 bag reindex`"
METADATA_NAME = "metadata.yaml"  # of a folder of ROS 2
NS_PER_S = 10**9
VIEWER_BYTES = 4  # metres per unit of depth, which its option states, too


class Moment(NamedTuple):
    """When a message was made, and when the bag received it, in nanoseconds."""

    stamp_ns: int
    received_ns: int

    @property
    def stamp_s(self) -> float:
        """When it was made, seconds."""
        return self.stamp_ns / NS_PER_S


class Bag:
    """An open bag of ROS 1 or 2; it may be read from several threads.

    Args:
        path: A ``.bag``, ``.mcap`` or ``.db3`` file, or a folder with ``metadata.yaml``.

    Attributes:
        topics: Type of the messages by topic, as ROS 2 names it.

    Raises:
        ConfigError: rosbags is not installed.
        DataError: The bag cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, threading.Lock()
        try:
            from rosbags import rosbag1, rosbag2  # an extra
            from rosbags.serde import SerdeError
            from rosbags.typesys import Stores, get_typestore
        except ImportError:
            raise ConfigError(
                f"{path} is a bag, and rosbags is not installed; run: {install_command('rosbags')}"
            ) from None
        # The messages that are read have been the same in all versions of ROS 1, and of ROS 2. The
        # definitions in the bag, of which some are wrong or missing, are not needed.
        is_first = path.suffix.lower() == ".bag"
        store = get_typestore(Stores.ROS1_NOETIC if is_first else Stores.ROS2_HUMBLE)
        self._decode = store.deserialize_ros1 if is_first else store.deserialize_cdr
        self._serde_error = SerdeError
        with as_data_error(path, "cannot be read as a bag", REMEDY), _within_memory(path):
            if (path / METADATA_NAME).is_file():  # rosbags reads it
                with named(path / METADATA_NAME):
                    refuse_aliases(read_text(path / METADATA_NAME))
            reader = rosbag1.Reader(path) if is_first else rosbag2.Reader(path)
            reader.open()
        self._reader: Any = reader
        weakref.finalize(self, reader.close)
        self.topics = {found.topic: found.msgtype for found in reader.connections}

    def moments(self, topic: str) -> list[Moment]:
        """When each message of a topic with a header was made, in that order."""
        found = (Moment(_stamp_ns(message), time) for time, message in self._messages(topic))
        return sorted(found)

    def message(self, topic: str, moment: Moment) -> Any:
        """The message of a moment."""
        start = moment.received_ns
        for _, message in self._messages(topic, start, start + 1):
            if _stamp_ns(message) == moment.stamp_ns:
                return message
        raise DataError(f"{self.path} has lost a message of {topic}; {REMEDY}")

    def first(self, topic: str) -> Any:
        """The first message of a topic.

        Raises:
            DataError: There is none.
        """
        for message in self.all(topic, most=1):
            return message
        raise DataError(f"{self.path} has no message of {topic}; record it again")

    def all(self, topic: str, most: int | None = None) -> list[Any]:
        """The messages of a topic, at most so many."""
        return [message for _, message in self._messages(topic, most=most)]

    @functools.cached_property
    def checksum(self) -> str:
        """SHA-256 of the bag's files."""
        files = [self.path] if self.path.is_file() else sorted(files_below(self.path))
        return " ".join(map(sha256_of, files))

    def _messages(
        self, topic: str, start: int | None = None, stop: int | None = None, most: int | None = None
    ) -> Iterator[tuple[int, Any]]:
        wanted = [found for found in self._reader.connections if found.topic == topic]
        where = f"{self.path}, {topic}"
        with self._lock, as_data_error(where, remedy=REMEDY), _within_memory(where):
            found = self._reader.messages(connections=wanted, start=start, stop=stop)
            for count, (connection, time, data) in enumerate(found):
                if count == most:
                    break
                try:
                    message = self._decode(data, connection.msgtype)
                except self._serde_error:  # the RealSense Viewer appends a number to its images
                    message = self._decode(data[:-VIEWER_BYTES], connection.msgtype)
                yield time, message


@contextmanager
def _within_memory(where: object) -> Iterator[None]:
    """A damaged bag may state that a part of it has petabytes."""
    try:
        yield
    except MemoryError:
        raise DataError(
            f"{where} is damaged or too large (a part does not fit into the memory); {REMEDY}"
        ) from None


def _stamp_ns(message: Any) -> int:
    stamp = message.header.stamp
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)
