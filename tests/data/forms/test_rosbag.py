"""Bags: depth of another camera, encodings, and what is missing."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from depth_unet.data.forms.recognise import open_source
from depth_unet.data.forms.ros_image import depth_of, photo_of
from depth_unet.errors import DataError
from tests.aliases import MULTIPLYING
from tests.data.forms.recorders import (
    matrix,
    record,
    registered_messages,
    stamps,
    write_bags2,
    write_rosbag1,
    write_viewer,
)

DEPTH_PX, PHOTO_PX = (60.0, 60.5, 31.0, 24.5), (120.0, 120.0, 65.0, 46.0)
DEPTH_SIZE, PHOTO_SIZE = (64, 48), (128, 96)
DEGREES = 5
TURN = np.radians(DEGREES)
SHIFT = (-0.04, 0.01, 0.005)
NORMAL, DISTANCE_M = np.array((0.1, 0.2, 0.97)), 1.8


def plane_m(camera_px: tuple[float, ...], normal: np.ndarray, distance_m: float) -> np.ndarray:
    """Depth of a plane in 64x48 pixels."""
    fx, fy, cx, cy = camera_px
    rows, columns = np.mgrid[:48, :64]
    rays = np.stack(((columns - cx) / fx, (rows - cy) / fy, np.ones((48, 64))))
    return distance_m / np.einsum("i,ihw->hw", normal, rays)


def check_plane(root: Path, degrees: float = DEGREES, shift: tuple[float, ...] = SHIFT) -> None:
    """The plane is seen from the photos' camera, at the size at which its pixels are as large."""
    source = open_source(root)
    assert len(source.rows) == 2
    frame = source.read(0)
    turn = np.radians(degrees)
    normal = (
        np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
        @ NORMAL
    )
    # The principal point of the middle of 2x2 pixels.
    half_px = (60.0, 60.0, (65.5 / 2) - 0.5, (46.5 / 2) - 0.5)
    np.testing.assert_allclose(frame.intrinsics.values_px, half_px, atol=0.01)
    expected = plane_m(half_px, normal, DISTANCE_M + float(normal @ shift))
    seen = frame.depth_mm > 0
    assert seen.mean() > 0.75
    apart_m = (frame.depth_mm / 1000 - expected)[seen]
    assert np.abs(apart_m).max() < 0.02  # half a pixel of the slanted plane
    assert abs(apart_m.mean()) < (0.0005 if degrees else 0.003)  # all are off alike, by .25 px


def test_viewer(tmp_path: Path) -> None:
    """Depth of the RealSense Viewer has a unit and a camera of its own, and becomes the photos'."""
    still, half = (0.2, 0.1, 0, 0, 0, 0, 1.0), TURN / 2
    # Points of the reference are 0.2 and 0.1 m away from those of depth.
    moved = np.array(
        [[np.cos(TURN), 0, np.sin(TURN)], [0, 1, 0], [-np.sin(TURN), 0, np.cos(TURN)]]
    ) @ (0.2, 0.1, 0)
    colour = (*(moved + SHIFT), 0, np.sin(half), 0, np.cos(half))
    write_viewer(
        tmp_path / "scan.bag",
        plane_m(DEPTH_PX, NORMAL, DISTANCE_M) * 1000,
        (DEPTH_PX, PHOTO_PX),
        (DEPTH_SIZE, PHOTO_SIZE),
        (still, colour),
        unit_m=0.0001,
    )
    check_plane(tmp_path / "scan.bag")


