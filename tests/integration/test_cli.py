"""The commands, one after the other, as in the README: exit codes, files, what is printed."""

import csv
import itertools
import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from depth_unet import __version__
from depth_unet.arguments import SplitChoice
from depth_unet.checkpoint import BEST_NAME, LAST_NAME, read
from depth_unet.commands import evaluate as evaluate_command
from depth_unet.recipes import RECIPES
from tests.integration.commandline import TINY_MODEL, Outcome, depth_unet, files_below, start

METRICS = (
    *("abs_rel", "sq_rel", "rmse", "rmse_log", "log10", "silog"),
    *("delta1", "delta2", "delta3"),
)
ENDINGS = ("_color.png", "_depth.npy", "_depth.png")
FEW_STEPS = ("--steps", 2, "--batch-size", 2, "--fraction", 1, "--validate-every", 2, *TINY_MODEL)


def evaluate(run: Path, data: Path, out: Path, *options: object) -> Outcome:
    """Evaluate a checkpoint."""
    return depth_unet("evaluate", run, "--data", data, "--out", out, *options)


def results_in(folder: Path) -> dict[str, Any]:
    """What ``metrics.json`` holds."""
    results: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return results


def bytes_below(folder: Path) -> dict[str, bytes]:
    """The content of every file below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes most of the time, in tests that do not look at it."""
    monkeypatch.setattr(evaluate_command, "write_pictures", lambda *_: None)


@pytest.fixture
def photo(box_rooms: Path, tmp_path: Path) -> Path:
    """A photo of 160x120 called room.png."""
    path = tmp_path / "photos" / "room.png"
    path.parent.mkdir()
    shutil.copyfile(next(box_rooms.glob("train/*/*_rgb.png")), path)
    return path


# prepare ------------------------------------------------------------------------------------


def test_prepare(cache: Path, box_rooms: Path) -> None:
    """It leaves blocks with their sidecars, the test frames as they were, and nothing else."""
    tests = {
        f"test/{path.relative_to(box_rooms / 'test').as_posix()}"
        for path in (box_rooms / "test").rglob("*")
    }
    blocks = {"00000.rgb.npy", "00000.depth.npy", "00000.json"}
    assert files_below(cache) == tests | {f"blocks/{name}" for name in blocks} | {
        *("index.csv", "dataset.json", "manifest.json", "blocks", "test")
    }
    for name in tests:
        if name.endswith(".png"):
            assert (cache / name).read_bytes() == (box_rooms / name).read_bytes()


def test_prepare_again(box_rooms: Path, cache: Path, tmp_path: Path) -> None:
    """The same command again changes nothing; another size needs --overwrite."""
    out = tmp_path / "cache"
    shutil.copytree(cache, out)
    before = bytes_below(out)
    assert depth_unet("prepare", box_rooms, out, "--size", "80x60").code == 0
    assert bytes_below(out) == before
    refused = depth_unet("prepare", box_rooms, out, "--size", "64x48")
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert "--overwrite" in refused.complaints[0]
    assert bytes_below(out) == before
    assert depth_unet("prepare", box_rooms, out, "--size", "64x48", "--overwrite").code == 0
    assert np.load(out / "blocks" / "00000.rgb.npy", mmap_mode="r").shape == (72, 48, 64, 3)


def test_prepare_goes_on(box_rooms: Path, cache: Path, tmp_path: Path) -> None:
    """Without its manifest or with a block lost, a cache is completed by the same command."""
    out = tmp_path / "cache"
    shutil.copytree(cache, out)
    before = bytes_below(out)
    for name in ("manifest.json", "blocks/00000.rgb.npy"):
        (out / name).unlink()
        refused = depth_unet("train", "seed", "--data", out, "--out", tmp_path / "run")
        assert (refused.code, len(refused.complaints)) == (2, 1)
        if name == "manifest.json":  # as an interrupted run leaves it: with its claim
            fingerprint = json.loads(before[name])["fingerprint"]
            (out / "preparing.json").write_text(json.dumps({"fingerprint": fingerprint}))
        assert depth_unet("prepare", box_rooms, out, "--size", "80x60").code == 0
        assert bytes_below(out) == before


