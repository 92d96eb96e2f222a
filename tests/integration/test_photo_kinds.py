"""Photos of every kind give the same pixels to prediction, training and evaluation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from pyarrow import parquet

from depth_unet.data.forms.recognise import open_source
from depth_unet.data.source import PairsSource
from depth_unet.predict.load import load
from tests.data.forms.conftest import Written, kaggle_members, millimetres, png, write_members
from tests.integration.commandline import (
    FEW_STEPS,
    assert_refused,
    depth_unet,
    evaluate,
    predict,
    results_in,
)
from tests.integration.spoil import lines_of, with_camera, write_lines

pytestmark = [
    pytest.mark.usefixtures("unchecked", "without_pictures"),
    pytest.mark.filterwarnings("ignore:.*official test frames"),
]

ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a photo upright that carries the orientation."""
STORED = UPRIGHT | {6: UPRIGHT[8], 8: UPRIGHT[6]}
"""What turns an upright photo into the pixels that a file of the orientation stores."""
MODES = {
    ".png": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    ".tiff": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"),
    ".webp": ("RGB", "RGBA"),
    ".avif": ("L", "RGB", "RGBA"),
    ".heic": ("L", "RGB", "RGBA"),
    ".jpg": ("L", "RGB", "CMYK"),
    ".bmp": ("1", "L", "P", "RGB"),
    ".gif": ("P",),
    ".apng": ("RGB", "RGBA"),
    ".jfif": ("RGB",),
    ".jp2": ("L", "RGB", "RGBA", "I;16"),
    ".ppm": ("L", "RGB", "I;16"),
    ".tga": ("L", "P", "RGB", "RGBA"),
    ".dib": ("RGB",),
}
WITHOUT_TAGS = (".bmp", ".gif", ".jp2", ".ppm", ".tga", ".dib")
LOSSLESS = (".png", ".tiff", ".apng", ".ppm", ".tga", ".dib")
WIDTH, HEIGHT = 48, 36


def save_as(photo: Image.Image, path: Path, orientation: int = 1) -> None:
    """Write an upright photo as a phone does that was held in this orientation."""
    stored = photo.transpose(STORED[orientation]) if orientation in STORED else photo
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    if path.suffix == ".heic":
        pillow_heif = pytest.importorskip("pillow_heif")
        heif = pillow_heif.from_pillow(stored)
        heif.save(path, exif=exif.tobytes(), quality=-1, chroma=444, matrix_coefficients=0)
    else:
        stored.save(path, exif=exif)


def rewrite(pairs: Path, save: Callable[[Image.Image, Path], None], suffix: str = ".png") -> None:
    """Write every photo of a data set anew, with another suffix."""
    lines = lines_of(pairs)
    for line in lines:
        path = pairs / line["rgb"]
        with Image.open(path) as photo:
            photo.load()
        path.unlink()
        save(photo, path.with_suffix(suffix))
        line["rgb"] = Path(line["rgb"]).with_suffix(suffix).as_posix()
    write_lines(pairs, lines)


def errors(run: Path, data: Path, out: Path, split: str = "all") -> dict[str, dict[str, float]]:
    """Errors of a run on a part of a data set."""
    outcome = evaluate(run, data, out, "--split", split)
    assert outcome.code == 0, outcome.err
    found: dict[str, dict[str, float]] = results_in(out)["splits"][split]
    return found


@pytest.mark.parametrize("orientation", [3, 6])
def test_orientation(orientation: int, run_folder: Path, pairs: Path, tmp_path: Path) -> None:
    """Tags change nothing: evaluated directly, from a cache or by depth files, errors stay."""
    expected = errors(run_folder, pairs, tmp_path / "upright")
    of_test = errors(run_folder, pairs, tmp_path / "upright_test", "test")
    rewrite(pairs, lambda photo, path: save_as(photo, path, orientation))
    assert errors(run_folder, pairs, tmp_path / "turned") == expected

    cache, depth = tmp_path / "cache", tmp_path / "depth"
    assert depth_unet("prepare", pairs, cache, "--size", "64x48").code == 0
    assert errors(run_folder, cache, tmp_path / "cached", "test") == of_test

    camera = PairsSource(pairs).read(-1).intrinsics
    options = ("--save", "npy", "--focal-px", camera.fx_px)
    assert predict(run_folder, depth, pairs / "test", *options).code == 0
    files = ("--predictions", depth, "--data", pairs, "--out", tmp_path / "of_files")
    assert depth_unet("evaluate", *files, "--split", "test").code == 0
    found = results_in(tmp_path / "of_files")["splits"]["test"]
    assert found["abs_rel"]["mean"] == pytest.approx(of_test["abs_rel"]["mean"], rel=1e-5)

    outcome = depth_unet("inspect", pairs)
    assert f"{len(lines_of(pairs))} photos carry an Exif orientation" in " ".join(
        outcome.out.split()
    )


