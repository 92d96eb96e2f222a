"""Damaged and hostile files: each named in one line, and none does harm."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from depth_unet.data.forms.nyu import official_frames
from depth_unet.data.forms.recognise import open_original, open_source
from depth_unet.data.prepare import prepare, skip_bad
from depth_unet.errors import DataError
from tests.data.forms.conftest import (
    WRITERS,
    Written,
    h5_bytes,
    kaggle_members,
    millimetres,
    png,
    write_members,
    write_tar,
    write_zip,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*official test frames"),
    pytest.mark.filterwarnings("ignore:.*splits.mat is missing"),
]
TRAIN, TEST = "data/nyu2_train.csv", "data/nyu2_test.csv"
FIRST = "data/nyu2_train/basement_0001a_out/1"
Members = dict[str, bytes]


def read_all(root: Path) -> None:
    """Open a data set and read every frame."""
    source = open_source(root)
    for index in range(len(source.rows)):
        source.read(index)


def huge_png() -> bytes:
    """A header that says 60,000 x 60,000, and hardly any pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def lines(change: Callable[[list[str]], list[str]]) -> Callable[[Members], None]:
    """A change of the training list, line by line."""

    def changed(members: Members) -> None:
        text = members[TRAIN].decode().split("\r\n")
        members[TRAIN] = "\r\n".join(change(text)).encode()

    return changed


SPOILT: dict[str, tuple[Callable[[Members], object], str]] = {
    "list in Latin-1": (
        lambda m: m.update({TRAIN: "ä".encode("latin-1") + m[TRAIN]}),
        r"nyu2_train.csv is not a UTF-8 CSV file",
    ),
    "three columns": (lines(lambda t: [f"{t[0]},1", *t[1:]]), r"train.csv, line 1: 3 columns"),
    "a photo twice": (lines(lambda t: [t[0], t[0], *t[1:]]), r"line 2: .* is also in .*line 1"),
    "a photo for training and testing": (
        lambda m: m.update({TEST: m[TRAIN].split(b"\r\n")[0] + b"\r\n" + m[TEST]}),
        r"nyu2_test.csv, line 1: .* is also in .*nyu2_train.csv, line 1",
    ),
    "path that climbs out": (
        lines(lambda t: ["data/../../etc/passwd,data/x.png", *t]),
        r"line 1: photo is 'data/../../etc/passwd'; write a path inside",
    ),
    "absolute path": (
        lines(lambda t: ["/etc/passwd,/etc/group", *t]),
        r"line 1: photo is '/etc/passwd'",
    ),
    "file that is not there": (
        lambda m: m.pop(f"{FIRST}.png"),
        r"line 1 names nyu2_train/basement_0001a_out/1.png, which is missing",
    ),
    "16 bits where 8 are expected": (
        lambda m: m.update({f"{FIRST}.png": png(np.full((48, 64), 3000, np.uint16))}),
        r"out/1.png has colour mode I;16; training depth of this form must be",
    ),
    "colours in the depth map": (
        lambda m: m.update({f"{FIRST}.png": png(np.full((48, 64, 3), 30, np.uint8))}),
        r"out/1.png has colour mode RGB; training depth",
    ),
    "8 bits where 16 are expected": (
        lambda m: m.update({"data/nyu2_test/00004_depth.png": png(np.full((48, 64), 9, np.uint8))}),
        r"00004_depth.png is an 8-bit image; depth must be a 16-bit PNG",
    ),
    "huge header": (
        lambda m: m.update({f"{FIRST}.jpg": huge_png()}),
        r"out/1.jpg cannot be read .*pixels",
    ),
    "no image": (lambda m: m.update({f"{FIRST}.jpg": b"text"}), r"1.jpg is not an image file"),
    "truncated image": (
        lambda m: m.update({f"{FIRST}.jpg": m[f"{FIRST}.jpg"][:200]}),
        r"out/1.jpg is damaged",
    ),
    "all zero": (
        lambda m: m.update({f"{FIRST}.png": png(np.zeros((48, 64), np.uint8))}),
        r"out/1.png has no valid depth",
    ),
    "two sizes": (
        lambda m: m.update({f"{FIRST}.png": png(np.full((24, 64), 90, np.uint8))}),
        r"out/1.jpg is 64x48 and .*out/1.png is 64x24; a photo and its maps",
    ),
}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("what", SPOILT)
def test_kaggle(what: str, packed: bool, frames: list[Written], tmp_path: Path) -> None:
    """One line with the file, or the line of the list."""
    spoil, message = SPOILT[what]
    members = kaggle_members(frames)
    spoil(members)
    root = write_zip(tmp_path / "n.zip", members) if packed else write_members(tmp_path, members)
    with pytest.raises(DataError, match=message) as caught:
        read_all(root)
    assert "\n" not in str(caught.value)


