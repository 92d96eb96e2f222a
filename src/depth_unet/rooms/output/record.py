"""Records of finished rooms. A record and its checksums tell whether a room is complete."""

import hashlib
import importlib.metadata
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from depth_unet.data.layout import RECORDS_NAME
from depth_unet.files.atomic import write_text
from depth_unet.files.checksum import seal, unseal
from depth_unet.rooms.options import RoomPlan, RoomsOptions, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRecord:
    """One image of a room.

    Attributes:
        rgb: Path of the photo, relative to the folder of the set.
        depth: Path of the depth map, relative to the same folder.
        checksums: SHA-256 of the two files.
        pose: 3 x 4 matrix from the camera (right, down, forward) to the room, row by row: rotation
            and position in metres.
    """

    rgb: str
    depth: str
    checksums: tuple[str, str]
    pose: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRecord:
    """One finished room, as ``records/NUMBER.json`` stores it.

    Attributes:
        origin: Hash of everything that the files depend on.
        number: Number of the room in the set, from 0.
        share: Its official split, train or test.
        kind: bedroom, kitchen, corridor, ...
        size_m: Width, length and height.
        camera_px: fx, fy, cx, cy of all its images, pixels.
        frames: Its images.
    """

    origin: str
    number: int
    share: Split
    kind: str
    size_m: tuple[float, ...]
    camera_px: tuple[float, float, float, float]
    frames: tuple[FrameRecord, ...]

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Inverse of ``asdict`` after a trip through JSON."""
        frames = tuple(
            FrameRecord(**frame | {name: tuple(frame[name]) for name in ("checksums", "pose")})
            for frame in values["frames"]
        )
        tuples = {name: tuple(values[name]) for name in ("size_m", "camera_px")}
        return cls(**values | tuples | {"frames": frames})


def package_version() -> str:
    """The package version. Another version may make other rooms from the same seed."""
    try:
        return importlib.metadata.version("depth-unet")
    except importlib.metadata.PackageNotFoundError:  # not installed
        return "unknown"


def hash_plan(plan: RoomPlan) -> str:
    """Hash of everything that the files of a room depend on."""
    return _hash(package_version(), plan.options.content(), plan.number, plan.num_frames)


def hash_set(options: RoomsOptions) -> str:
    """Hash of everything that a whole set depends on; its shards have it in common."""
    return _hash(package_version(), options.content(), options.images)[:16]


def hash_bytes(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def write_record(out: Path, record: RoomRecord) -> None:
    """Write the record of a room, after all its files."""
    write_text(_path(out, record.number), json.dumps(seal(asdict(record))) + "\n")


def read_finished(out: Path, plan: RoomPlan) -> RoomRecord | None:
    """The record of a room if it was made by this plan and its files are intact; else None."""
    try:
        values = json.loads(_path(out, plan.number).read_text(encoding="utf-8"))
        record = RoomRecord.from_json(unseal(values))
        if record.origin != hash_plan(plan):
            return None
        for frame in record.frames:
            for name, checksum in zip((frame.rgb, frame.depth), frame.checksums, strict=True):
                if hash_bytes((out / name).read_bytes()) != checksum:
                    return None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (ValueError, KeyError, TypeError, IndexError):  # not a record
        return None
    return record


def _hash(*content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _path(out: Path, number: int) -> Path:
    return out / RECORDS_NAME / f"{number:06d}.json"