def test_depth_of_the_stored_pixels(run_folder: Path, pairs: Path, tmp_path: Path) -> None:
    """Depth that was made for the pixels before they were turned is refused, with the reason."""
    rewrite(pairs, lambda photo, path: save_as(photo, path, 6))
    for line in lines_of(pairs):
        depth = np.asarray(Image.open(pairs / line["depth"]))
        Image.fromarray(np.ascontiguousarray(np.rot90(depth))).save(pairs / line["depth"])
    words = ("is 64x48", "is 48x64", "Exif orientation", "turn the map the same way")
    cache = tmp_path / "cache"
    assert_refused(depth_unet("prepare", pairs, cache, "--size", "64x48"), *words)
    assert_refused(evaluate(run_folder, pairs, tmp_path / "out", "--split", "all"), *words)
    assert_refused(depth_unet("train", "seed", "--data", pairs, *FEW_STEPS), *words)


def test_first_of_several_frames(run_folder: Path, pairs: Path, tmp_path: Path) -> None:
    """The first frame of an animation is used, and inspect says that there are others."""
    expected = errors(run_folder, pairs, tmp_path / "before")

    def save_animated(photo: Image.Image, path: Path) -> None:
        photo.save(path, save_all=True, append_images=[ImageOps.invert(photo)])

    assert "further frames" not in depth_unet("inspect", pairs).out
    rewrite(pairs, save_animated)
    assert errors(run_folder, pairs, tmp_path / "after") == expected
    outcome = depth_unet("inspect", pairs)
    words = f"{len(lines_of(pairs))} photos have several frames or pages; only the first is used"
    assert words in " ".join(outcome.out.split())


def test_heic(run_folder: Path, pairs: Path, tmp_path: Path) -> None:
    """The photos of an iPhone are trained on, prepared, inspected and evaluated."""
    pytest.importorskip("pillow_heif")
    expected = errors(run_folder, pairs, tmp_path / "before")
    rewrite(pairs, lambda photo, path: save_as(photo, path, 6), ".heic")
    assert errors(run_folder, pairs, tmp_path / "after") == expected
    cache, out = tmp_path / "cache", tmp_path / "run"
    for command in (
        ("inspect", pairs),
        ("prepare", pairs, cache, "--size", "64x48"),
        ("train", "seed", "--data", pairs, "--out", out, *FEW_STEPS),
    ):
        outcome = depth_unet(*command)
        assert outcome.code == 0, outcome.err
    assert errors(run_folder, cache, tmp_path / "cached", "test")


@pytest.mark.parametrize(
    ("white", "suffix", "guess"),
    [(1.0, ".tiff", False), (255.0, ".tiff", True), (1023, ".png", True), (4095, ".png", True)],
)
def test_ranges(
    white: float, suffix: str, *, guess: bool, run_folder: Path, pairs: Path, tmp_path: Path
) -> None:
    """Floats and 10 bits in 16 are not read as black; a range that is a guess is warned of."""

    def save_grey(photo: Image.Image, path: Path) -> None:
        grey = np.array(photo.convert("L"))
        grey[0, 0] = 255
        Image.fromarray(grey).save(path)

    def save_scaled(photo: Image.Image, path: Path) -> None:
        values = np.asarray(photo) / 255 * white
        stored = values.astype("f4") if isinstance(white, float) else values.round().astype("u2")
        Image.fromarray(stored).save(path)

    rewrite(pairs, save_grey)
    expected = errors(run_folder, pairs, tmp_path / "before")
    rewrite(pairs, save_scaled, suffix)
    outcome = evaluate(run_folder, pairs, tmp_path / "after", "--split", "all")
    assert results_in(tmp_path / "after")["splits"]["all"] == expected
    assert any(f"{white:g} is assumed" in line for line in outcome.warnings) == guess


