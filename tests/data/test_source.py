"""Data sets in the pairs layout: frames are exact, and every defect is named."""

import csv
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.data.decode import check_headers, read_depth
from depth_unet.data.source import PairsSource, Source
from depth_unet.errors import DataError

WIDTH, HEIGHT = 8, 6


def write_pair(
    root: Path,
    image: np.ndarray | None = None,
    depth: np.ndarray | None = None,
    *,
    row: str = "",
    **info: object,
) -> Path:
    """A data set of one pair, ``a.png`` and ``d.png``, with a camera unless ``info`` has one."""
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8) if image is None else image
    depth = np.full((HEIGHT, WIDTH), 2000, np.uint16) if depth is None else depth
    Image.fromarray(image).save(root / "a.png")
    Image.fromarray(depth).save(root / "d.png")
    header = "rgb,depth,official_split,room_group,fx_px,fy_px,cx_px,cy_px"
    (root / "index.csv").write_text(f"{header}\na.png,d.png,{row}\n", encoding="utf-8")
    camera = {"width": 8, "height": 6, "fx_px": 7.0, "fy_px": 7.0, "cx_px": 3.5, "cy_px": 2.5}
    (root / "dataset.json").write_text(json.dumps({"intrinsics": camera} | info), encoding="utf-8")
    return root