# train --------------------------------------------------------------------------------------


def test_train(run_folder: Path) -> None:
    """It leaves both checkpoints and events, and nothing half-written."""
    found = files_below(run_folder)
    assert {name for name in found if not name.startswith("tensorboard/")} == {
        *(BEST_NAME, LAST_NAME, "tensorboard")
    }
    assert any(name.startswith("tensorboard/") for name in found)
    last, best = read(run_folder / LAST_NAME), read(run_folder / BEST_NAME)
    assert last.step == 4
    assert last.state
    assert not best.state
    assert best.metrics["unseen/abs_rel"] > 0
    sizes = {name: len(frames) for name, frames in last.splits.items()}
    assert sizes == {"train": 50, "seen": 10, "unseen": 12, "test": 4}


def test_train_says_what_it_does(cache: Path, tmp_path: Path) -> None:
    """One line before, one per report and validation, two after; the last is a command."""
    outcome = depth_unet(
        *("train", "seed", "--data", cache, "--out", tmp_path / "run", "--holdout", 0.2),
        *("--log-every", 1, *FEW_STEPS),
    )
    lines = [line for line in outcome.err.splitlines() if not line.startswith("ep")]
    assert outcome.code == 0
    assert lines[0] == (
        "seed: 50 training frames, 10 seen, 12 unseen, 4 test; 2 steps of 2 images at 64x48, fp32"
    )
    for line, words in zip(
        lines[1:5], ("step 1 epoch 1: mae ", "step 2 epoch 1: mae ", "step 2 seen", "step 2 unseen")
    ):
        assert line.startswith(words)
        assert " nan" not in line
    assert lines[5:] == [
        f"wrote {tmp_path}/run/best.safetensors and {tmp_path}/run/last.safetensors",
        f"next: depth-unet evaluate {tmp_path}/run --data {cache}",
    ]


def test_train_does_not_replace_a_run(cache: Path, run_folder: Path, tmp_path: Path) -> None:
    """A run that is there is kept; with --overwrite it is replaced."""
    out = tmp_path / "run"
    shutil.copytree(run_folder, out)
    before = bytes_below(out)
    command = ("train", "seed", "--data", cache, "--out", out, *FEW_STEPS)
    refused = depth_unet(*command)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert "--overwrite" in refused.complaints[0]
    assert bytes_below(out) == before
    assert depth_unet(*command, "--overwrite").code == 0
    assert read(out / LAST_NAME).step == read(out / BEST_NAME).step == 2
    assert len(list((out / "tensorboard").iterdir())) == 1


def test_train_on_files(box_rooms: Path, cache: Path, tmp_path: Path) -> None:
    """A folder of files has the splits of its cache, and trains without being prepared."""
    for name, data in (("files", box_rooms), ("cache", cache)):
        command = ("train", "seed", "--data", data, "--out", tmp_path / name, *FEW_STEPS)
        assert depth_unet(*command).code == 0
    ours, theirs = (read(tmp_path / name / LAST_NAME) for name in ("files", "cache"))
    assert ours.splits == theirs.splits
    assert (ours.step, set(ours.weights)) == (2, set(theirs.weights))


def test_train_on_all_rooms(
    cache: Path,
    tmp_path: Path,
    without_pictures: None,  # noqa: ARG001  # works by its side effect
) -> None:
    """With --holdout none nothing is seen or unseen, and best is the last average."""
    out = tmp_path / "run"
    command = ("train", "seed", "--data", cache, "--out", out, "--holdout", "none", *FEW_STEPS)
    assert depth_unet(*command, "--validate-every", 1).code == 0
    last, best = read(out / LAST_NAME), read(out / BEST_NAME)
    assert {name: len(frames) for name, frames in last.splits.items()} == {
        **{"train": 72, "seen": 0, "unseen": 0, "test": 4}
    }
    assert best.step == last.step == 2
    assert all(torch.equal(best.weights[name], last.weights[name]) for name in last.weights)
    assert any(
        not torch.equal(value, last.state[f"network/{name}"])
        for name, value in best.weights.items()
    )
    refused = evaluate(out, cache, tmp_path / "evaluation", "--split", "unseen")
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert evaluate(out, cache, tmp_path / "evaluation").code == 0
    assert list(results_in(tmp_path / "evaluation")["splits"]) == ["test"]


