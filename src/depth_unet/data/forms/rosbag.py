"""Bags of ROS 1 and 2 and of the RealSense Viewer: streams of photos, depth and cameras."""

import functools
import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.ros import ros_calibration
from depth_unet.data.forms.bag import METADATA_NAME, NS_PER_S, Bag, Moment
from depth_unet.data.forms.form_source import Pixels
from depth_unet.data.forms.recording import RecordingForm, Shot, Stated, camera_of_depth
from depth_unet.data.forms.registration import Pose, camera_for_depth, register
from depth_unet.data.forms.ros_frames import find_pose, frame_of
from depth_unet.data.forms.ros_image import depth_of, photo_of
from depth_unet.data.forms.timing import pair_by_time
from depth_unet.data.layout import OnBad
from depth_unet.errors import DataError
from depth_unet.files.damage import named
from depth_unet.files.walk import is_file

SUFFIXES, COMPRESSED = (".bag", ".mcap", ".db3"), ".zstd"
DESCRIBED = b"rosbag2_bagfile_information"
IMAGES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
CAMERA = "sensor_msgs/msg/CameraInfo"
REGISTERED = ("aligned_depth_to_color", "depth_registered", "depth_to_color", "depth_to_rgb")
COLOURS = ("color", "colour", "rgb")
NO_PHOTOS = ("depth", "infra", "/ir/", "confidence", "mask")
UNIT_TOPIC = "option/depth_units/value"  # of the RealSense Viewer
METRES_PER_UNIT = 1e-3  # of whole numbers, by ROS's rules
SAME_PX = 1.0  # by which the cameras of registered depth and of its photos may differ
MOST_APART_S = 0.1  # by which one stream may take longer to reach the bag than the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The topics of photos and depth, and what their messages have in common.

    Attributes:
        photos: Topic of the photos.
        depth: Topic of depth.
        metres_per_unit: Metres per count of depth.
        camera: The camera of the photos, in pixels of the result.
        depth_camera: The camera of depth; None if depth is registered to the photos.
        pose: From the coordinates of the depth camera to those of the photos' camera.
    """

    photos: str
    depth: str
    metres_per_unit: float
    camera: Intrinsics
    depth_camera: Intrinsics | None
    pose: Pose | None


def is_rosbag(path: Path) -> bool:
    """Whether a folder is a bag of ROS 2."""
    if not (path / METADATA_NAME).is_file():
        return False
    names = (file.name.lower().removesuffix(COMPRESSED) for file in path.iterdir())
    return any(name.endswith(SUFFIXES) for name in names)


def is_part(path: Path) -> bool:
    """Whether a folder has the description of a bag."""
    return is_file(path / METADATA_NAME) and DESCRIBED in (path / METADATA_NAME).read_bytes()


def open_rosbag(path: Path, stated: Stated, _on_bad: OnBad) -> Sequence[Shot]:
    """Pair photos and depth maps by the time stamps in their messages.

    Depth that is not registered to the photos is moved into their pixels, if the bag states where
    the cameras are.

    Raises:
        ConfigError: rosbags is not installed.
        DataError: The bag cannot be read, or lacks photos, depth, a camera or where it is, or the
            clocks of photos and depth differ.
    """
    bag = Bag(path)
    streams = _find_streams(bag, stated)
    photos, depths = bag.moments(streams.photos), bag.moments(streams.depth)
    _check_clocks(bag, streams, photos, depths)
    pairs = pair_by_time(
        [moment.stamp_s for moment in photos], [moment.stamp_s for moment in depths], path
    )
    return [
        Shot(
            name=f"{photos[photo].stamp_ns}",
            place=f"{path}, {streams.depth} at {depths[depth].stamp_s:.3f} s",
            camera=streams.camera,
            read=functools.partial(_read, bag, streams, photos[photo], depths[depth]),
            origin=functools.partial(_origin, bag, streams, photos[photo], depths[depth]),
        )
        for photo, depth in pairs
    ]


def _check_clocks(
    bag: Bag, streams: Streams, photos: Sequence[Moment], depths: Sequence[Moment]
) -> None:
    """Refuse stamps of two clocks, which pair photos with depth of another moment."""
    photos_s, depths_s = (
        statistics.median(moment.received_ns - moment.stamp_ns for moment in moments) / NS_PER_S
        for moments in (photos, depths)
    )
    ahead_s = photos_s - depths_s
    if abs(ahead_s) > MOST_APART_S:
        raise DataError(
            f"{bag.path}: by when the bag received them, the time stamps of {streams.depth} are "
            f"{abs(ahead_s):.3f} s {'ahead of' if ahead_s > 0 else 'behind'} those of "
            f"{streams.photos}, so their clocks differ; record both with one clock, or correct the "
            "time stamps"
        )


def _read(bag: Bag, streams: Streams, photo: Moment, depth: Moment) -> Pixels:
    where = f"{bag.path}, {streams.depth} at {depth.stamp_s:.3f} s"
    depth_mm = depth_of(bag.message(streams.depth, depth), streams.metres_per_unit, where)
    if streams.depth_camera is not None and streams.pose is not None:
        own = streams.depth_camera
        if depth_mm.shape != (own.height, own.width):
            raise DataError(
                f"{where} is {depth_mm.shape[1]}x{depth_mm.shape[0]} and its camera "
                f"{own.width}x{own.height}; record it again"
            )
        depth_mm = register(depth_mm, own, streams.camera, streams.pose)
    where = f"{bag.path}, {streams.photos} at {photo.stamp_s:.3f} s"
    return photo_of(bag.message(streams.photos, photo), where), depth_mm


def _origin(bag: Bag, streams: Streams, photo: Moment, depth: Moment) -> str:
    return f"{bag.checksum} {streams.metres_per_unit} {photo} {depth}"


def _find_streams(bag: Bag, stated: Stated) -> Streams:
    depth, photos = _find_topics(bag)
    depth_message, photo_message = bag.first(depth), bag.first(photos)
    unit = stated.metres_per_unit or _stated_unit(bag) or METRES_PER_UNIT
    own, in_bag = _camera(bag, depth), _camera(bag, photos)
    frames = frame_of(depth, depth_message), frame_of(photos, photo_message)
    one_camera = own is None or in_bag is None or _are_same(own, in_bag)
    is_registered = frames[0] == frames[1] and one_camera
    camera = stated.camera or in_bag or (own if is_registered else None)
    if camera is None:
        raise DataError(
            f"{bag.path} has no camera_info beside {photos}; record that topic too, or state "
            "intrinsics in dataset.json"
        )
    if is_registered:
        height, width = depth_of(depth_message, unit, f"{bag.path}, {depth}").shape
        camera = camera_of_depth(camera, (width, height), f"{bag.path}, {photos}")
        own = pose = None
    else:
        pose = find_pose(bag, *frames)
        if own is None or pose is None:
            lacking = "no camera_info of depth" if own is None else "nothing says where they are"
            raise DataError(
                f"{bag.path}: depth in {depth} is not registered to the photos in {photos}, and "
                f"{lacking}; record aligned_depth_to_color or depth_registered, or camera_info and "
                "tf_static too"
            )
        camera = camera_for_depth(own, camera)
    return Streams(
        photos=photos,
        depth=depth,
        metres_per_unit=unit,
        camera=camera,
        depth_camera=own,
        pose=pose,
    )


def _find_topics(bag: Bag) -> tuple[str, str]:
    """The topics of depth and photos: registered depth first, photos of the same camera first."""
    images = sorted(topic for topic, kind in bag.topics.items() if kind in IMAGES)
    depths = [topic for topic in images if "depth" in topic.lower()]
    photos = [topic for topic in images if not any(w in topic.lower() for w in NO_PHOTOS)]
    for found, kind, example in (
        (depths, "depth images", "/camera/aligned_depth_to_color/image_raw"),
        (photos, "photos", "/camera/color/image_raw"),
    ):
        if not found:
            raise DataError(
                f"{bag.path} has no topic of {kind} (its images are "
                f"{', '.join(images)[:200] or 'none'}); record one too, such as {example}"
            )
    depth = min(depths, key=lambda topic: (not _holds(topic, REGISTERED), _is_packed(bag, topic)))
    photo = min(
        photos,
        key=lambda topic: (
            not _holds(topic, COLOURS),
            -_common_parts(topic, depth),
            _is_packed(bag, topic),
        ),
    )
    return depth, photo


def _camera(bag: Bag, topic: str) -> Intrinsics | None:
    """The camera of a stream of images, by the topic beside it; None without one."""
    above = topic.rpartition("/")[0]
    over = above.rpartition("/")[0]
    names = (f"{above}/camera_info", f"{over}/camera_info", f"{over}/info/camera_info")
    name = next((name for name in names if bag.topics.get(name) == CAMERA), None)
    if name is None:
        return None
    message = bag.first(name)
    matrix = message.K if hasattr(message, "K") else message.k
    roi = message.roi
    fields: dict[str, object] = {
        "k": [float(value) for value in matrix],
        "width": int(message.width),
        "height": int(message.height),
        "binningx": int(message.binning_x),
        "binningy": int(message.binning_y),
        "roi": {
            "x_offset": int(roi.x_offset),
            "y_offset": int(roi.y_offset),
            "width": int(roi.width),
            "height": int(roi.height),
        },
    }
    with named(f"{bag.path}, {name}"):
        return ros_calibration(fields).intrinsics


def _are_same(one: Intrinsics, other: Intrinsics) -> bool:
    scaled = other.resized(one.width, one.height)
    both = zip(one.values_px, scaled.values_px, strict=True)
    return all(abs(first - second) <= SAME_PX for first, second in both)


def _stated_unit(bag: Bag) -> float | None:
    topic = next((name for name in bag.topics if name.lower().endswith(UNIT_TOPIC)), None)
    return None if topic is None else float(bag.first(topic).data)


def _holds(topic: str, words: Sequence[str]) -> bool:
    return any(word in topic.lower() for word in words)


def _is_packed(bag: Bag, topic: str) -> bool:
    return bag.topics[topic] != IMAGES[0]


def _common_parts(topic: str, other: str) -> int:
    parts = zip(topic.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda both: both[0] == both[1], parts))


ROSBAG = RecordingForm(
    suffixes=SUFFIXES, is_folder=is_rosbag, is_part=is_part, open_one=open_rosbag
)
