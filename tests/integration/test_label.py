"""``depth-unet label``: photos and teachers in, a data set out."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.write import write_calibration
from depth_unet.data.forms.recognise import open_source
from tests.integration.commandline import TINY_MODEL, assert_refused, depth_unet, start
from tests.predict.label.test_foreign import FACTS
from tests.predict.onnx_files import FACTS as OURS
from tests.predict.onnx_files import flat_model, sum_model, write

HEIGHT, WIDTH = 48, 64


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos, one in a folder; the last is turned by its tag and states a focal length."""
    folder = tmp_path / "photos"
    (folder / "inner").mkdir(parents=True)
    random = np.random.default_rng(0)
    for name in ("a.jpg", "inner/b.png", "c.jpg"):
        image = Image.fromarray(random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8))
        tags = Image.Exif()
        if name == "c.jpg":
            tags[0x0112] = 6
            tags.get_ifd(0x8769)[0xA405] = 36  # as a lens on 35 mm film
        image.save(folder / name, exif=tags)
    return folder


@pytest.fixture
def teachers(tmp_path: Path) -> list[str]:
    """One of our files, and one of another program."""
    ours = write(tmp_path / "flat.onnx", flat_model(OURS))
    other = write(tmp_path / "sum.onnx", sum_model())
    (tmp_path / "sum.yaml").write_text(yaml.safe_dump(FACTS), encoding="utf-8")
    return [str(ours), f"{other}:0.5"]


