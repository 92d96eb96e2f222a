"""The weights in the package: small, what their card says, and what is taken without a name."""

import json
import re
import shutil
import tempfile
from dataclasses import replace
from email.message import Message
from email.parser import Parser
from importlib.metadata import metadata as metadata_of
from pathlib import Path

import numpy as np
import pytest
import torch
from build import ProjectBuilder
from PIL import Image
from pyproject_hooks import quiet_subprocess_runner
from safetensors.torch import load_file

import depth_unet
from depth_unet.files.checksum import sha256_of
from depth_unet.model.checkpoint import resolve
from depth_unet.model.shipped import ONNX, WEIGHTS, shipped_names, shipped_weights
from depth_unet.predict.label.teachers import open_teacher
from depth_unet.recipes import RECIPES
from tests.integration.commandline import FEW_STEPS, results_in
from tests.integration.commandline import depth_unet as command
from tests.predict.onnx_files import facts_in

CARDS = Path(__file__).parents[2] / "docs" / "models"
LARGEST = 22 * 10**6
KEYS = ["Trained on", "Cost", "Licence", "SHA-256", "Data", "Pretraining", "Teachers"]
HEADINGS = [
    "Figures",
    "What it learned from",
    "How it was trained",
    "What it is for",
    "Where it fails",
]

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")
every = pytest.mark.parametrize("name", shipped_names())


@every
def test_file_is_small_and_in_half_precision(name: str) -> None:
    """Below 22 MB, weights in fp16, nothing that only resuming needs."""
    path = resolve(name)
    assert path == shipped_weights(name)
    assert path.stat().st_size < LARGEST
    tensors = load_file(path)
    assert {t.dtype for name, t in tensors.items() if name.startswith("weights/")} == {
        torch.float16
    }
    assert not [name for name in tensors if name.startswith("state/")]


@every
def test_card_is_of_this_file(name: str) -> None:
    """Its checksum, its number of parameters, and the sections and facts that all cards have."""
    if not CARDS.exists():
        pytest.skip("the cards are not part of the wheel")
    text = (CARDS / f"{name}.md").read_text(encoding="utf-8")
    assert sha256_of(resolve(name)) in text
    model = depth_unet.load(name, engine="torch")
    count = re.search(r"([\d,]+) parameters", text)
    assert count
    assert sum(p.numel() for p in model.parameters()) == int(count[1].replace(",", ""))
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    assert re.findall(r"^- \*\*(.*?):\*\* \S", text, re.MULTILINE) == KEYS
    assert re.search(r"\*\*Trained on:\*\* .*\n- ", text), "one line: a cell of the README"


@every
def test_graph_states_the_card(name: str) -> None:
    """Licence and figures; `make graphs` brings them from the card."""
    cards = pytest.importorskip("tools.cards", reason="the tools are not part of the wheel")
    facts = facts_in(shipped_weights(name, ONNX))
    assert facts["licence"] == cards.read_licence(name)
    assert facts["metrics"] == cards.read_figures(name)


def test_package_states_every_licence() -> None:
    """Its metadata name the licences of code and weights, and the files with their texts."""
    licences = {name: facts_in(shipped_weights(name, ONNX))["licence"] for name in shipped_names()}
    metadata = package_metadata()
    stated = metadata["License-Expression"].split(" AND ")
    assert sorted(stated) == sorted({"Apache-2.0", *licences.values()})
    files = {"LICENSE", "NOTICE", "src/depth_unet/weights/LICENSE.md"}
    assert set(metadata.get_all("License-File", [])) == files
    terms = (WEIGHTS / "LICENSE.md").read_text(encoding="utf-8")
    for name, licence in licences.items():
        assert f"\n| `{name}` | `{licence}` |" in terms
        assert f"\n## {licence}\n" in terms


def package_metadata() -> Message:
    """The metadata of the tested package: of the installed wheel, or built from the sources."""
    root = WEIGHTS.parents[2]
    if WEIGHTS.parents[1].name != "src":
        return metadata_of("depth-unet")
    with tempfile.TemporaryDirectory() as folder:
        built = ProjectBuilder(root, runner=quiet_subprocess_runner).metadata_path(folder)
        return Parser().parsestr((Path(built) / "METADATA").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in shipped_names() if name in RECIPES])
def test_weights_are_of_the_recipe(name: str) -> None:
    """Losses, network (but for what is measured of its errors) and canvas are the recipe's."""
    config, recipe = depth_unet.load(name, engine="torch").config, RECIPES[name]()
    model = replace(
        config.model,
        spread_scale=recipe.model.spread_scale,
        correlation=recipe.model.correlation,
    )
    assert (config.loss, model, config.canvas) == (recipe.loss, recipe.model, recipe.canvas)
    assert config.holdout == "none"


