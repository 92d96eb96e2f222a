"""Two rooms as each device or program records them, written without the package's own code.

Photos are those of one camera, which differs between the rooms. Depth has a hole.
"""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import lzfse
import numpy as np
import OpenEXR
from PIL import Image
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_typestore

WIDTH, HEIGHT = 64, 48
NUM_FRAMES = 7  # of each room; more than one group of pictures of the video
CAMERAS_PX = {"hall": (60.5, 61.25, 31.75, 23.25), "kitchen": (70.125, 70.5, 30.5, 24.0)}
START_S = 1_305_031_102.175304


@dataclass(frozen=True)
class Recorded:
    """A frame as it was made: RGB, metres (0 is a hole), low confidence, and the camera."""

    image: np.ndarray
    depth_m: np.ndarray
    low: np.ndarray
    camera_px: tuple[float, float, float, float]


Rooms = dict[str, list[Recorded]]


def record(depth_size: tuple[int, int] = (WIDTH, HEIGHT), num_frames: int = NUM_FRAMES) -> Rooms:
    """Smooth photos and depth from 1 to 4 m."""
    random = np.random.default_rng(0)
    rooms = Rooms()
    for room, camera_px in CAMERAS_PX.items():
        rooms[room] = []
        for _ in range(num_frames):
            coarse = random.integers(0, 256, (3, 4, 3), np.uint8)
            image = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT)))
            far = Image.fromarray(random.uniform(1, 4, (3, 4)).astype(np.float32))
            depth_m = np.array(far.resize(depth_size, Image.Resampling.BILINEAR))
            depth_m[3:5, 6:9] = 0
            low = np.zeros(depth_m.shape, bool)
            low[10:12, 2:5] = True
            rooms[room].append(Recorded(image, depth_m, low, camera_px))
    return rooms


def encoded(pixels: np.ndarray, form: str = "png") -> bytes:
    """An image file."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form, **({"quality": 98} if form == "jpeg" else {}))
    return stream.getvalue()


def put(path: Path, data: bytes | str) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def counts(depth_m: np.ndarray, per_metre: float = 1000) -> np.ndarray:
    """16-bit depth."""
    return np.rint(depth_m * per_metre).astype(np.uint16)


def matrix(camera_px: tuple[float, ...]) -> np.ndarray:
    """The camera matrix."""
    fx, fy, cx, cy = camera_px
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64)


# Record3D


def record3d_files(frames: list[Recorded], *, own_cameras: bool) -> dict[str, bytes]:
    """What an .r3d file holds."""
    camera_px, (height, width) = frames[0].camera_px, frames[0].depth_m.shape
    metadata = {
        "w": WIDTH,
        "h": HEIGHT,
        "K": matrix(camera_px).T.ravel().tolist(),
        "poses": [[0, 0, 0, 1, 0, 0, 0]] * len(frames),
    }
    if own_cameras:
        metadata |= {"dw": width, "dh": height}
        metadata["perFrameIntrinsicCoeffs"] = [list(camera_px)] * len(frames)
        metadata["K"] = [1.0] * 9  # must not be used
    files = {"metadata": json.dumps(metadata).encode(), "icon": b"", "sound.m4a": b""}
    for number, frame in enumerate(frames):
        depth_m = np.where(frame.depth_m > 0, frame.depth_m, np.nan).astype("<f4")
        files[f"rgbd/{number}.jpg"] = encoded(frame.image, "jpeg")
        files[f"rgbd/{number}.depth"] = lzfse.compress(depth_m.tobytes())
        confidence = np.where(frame.low, 0, 1 + number % 2).astype(np.uint8)
        files[f"rgbd/{number}.conf"] = lzfse.compress(confidence.tobytes())
    return files


def write_record3d(at: Path, rooms: Rooms) -> Path:
    """An .r3d file for each room."""
    at.mkdir()
    for room, frames in rooms.items():
        with zipfile.ZipFile(at / f"{room}.r3d", "w") as archive:
            for name, data in record3d_files(frames, own_cameras=room == "hall").items():
                archive.writestr(name, data)
    return at


def write_record3d_unpacked(at: Path, rooms: Rooms) -> Path:
    """The files of .r3d files, in folders."""
    for room, frames in rooms.items():
        for name, data in record3d_files(frames, own_cameras=room == "kitchen").items():
            put(at / room / name, data)
    return at


def write_record3d_exr(at: Path, rooms: Rooms) -> Path:
    """The export "EXR + JPG sequence"."""
    for room, frames in rooms.items():
        folder = at / room / "EXR_RGBD"
        files = record3d_files(frames, own_cameras=room == "hall")
        put(folder / "metadata.json", files["metadata"])
        (folder / "depth").mkdir()
        for number, frame in enumerate(frames):
            put(folder / "rgb" / f"{number}.jpg", files[f"rgbd/{number}.jpg"])
            grey = {name: frame.depth_m.astype(np.float32) for name in "RGB"}
            with OpenEXR.File({"type": OpenEXR.scanlineimage}, grey) as file:
                file.write(str(folder / "depth" / f"{number}.exr"))
    return at


# Stray Scanner


def write_video(path: Path, images: list[np.ndarray]) -> None:
    """H.264 with key frames and frames that refer to later ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=60)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv444p"
        stream.codec_context.time_base = Fraction(1, 60)
        stream.options = {"crf": "1", "g": "4", "bf": "2"}
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 60)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_stray(at: Path, rooms: Rooms, *, early: bool = False) -> Path:
    """A folder as the app leaves it; depth of the second frame is missing."""
    for room, frames in rooms.items():
        folder = at / room / "71de12f9"
        write_video(folder / "rgb.mp4", [frame.image for frame in frames])
        rows = matrix(frames[0].camera_px)
        put(folder / "camera_matrix.csv", "\n".join(", ".join(map(str, row)) for row in rows))
        lines = [f"{number / 60}, {number:06d}" + ", 0" * 7 for number in range(len(frames))]
        put(folder / "odometry.csv", "\n".join(["timestamp, frame, x, y, z, qx, …", *lines]))
        for number, frame in enumerate(frames):
            if number == 1:
                continue
            name = f"{number:06d}"
            if early:
                stream = io.BytesIO()
                np.save(stream, counts(frame.depth_m))
                put(folder / "depth" / f"{name}.npy", stream.getvalue())
            else:
                put(folder / "depth" / f"{name}.png", encoded(counts(frame.depth_m)))
            confidence = np.where(frame.low, 0, 2).astype(np.uint8)
            put(folder / "confidence" / f"{name}.png", encoded(confidence))
    return at