def files(folder: Path) -> dict[str, bytes]:
    """All files of a data set."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_data_set(photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """The result is a data set that is read, trained from, and says who labelled it."""
    out = tmp_path / "labels"
    outcome = depth_unet("label", photos, "--out", out, "--teacher", *teachers)
    assert outcome.code == 0, outcome.err
    assert "3 labelled by flat, sum, 0 failed" in outcome.err
    source = open_source(out)
    assert [row.rgb for row in source.rows] == [
        "photos/a.jpg",
        "photos/c.jpg",
        "photos/inner/b.png",
    ]
    assert [row.room_group for row in source.rows] == ["a", "c", "inner/b"]
    for row in source.rows:
        plain = row.rgb.removeprefix("photos/")
        assert (out / row.rgb).read_bytes() == (photos / plain).read_bytes()
    turned = source.read(1)
    assert turned.depth_mm.shape == turned.image.shape[:2] == (WIDTH, HEIGHT)
    assert source.rows[1].camera_px is not None
    assert turned.intrinsics.fx_px == pytest.approx(source.rows[1].camera_px[0])
    held = json.loads((out / "labels.json").read_text(encoding="utf-8"))
    assert [(one["name"], one["weight"]) for one in held["teachers"]] == [("flat", 1), ("sum", 0.5)]
    assert depth_unet("inspect", out).code == 0
    run = tmp_path / "run"
    trained = depth_unet(
        *("train", "seed", "--data", out, "--out", run, "--steps", 1, "--batch-size", 1),
        *("--fraction", 1, "--holdout", "none", *TINY_MODEL),
    )
    assert trained.code == 0, trained.err


def test_depth_holes_and_confidence(photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """Depth has the scale of the first teacher; holes are where the teachers disagree."""
    out = tmp_path / "labels"
    one = ("label", photos / "a.jpg", "--out", out)
    assert depth_unet(*one, "--teacher", teachers[0]).code == 0
    fx_px = 518.857901 / 640 * 128  # at the canvas
    depth = cv2.imread(str(out / "depth" / "a.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    np.testing.assert_allclose(depth, 1000 * 0.02 * fx_px, atol=1)
    assert (cv2.imread(str(out / "confidence" / "a.png"), cv2.IMREAD_UNCHANGED) == 255).all()

    both = (*one, "--teacher", *teachers, "--overwrite")
    assert depth_unet(*both, "--disagreement", 10).code == 0
    confidence = cv2.imread(str(out / "confidence" / "a.png"), cv2.IMREAD_UNCHANGED)
    limit = 0.1 * np.log(255 / np.median(confidence))
    assert np.median(depth) == pytest.approx(1000 * 0.02 * fx_px, abs=2)
    assert depth_unet(*both, "--disagreement", limit).code == 0
    holes = cv2.imread(str(out / "depth" / "a.png"), cv2.IMREAD_UNCHANGED) == 0
    sure = confidence > np.median(confidence)
    assert 0 < np.mean(holes) < 1
    assert not (holes & sure).any()


def test_stated_cameras(photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """A camera of the command line comes before that of a photo, for depth and for the index."""
    out, file = tmp_path / "labels", tmp_path / "camera.yaml"
    own = Intrinsics.from_values(2 * WIDTH, 2 * HEIGHT, (80.0, 90.0, 60.0, 50.0))
    lens = Calibration(intrinsics=own, distortion="none", depth_scale=0.5, scaled_for="0 other")
    write_calibration(lens, file)
    upright = (photos / "a.jpg", photos / "inner" / "b.png")
    command = ("label", *upright, "--out", out, "--teacher", teachers[0])
    for option, value, fx_px, scale in (
        ("--focal-px", 100, 100, 1),
        ("--fov", 90, WIDTH / 2, 1),
        ("--camera", file, 40, 0.5),
    ):
        if out.exists():
            assert_refused(depth_unet(*command, option, value), "labels with other", "--overwrite")
        outcome = depth_unet(*command, option, value, "--overwrite")
        assert outcome.code == 0, outcome.err
        cameras_px = [row.camera_px for row in open_source(out).rows]
        assert [camera and camera[0] for camera in cameras_px] == pytest.approx([fx_px] * 2)
        depth = cv2.imread(str(out / "depth" / "a.png"), cv2.IMREAD_UNCHANGED)
        # The photos are twice as wide at the canvas, where the teacher multiplies fx by .02.
        np.testing.assert_allclose(depth, 1000 * 0.02 * 2 * fx_px * scale, atol=1)
    again = depth_unet(*command, "--camera", file)
    assert again.code == 0
    assert any("was measured with the weights 0 other" in text for text in again.warnings)
    assert_refused(depth_unet(*command), "labels with other camera; choose another folder")


def test_resumes(photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """A second call labels what is missing, and other teachers are refused."""
    out = tmp_path / "labels"
    command = ("label", photos, "--out", out, "--teacher", teachers[0])
    assert depth_unet(*command).code == 0
    before = files(out)
    (out / "confidence" / "c.png").unlink()
    (out / "depth" / "a.png").write_bytes(b"kept")
    assert depth_unet(*command).code == 0
    assert files(out) == before | {"depth/a.png": b"kept"}
    other = ("label", photos, "--out", out, "--teacher", *teachers)
    assert_refused(depth_unet(*other), "other teachers", "--overwrite")
    assert depth_unet(*other, "--overwrite").code == 0
    assert files(out)["depth/a.png"] != b"kept"
    assert depth_unet(*other).code == 0
    (tmp_path / "sum.yaml").write_text(yaml.safe_dump(FACTS | {"focal": 0.9}), encoding="utf-8")
    assert_refused(depth_unet(*other), "other teachers", "--overwrite")


def test_other_photo_of_the_same_name(photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """A label belongs to one photo: another one with its name is labelled anew."""
    out, other = tmp_path / "labels", tmp_path / "other"
    options = ("--out", out, "--teacher", *teachers)
    assert depth_unet("label", photos / "a.jpg", *options).code == 0
    before = files(out)
    other.mkdir()
    Image.open(photos / "inner" / "b.png").transpose(Image.Transpose.ROTATE_90).save(
        other / "a.png"
    )
    assert depth_unet("label", other / "a.png", *options).code == 0
    (row,) = open_source(out).rows
    assert (out / row.rgb).read_bytes() == (other / "a.png").read_bytes()
    assert files(out)["depth/a.png"] != before["depth/a.png"]
    assert open_source(out).read(0).depth_mm.shape == (WIDTH, HEIGHT)


def test_other_programs_records(photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """A folder with a labels.json of another program is never written into."""
    out = tmp_path / "annotated"
    shutil.copytree(photos, out / "photos")
    (out / "labels.json").write_text('{"chair": 3}', encoding="utf-8")
    before = files(out)
    command = ("label", photos, "--out", out, "--teacher", teachers[0])
    for more in ((), ("--overwrite",)):
        assert_refused(depth_unet(*command, *more), "holds no labels", "choose another folder")
        assert files(out) == before


@pytest.mark.chaos
@pytest.mark.parametrize("num_files", [0, 5])
def test_killed(num_files: int, photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """After kill -9 in the middle of a file, the same command ends in the same data set."""
    straight, killed = (
        ("label", photos, "--out", tmp_path / name, "--teacher", teachers[0])
        for name in ("straight", "killed")
    )
    assert depth_unet(*straight).code == 0
    out = tmp_path / "killed"
    process = start(
        *killed,
        module="tests.integration.paused",
        variables={"OMP_NUM_THREADS": 1, "PAUSE_AFTER": num_files},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "paused\n", process.communicate()
    process.kill()
    process.communicate()
    assert [name for name in files(out) if ".part" in name]
    assert depth_unet(*killed).code == 0
    assert [name for name in files(out) if Path(name).name.startswith(".")] == []
    whole = files(tmp_path / "straight")
    assert files(out) == whole | {"dataset.json": files(out)["dataset.json"]}  # has its name


def test_killed_while_replacing(
    photos: Path, teachers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels that were removed by half are labelled again, also with the teachers they had."""
    out = tmp_path / "labels"
    command = ("label", photos, "--out", out, "--teacher", teachers[0])
    assert depth_unet(*command).code == 0
    before = files(out)
    remove, calls = shutil.rmtree, list[Path]()

    def remove_once(path: Path) -> None:
        if calls:
            raise KeyboardInterrupt
        calls.append(path)
        remove(path)

    monkeypatch.setattr(shutil, "rmtree", remove_once)
    assert depth_unet(*command[:-1], teachers[1], "--overwrite").code == 130
    monkeypatch.undo()
    assert files(out) != before
    assert depth_unet(*command).code == 0
    assert files(out) == before