def test_predict_without_a_name(photo: Path, tmp_path: Path) -> None:
    """A photo and nothing else: `transfer`, metres of a room's size and how far they may be off."""
    out = tmp_path / "depth"
    assert command("predict", photo, "--out", out).code == 0
    depth_m = np.load(out / f"{photo.stem}_depth.npy")
    with Image.open(photo) as image:
        assert depth_m.shape == image.size[::-1]
    assert 0.3 < np.median(depth_m) < 10
    answer = depth_unet.load().predict(photo)
    assert answer.uncertainty_m is not None
    assert 0 < np.median(answer.uncertainty_m / answer.depth_m) < 1


@pytest.mark.nyu
@pytest.mark.slow
@every
def test_evaluate_reproduces_the_card(name: str, nyu_root: Path, tmp_path: Path) -> None:
    """AbsRel, RMSE and delta1 of the card, to .001."""
    out = tmp_path / "evaluation"
    options = ("--split", "test", "--flip", "--out", out)
    assert command("evaluate", name, "--data", nyu_root, *options).code == 0
    lines = (out / "per_image.csv").read_text(encoding="utf-8").splitlines()
    columns = lines[0].split(",")
    rows = [dict(zip(columns, line.split(","), strict=True)) for line in lines[1:]]
    figures = facts_in(shipped_weights(name, ONNX))["metrics"]
    for column in ("abs_rel", "rmse", "delta1"):
        expected = figures[column]
        assert np.mean([float(row[column]) for row in rows]) == pytest.approx(expected, abs=1.1e-3)


@pytest.fixture
def namesake(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in a folder `transfer` of the working folder, whose network is much smaller."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(run_folder, tmp_path / "transfer"))


@pytest.mark.usefixtures("namesake")
def test_names_in_python() -> None:
    """A shipped name wins over a folder; `./NAME` and a `Path` are the folder."""
    shipped, *others = map(depth_unet.load, ("transfer", "./transfer", Path("transfer")))
    assert shipped.canvas == RECIPES["transfer"]().canvas
    for model in others:
        assert (model.canvas.height, model.canvas.width) == (48, 64)
        assert isinstance(model, depth_unet.DepthModel)


@pytest.mark.usefixtures("namesake")
def test_names_of_predict_and_export(photo: Path) -> None:
    """The same rule on the command line: the engine and the size of the file tell them apart."""
    for name, engine, megabytes in (("transfer", "ONNX Runtime", 17), ("./transfer", "torch", 0)):
        outcome = command("predict", photo, "--weights", name, "--out", "depth", "--overwrite")
        assert f"engine: {engine}" in outcome.err
        assert command("export", name, "weights.safetensors", "--overwrite").code == 0
        assert Path("weights.safetensors").stat().st_size // 10**6 == megabytes


def test_names_of_evaluate_and_compare(namesake: Path, cache: Path) -> None:
    """The same rule: results name the checkpoint, and lie in a folder beside it."""
    options = ("--data", cache, "--split", "test")
    assert command("evaluate", "transfer", *options).code == 0
    assert results_in(Path("evaluation-transfer"))["checkpoint"] == str(shipped_weights("transfer"))
    assert command("evaluate", "./transfer", *options, "--overwrite").code == 0
    assert Path(results_in(namesake / "evaluation")["checkpoint"]).samefile(
        namesake / "best.safetensors"
    )
    assert command("compare", "transfer", "./transfer", *options).code == 0
    compared = json.loads(Path("comparison/comparison.json").read_text(encoding="utf-8"))
    assert set(compared["splits"]["test"]["scores"]) == {"weights/transfer", "transfer"}


@pytest.mark.usefixtures("namesake")
def test_names_of_init(cache: Path) -> None:
    """The same rule: all weights of the folder fit, and those of the shipped network do not."""
    train = ("train", "seed", "--data", cache, *FEW_STEPS, "--holdout", 0.2)
    own = command(*train, "--init", "./transfer", "--out", "own")
    assert re.search(r"init: (\d+) of \1 parameters loaded$", own.err, re.MULTILINE)
    other = command(*train, "--init", "transfer", "--out", "other")
    assert f"{shipped_weights('transfer')} holds a network with encoder" in other.err


def test_names_of_teachers(namesake: Path) -> None:
    """The same rule: a teacher's checksum is that of the weights that label."""
    own, shipped = open_teacher("./transfer:2"), open_teacher("transfer")
    assert isinstance(own.network, depth_unet.DepthModel)
    assert own.sha256 == sha256_of(namesake / "best.safetensors")
    assert shipped.sha256 == sha256_of(shipped_weights("transfer"))