# TUM RGB-D


def write_tum(at: Path, rooms: Rooms, *, associated: bool = False) -> Path:
    """Photos and depth maps up to 12 ms apart, and two without partner; lists out of order."""
    for room, frames in rooms.items():
        folder = at / room
        lists = {"rgb": ["# color images"], "depth": ["# depth maps"]}
        pairs = []
        for number, frame in enumerate(frames):
            photo_s = START_S + number / 30
            depth_s = photo_s + (0.012 if number % 2 else -0.009)
            photo, depth = f"rgb/{photo_s:.6f}.png", f"depth/{depth_s:.6f}.png"
            put(folder / photo, encoded(frame.image))
            put(folder / depth, encoded(counts(frame.depth_m, 5000)))
            lists["rgb"].append(f"{photo_s:.6f} {photo}")
            lists["depth"].append(f"{depth_s:.6f} {depth}")
            pairs.append(f"{photo_s:.6f} {photo} {depth_s:.6f} {depth}")
        for kind, time_s in (("rgb", START_S + 9), ("depth", START_S - 5)):
            put(folder / kind / "alone.png", encoded(np.zeros((HEIGHT, WIDTH), np.uint16)))
            lists[kind].append(f"{time_s:.6f} {kind}/alone.png")
        if associated:
            put(folder / "associations.txt", "\n".join(pairs))
        else:
            for kind, lines in lists.items():
                put(folder / f"{kind}.txt", "\n".join([lines[0], *reversed(lines[1:])]) + "\n")
        write_camera(folder, frames[0].camera_px)
    return at


def write_camera(
    folder: Path, camera_px: tuple[float, ...], unit: str | float | None = None
) -> None:
    """``dataset.json`` with a camera, and a unit of depth."""
    names = ("fx_px", "fy_px", "cx_px", "cy_px")
    camera = {"width": WIDTH, "height": HEIGHT, **dict(zip(names, camera_px, strict=True))}
    put(
        folder / "dataset.json",
        json.dumps({"intrinsics": camera} | ({"depth_unit": unit} if unit else {})),
    )