def test_train_options_reach_the_run(cache: Path, tmp_path: Path) -> None:
    """Every option, short or dotted, is in the checkpoint's config; the rest is the recipe's."""
    out = tmp_path / "run"
    options = ("--seed", 3, "--optim.lr", 0.004, "--loss.silog", 0.5, "--augment.zoom", 1.1)
    assert (
        depth_unet("train", "seed", "--data", cache, "--out", out, *FEW_STEPS, *options).code == 0
    )
    config, recipe = read(out / LAST_NAME).config, RECIPES["seed"]()
    assert (config.seed, config.optim.lr, config.loss.silog) == (3, 0.004, 0.5)
    assert (config.augment.zoom, config.model.widths) == (1.1, (8, 16, 32))
    assert (config.recipe, config.optim.betas) == ("seed", recipe.optim.betas)
    assert config.augment.rotation_deg == recipe.augment.rotation_deg


def test_few_rooms_are_warned_about(cache: Path, tmp_path: Path) -> None:
    """A share that leaves fewer than eight rooms is trained on, with one line of warning."""
    out = tmp_path / "run"
    outcome = depth_unet(
        "train", "seed", "--data", cache, "--out", out, *FEW_STEPS, "--fraction", 0.1
    )
    assert (outcome.code, len(outcome.warnings)) == (0, 1)
    assert "rooms" in outcome.warnings[0]


# evaluate -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evaluated(run_folder: Path, cache: Path) -> tuple[Outcome, Path]:
    """The default evaluation, with its pictures."""
    out = run_folder.parent / "evaluation"
    return evaluate(run_folder, cache, out), out


def test_evaluate_figures(evaluated: tuple[Outcome, Path]) -> None:
    """metrics.json holds the protocol and every metric's mean within its interval."""
    outcome, out = evaluated
    assert (outcome.code, outcome.complaints, outcome.warnings) == (0, [], [])
    results = results_in(out)
    assert results["protocol"] == "full"  # some frames are not native 640x480
    assert results["num_images"] == {"seen": 10, "unseen": 12, "test": 4}
    assert list(results["splits"]) == ["seen", "unseen", "test"]
    guesses = [scores for split in results["guesses"].values() for scores in split.values()]
    assert len(guesses) == 6
    for scores in (*results["splits"].values(), *guesses):
        assert tuple(scores) == METRICS
        for interval in scores.values():
            assert set(interval) == {"mean", "low", "high"}
            assert 0 <= interval["low"] <= interval["mean"] <= interval["high"]
        assert 0 < scores["delta1"]["mean"] <= scores["delta2"]["mean"] <= 1