def write_tf(at: Path, *, with_tf: bool = True, one_frame: bool = False) -> Path:
    """A bag of ROS 2 with depth of another camera, and static transforms over a third frame."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    types = store.types
    header, time = types["std_msgs/msg/Header"], types["builtin_interfaces/msg/Time"]
    image, info = types["sensor_msgs/msg/Image"], types["sensor_msgs/msg/CameraInfo"]
    region = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    vector, turn = types["geometry_msgs/msg/Vector3"], types["geometry_msgs/msg/Quaternion"]
    transform = types["geometry_msgs/msg/Transform"]
    stamped, message = types["geometry_msgs/msg/TransformStamped"], types["tf2_msgs/msg/TFMessage"]
    counted = np.rint(plane_m(DEPTH_PX, NORMAL, DISTANCE_M) * 1000).astype(np.uint16)
    photo = np.full((96, 128, 3), 99, np.uint8)
    half = TURN / 2
    still = transform(vector(0, 0, 0), turn(0, 0, 0, 1))
    moved = transform(vector(*SHIFT), turn(0, np.sin(half), 0, np.cos(half)))
    with Writer(at, version=8, storage_plugin=StoragePlugin.MCAP) as writer:

        def write(topic: str, at_ns: int, what: object) -> None:
            kind = what.__msgtype__  # type: ignore[attr-defined]
            if topic not in links:
                links[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(links[topic], at_ns, store.serialize_cdr(what, kind))

        links: dict[str, object] = {}
        if with_tf:
            origin = time(0, 0)
            # Depth in the base, and the base in the photos' frame.
            first = stamped(header(origin, "base"), "depth_optical", still)
            second = stamped(header(origin, "color_optical"), "base", moved)
            write("/tf_static", 0, message([first, second]))
        for number in range(2):
            of_photo, of_depth = stamps(number)
            for name, size, camera_px, stamp, data, encoding in (
                ("depth", DEPTH_SIZE, DEPTH_PX, of_depth, counted, "16UC1"),
                ("color", PHOTO_SIZE, PHOTO_PX, of_photo, photo, "rgb8"),
            ):
                head = header(time(*stamp), "optical" if one_frame else f"{name}_optical")
                step = data[0].nbytes
                pixels = np.ascontiguousarray(data).view(np.uint8).ravel()
                write(
                    f"/camera/{name}/image_raw",
                    number,
                    image(head, size[1], size[0], encoding, 0, step, pixels),
                )
                camera = matrix(camera_px).ravel()
                write(
                    f"/camera/{name}/camera_info",
                    number,
                    info(
                        *(head, size[1], size[0], "plumb_bob", np.zeros(5), camera),
                        *(np.eye(3).ravel(), np.eye(3, 4).ravel(), 0, 0, region),
                    ),
                )
    return at


def test_static_transforms(tmp_path: Path) -> None:
    """Depth that is not registered is moved by the transforms in the bag."""
    check_plane(write_tf(tmp_path / "scan"))


def test_two_cameras_in_one_frame(tmp_path: Path) -> None:
    """Where frames are the same, cameras are in the same place, whatever their focal lengths."""
    check_plane(write_tf(tmp_path / "scan", with_tf=False, one_frame=True), 0, (0, 0, 0))


@pytest.mark.parametrize("storage", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_compressed_files_of_a_bag(storage: StoragePlugin, tmp_path: Path) -> None:
    """Folders of ROS 2 whose files are compressed by Zstandard are bags."""
    write_bags2(tmp_path / "bags", record(), storage, compressed=True)
    assert next((tmp_path / "bags").rglob("*.zstd"))
    plain = write_bags2(tmp_path / "plain", record(), storage)
    found, expected = open_source(tmp_path / "bags"), open_source(plain)
    assert found.rows == expected.rows
    np.testing.assert_array_equal(found.read(3).depth_mm, expected.read(3).depth_mm)


def test_metadata_with_aliases(tmp_path: Path) -> None:
    """Aliases that multiply would make rosbags print more than any memory holds."""
    root = write_tf(tmp_path / "scan")
    path = root / "metadata.yaml"
    text = path.read_text(encoding="utf-8")
    assert "compression_mode: ''" in text
    text = text.replace("compression_mode: ''", "compression_mode: *a10")
    path.write_text(f"{MULTIPLYING}\n{text}", encoding="utf-8")
    with pytest.raises(DataError, match=r"scan.metadata\.yaml: the file has YAML aliases"):
        open_source(root)


def test_one_file_of_a_bag(tmp_path: Path) -> None:
    """The file in a bag's folder can be named by itself."""
    root = write_tf(tmp_path / "scan")
    (root / "metadata.yaml").unlink()
    check_plane(next(root.glob("*.mcap")))