def test_box_rooms_are_read_as_they_lie(box_rooms: Path) -> None:
    """Every frame is its two files, bit for bit, with the data set's camera at its size."""
    source = PairsSource(box_rooms)
    assert isinstance(source, Source)
    with (box_rooms / "index.csv").open(encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert [row.rgb for row in source.rows] == [line["rgb"] for line in lines]
    for index in (0, 7, len(lines) - 1):
        frame = source.read(index)
        assert np.array_equal(frame.image, np.asarray(Image.open(box_rooms / lines[index]["rgb"])))
        depth_mm = np.asarray(Image.open(box_rooms / lines[index]["depth"]))
        assert np.array_equal(frame.depth_mm, depth_mm)
        assert frame.depth_mm.dtype == np.uint16
        height, width = depth_mm.shape
        assert (frame.intrinsics.width, frame.intrinsics.height) == (width, height)
        assert frame.intrinsics.fx_px == pytest.approx(0.8 * width)
        assert frame.intrinsics.cx_px == pytest.approx(0.51 * width - 0.5)


def test_box_rooms_are_rooms(box_rooms: Path) -> None:
    """The test data are rooms: unprojected, the pixels of a frame lie on few large planes."""
    source = PairsSource(box_rooms)
    flat = []
    for index in range(0, 60, 6):
        frame = source.read(index)
        camera = frame.intrinsics
        rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
        depth_m = frame.depth_mm / 1000
        points = np.stack(
            (
                (columns - camera.cx_px) / camera.fx_px * depth_m,
                (rows - camera.cy_px) / camera.fy_px * depth_m,
                depth_m,
            ),
            axis=-1,
        )
        cells = points.reshape(12, 10, 16, 10, 3).swapaxes(1, 2).reshape(-1, 100, 3)
        cells = cells[(cells[..., 2] > 0).all(axis=1)]
        spread = np.linalg.svd(cells - cells.mean(axis=1, keepdims=True), compute_uv=False)
        flat.append(spread[:, 2] / 10)  # root mean square distance from the plane, metres
    # Depth is rounded to millimetres, which uniformly is 0.29 mm.
    assert (np.concatenate(flat) < 6e-4).mean() > 0.7


@pytest.mark.parametrize(
    ("unit", "counts", "expected_mm"),
    [("mm", 1234, 1234), ("cm", 123, 1230), ("m", 3, 3000), (0.0002, 12344, 2469)],
)
def test_units(tmp_path: Path, unit: str | float, counts: int, expected_mm: int) -> None:
    """Depth comes in millimetres whatever the unit of the file, rounded."""
    root = write_pair(tmp_path, depth=np.full((6, 8), counts, np.uint16), depth_unit=unit)
    assert (PairsSource(root).read(0).depth_mm == expected_mm).all()


def test_large_counts_do_not_wrap(tmp_path: Path) -> None:
    """A value above 32767 stays positive, and one that millimetres cannot hold is a hole."""
    depth = np.full((6, 8), 40_000, np.uint16)
    Image.fromarray(depth).save(tmp_path / "d.png")
    assert (read_depth(tmp_path / "d.png", 1e-3) == 40_000).all()
    assert (read_depth(tmp_path / "d.png", 2e-4) == 8_000).all()
    depth[0, 0] = 6_000
    Image.fromarray(depth).save(tmp_path / "d.png")
    np.testing.assert_array_equal(
        read_depth(tmp_path / "d.png", 1e-2), np.where(depth == 6_000, 60_000, 0)
    )


def test_counts_of_32_bits_do_not_wrap(tmp_path: Path) -> None:
    """Values of a 32-bit file that 16 bits cannot hold are holes."""
    depth = np.full((6, 8), 65_536 + 1_500, np.int32)
    depth[0], depth[1] = -3, 1_500
    Image.fromarray(depth).save(tmp_path / "d.tiff")
    np.testing.assert_array_equal(
        read_depth(tmp_path / "d.tiff", 1e-3), np.where(depth == 1_500, 1_500, 0)
    )


def test_border_and_range_are_holes(tmp_path: Path) -> None:
    """Depth in the border or beyond the range is 0; the photo and the rest keep every bit."""
    depth = np.arange(48, dtype=np.uint16).reshape(6, 8) * 100 + 1000
    root = write_pair(tmp_path, depth=depth, border_px=1, max_depth_m=4.5)
    expected = np.where(depth <= 4500, depth, 0)
    expected[[0, -1]] = 0
    expected[:, [0, -1]] = 0
    frame = PairsSource(root).read(0)
    assert np.array_equal(frame.depth_mm, expected)
    assert (frame.image == 90).all()


def test_test_rows_are_as_stored(tmp_path: Path) -> None:
    """Border and range are not taken off official test rows: their protocols define their own."""
    depth = np.arange(48, dtype=np.uint16).reshape(6, 8) * 100 + 8000
    root = write_pair(tmp_path, depth=depth, row="test,,,,,", border_px=2, max_depth_m=9.0)
    assert np.array_equal(PairsSource(root).read(0).depth_mm, depth)
    Image.fromarray(np.zeros_like(depth)).save(root / "d.png")
    refused(root, r"no valid depth \(all zero\)")


def test_headers_of_chosen_rows_are_checked(box_rooms: Path, tmp_path: Path) -> None:
    """Only the given rows are checked, by their headers."""
    PairsSource(box_rooms).check(range(5))
    source = PairsSource(write_pair(tmp_path, depth=np.full((6, 8), 200, np.uint8)))
    source.check([])
    with pytest.raises(DataError, match="8-bit"):
        source.check([0])


def test_range_ends_with_its_last_millimetre(tmp_path: Path) -> None:
    """Depth of exactly the largest value is valid, one millimetre more is not."""
    depth = np.array([[9_999, 10_000, 10_001]], np.uint16)
    root = write_pair(tmp_path, image=np.zeros((1, 3, 3), np.uint8), depth=depth, row=",,7,7,1,0")
    assert PairsSource(root).read(0).depth_mm.tolist() == [[9_999, 10_000, 0]]


def test_own_camera_comes_first(tmp_path: Path) -> None:
    """A row's camera holds for its photo as it is."""
    root = write_pair(tmp_path, row=",,70,71,30,20")
    assert PairsSource(root).read(0).intrinsics == Intrinsics(
        width=8, height=6, fx_px=70.0, fy_px=71.0, cx_px=30.0, cy_px=20.0
    )


def test_unknown_camera_is_assumed_with_a_warning(tmp_path: Path) -> None:
    """Without a camera NYU's focal length is assumed, and a warning says so once."""
    root = write_pair(tmp_path, intrinsics=None)
    with pytest.warns(UserWarning, match="states no camera .* add intrinsics") as caught:
        source = PairsSource(root)
    assert len(caught) == 1
    assert source.read(0).intrinsics == Intrinsics.centred(8, 6, NYU_FOCAL * 8)


def test_known_cameras_need_no_warning(tmp_path: Path) -> None:
    """Cameras of the rows, or of the data set, are enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PairsSource(write_pair(tmp_path, row=",,70,71,30,20", intrinsics=None))
        PairsSource(write_pair(tmp_path))


def write_turned(root: Path, orientation: int) -> np.ndarray:
    """Give the pair of a data set a photo with an Exif orientation; return the upright photo."""
    upright = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    stored = {1: upright, 3: upright[::-1, ::-1], 6: np.rot90(upright)}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(root / "a.png", exif=exif)
    return upright


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_photos_are_upright(tmp_path: Path, orientation: int) -> None:
    """The Exif orientation is applied to the photo; depth stays as it is stored."""
    depth = np.arange(48, dtype=np.uint16).reshape(6, 8) * 100 + 1000
    root = write_pair(tmp_path, depth=depth)
    upright = write_turned(root, orientation)
    source = PairsSource(root)
    source.check([0])
    frame = source.read(0)
    assert np.array_equal(frame.image, upright)
    assert np.array_equal(frame.depth_mm, depth)
    assert frame.rotated == (orientation != 1)


def test_depth_of_the_stored_pixels_is_refused(tmp_path: Path) -> None:
    """Where the photo's orientation explains why sizes differ, the error says so."""
    root = write_pair(tmp_path, depth=np.full((WIDTH, HEIGHT), 2000, np.uint16))
    write_turned(root, 6)
    refused(root, r"a\.png is 8x6 and .*d\.png is 6x8; the photo's Exif orientation turns it")
    with pytest.raises(DataError, match="turn the map the same way, or remove the tag"):
        PairsSource(root).check([0])


def test_tag_after_the_pixels(tmp_path: Path) -> None:
    """A PNG may state its orientation at its end."""
    root = write_pair(tmp_path)
    write_turned(root, 6)
    data = (root / "a.png").read_bytes()
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    late = data[:start] + data[end:-12] + data[start:end] + data[-12:]
    (root / "a.png").write_bytes(late)
    PairsSource(root).check([0])
    assert PairsSource(root).read(0).image.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (484, 360)])