def test_evaluate_per_image(evaluated: tuple[Outcome, Path], run_folder: Path) -> None:
    """per_image.csv has a line for every frame, and its means are those of metrics.json."""
    results = results_in(evaluated[1])
    with (evaluated[1] / "per_image.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        lines = list(reader)
        assert tuple(reader.fieldnames or ()) == ("split", "image", *METRICS)
    splits = read(run_folder / BEST_NAME).splits
    for split, scores in results["splits"].items():
        ours = [line for line in lines if line["split"] == split]
        assert sorted(line["image"] for line in ours) == sorted(splits[split])
        for name in METRICS:
            mean = sum(float(line[name]) for line in ours) / len(ours)
            assert mean == pytest.approx(scores[name]["mean"], rel=1e-4)


def test_evaluate_pictures(evaluated: tuple[Outcome, Path]) -> None:
    """A panel and three pairs of surfaces for every split, all of them readable."""
    pictures = {path.name for path in evaluated[1].glob("*.png")}
    kinds = ("panel", "best_3d", "median_3d", "worst_3d")
    splits = ("seen", "unseen", "test")
    assert pictures == {f"{split}_{kind}.png" for split, kind in itertools.product(splits, kinds)}
    for name in pictures:
        with Image.open(evaluated[1] / name) as picture:
            picture.load()
            assert min(picture.size) > 200
            assert np.asarray(picture.convert("L")).std() > 5  # something is drawn
    assert files_below(evaluated[1]) == pictures | {"metrics.json", "per_image.csv"}


def test_evaluate_table(evaluated: tuple[Outcome, Path]) -> None:
    """The table names the protocol, and shows each split beside both guesses, to 3 decimals."""
    outcome, out = evaluated
    assert "protocol full" in outcome.out.splitlines()[0]
    results = results_in(out)
    rows = [line.replace("│", " ").split() for line in outcome.out.splitlines() if "│" in line]
    assert len(rows) == 9
    for row, split in zip(rows[::3], ("seen", "unseen", "test"), strict=True):
        assert row[0] == split
        interval = results["splits"][split]["abs_rel"]
        place = row.index("network") + 1
        assert row[place : place + 3] == [
            f"{interval['mean']:.3f}",
            f"[{interval['low']:.3f},",
            f"{interval['high']:.3f}]",
        ]
    for start_, words in ((1, "constant depth"), (2, "mean depth per pixel")):
        assert all(" ".join(row).startswith(words) for row in rows[start_::3])


def test_evaluate_does_not_replace_results(
    evaluated: tuple[Outcome, Path],
    run_folder: Path,
    cache: Path,
    tmp_path: Path,
    without_pictures: None,  # noqa: ARG001
) -> None:
    """Results that are there are kept; with --overwrite they are replaced."""
    out = tmp_path / "evaluation"
    shutil.copytree(evaluated[1], out)
    before = bytes_below(out)
    refused = evaluate(run_folder, cache, out, "--split", "seen")
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert bytes_below(out) == before
    assert evaluate(run_folder, cache, out, "--split", "seen", "--overwrite").code == 0
    assert list(results_in(out)["splits"]) == ["seen"]


@pytest.mark.usefixtures("without_pictures")
def test_evaluate_writes_beside_the_checkpoint(
    run_folder: Path, cache: Path, tmp_path: Path
) -> None:
    """Without --out the results lie in RUN/evaluation; a file's, in the file's folder."""
    run = tmp_path / "run"
    shutil.copytree(run_folder, run)
    for name in (run, run / LAST_NAME):
        assert depth_unet("evaluate", name, "--data", cache, "--split", "seen").code == 0
        used = BEST_NAME if name == run else LAST_NAME
        assert results_in(run / "evaluation")["checkpoint"] == str(run / used)
        shutil.rmtree(run / "evaluation")


@pytest.mark.usefixtures("without_pictures")
def test_evaluate_splits(run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """Every split can be asked for by name; ``all`` is every row of the data set."""
    sizes = {"train": 50, "seen": 10, "unseen": 12, "test": 4, "all": 76}
    assert set(sizes) == set(SplitChoice.__args__)
    assert evaluate(run_folder, cache, tmp_path, "--split", *sizes).code == 0
    results = results_in(tmp_path)
    assert results["num_images"] == sizes
    assert list(results["splits"]) == list(sizes)
    with (tmp_path / "per_image.csv").open(encoding="utf-8", newline="") as stream:
        named: dict[str, set[str]] = {}
        for line in csv.DictReader(stream):
            named.setdefault(line["split"], set()).add(line["image"])
    parts = [named[name] for name in ("train", "seen", "unseen", "test")]
    assert set.union(*parts) == named["all"]
    assert not any(one & other for one, other in itertools.combinations(parts, 2))


@pytest.mark.usefixtures("without_pictures")
def test_evaluate_on_the_files(
    run_folder: Path, box_rooms: Path, cache: Path, tmp_path: Path
) -> None:
    """Test frames score the same from the folder of files and from its cache."""
    for name, data in (("files", box_rooms), ("cache", cache)):
        assert evaluate(run_folder, data, tmp_path / name, "--split", "test").code == 0
    ours, theirs = (results_in(tmp_path / name) for name in ("files", "cache"))
    assert ours["splits"] == theirs["splits"]


@pytest.mark.usefixtures("without_pictures")
def test_default_protocol(run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """Native 640x480 ground truth is scored by nyu-eigen, anything else by full."""
    for split, name in (("test", "nyu-eigen"), ("seen", "full")):
        outcome = evaluate(run_folder, cache, tmp_path / split, "--split", split)
        assert results_in(tmp_path / split)["protocol"] == name
        assert f"protocol {name}" in outcome.out


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize("protocol", ["nyu-eigen", "densedepth"])
def test_protocol_needs_native_frames(
    run_folder: Path, cache: Path, tmp_path: Path, protocol: str
) -> None:
    """A protocol of 640x480 refuses other ground truth, and nothing is written."""
    out = tmp_path / "evaluation"
    refused = evaluate(run_folder, cache, out, "--split", "seen", "--protocol", protocol)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert "640x480" in refused.complaints[0]
    assert not out.exists()


@pytest.mark.usefixtures("without_pictures")
def test_densedepth(run_folder: Path, box_rooms: Path, tmp_path: Path) -> None:
    """It refuses holes; on filled depth it averages with the mirror image, as its authors do."""
    filled = tmp_path / "filled"
    shutil.copytree(box_rooms, filled)
    options = ("--split", "test", "--protocol", "densedepth")
    refused = evaluate(run_folder, filled, tmp_path / "evaluation", *options)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    for path in filled.glob("test/*/*_depth.png"):
        depth_mm = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        depth_mm[depth_mm == 0] = 1500
        cv2.imwrite(str(path), depth_mm)
    assert evaluate(run_folder, filled, tmp_path / "evaluation", *options).code == 0
    results = results_in(tmp_path / "evaluation")
    assert (results["protocol"], results["flip"]) == ("densedepth", True)
    assert "flip averaging on" in results["description"]


@pytest.mark.usefixtures("without_pictures")
def test_flip_and_alignment(run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """Both change the figures and are named with them; a fit to the truth can only help here."""
    figures = {}
    for name, options in {
        "plain": (),
        "flip": ("--flip",),
        "fitted": ("--align", "scale_shift"),
    }.items():
        outcome = evaluate(run_folder, cache, tmp_path / name, "--split", "test", *options)
        results = results_in(tmp_path / name)
        figures[name] = results["splits"]["test"]["rmse"]["mean"]
        assert results["flip"] is (name == "flip")
        assert results["alignment"] == ("scale_shift" if name == "fitted" else "none")
        assert f"flip averaging {'on' if name == 'flip' else 'off'}" in outcome.out
    assert figures["flip"] != figures["plain"]
    assert figures["fitted"] < figures["plain"]


# predict ------------------------------------------------------------------------------------


def predict(run: Path, out: Path, *arguments: object) -> Outcome:
    """Predict photos."""
    return depth_unet("predict", *arguments, "--weights", run, "--out", out)


def test_predict(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Metres as float32 of the photo's size, the same in millimetres as PNG, and a picture."""
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, photo)
    assert (outcome.code, outcome.complaints, outcome.warnings) == (0, [], [])
    assert files_below(out) == {f"room{ending}" for ending in ENDINGS}
    depth_m = np.load(out / "room_depth.npy", allow_pickle=False)
    assert (depth_m.dtype, depth_m.shape) == (np.float32, (120, 160))
    model = read(run_folder / BEST_NAME).config.model
    assert depth_m.min() > 0.5 * model.min_depth_m  # the range holds for the canonical camera
    assert depth_m.max() < 2 * model.max_depth_m
    with Image.open(out / "room_depth.png") as image:
        assert (image.mode, image.size) == ("I;16", (160, 120))
        np.testing.assert_array_equal(np.asarray(image), np.rint(depth_m * 1000))
    with Image.open(out / "room_color.png") as image:
        image.load()
        assert np.ptp(np.asarray(image.convert("RGB")), axis=-1).max() > 20  # it has colours


def test_predict_many(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Folders stand for their photos, in any size and shape; other files in them do not count."""
    sizes = {"wide": (300, 60), "tall": (50, 200), "dot": (1, 1)}
    for name, size in sizes.items():
        Image.new("RGB", size, (90, 120, 150)).save(photo.parent / f"{name}.jpg")
    (photo.parent / "notes.txt").write_text("no photo")
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, photo.parent, "--save", "npy")
    assert outcome.code == 0
    assert outcome.err.splitlines()[-1] == f"{out}: 4 predicted, 0 failed, 0 already there"
    for name, (width, height) in (sizes | {"room": (160, 120)}).items():
        depth_m = np.load(out / f"{name}_depth.npy", allow_pickle=False)
        assert depth_m.shape == (height, width)
        assert np.isfinite(depth_m).all()


def test_predict_does_not_replace_results(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Photos whose results are all there are skipped; --overwrite predicts them again."""
    out = tmp_path / "depth"
    assert predict(run_folder, out, photo).code == 0
    (out / "room_depth.npy").write_bytes(b"mine")
    skipped = predict(run_folder, out, photo)
    assert skipped.code == 0
    assert skipped.err.splitlines()[-1] == f"{out}: 0 predicted, 0 failed, 1 already there"
    assert (out / "room_depth.npy").read_bytes() == b"mine"
    assert predict(run_folder, out, photo, "--overwrite").code == 0
    assert np.load(out / "room_depth.npy").shape == (120, 160)
    (out / "room_color.png").unlink()  # as an interrupted run leaves it
    assert predict(run_folder, out, photo).code == 0
    assert files_below(out) == {f"room{ending}" for ending in ENDINGS}


@pytest.mark.parametrize(("kind", "ending"), [("png16", 2), ("npy", 1), ("color", 0)])
def test_predict_saves_what_is_asked_for(
    run_folder: Path, photo: Path, tmp_path: Path, kind: str, ending: int
) -> None:
    """--save names the kinds of files that are written."""
    out = tmp_path / "depth"
    assert predict(run_folder, out, photo, "--save", kind).code == 0
    assert files_below(out) == {f"room{ENDINGS[ending]}"}


def test_predict_with_a_focal_length(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Twice the focal length is twice the depth; the default is the training camera's."""
    canonical_px = read(run_folder / BEST_NAME).config.model.canonical_focal * 160
    depths = {}
    for name, options in {
        "default": (),
        "canonical": ("--focal-px", canonical_px),
        "twice": ("--focal-px", 2 * canonical_px),
    }.items():
        out = tmp_path / name
        assert predict(run_folder, out, photo, "--save", "npy", *options).code == 0
        depths[name] = np.load(out / "room_depth.npy")
    np.testing.assert_allclose(depths["canonical"], depths["default"], rtol=1e-5)
    np.testing.assert_allclose(depths["twice"], 2 * depths["default"], rtol=1e-5)


def test_predict_refuses_photos_of_one_name(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Results would overwrite one another: exit 2, nothing is written."""
    Image.new("RGB", (20, 20)).save(photo.with_suffix(".jpg"))
    refused = predict(run_folder, tmp_path / "depth", photo.parent)
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert not (tmp_path / "depth").exists()


# all of them --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("prepare",),
        ("train",),
        *(("train", name) for name in RECIPES),
        ("evaluate",),
        ("predict",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(command: tuple[str, ...], flag: str) -> None:
    """Every command has help on stdout, and exits 0."""
    outcome = depth_unet(*command, flag)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(" ".join(("usage: depth-unet", *command)))
    assert len(outcome.out.splitlines()) > 3


def test_help_of_a_recipe_names_every_setting() -> None:
    """Help states every field with its default, from the recipe."""
    out = " ".join(depth_unet("train", "seed", "--help").out.split())
    for words in ("--data PATH", "--fraction", "--optim.lr", "--loss.ssim-terms.data-range-m"):
        assert words in out
    assert "(default: 0.05)" in out


def test_version() -> None:
    """--version prints name and version."""
    assert depth_unet("--version") == Outcome(0, f"depth-unet {__version__}\n", "")


def test_no_command() -> None:
    """Without a command the usage is printed, and the exit code is 2."""
    outcome = depth_unet()
    assert outcome.code == 2
    assert "usage: depth-unet" in outcome.out + outcome.err


@pytest.mark.parametrize(
    "arguments",
    [
        "segment photo.jpg",
        "train tiny --data CACHE",
        "train --data CACHE",
        "train seed",
        "train seed --data CACHE --colour red",
        "train seed --data CACHE --batch-size 0",
        "train seed --data CACHE --batch-size many",
        "train seed --data CACHE --fraction 1.5",
        "train seed --data CACHE --holdout some",
        "train seed --data CACHE --canvas.width 65",
        "train seed --data CACHE --model.widths 8 16",
        "train seed --data CACHE --loss.mae -1",
        "train seed --data CACHE --optim.schedule linear",
        "train --resume RUN --steps 9",
        "train seed --resume RUN",
        "train --resume NOTHING",
        "evaluate RUN",
        "evaluate RUN --data CACHE --split validation",
        "evaluate RUN --data CACHE --protocol kitti",
        "evaluate RUN --data CACHE --device abacus",
        "evaluate NOTHING --data CACHE",
        "predict photo.png",
        "predict --weights RUN",
        "predict photo.png --weights RUN --save jpg",
        "predict photo.png --weights NOTHING",
        "prepare CACHE",
        "prepare ROOMS NEW --size 80",
        "prepare ROOMS NEW --size 0x0",
        "prepare ROOMS NEW --size 80x99999",
        "prepare ROOMS NEW --workers -1",
    ],
)
def test_invalid_request(
    arguments: str,
    box_rooms: Path,
    cache: Path,
    run_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What cannot be meant is refused with exit code 2 and words on stderr; nothing is written."""
    monkeypatch.chdir(tmp_path)
    places = {"CACHE": cache, "RUN": run_folder, "ROOMS": box_rooms}
    outcome = depth_unet(*(places.get(word, word) for word in arguments.split()))
    assert outcome.code == 2
    assert outcome.err
    assert "Traceback" not in outcome.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("segment",)], ids=str)
def test_module_is_the_command(arguments: tuple[str, ...]) -> None:
    """``python -m depth_unet`` prints and exits as ``depth-unet`` does."""
    process = start(*arguments)
    out, err = process.communicate(timeout=60)
    assert Outcome(process.returncode, out, err) == depth_unet(*arguments)


def test_names_are_printed_as_they_are(box_rooms: Path, photo: Path, tmp_path: Path) -> None:
    """Spaces, brackets and accents in paths are kept, and a suggested command can be run."""
    cache, run = tmp_path / "my [new] räume", tmp_path / "run [bold]"
    outcome = depth_unet("prepare", box_rooms, cache, "--size", "64x48")
    assert outcome.code == 0
    assert outcome.complaints[0].startswith(f"{cache}: ")
    assert suggested(outcome) == ["train", "seed", "--data", str(cache)]
    outcome = depth_unet(*suggested(outcome), "--out", run, *FEW_STEPS)
    assert outcome.code == 0
    assert suggested(outcome) == ["evaluate", str(run), "--data", str(cache)]
    outcome = depth_unet(*suggested(outcome), "--split", "test")
    assert outcome.code == 0
    assert str(run / BEST_NAME) in outcome.out
    assert outcome.out.splitlines()[-1] == f"wrote {run / 'evaluation'}"
    outcome = predict(run, tmp_path / "depth [2]", photo, "--save", "npy")
    assert outcome.err.splitlines()[-1].startswith(f"{tmp_path / 'depth [2]'}: 1 predicted")


def suggested(outcome: Outcome) -> list[str]:
    """The words of the command after ``next: depth-unet``."""
    line = next(line for line in outcome.err.splitlines() if line.startswith("next: "))
    return shlex.split(line)[2:]