def test_not_registered(tmp_path: Path) -> None:
    """Without transforms, nobody knows where depth belongs."""
    root = write_tf(tmp_path / "scan", with_tf=False)
    with pytest.raises(DataError, match=r"scan: depth in /camera/depth/image_raw is not reg.*rec"):
        open_source(root)


@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        (("depth",), r"has no topic of depth images \(its images are /camera/color/im"),
        (("/color/image",), r"has no topic of photos \(its images are /camera/aligned_depth"),
        (
            ("aligned",),
            r"depth in /camera/depth/image_rect_raw is not registered .* record aligned",
        ),
    ],
)
def test_missing_topics(lacking: tuple[str, ...], message: str, tmp_path: Path) -> None:
    """One line names what is there, and what to record."""
    frames = record()["hall"]
    kept = [
        found
        for found in registered_messages(frames)
        if not any(word in found[0] for word in lacking)
    ]
    with pytest.raises(DataError, match=message):
        open_source(write_rosbag1(tmp_path / "hall.bag", kept))


def test_no_camera(tmp_path: Path) -> None:
    """A camera that is not in the bag can be stated."""
    kept = [found for found in registered_messages(record()["hall"]) if "info" not in found[0]]
    write_rosbag1(tmp_path / "hall.bag", kept)
    with pytest.raises(DataError, match=r"hall.bag has no camera_info beside /camera/color/image"):
        open_source(tmp_path)
    (tmp_path / "dataset.json").write_text(
        '{"intrinsics": {"width": 64, "height": 48, "fx_px": 60, "fy_px": 61, "cx_px": 31, '
        '"cy_px": 23}}'
    )
    assert open_source(tmp_path).read(0).intrinsics.values_px == (60, 61, 31, 23)


def test_stated_camera(tmp_path: Path) -> None:
    """A camera that is stated replaces those of the bag, and depth stays registered."""
    write_bags2(tmp_path / "bags", record(), StoragePlugin.MCAP)
    (tmp_path / "bags" / "dataset.json").write_text(
        '{"intrinsics": {"width": 128, "height": 96, "fx_px": 160, "fy_px": 160, "cx_px": 64.5, '
        '"cy_px": 47.5}, "depth_unit": "m"}'
    )
    frame = open_source(tmp_path / "bags").read(0)
    assert frame.intrinsics.values_px == (80, 80, 32, 23.5)
    assert frame.depth_mm.shape == (48, 64)


@pytest.mark.parametrize("late_ns", [4 * 33_333_333, 500_000_000, -500_000_000])
def test_clocks_that_differ(late_ns: int, tmp_path: Path) -> None:
    """Stamps that are late are seen by when the bag received them, even if all frames are pairs."""
    messages = list(registered_messages(record()["hall"], late_ns=late_ns))
    apart = "0.133 s ahead of" if late_ns < 500_000_000 else "0.500 s ahead of"
    apart = apart if late_ns > 0 else "0.500 s behind"
    with pytest.raises(DataError, match=rf"depth.* are {apart} those of .*clocks differ"):
        open_source(write_rosbag1(tmp_path / "hall.bag", messages))


def test_depth_that_arrives_later(tmp_path: Path) -> None:
    """Depth that was registered on the way reaches the bag later, with the right stamp."""
    messages = [
        (topic, kind, (time[0], time[1] + 80_000_000 * ("aligned" in topic)), data)
        for topic, kind, time, data in registered_messages(record()["hall"])
    ]
    source = open_source(write_rosbag1(tmp_path / "hall.bag", messages))
    assert len(source.rows) == len(record()["hall"])


def test_truncated_bag(tmp_path: Path) -> None:
    """A bag that was not written to its end can be repaired by ROS."""
    path = write_rosbag1(tmp_path / "hall.bag", list(registered_messages(record()["hall"])))
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(DataError, match=r"hall.bag cannot be read as a bag .*reindex"):
        open_source(path)


RGB = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)