def test_camera_of_another_shape(run_folder: Path, pairs: Path, tmp_path: Path) -> None:
    """Intrinsics for another shape of photo are refused by every command, not stretched."""
    with_camera(pairs, width=64, height=64)
    words = ("for photos of 64x64 pixels and the photo has 64x48", "aspect ratio", "fx_px")
    assert_refused(depth_unet("prepare", pairs, tmp_path / "cache", "--size", "64x48"), *words)
    assert_refused(evaluate(run_folder, pairs, tmp_path / "out", "--split", "all"), *words)
    assert_refused(depth_unet("train", "seed", "--data", pairs, *FEW_STEPS), *words)


kinds = st.sampled_from([(suffix, mode) for suffix, modes in MODES.items() for mode in modes])


@given(kind=kinds, orientation=st.integers(0, 9), seed=st.integers(0, 2**16))
@settings(max_examples=40)
def test_every_reader_sees_the_same_photo(
    kind: tuple[str, str],
    orientation: int,
    seed: int,
    run_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Prediction, training, evaluation, caches and other data forms decode a photo alike."""
    suffix, mode = kind
    if suffix == ".heic":
        pytest.importorskip("pillow_heif")
    root = tmp_path_factory.mktemp("kinds")
    photo, path = random_photo(mode, seed), root / f"photo{suffix}"
    save_as(photo, path, 1 if suffix in WITHOUT_TAGS else orientation)
    predicted = load(run_folder).predict(path).image
    if suffix in LOSSLESS:
        np.testing.assert_array_equal(predicted, as_rgb(photo))
    write_forms(root, path)
    options = ("--size", f"{WIDTH}x{HEIGHT}")
    assert depth_unet("prepare", root / "pairs", root / "cache", *options).code == 0
    for name in ("pairs", "cache", "kaggle", "parquet"):
        source = open_source(root / name)
        assert len(source.rows) == 2
        for index in range(2):  # a frame to train on, and one to evaluate
            np.testing.assert_array_equal(source.read(index).image, predicted)


def random_photo(mode: str, seed: int) -> Image.Image:
    """A smooth photo of any mode."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (4, 5, 4), np.uint8), "RGBA")
    photo = coarse.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    match mode:
        case "I;16":
            return Image.fromarray(random.integers(0, 65536, (HEIGHT, WIDTH), np.uint16))
        case "F":
            return Image.fromarray(random.random((HEIGHT, WIDTH), np.float32))
        case "RGBA":
            return photo
        case _:
            return photo.convert("RGB").convert(mode)


def as_rgb(photo: Image.Image) -> np.ndarray:
    """The same pixels by another way."""
    match photo.mode:
        case "I;16":
            grey = np.rint(np.asarray(photo) / 257)
        case "F":
            grey = np.rint(np.asarray(photo, np.float64) * 255)
        case _:
            return np.asarray(photo.convert("RGB"))
    return np.repeat(grey[..., None], 3, axis=2)


def write_forms(root: Path, photo: Path) -> None:
    """One photo to train on and to test, in a pairs folder, Kaggle's and parquet files."""
    depth_m = np.full((HEIGHT, WIDTH), 2.0)
    depth, camera = png(millimetres(depth_m)), "40,40,23.5,17.5"
    lines = ["rgb,depth,official_split,fx_px,fy_px,cx_px,cy_px"]
    (root / "parquet").mkdir()
    for split in ("train", "test"):
        pair = {f"{split}{photo.suffix}": photo.read_bytes(), f"{split}_depth.png": depth}
        write_members(root / "pairs", pair)
        lines.append(f"{','.join(pair)},{split},{camera}")
        parquet.write_table(
            pa.table({"image": [photo.read_bytes()], "depth_map": [depth]}),
            root / "parquet" / f"{split}.parquet",
        )
    (root / "pairs" / "index.csv").write_text("\n".join(lines), encoding="utf-8")
    nothing = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    frames = [
        Written("kitchen_0001", "train", nothing, depth_m),
        Written("", "test", nothing, depth_m),
    ]
    members = kaggle_members(frames)
    for name in members:
        if name.endswith((".jpg", "_colors.png")):
            members[name] = photo.read_bytes()
    write_members(root / "kaggle", members)
