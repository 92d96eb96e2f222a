"""Draw rooms made of boxes, in the pairs layout: photos with exact depth, ray-cast in NumPy.

A room is a box with a few boxes of furniture in it. Every surface is a checkerboard with grain.
This file does not import the package, so a mistake there cannot hide in its test data.
"""

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

FOCAL = 0.8  # in image widths, like a Kinect's
AXIS = (0.51, 0.53)  # principal point, as a share of width and height
TEST_SIZE = (640, 480)
EYE_HEIGHT_M = 1.4
DOWN = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True)
class Room:
    """Boxes by their lower and upper corners in metres; the first is the room itself."""

    low: np.ndarray
    high: np.ndarray
    colour: np.ndarray


def write_box_rooms(
    root: Path,
    *,
    rooms: int = 12,
    frames: int = 6,
    size: tuple[int, int] = (160, 120),
    test_rooms: int = 0,
    test_frames: int = 2,
    seed: int = 0,
) -> Path:
    """Write a data set of box rooms in the pairs layout.

    Args:
        root: Folder to create.
        rooms: Number of training rooms.
        frames: Frames per training room.
        size: Width and height of the training frames in pixels.
        test_rooms: Number of test rooms; their frames are 640x480.
        test_frames: Frames per test room.
        seed: Seed of rooms, views and holes.

    Returns:
        ``root``.
    """
    generator = np.random.default_rng(seed)
    lines = []
    for number in range(rooms + test_rooms):
        part, count, (width, height) = (
            ("train", frames, size) if number < rooms else ("test", test_frames, TEST_SIZE)
        )
        name = f"room_{number:02d}"
        (root / part / name).mkdir(parents=True)
        room = random_room(generator)
        for frame in range(count):
            image, depth_m = look(room, generator, width, height)
            stem = f"{part}/{name}/{frame}"
            Image.fromarray(image).save(root / f"{stem}_rgb.png", compress_level=1)
            depth_mm = np.rint(with_hole(depth_m, generator) * 1000).astype(np.uint16)
            Image.fromarray(depth_mm).save(root / f"{stem}_depth.png", compress_level=1)
            lines.append((f"{stem}_rgb.png", f"{stem}_depth.png", part, name))
    with (root / "index.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("rgb", "depth", "official_split", "room_group"), *lines])
    info = {"name": "box rooms", "depth_unit": "mm", "intrinsics": camera(*TEST_SIZE)}
    (root / "dataset.json").write_text(json.dumps(info), encoding="utf-8")
    return root


def camera(width: int, height: int) -> dict[str, float]:
    """The intrinsics for one frame size; pixel centres are at integers."""
    return {
        "width": width,
        "height": height,
        "fx_px": FOCAL * width,
        "fy_px": FOCAL * width,
        "cx_px": AXIS[0] * width - 0.5,
        "cy_px": AXIS[1] * height - 0.5,
    }


def random_room(generator: np.random.Generator) -> Room:
    """A room of 3 to 6 m with three to five boxes on its floor."""
    extent = generator.uniform((3.0, 3.0, 2.4), (6.0, 6.0, 3.2))
    number = int(generator.integers(3, 6))
    size = generator.uniform((0.3, 0.3, 0.3), (1.2, 1.2, 1.1), (number, 3))
    low = generator.uniform(0, 1, (number, 3)) * (extent - size) * (1, 1, 0)
    return Room(
        low=np.vstack((np.zeros(3), low)),
        high=np.vstack((extent, low + size)),
        colour=generator.uniform(60, 230, (number + 1, 3, 3)),
    )


def look(
    room: Room, generator: np.random.Generator, width: int, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """Render a photo (h w 3) and its depth in metres (h w) from a random viewpoint."""
    eye = room.high[0] * (*generator.uniform(0.15, 0.85, 2), 0)
    eye[2] = EYE_HEIGHT_M  # above all furniture
    heading = generator.uniform(0, 2 * np.pi)
    pitch = generator.uniform(-0.3, 0.1)
    forward = np.array(
        (np.cos(pitch) * np.cos(heading), np.cos(pitch) * np.sin(heading), np.sin(pitch))
    )
    right = np.cross(DOWN, forward)
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    view = camera(width, height)
    x = (np.arange(width) - view["cx_px"]) / view["fx_px"]
    y = (np.arange(height) - view["cy_px"]) / view["fy_px"]
    # Each ray has length 1 along the optical axis, so a hit's ray parameter is its depth.
    rays = _xyz(forward) + x[None, None, :] * _xyz(right) + y[None, :, None] * _xyz(down)
    depth_m, box, face = cast(room, eye, rays)
    return shade(room, _xyz(eye) + depth_m * rays, box, face, depth_m), depth_m


def cast(
    room: Room, eye: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the nearest hit of every ray (3 h w): its depth, its box, and the axis of its face."""
    inverse = 1 / np.where(rays == 0, 1e-12, rays)
    depth_m = np.full(rays.shape[1:], np.inf)
    box = np.zeros(rays.shape[1:], np.intp)
    face = np.zeros(rays.shape[1:], np.intp)
    for number, (low, high) in enumerate(zip(room.low, room.high, strict=True)):
        one, other = _xyz(low - eye) * inverse, _xyz(high - eye) * inverse
        entries, exits = np.minimum(one, other), np.maximum(one, other)
        enter, leave = entries.max(axis=0), exits.min(axis=0)
        if number == 0:  # the camera is inside the room
            hit, distance, axis = leave > 0, leave, exits.argmin(axis=0)
        else:
            hit, distance, axis = (enter > 0) & (enter < leave), enter, entries.argmax(axis=0)
        nearer = hit & (distance < depth_m)
        depth_m = np.where(nearer, distance, depth_m)
        box, face = np.where(nearer, number, box), np.where(nearer, axis, face)
    return depth_m, box, face


def shade(
    room: Room, points: np.ndarray, box: np.ndarray, face: np.ndarray, depth_m: np.ndarray
) -> np.ndarray:
    """Colour each face with a 25 cm checkerboard and 2 cm grain, darker with distance."""
    # Shift by half a square: walls and floor would otherwise lie on the edge of a square.
    squares = np.floor(points / 0.25 + 0.5).astype(np.int64).sum(axis=0) % 2
    cells = np.floor(points / 0.02 + 0.5).astype(np.int64)
    grain = (cells * _xyz((73856093, 19349663, 83492791))).sum(axis=0) % 97 / 97
    light = (0.75 + 0.25 * squares) * (0.85 + 0.15 * grain) * np.exp(-0.08 * depth_m)
    colours: np.ndarray = np.clip(room.colour[box, face] * light[..., None], 0, 255)
    return colours.astype(np.uint8)


def with_hole(depth_m: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Set one small rectangle of the depth to 0, like the holes of a sensor."""
    height, width = depth_m.shape
    top, left = generator.integers(0, (height * 7 // 8, width * 7 // 8))
    rows, columns = generator.integers(1, (height // 8, width // 8), endpoint=True)
    depth_m = depth_m.copy()
    depth_m[top : top + rows, left : left + columns] = 0
    return depth_m


def _xyz(vector: np.ndarray | tuple[int, ...]) -> np.ndarray:
    return np.asarray(vector)[:, None, None]


def main() -> None:
    """Write a data set into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to create")
    parser.add_argument("--rooms", type=int, default=60, help="number of training rooms")
    parser.add_argument("--frames", type=int, default=6, help="frames per training room")
    parser.add_argument("--test-rooms", type=int, default=5, help="number of test rooms")
    parser.add_argument("--seed", type=int, default=0, help="seed of rooms, views and holes")
    options = parser.parse_args()
    if options.out.exists():
        parser.error(f"{options.out} exists already; name a new folder")
    write_box_rooms(
        options.out,
        rooms=options.rooms,
        frames=options.frames,
        test_rooms=options.test_rooms,
        seed=options.seed,
    )


if __name__ == "__main__":
    main()