# A folder of images and one of depth


def write_folders(
    at: Path,
    rooms: Rooms,
    suffix: str,
    write: Callable[[Path, np.ndarray], object],
    unit: str | float | None = None,
) -> Path:
    """Rooms as folders; one camera for all of them."""
    for room, frames in rooms.items():
        for number, frame in enumerate(frames):
            put(at / "images" / room / f"{number:04d}.png", encoded(frame.image))
            path = at / "depth" / room / f"{number:04d}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, frame.depth_m)
    write_camera(at, CAMERAS_PX["hall"], unit)
    return at


def write_exr(path: Path, depth_m: np.ndarray) -> None:
    """One channel."""
    with OpenEXR.File({"type": OpenEXR.scanlineimage}, {"Y": depth_m.astype(np.float32)}) as file:
        file.write(str(path))


# Bags


LATE_NS = 4_000_000  # by which depth is later than its photo


def stamps(number: int, late_ns: int = LATE_NS) -> tuple[tuple[int, int], tuple[int, int]]:
    """Seconds and nanoseconds of a photo and of its depth map."""
    photo, depth = (1_700_000_000 * 10**9 + number * 33_333_333 + late for late in (0, late_ns))
    return divmod(photo, 10**9), divmod(depth, 10**9)


def field(name: str, value: bytes) -> bytes:
    """A field of a record's head."""
    data = name.encode() + b"=" + value
    return struct.pack("<I", len(data)) + data


def rosrecord(kind: int, fields: dict[str, bytes], data: bytes) -> bytes:
    """A record of a ROS 1 bag."""
    head = b"".join(field(name, value) for name, value in {**fields, "op": bytes([kind])}.items())
    return struct.pack("<I", len(head)) + head + struct.pack("<I", len(data)) + data


def text(value: str) -> bytes:
    """A string of ROS 1."""
    return struct.pack("<I", len(value)) + value.encode()


HEADER = "std_msgs/Header header\n"
HEADER_TYPE = "=" * 80 + "\nMSG: std_msgs/Header\nuint32 seq\ntime stamp\nstring frame_id\n"
ROI_TYPE = (
    "=" * 80 + "\nMSG: sensor_msgs/RegionOfInterest\nuint32 x_offset\nuint32 y_offset\n"
    "uint32 height\nuint32 width\nbool do_rectify\n"
)
TYPES = {
    "sensor_msgs/Image": (
        "060021388200f6f0f447d0fcd9c64743",
        HEADER + "uint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\n"
        "uint8[] data\n" + HEADER_TYPE,
    ),
    "sensor_msgs/CompressedImage": (
        "8f7a12909da2c9d3332d540a0977563f",
        HEADER + "string format\nuint8[] data\n" + HEADER_TYPE,
    ),
    "sensor_msgs/CameraInfo": (
        "c9a58c1b0b154e0e6da7578cb991d214",
        HEADER + "uint32 height\nuint32 width\nstring distortion_model\nfloat64[] D\n"
        "float64[9] K\nfloat64[9] R\nfloat64[12] P\nuint32 binning_x\nuint32 binning_y\n"
        "sensor_msgs/RegionOfInterest roi\n" + HEADER_TYPE + ROI_TYPE,
    ),
    "geometry_msgs/Transform": (
        "ac9eff44abf714214112b05d54a3cf9b",
        "geometry_msgs/Vector3 translation\ngeometry_msgs/Quaternion rotation\n"
        + "=" * 80
        + "\nMSG: geometry_msgs/Vector3\nfloat64 x\nfloat64 y\nfloat64 z\n"
        + "=" * 80
        + "\nMSG: geometry_msgs/Quaternion\nfloat64 x\nfloat64 y\nfloat64 z\nfloat64 w\n",
    ),
    # The Viewer states a checksum that is not the one of its definition.
    "realsense_msgs/StreamInfo": ("311d7e24eac31bb87271d041bf70ff7d", "uint32 fps\nuint8 what\n"),
    "std_msgs/Float32": ("73fcbf46b49191e672908e50842a83d4", "float32 data\n"),
}
Message = tuple[str, str, tuple[int, int], bytes]  # topic, type, time, content


