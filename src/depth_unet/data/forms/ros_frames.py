"""Where the cameras of a bag are, as ROS or the RealSense Viewer states it."""

import re
from typing import Any

import numpy as np

from depth_unet.data.forms.bag import Bag
from depth_unet.data.forms.registration import Pose
from depth_unet.files.damage import named

STATIC = ("/tf_static", "tf_static")
# The Viewer's topics: images of a stream, and its extrinsics, which move points from a reference
# to the stream.
VIEWER_IMAGES = re.compile(r"(/device_\d+/sensor_\d+/\w+)/image/data")
VIEWER_EXTRINSICS = re.compile(r"(/device_\d+/sensor_\d+/\w+)/tf/(?:ref_)?(\d+)")


def frame_of(topic: str, message: Any) -> str:
    """The coordinates of a stream of images; the Viewer gives all streams the same frame."""
    found = VIEWER_IMAGES.fullmatch(topic)
    return found[1] if found else str(message.header.frame_id).removeprefix("/")


def find_pose(bag: Bag, start: str, end: str) -> Pose | None:
    """Moves points from one frame to another, by static transforms; None if they do not lead there.

    Within one frame, nothing moves.

    Args:
        bag: The bag.
        start: Frame of the points.
        end: Frame to move them to.
    """
    steps: dict[str, dict[str, Pose]] = {}
    for above, below, pose in _transforms(bag):  # from the frame below to the one above
        steps.setdefault(below, {})[above] = pose
        steps.setdefault(above, {})[below] = pose.inverse()
    still = Pose(np.eye(3), np.zeros(3))
    found, waiting = {start: still}, [start]
    while waiting:
        frame = waiting.pop(0)
        for following, step in steps.get(frame, {}).items():
            if following not in found:
                found[following] = step.after(found[frame])
                waiting.append(following)
    return found.get(end)


def _transforms(bag: Bag) -> list[tuple[str, str, Pose]]:
    """Frame above, frame below, and the motion of points from the one below to the one above."""
    found = list[tuple[str, str, Pose]]()
    for topic in bag.topics:
        extrinsics = VIEWER_EXTRINSICS.fullmatch(topic)
        if topic in STATIC:
            for message in bag.all(topic):
                for item in message.transforms:
                    frames = (item.header.frame_id, item.child_frame_id)
                    above, below = (str(frame).removeprefix("/") for frame in frames)
                    found.append((above, below, _pose(item.transform, f"{bag.path}, {topic}")))
        elif extrinsics:
            reference = f"reference {extrinsics[2]}"
            pose = _pose(bag.first(topic), f"{bag.path}, {topic}")
            found.append((extrinsics[1], reference, pose))
    return found


def _pose(transform: Any, where: str) -> Pose:
    turn, shift = transform.rotation, transform.translation
    with named(where):
        return Pose.from_quaternion((turn.x, turn.y, turn.z, turn.w), (shift.x, shift.y, shift.z))