def image(encoding: str, pixels: np.ndarray, *, big: bool = False) -> SimpleNamespace:
    """An Image whose rows have two bytes more than they need."""
    if big:
        pixels = pixels.astype(pixels.dtype.newbyteorder(">"))
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(len(pixels), -1)
    rows = np.pad(rows, ((0, 0), (0, 2)))
    return SimpleNamespace(
        encoding=encoding,
        height=pixels.shape[0],
        width=pixels.shape[1],
        is_bigendian=int(big),
        step=rows.shape[1],
        data=rows.ravel(),
    )


def test_encodings_of_photos() -> None:
    """The same colours in each order of channels, and grey."""
    alpha = np.dstack((RGB, np.full((4, 6), 9, np.uint8)))
    for encoding, pixels in (
        ("rgb8", RGB),
        ("bgr8", RGB[..., ::-1]),
        ("rgba8", alpha),
        ("bgra8", alpha[..., (2, 1, 0, 3)]),
    ):
        np.testing.assert_array_equal(photo_of(image(encoding, pixels), "here").image, RGB)
    grey = photo_of(image("mono8", RGB[..., 0]), "here").image
    np.testing.assert_array_equal(grey, np.repeat(RGB[..., :1], 3, axis=2))
    # White and black: luma of 235 and 16, chroma in the middle; luma comes second in UYVY.
    yuyv = np.zeros((2, 4, 2), np.uint8)
    yuyv[..., 0], yuyv[..., 1] = (16, 16, 235, 235), 128
    expected = np.repeat(np.array((0, 0, 255, 255))[None, :, None], 2, axis=0)
    for encoding, pixels in (("yuv422_yuy2", yuyv), ("yuyv", yuyv), ("uyvy", yuyv[..., ::-1])):
        found = photo_of(image(encoding, pixels), "here").image
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_encodings_of_depth() -> None:
    """Whole numbers in a unit, floats in metres, both orders of bytes."""
    mm = np.arange(1000, 1024, dtype=np.uint16).reshape(4, 6)
    for big in (False, True):
        np.testing.assert_array_equal(depth_of(image("16UC1", mm, big=big), 1e-3, "here"), mm)
        metres = (mm / 1000).astype(np.float32)
        np.testing.assert_array_equal(depth_of(image("32FC1", metres, big=big), 9, "here"), mm)
    assert depth_of(image("mono16", mm), 1e-4, "here")[0, 0] == 100


def test_quantised_depth() -> None:
    """Floats are stored as counts of their inverse: depth = a / (count - b)."""
    import struct

    from tests.data.forms.recorders import encoded

    factor, offset = 5000.0, -50.0
    depth_m = np.linspace(0.5, 4, 24).reshape(4, 6)
    stored = np.rint(factor / depth_m + offset).astype(np.uint16)
    stored[0, 0] = 0
    data = struct.pack("<iff", 0, factor, offset) + encoded(stored)
    message = SimpleNamespace(format="32FC1; compressedDepth", data=np.frombuffer(data, np.uint8))
    found = depth_of(message, 1e-3, "here")
    assert found[0, 0] == 0
    assert np.abs(found / 1000 - depth_m).ravel()[1:].max() < 4**2 / factor


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_rvl(encoding: str) -> None:
    """Another compression of depth is named, with what to record."""
    data = np.frombuffer(bytes(40), np.uint8)
    message = SimpleNamespace(format=f"{encoding}; compressedDepth rvl", data=data)
    with pytest.raises(DataError, match="here is compressed by RVL, which is not read; record"):
        depth_of(message, 1e-3, "here")


def test_what_is_no_image() -> None:
    """Pictures of depth, other encodings and short data are one line each."""
    mm = np.ones((4, 6), np.uint16)
    with pytest.raises(DataError, match="here has the encoding 'bgr8'; depth must be"):
        depth_of(image("bgr8", RGB), 1e-3, "here")
    with pytest.raises(DataError, match="here has the encoding 'bayer_rggb8', of which no photo"):
        photo_of(image("bayer_rggb8", RGB[..., 0]), "here")
    short = image("16UC1", mm)
    short.data = short.data[:9]
    with pytest.raises(DataError, match="here has 9 bytes for 6x4 pixels"):
        depth_of(short, 1e-3, "here")