def write_rosbag1(path: Path, messages: list[Message]) -> Path:
    """A ROS 1 bag (format 2.0) of one chunk, byte by byte."""
    topics = {topic: kind for topic, kind, _, _ in messages}
    numbers = {topic: struct.pack("<I", number) for number, topic in enumerate(topics)}
    connections = {}
    for topic, kind in topics.items():
        digest, definition = TYPES[kind]
        facts = {"topic": topic, "type": kind, "md5sum": digest, "message_definition": definition}
        head = {"conn": numbers[topic], "topic": topic.encode()}
        data = b"".join(field(name, value.encode()) for name, value in facts.items())
        connections[topic] = rosrecord(7, head, data)
    chunk, places = b"".join(connections.values()), {topic: [] for topic in topics}
    for topic, _, time, data in sorted(messages, key=lambda message: message[2]):
        places[topic].append((time, len(chunk)))
        chunk += rosrecord(2, {"conn": numbers[topic], "time": struct.pack("<II", *time)}, data)
    size = struct.pack("<I", len(chunk))
    body = rosrecord(5, {"compression": b"none", "size": size}, chunk)
    for topic, found in places.items():
        data = b"".join(struct.pack("<III", *time, place) for time, place in found)
        ver = {"ver": struct.pack("<I", 1), "count": struct.pack("<I", len(found))}
        body += rosrecord(4, {**ver, "conn": numbers[topic]}, data)
    times = [time for _, _, time, _ in messages]
    begin = len(b"#ROSBAG V2.0\n") + 4096
    ends = {
        "start_time": struct.pack("<II", *min(times)),
        "end_time": struct.pack("<II", *max(times)),
    }
    info = {"ver": struct.pack("<I", 1), "chunk_pos": struct.pack("<Q", begin), **ends}
    count = b"".join(
        numbers[topic] + struct.pack("<I", len(found)) for topic, found in places.items()
    )
    index = b"".join(connections.values())
    index += rosrecord(6, {**info, "count": struct.pack("<I", len(places))}, count)
    facts = {
        "index_pos": struct.pack("<Q", begin + len(body)),
        "conn_count": struct.pack("<I", len(topics)),
        "chunk_count": struct.pack("<I", 1),
    }
    empty = len(rosrecord(3, facts, b""))
    put(path, b"#ROSBAG V2.0\n" + rosrecord(3, facts, b" " * (4096 - empty)) + body + index)
    return path


def header1(time: tuple[int, int], frame: str) -> bytes:
    """A header of ROS 1."""
    return struct.pack("<III", 0, *time) + text(frame)


def image1(
    time: tuple[int, int], frame: str, encoding: str, pixels: np.ndarray, pad: int = 0
) -> bytes:
    """An Image of ROS 1, whose rows may be longer than their pixels."""
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (0, pad)), constant_values=77)
    data = struct.pack("<II", height, width) + text(encoding) + b"\0"
    data += struct.pack("<II", rows.shape[1], rows.size) + rows.tobytes()
    return header1(time, frame) + data


def camera1(frame: str, camera_px: tuple[float, ...], size: tuple[int, int]) -> bytes:
    """A CameraInfo of ROS 1."""
    data = header1((0, 0), frame) + struct.pack("<II", size[1], size[0]) + text("plumb_bob")
    data += struct.pack("<I5d", 5, *[0.0] * 5) + matrix(camera_px).tobytes()
    data += np.eye(3).tobytes() + np.eye(3, 4).tobytes() + struct.pack("<II", 0, 0)
    return data + struct.pack("<IIII?", 0, 0, 0, 0, False)