def test_list_with_spaces_is_read(frames: list[Written], tmp_path: Path) -> None:
    """Spaces around names, and empty lines, do no harm."""
    members = kaggle_members(frames)
    lines(lambda text: [line.replace(",", " , ") for line in [*text, "", " "]])(members)
    assert len(open_source(write_members(tmp_path, members)).rows) == len(frames)


def test_bad_rows_are_left_out_only_if_that_is_wanted(
    frames: list[Written], tmp_path: Path
) -> None:
    """Every bad row is told once; the others are there, in their order."""
    members = kaggle_members(frames)
    members[f"{FIRST}.jpg"] = b"text"
    lines(lambda text: [*text[:2], "data/none.jpg,data/none.png", *text[2:]])(members)
    root = write_members(tmp_path, members)
    with pytest.raises(DataError, match="line 3"):
        open_source(root)
    bad: list[DataError] = []
    source = skip_bad(open_original(root, on_bad=bad.append), bad.append)
    assert len(source.rows) == len(frames) - 1
    assert [str(error).count("\n") for error in bad] == [0, 0]
    for index, written in enumerate(frames[1:]):
        np.testing.assert_array_equal(source.read(index).image, written.image)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_truncated_zip(share: float, frames: list[Written], tmp_path: Path) -> None:
    """Its directory is at its end: nothing can be read."""
    path = write_zip(tmp_path / "nyu.zip", kaggle_members(frames))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DataError, match=r"nyu.zip cannot be read as a zip"):
        open_source(path)


def test_wrong_checksum_of_one_member(frames: list[Written], tmp_path: Path) -> None:
    """That member is named, and the others can be read."""
    members = kaggle_members(frames)
    path = write_zip(tmp_path / "nyu.zip", members)
    data, pixels = path.read_bytes(), members[f"{FIRST}.jpg"]
    place = data.index(pixels) + len(pixels) // 2
    path.write_bytes(data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :])
    source = open_source(path)
    with pytest.raises(DataError, match=r"nyu.zip/data/nyu2_train/.*1.jpg is damaged .*CRC"):
        source.read(0)
    assert source.read(1).image.shape == (48, 64, 3)


def test_links_in_a_circle(frames: list[Written], tmp_path: Path) -> None:
    """A photo that is a link to itself is not there."""
    root = write_members(tmp_path, kaggle_members(frames))
    (root / f"{FIRST}.jpg").unlink()
    (root / f"{FIRST}.jpg").symlink_to("1.jpg")
    with pytest.raises(DataError, match=r"line 1 names .*1.jpg, which is missing"):
        open_source(root)


@pytest.mark.parametrize("kind", ["mat", "h5", "h5-tar", "parquet images"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.8])
def test_truncated(kind: str, share: float, frames: list[Written], tmp_path: Path) -> None:
    """A file that was not downloaded to its end is named."""
    root = WRITERS[kind](tmp_path / "nyu", frames)
    path = root if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())[0]
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DataError, match=path.name.replace(".", r"\.")):
        read_all(root)


@pytest.mark.parametrize("missing", ["images", "depths"])
def test_mat_without_a_data_set(missing: str, frames: list[Written], tmp_path: Path) -> None:
    """What it lacks, and what it holds."""
    path = WRITERS["mat"](tmp_path / "nyu", frames)
    with h5py.File(path, "a") as stored:
        del stored[missing]
    with pytest.raises(DataError, match=rf"nyu.mat has no numbers called {missing} \(it holds"):
        open_source(path)


@pytest.mark.parametrize("name", ["images", "depths", "scenes"])
def test_mat_with_a_damaged_header(name: str, frames: list[Written], tmp_path: Path) -> None:
    """What HDF5 cannot open is one line, whichever array it is."""
    path = WRITERS["mat"](tmp_path / "nyu", frames)
    with h5py.File(path) as stored:
        header = h5py.h5o.get_info(stored[name].id).addr
    content = bytearray(path.read_bytes())
    content[header] ^= 255  # the version of the header
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"nyu\.mat is damaged \(.*\); download it again"):
        open_source(path)