def test_camera_of_another_size_is_scaled(tmp_path: Path, width: int, height: int) -> None:
    """A camera for photos of the same shape, to one percent, holds for this size, too."""
    camera = {"fx_px": 560.0, "fy_px": 560.0, "cx_px": width / 2, "cy_px": height / 2}
    root = write_pair(tmp_path, intrinsics=camera | {"width": width, "height": height})
    assert PairsSource(root).read(0).intrinsics.fx_px == pytest.approx(560 * 8 / width)


@pytest.mark.parametrize(("width", "height"), [(480, 640), (640, 360)])
def test_camera_of_another_shape_is_refused(tmp_path: Path, width: int, height: int) -> None:
    """A camera is not stretched to photos that were cropped or rotated."""
    camera = {"fx_px": 560.0, "fy_px": 560.0, "cx_px": width / 2, "cy_px": height / 2}
    root = write_pair(tmp_path, intrinsics=camera | {"width": width, "height": height})
    refused(
        root, rf"for photos of {width}x{height} pixels and the photo has 8x6.* a\.png's own fx_px"
    )
    with pytest.raises(DataError, match="aspect ratio must be the same"):
        PairsSource(root).check([0])


def test_turned_map_is_refused(tmp_path: Path) -> None:
    """A depth map is taken as stored; a TIFF that its reader would turn is not."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.full((6, 8), 2000, np.uint16)).save(tmp_path / "d.tiff", exif=exif)
    with pytest.raises(DataError, match=r"d\.tiff has an orientation tag"):
        read_depth(tmp_path / "d.tiff", 1e-3)


def refused(root: Path, message: str) -> None:
    """The pair is refused with this message, in one line, when it is read and by its headers."""
    with pytest.raises(DataError, match=message) as caught:
        PairsSource(root).read(0)
    assert "\n" not in str(caught.value)


def test_missing_files_are_named(tmp_path: Path) -> None:
    """A row with a missing file is refused when the data set is opened, with line and name."""
    for name in ("a.png", "d.png"):
        root = write_pair(tmp_path)
        (root / name).unlink()
        with pytest.raises(DataError, match=rf"line 2 names {name}, which is missing"):
            PairsSource(root)


def test_different_sizes_are_refused(tmp_path: Path) -> None:
    """A photo and a depth map of different size are not a pair; both sizes are named."""
    root = write_pair(tmp_path, depth=np.full((3, 4), 2000, np.uint16))
    refused(root, r"a\.png is 8x6 and .*d\.png is 4x3")
    with pytest.raises(DataError, match="must have the same size"):
        check_headers(root / "a.png", root / "d.png")


def test_eight_bit_depth_is_refused(tmp_path: Path) -> None:
    """8-bit depth is not millimetres, and is not read as if it were."""
    root = write_pair(tmp_path, depth=np.full((6, 8), 200, np.uint8))
    refused(root, r"d\.png is an 8-bit image; depth must be a 16-bit PNG")
    with pytest.raises(DataError, match="8-bit"):
        check_headers(root / "a.png", root / "d.png")


def test_colour_depth_is_refused(tmp_path: Path) -> None:
    """A coloured picture of depth is not depth."""
    refused(write_pair(tmp_path, depth=np.zeros((6, 8, 3), np.uint8)), "colour mode RGB")


@pytest.mark.parametrize(
    ("counts", "unit", "message"),
    [
        (0, "mm", r" \(all zero\); replace it, or leave it out with .*--skip-bad"),
        (20_000, "mm", ": it is 20 to 20.1 m, and max_depth_m is 10; correct them or depth_unit"),
        (
            2_000,
            "m",
            r": it would be 2e\+03 to 2.1e\+03 m, not between .*65.535 m; correct depth_u",
        ),
        (2_000, 1e9, r": it would be 2e\+12 to 2.1e\+12 m, not between"),
        (2_000, 1e-9, ": it would be 2e-06 to 2.1e-06 m, not between 0.001 and"),
    ],
)
def test_depth_without_a_valid_pixel_is_refused(
    counts: int, unit: str | float, message: str, tmp_path: Path
) -> None:
    """All zero, or all out of range: the range that it has tells what to correct."""
    depth = np.full((6, 8), counts, np.uint16)
    depth[0, 0] += 100 if counts else 0
    refused(
        write_pair(tmp_path, depth=depth, depth_unit=unit), rf"d\.png has no valid depth{message}"
    )


def test_border_that_covers_everything_is_refused(tmp_path: Path) -> None:
    """A border of half the image leaves no depth and is refused."""
    refused(write_pair(tmp_path, border_px=3), "no valid depth: .* is 10 and border_px 3; correct")
    refused(write_pair(tmp_path, border_px=100), "no valid depth")


@pytest.mark.parametrize("name", ["a.jpg", "d.png"])
def test_truncated_files_are_refused(tmp_path: Path, name: str) -> None:
    """A file that ends too early is damaged, not half grey."""
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(image).save(tmp_path / "a.jpg")
    Image.fromarray(generator.integers(1, 9_999, (64, 64)).astype(np.uint16)).save(
        tmp_path / "d.png"
    )
    (tmp_path / "index.csv").write_text("rgb,depth,fx_px,fy_px,cx_px,cy_px\na.jpg,d.png,9,9,1,1\n")
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    refused(tmp_path, rf"{name} is damaged")


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_files_that_are_no_images_are_refused(tmp_path: Path, content: bytes) -> None:
    """Anything but an image is refused by name."""
    for name in ("a.png", "d.png"):
        root = write_pair(tmp_path)
        (root / name).write_bytes(content)
        refused(root, f"{name} is (not an image|damaged)|{name} cannot be read")


def test_tests_alone_can_be_asked_for(tmp_path: Path) -> None:
    """A cache holds only the files of its test rows, and only those must exist."""
    root = write_pair(tmp_path)
    (root / "a.png").unlink()
    assert len(PairsSource(root, only_tests=True).rows) == 1