def registered_messages(
    frames: list[Recorded], *, packed: bool = False, late_ns: int = LATE_NS
) -> Iterator[Message]:
    """What realsense-ros publishes with ``align_depth``."""
    frame = "camera_color_optical_frame"
    for number, recorded in enumerate(frames):
        photo, depth = stamps(number, late_ns)
        arrival = (depth[0] + 1, depth[1])  # the bag received both a second later
        if packed:
            data = encoded(counts(recorded.depth_m))
            yield (
                *("/camera/aligned_depth_to_color/image_raw/compressedDepth",),
                *("sensor_msgs/CompressedImage", arrival),
                header1(depth, frame)
                + text("16UC1; compressedDepth png")
                + struct.pack("<I", len(data) + 12)
                + bytes(12)
                + data,
            )
            data = encoded(recorded.image, "jpeg")
            yield (
                *("/camera/color/image_raw/compressed", "sensor_msgs/CompressedImage", arrival),
                header1(photo, frame)
                + text("rgb8; jpeg compressed bgr8")
                + struct.pack("<I", len(data))
                + data,
            )
        else:
            yield (
                *("/camera/aligned_depth_to_color/image_raw", "sensor_msgs/Image", arrival),
                image1(depth, frame, "16UC1", counts(recorded.depth_m), pad=6),
            )
            yield (
                *("/camera/color/image_raw", "sensor_msgs/Image", arrival),
                image1(photo, frame, "bgr8", recorded.image[..., ::-1], pad=5),
            )
        info = camera1(frame, recorded.camera_px, (WIDTH, HEIGHT))
        yield "/camera/color/camera_info", "sensor_msgs/CameraInfo", arrival, info
        yield (
            *("/camera/depth/image_rect_raw", "sensor_msgs/Image", arrival),
            image1(depth, "camera_depth_optical_frame", "16UC1", np.ones((30, 40), np.uint16)),
        )


def write_bags1(at: Path, rooms: Rooms, *, packed: bool = False) -> Path:
    """A ROS 1 bag for each room."""
    for room, frames in rooms.items():
        write_rosbag1(at / f"{room}.bag", list(registered_messages(frames, packed=packed)))
    return at