def write_labelled(path: Path) -> None:
    """All 1,449 frames, of a few pixels each."""
    with h5py.File(path, "w") as stored:
        stored["images"] = np.full((1449, 3, 8, 6), 90, np.uint8)
        stored["depths"] = np.full((1449, 8, 6), 2.0, np.float32)
        stored["scenes"] = np.zeros(0, h5py.ref_dtype)
        del stored["scenes"]


@pytest.mark.filterwarnings("ignore:.*names no scenes")
def test_official_split_is_checked(tmp_path: Path) -> None:
    """795 and 654 frames, those of the data set; another list is refused."""
    write_labelled(tmp_path / "nyu.mat")
    train, test = (np.array(sorted(official_frames(name))) + 1 for name in ("train", "test"))
    savemat(tmp_path / "splits.mat", {"trainNdxs": train[:, None], "testNdxs": test[:, None]})
    splits = [row.official_split for row in open_source(tmp_path / "nyu.mat").rows]
    assert (splits.count("train"), splits.count("test")) == (795, 654)
    assert splits[:4] == ["test", "test", "train", "train"]
    savemat(tmp_path / "splits.mat", {"trainNdxs": test, "testNdxs": train})
    with pytest.raises(DataError, match=r"lists 654 train frames, of which 0 are among the 795"):
        open_source(tmp_path / "nyu.mat")


def test_tar_that_is_compressed(frames: list[Written], tmp_path: Path) -> None:
    """It cannot be read in place: the message says to unpack it."""
    path = WRITERS["h5-tar"](tmp_path / "nyu", frames)
    path.write_bytes(zlib.compress(path.read_bytes()))
    with pytest.raises(DataError, match="unpack it if it is compressed"):
        open_source(path)


@pytest.mark.parametrize(
    "name",
    [
        *("val/../../out/2.h5", "/val/2.h5", "C:/val/2.h5", "val/a\\b.h5", " val/a/2.h5"),
        *("val/a\rb/2.h5", "val/a\nb/2.h5", "train/a\rb/2.h5"),
    ],
)
def test_names_that_no_cache_can_list(name: str, frames: list[Written], tmp_path: Path) -> None:
    """Test frames are written under their names: none may lead elsewhere, or be misread later."""
    content = h5_bytes(frames[0])
    root = write_tar(tmp_path / "nyu.tar", {"train/a/1.h5": content, name: content})
    source = open_original(root)
    assert len(source.rows) == 2
    with pytest.raises(DataError, match=r"nyu\.tar has a frame .* which a cache cannot list"):
        prepare(source, tmp_path / "cache", height=48, width=64)
    assert [path.name for path in tmp_path.iterdir()] == ["nyu.tar"]


@pytest.mark.parametrize(
    ("name", "other"),
    [("val/1", "val//1"), ("val/1", "val/1_depth"), ("train/a/1", "train//a/1")],
)
def test_two_frames_of_one_name(
    name: str, other: str, frames: list[Written], tmp_path: Path
) -> None:
    """A copy of a test frame may not overwrite that of another, and no list has a photo twice."""
    content = h5_bytes(frames[0])
    root = write_tar(tmp_path / "nyu.tar", {f"{name}.h5": content, f"{other}.h5": content})
    with pytest.raises(DataError, match=r"has (val|train/a)/1(_depth)?\.png twice; rename one"):
        prepare(open_original(root), tmp_path / "cache", height=48, width=64)


@pytest.mark.parametrize(("kind", "name"), [("h5", "rgb"), ("mat", "images"), ("mat", "scenes")])
@pytest.mark.parametrize("what", ["external", "virtual", "link", "soft link"])
def test_numbers_of_another_file(
    what: str, kind: str, name: str, frames: list[Written], tmp_path: Path
) -> None:
    """HDF5 may take numbers from any file of the system; one that does is refused."""
    words = f"has a link as {name}" if "link" in what else f"has /{name} in another file"
    root = WRITERS[kind](tmp_path / "nyu", frames)
    path = root if root.is_file() else sorted(root.rglob("*.h5"))[0]
    with h5py.File(path, "a") as stored:
        store_elsewhere(stored, name, what, tmp_path)
    with pytest.raises(DataError, match=words):
        read_all(root)


def test_scenes_that_are_no_references(frames: list[Written], tmp_path: Path) -> None:
    """A text in their place would be looked up as a name, through links, too."""
    path = WRITERS["mat"](tmp_path / "nyu", frames)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.frombuffer(b"secret_0001", np.uint8)
    with h5py.File(path, "a") as stored:
        shape = stored["scenes"].shape
        del stored["scenes"]
        stored["scenes"] = np.full(shape, b"evil")
        stored["evil"] = h5py.ExternalLink(tmp_path / "other.h5", "secret")
    with pytest.raises(DataError, match="has no references as /scenes"):
        read_all(path)