def test_bad_photos(photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """A photo that cannot be read is named and left out; the rest is written."""
    (photos / "b.jpg").write_bytes(b"no photo")
    out = tmp_path / "labels"
    command = ("--teacher", teachers[0])
    outcome = depth_unet("label", photos, "--out", out, *command)
    assert outcome.code == 3
    assert "b.jpg" in outcome.err
    assert "3 labelled by flat, 1 failed" in outcome.err
    assert len(open_source(out).rows) == 3
    none = depth_unet("label", photos / "b.jpg", "--out", tmp_path / "none", *command)
    assert none.code == 3
    assert "next: " not in none.err


def test_folder_of_photos_and_other_files(photos: Path, teachers: list[str]) -> None:
    """Videos, results of ``predict`` and the labels themselves are not labelled."""
    (photos / "clip.MOV").write_bytes(b"video")
    seen = ("predict", photos / "a.jpg", "--weights", teachers[0], "--out", photos)
    assert depth_unet(*seen, "--save", "color").code == 0
    command = ("label", photos, "--out", photos / "labels", "--teacher", teachers[0])
    first = depth_unet(*command)
    assert first.code == 0, first.err
    assert "2 left out: " in first.err
    assert "1 video" in first.err
    assert "1 written by predict" in first.err
    before = files(photos / "labels")
    assert len(open_source(photos / "labels").rows) == 3
    again = depth_unet(*command)
    assert again.code == 0, again.err
    assert f"{len(before)} in the output folder" in again.err
    assert files(photos / "labels") == before


def test_output_folder_is_no_input(photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """Copies in the output folder are never labelled, so ``--overwrite`` cannot remove them."""
    out = tmp_path / "labels"
    assert depth_unet("label", photos, "--out", out, "--teacher", teachers[0]).code == 0
    before = files(out)
    options = ("--out", out, "--teacher", teachers[1], "--overwrite")
    assert_refused(depth_unet("label", out / "photos", *options), "in the output folder")
    copy = out / "photos" / "inner" / ".." / "a.jpg"
    assert_refused(depth_unet("label", copy, *options), "a.jpg is in the output folder", "--out")
    assert files(out) == before


def test_refused(photos: Path, teachers: list[str], tmp_path: Path) -> None:
    """What cannot be done is refused in one line before anything is written."""
    out, undescribed = tmp_path / "labels", write(tmp_path / "undescribed.onnx", sum_model())
    for words, *expected in (
        ((photos, "--teacher", "nothing"), "nothing does not exist"),
        ((photos, "--teacher", f"{teachers[0]}:0"), "weight"),
        ((photos, "--teacher", ":1"), "names no network"),
        ((photos, "--teacher", undescribed), "describe it in", "undescribed.yaml"),
        ((photos, "--disagreement", "nan", "--teacher", teachers[0]), "--disagreement is nan"),
        ((photos, "--disagreement", "-1", "--teacher", teachers[0]), "--disagreement"),
        ((tmp_path / "clip.mp4", "--teacher", teachers[0]), "label takes photos"),
        (("--teacher", teachers[0]), "no input given"),
    ):
        assert_refused(depth_unet("label", *words, "--out", out), *expected)
        assert not out.exists()
    shutil.copytree(photos, out)
    refused = depth_unet("label", photos, "--out", out, "--teacher", teachers[0])
    assert_refused(refused, "holds no labels")
