"""Messages of a bag; the only module that imports rosbags."""

import functools
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.files.checksum import sha256_of
from depth_unet.files.damage import as_data_error
from depth_unet.files.walk import files_below

REMEDY = "record it again, or repair it with `rosbag reindex` or `ros2 bag reindex`"
NS_PER_S = 10**9


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
            from rosbags.highlevel import AnyReader  # an extra
            from rosbags.typesys import Stores, get_typestore
        except ImportError:
            raise ConfigError(
                f"{path} is a bag, and rosbags is not installed; run: {install_command('rosbags')}"
            ) from None
        with as_data_error(path, "cannot be read as a bag", REMEDY):
            # Bags in ROS 2's first form do not define their messages.
            reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE))
            reader.open()
        self._reader = reader
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
        with self._lock, as_data_error(f"{self.path}, {topic}", remedy=REMEDY):
            found = self._reader.messages(wanted, start=start, stop=stop)
            for count, (connection, time, data) in enumerate(found):
                if count == most:
                    break
                yield time, self._reader.deserialize(data, connection.msgtype)


def _stamp_ns(message: Any) -> int:
    stamp = message.header.stamp
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)