@pytest.mark.parametrize("what", ["external", "virtual"])
def test_name_of_a_scene_in_another_file(what: str, frames: list[Written], tmp_path: Path) -> None:
    """Names of scenes are arrays, too, which a reference names."""
    path = WRITERS["mat"](tmp_path / "nyu", frames)
    with h5py.File(path, "a") as stored:
        name = stored[stored["scenes"][0, 0]].name
        store_elsewhere(stored, name, what, tmp_path)
        stored["scenes"][0, 0] = stored[name].ref
    with pytest.raises(DataError, match=f"has {name} in another file"):
        read_all(path)


def store_elsewhere(stored: h5py.File, name: str, what: str, folder: Path) -> None:
    """Let an open file take an array from another file."""
    array = stored[name]
    pixels, kind = array[()], array.dtype
    if kind.kind == "O":  # references, which no other file can hold
        pixels, kind = np.zeros(pixels.shape, np.int64), np.dtype(np.int64)
    with h5py.File(folder / "other.h5", "w") as other:
        other[name] = pixels
    (folder / "other.bin").write_bytes(pixels.tobytes())
    del stored[name]
    match what:
        case "external":
            place = (folder / "other.bin", 0, pixels.nbytes)
            stored.create_dataset(name, pixels.shape, kind, external=[place])
        case "link":
            stored[name] = h5py.ExternalLink(folder / "other.h5", name)
        case "soft link":
            stored["other"] = h5py.ExternalLink(folder / "other.h5", "/")
            stored[name] = h5py.SoftLink(f"/other/{name}")
        case _:
            layout = h5py.VirtualLayout(pixels.shape, kind)
            layout[:] = h5py.VirtualSource(folder / "other.h5", name, pixels.shape)
            stored.create_virtual_dataset(name, layout)
    assert (np.asarray(stored[name]) == pixels).all()


@pytest.mark.filterwarnings("ignore:.*states no camera")
def test_names_with_a_colon(frames: list[Written], tmp_path: Path) -> None:
    """A recording may be named by the time of day; what is prepared of it can be opened."""
    members = {}
    for folder, pixels in (("images", frames[0].image), ("depth", millimetres(frames[0].depth_m))):
        members[f"scan 12:00/{folder}/1.png"] = png(pixels)
    source = open_original(write_members(tmp_path / "scans", members))
    cache = prepare(source, tmp_path / "cache", height=48, width=64)
    assert [row.rgb for row in cache.rows] == ["scan 12:00/1.png"]


def test_frame_with_another_shape(frames: list[Written], tmp_path: Path) -> None:
    """Channels last, where the form has them first."""
    root = WRITERS["h5"](tmp_path / "nyu", frames)
    path = sorted(root.rglob("*.h5"))[0]
    with h5py.File(path, "w") as stored:
        stored["rgb"], stored["depth"] = frames[0].image, frames[0].depth_m
    with pytest.raises(DataError, match=r"holds rgb uint8 \(48, 64, 3\).* are expected"):
        read_all(root)


def test_bts_lines(frames: list[Written], tmp_path: Path) -> None:
    """A bad line is named by its number."""
    root = WRITERS["bts"](tmp_path / "nyu", frames)
    path = root / "nyudepthv2_train_files_with_gt.txt"
    good = path.read_text()
    for line, message in (
        ("a.jpg b.png", r"line 1: 'a.jpg b.png' is not `photo depth focal`"),
        ("../x.jpg ../y.png 518.8", r"line 1: photo is '../x.jpg'"),
        ("x.jpg y.png 518.8", r"line 1 names x.jpg, which is missing"),
    ):
        path.write_text(f"{line}\n{good}")
        with pytest.raises(DataError, match=message):
            open_source(root, "bts")


def test_what_is_no_data_set(tmp_path: Path) -> None:
    """Nothing, an empty folder, a folder of photos, and a text."""
    (tmp_path / "photos").mkdir()
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "png")
    (tmp_path / "photos" / "a.png").write_bytes(stream.getvalue())
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.md").write_text("mine")
    for name, message in (
        ("nothing", "does not exist"),
        ("empty", "is not recognised"),
        ("photos", "is not recognised"),
        ("notes.md", "is not recognised"),
    ):
        with pytest.raises(DataError, match=message):
            open_source(tmp_path / name)