def write_bags2(
    at: Path, rooms: Rooms, storage: StoragePlugin, *, compressed: bool = False
) -> Path:
    """A folder of ROS 2 for each room; depth in 32-bit floats."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    types = store.types
    header, time = types["std_msgs/msg/Header"], types["builtin_interfaces/msg/Time"]
    image, info = types["sensor_msgs/msg/Image"], types["sensor_msgs/msg/CameraInfo"]
    region = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    for room, frames in rooms.items():
        writer = Writer2(at / room, version=8, storage_plugin=storage)
        if compressed:
            writer.set_compression(CompressionMode.FILE, CompressionFormat.ZSTD)
        with writer:
            prefix = "/camera/camera/"
            links = {
                name: writer.add_connection(prefix + name, kind.__msgtype__, typestore=store)
                for name, kind in (
                    ("color/image_raw", image),
                    ("aligned_depth_to_color/image_raw", image),
                    ("aligned_depth_to_color/camera_info", info),
                )
            }
            for number, frame in enumerate(frames):
                photo, depth = (header(time(*stamp), "optical") for stamp in stamps(number))
                depth_m = np.where(frame.depth_m > 0, frame.depth_m, np.nan).astype(np.float32)
                camera = matrix(frame.camera_px).ravel()
                messages = {
                    "color/image_raw": image(
                        *(photo, HEIGHT, WIDTH, "rgb8", 0, 3 * WIDTH), frame.image.ravel()
                    ),
                    "aligned_depth_to_color/image_raw": image(
                        *(depth, HEIGHT, WIDTH, "32FC1", 0, 4 * WIDTH),
                        depth_m.ravel().view(np.uint8),
                    ),
                    "aligned_depth_to_color/camera_info": info(
                        *(depth, HEIGHT, WIDTH, "plumb_bob", np.zeros(5), camera),
                        *(np.eye(3).ravel(), np.eye(3, 4).ravel(), 0, 0, region),
                    ),
                }
                for name, message in messages.items():
                    data = store.serialize_cdr(message, type(message).__msgtype__)
                    writer.write(links[name], number * 33_333_333, data)
    return at


def write_viewer(
    path: Path,
    depth_mm: np.ndarray,
    cameras_px: tuple[tuple[float, ...], tuple[float, ...]],
    sizes: tuple[tuple[int, int], tuple[int, int]],
    transforms: tuple[tuple[float, ...], tuple[float, ...]],
    *,
    unit_m: float,
) -> Path:
    """What the RealSense Viewer records: depth of its own camera, in a unit of its own.

    It writes a version in place of the frame, and appends the unit to an image.

    Cameras, sizes and transforms (shift, and x, y, z, w of a quaternion; from a reference to the
    stream) are those of depth and of the photos.
    """
    streams = ("/device_0/sensor_0/Depth_0", "/device_0/sensor_1/Color_0")
    messages: list[Message] = []
    for stream, camera_px, size, transform in zip(
        streams, cameras_px, sizes, transforms, strict=True
    ):
        start = (0, 1)
        info = camera1("", camera_px, size)
        messages.append((f"{stream}/info/camera_info", "sensor_msgs/CameraInfo", start, info))
        data = struct.pack("<7d", *transform)
        messages.append((f"{stream}/tf/0", "geometry_msgs/Transform", start, data))
    unit = struct.pack("<f", unit_m)
    option = "/device_0/sensor_0/option/Depth_Units/value"
    messages.append((option, "std_msgs/Float32", (0, 1), unit))
    for number in range(2):
        times = stamps(number)
        grey = int(depth_mm.mean()) % 97 + number  # no two photos are the same
        photo = np.full((sizes[1][1], sizes[1][0], 3), grey, np.uint8)
        counted = np.rint(depth_mm / 1000 / unit_m).astype(np.uint16)
        images = (image1(times[1], "1", "mono16", counted), image1(times[0], "1", "rgb8", photo))
        for stream, image, own in zip(streams, images, (unit_m, 0.0), strict=True):
            data = image + struct.pack("<f", own)
            messages.append((f"{stream}/image/data", "sensor_msgs/Image", times[1], data))
        info = f"{streams[0]}/info"
        messages.append((info, "realsense_msgs/StreamInfo", (0, 1), struct.pack("<IB", 30, 1)))
    infrared = image1((0, 5), "1", "mono8", np.zeros((4, 4), np.uint8)) + struct.pack("<f", 0)
    place = "/device_0/sensor_0/Infrared_1/image/data"
    return write_rosbag1(path, [*messages, (place, "sensor_msgs/Image", (0, 5), infrared)])


Recorder = Callable[[Path, Rooms], Path]
SMALL = (WIDTH // 2, HEIGHT // 2)
RECORDERS: dict[str, tuple[Recorder, tuple[int, int]]] = {
    "record3d": (write_record3d, SMALL),
    "record3d unpacked": (write_record3d_unpacked, SMALL),
    "record3d exr": (write_record3d_exr, SMALL),
    "stray": (write_stray, SMALL),
    "stray early": (lambda at, rooms: write_stray(at, rooms, early=True), SMALL),
    "tum": (write_tum, (WIDTH, HEIGHT)),
    "tum associated": (lambda at, rooms: write_tum(at, rooms, associated=True), (WIDTH, HEIGHT)),
    "rosbag 1": (write_bags1, (WIDTH, HEIGHT)),
    "rosbag 1 compressed": (lambda at, rooms: write_bags1(at, rooms, packed=True), (WIDTH, HEIGHT)),
    "rosbag 2 mcap": (
        lambda at, rooms: write_bags2(at, rooms, StoragePlugin.MCAP),
        (WIDTH, HEIGHT),
    ),
    "rosbag 2 sqlite": (
        lambda at, rooms: write_bags2(at, rooms, StoragePlugin.SQLITE3),
        (WIDTH, HEIGHT),
    ),
    "folders mm": (
        lambda at, rooms: write_folders(
            at, rooms, ".png", lambda path, m: put(path, encoded(counts(m)))
        ),
        (WIDTH, HEIGHT),
    ),
    "folders 1/5000": (
        lambda at, rooms: write_folders(
            at, rooms, "_depth.png", lambda path, m: put(path, encoded(counts(m, 5000))), 0.0002
        ),
        (WIDTH, HEIGHT),
    ),
    "folders tiff": (
        lambda at, rooms: write_folders(
            at, rooms, ".tiff", lambda path, m: Image.fromarray(m).save(path)
        ),
        (WIDTH, HEIGHT),
    ),
    "folders npy": (
        lambda at, rooms: write_folders(
            at, rooms, ".npy", lambda path, m: np.save(path, m.astype(np.float64) * 100), "cm"
        ),
        (WIDTH, HEIGHT),
    ),
    "folders exr": (lambda at, rooms: write_folders(at, rooms, ".exr", write_exr), (WIDTH, HEIGHT)),
}
"""How each form is written, and the size of its depth maps."""
