"""Runs on a hub: written with their card, and used by name wherever weights are named."""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import safetensors
import yaml

import depth_unet
from depth_unet.app import site
from depth_unet.config.values import from_dict
from depth_unet.files.checksum import sha256_of
from depth_unet.files.fetch import OFFLINE
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, WEIGHTS, shipped_weights
from depth_unet.predict.label.teachers import open_teacher
from depth_unet.predict.onnx import OnnxModel
from depth_unet.report.card import Facts, read_figures, write_card
from depth_unet.report.evaluation.table import COLUMNS
from tests.app.page import write_page
from tests.hub_server import TOKEN, USER, Hub, serving_hub
from tests.integration.commandline import (
    FEW_STEPS,
    assert_refused,
    evaluate,
    no_pictures,
    results_in,
    start,
)
from tests.integration.commandline import (
    depth_unet as command,
)
from tests.predict.onnx_files import facts_in

NAME = f"{USER}/rooms"
URI = f"hf://{NAME}"
EVERY = {"README.md", "config.json", "model.onnx", "model.safetensors"}


@pytest.fixture
def logged_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The hub, for a user with a token."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return hub


@pytest.fixture(scope="module")
def pushed(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files that ``push`` writes of a run, pushed once by a program of its own."""
    variables = {
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": 1,
        "HF_HUB_DISABLE_TELEMETRY": 1,
        "HF_HOME": tmp_path_factory.mktemp("home"),
    }
    with serving_hub() as hub:
        address = {"HF_ENDPOINT": hub.address}
        with start("push", run_folder, NAME, variables=variables | address) as process:
            out, err = process.communicate()
        assert process.returncode == 0, err
        assert TOKEN not in out + err
        assert re.search(rf"wrote README.md, .* to {NAME}: .* MB, commit [0-9a-f]{{40}}", err)
        assert f"next: depth-unet predict photo.jpg --weights {URI}" in err
        model = hub.models[NAME]
        assert len(model.commits) == 1
        assert not model.private
        assert not any(TOKEN.encode() in content for content in model.commits[model.head].values())
        return model.commits[model.head]


@pytest.fixture
def rooms(hub: Hub, pushed: dict[str, bytes]) -> Hub:
    """The hub with that model."""
    hub.add(NAME, pushed)
    return hub


def front_matter(card: bytes) -> dict[str, Any]:
    """The YAML of a card."""
    _, text, _ = card.decode().split("---\n", 2)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_files(pushed: dict[str, bytes], run_folder: Path, tmp_path: Path) -> None:
    """Weights in half precision, the graph of the same weights, and the settings of the run."""
    assert set(pushed) == EVERY
    for name, content in pushed.items():
        (tmp_path / name).write_bytes(content)
    ours, theirs = read(tmp_path / "model.safetensors"), read(run_folder / BEST_NAME)
    assert (ours.config, ours.splits, ours.state) == (theirs.config, theirs.splits, {})
    assert from_dict(json.loads(pushed["config.json"])) == theirs.config
    for name, weight in ours.weights.items():
        np.testing.assert_allclose(weight, theirs.weights[name], rtol=1e-3, atol=1e-7)
    facts = facts_in(tmp_path / "model.onnx")
    assert (facts["name"], facts["sha256"]) == (NAME, sha256_of(tmp_path / "model.safetensors"))
    photo = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    engines = [tmp_path / "model.onnx", tmp_path / "model.safetensors"]
    one, two = (depth_unet.load(path).predict(photo).depth_m for path in engines)
    np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-3)


def test_card_of_a_run(pushed: dict[str, bytes], run_folder: Path) -> None:
    """It states what the run states, and neither licence, data nor base model, as none is known."""
    matter, text = front_matter(pushed["README.md"]), pushed["README.md"].decode()
    checkpoint = read(run_folder / BEST_NAME)
    assert matter["library_name"] == "depth-unet"
    assert matter["pipeline_tag"] == "depth-estimation"
    assert matter["license"] == "unknown"
    assert not {"base_model", "datasets", "model-index", "license_name"} & set(matter)
    assert {"abs_rel", "delta1"} <= set(matter["metrics"]) <= set(COLUMNS)
    value = checkpoint.metrics["unseen/abs_rel"]
    assert f"- unseen/abs_rel: {value:.4g}\n" in text
    num_weights = sum(weight.numel() for weight in checkpoint.weights.values())
    num_frames = len(checkpoint.splits["train"])
    sha256 = hashlib.sha256(pushed["model.safetensors"]).hexdigest()
    for words in (
        f"{num_weights:,} parameters for images of\n64×48.",
        "**Recipe:** seed, 4 steps of 4 images",
        "**Started from:** random weights\n",
        f"**Data:** not stated ({num_frames} photos)",
        "**Licence:** not stated; the terms of the weights are those of their training data",
        f"`{sha256}`",
        f'depth_unet.load("{URI}")',
    ):
        assert words in text
    assert str(run_folder.parent) not in text


@pytest.fixture(scope="module")
def evaluated(run_folder: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run with its evaluation."""
    run = Path(shutil.copytree(run_folder, tmp_path_factory.mktemp("evaluated") / "run"))
    with no_pictures():
        assert evaluate(run, cache, run / "evaluation", "--split", "test", "--flip").code == 0
    return run


def test_card_with_an_evaluation(logged_in: Hub, evaluated: Path) -> None:
    """Figures are those of ``metrics.json``; licence and data are what was given."""
    run = evaluated
    stated = ("--licence", "CC-BY-NC-4.0", "--data", "box rooms", "anna/boxes")
    outcome = command("push", run, NAME, *stated, "--private")
    assert outcome.code == 0, outcome.err
    model = logged_in.models[NAME]
    assert model.private
    card = model.commits[model.head]["README.md"]
    matter, text = front_matter(card), card.decode()
    assert matter["license"] == "cc-by-nc-4.0"
    assert matter["datasets"] == ["box-rooms", "anna/boxes"]
    (index,) = matter["model-index"]
    assert index["name"] == "rooms"
    (result,) = index["results"]
    assert result["task"]["type"] == "depth-estimation"
    rules = result["dataset"].pop("args")
    assert rules["flip_averaging"] is True
    assert "crop none" in rules["protocol"]
    assert result["dataset"] == {"name": "box rooms, test", "type": "box-rooms", "split": "test"}
    metrics = results_in(run / "evaluation")["splits"]["test"]
    for metric in result["metrics"]:
        assert metric["value"] == pytest.approx(metrics[metric["type"]]["mean"], abs=5e-5)
    assert [metric["type"] for metric in result["metrics"]] == matter["metrics"] == list(COLUMNS)
    low, high = (metrics["abs_rel"][end] for end in ("low", "high"))
    assert f"[{low:.3f}, {high:.3f}]" in text
    assert "box rooms, anna/boxes" in text
    assert str(run.parent) not in text
    assert "the run's own weights, which these files hold in half precision.\n" in text


def test_the_library_reads_the_card(evaluated: Path) -> None:
    """huggingface_hub finds in the front matter what was written; a card needs no library."""
    from huggingface_hub import ModelCard

    checkpoint = read(evaluated / BEST_NAME)
    sha256 = sha256_of(evaluated / BEST_NAME)
    evaluations = read_figures(evaluated / "evaluation", sha256)
    facts = Facts(
        name=NAME,
        checkpoint=checkpoint,
        sha256=sha256,
        licence="LicenseRef-mine",
        data=("räume 1",),
        evaluations=evaluations,
    )
    with mock.patch.dict(sys.modules, {"huggingface_hub": None}):
        text = write_card(facts)
    assert "own weights" not in text, "these files hold the evaluated weights themselves"
    data = ModelCard(text).data
    assert (data.license, data.license_name) == ("other", "licenseref-mine")
    assert data.get("license_link") is None, "no such file is written"
    assert (data.model_name, data.datasets) == ("rooms", ["räume-1"])
    expected = [round(evaluations[0].scores[metric]["mean"], 4) for metric in COLUMNS]
    assert [result.metric_value for result in data.eval_results] == expected
    assert {result.dataset_split for result in data.eval_results} == {"test"}


def test_evaluation_of_other_weights(logged_in: Hub, evaluated: Path, tmp_path: Path) -> None:
    """Figures of other weights are refused; nothing is written."""
    run = Path(shutil.copytree(evaluated, tmp_path / "run"))
    shutil.copyfile(run / "last.safetensors", run / BEST_NAME)
    outcome = command("push", run, NAME)
    assert_refused(outcome, f"{run / 'evaluation'} is not an evaluation of these weights")
    missing = command("push", run, NAME, "--evaluation", tmp_path / "none")
    assert_refused(missing, "metrics.json is missing")
    assert not logged_in.models


def test_shipped_weights(logged_in: Hub) -> None:
    """The same bytes as in the package, with their licence and their figures."""
    assert command("push", "scratch", NAME).code == 0
    model = logged_in.models[NAME]
    files = model.commits[model.head]
    assert set(files) == {*EVERY, "LICENSE.md"}
    assert files["model.safetensors"] == shipped_weights("scratch").read_bytes()
    assert files["LICENSE.md"] == (WEIGHTS / "LICENSE.md").read_bytes()
    matter = front_matter(files["README.md"])
    assert matter["license"] == "other"
    assert matter["license_name"] == "licenseref-research-use"
    assert matter["license_link"] == "LICENSE.md"
    assert "own weights" not in str(files["README.md"], "utf-8")
    figures = facts_in(shipped_weights("scratch", ".onnx"))["metrics"]
    assert f"- protocol: {figures['protocol']}\n- abs_rel: {figures['abs_rel']}" in str(
        files["README.md"], "utf-8"
    )


def test_terms_of_shipped_weights(logged_in: Hub, run_folder: Path, tmp_path: Path) -> None:
    """Their terms stay with them, under any name, and not with other weights."""
    copy = tmp_path / "copy.safetensors"
    shutil.copyfile(shipped_weights("scratch"), copy)
    for source in ("scratch", copy):
        outcome = command("push", source, NAME, "--licence", "apache-2.0")
        assert_refused(outcome, "--licence is apache-2.0", "LicenseRef-Research-Use; leave")
    assert not logged_in.models
    model = logged_in.add(NAME, {"LICENSE.md": b"by hand", "notes.txt": b"kept"})
    for source in (copy, run_folder):
        outcome = command("push", source, NAME)
        assert_refused(outcome, f"{NAME} already has LICENSE.md; choose another name")
    assert len(model.commits) == 1
    given = ("--licence", "licenseref-research-use", "--overwrite")
    assert command("push", copy, NAME, *given).code == 0
    assert model.commits[model.head]["LICENSE.md"] == (WEIGHTS / "LICENSE.md").read_bytes()
    outcome = command("push", run_folder, NAME, "--overwrite")
    assert outcome.code == 0, outcome.err
    assert "removed LICENSE.md, the terms of other weights" in outcome.err
    assert set(model.commits[model.head]) == EVERY | {"notes.txt"}


def test_weights_that_change_meanwhile(
    logged_in: Hub, evaluated: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that writes its checkpoint while it is read is refused: the checksum is another's."""
    run = Path(shutil.copytree(evaluated, tmp_path / "run"))
    reading = safetensors.safe_open

    def open_and_replace(path: Path, **given: Any) -> Any:
        stream = reading(path, **given)
        shutil.copyfile(run / "last.safetensors", run / "new")
        (run / "new").replace(run / BEST_NAME)
        return stream

    commands = (
        ("push", run, NAME),
        ("evaluate", run, "--data", cache, "--out", tmp_path / "evaluation"),
        ("export", run, tmp_path / "run.onnx"),
    )
    for line in commands:
        shutil.copyfile(evaluated / BEST_NAME, run / BEST_NAME)
        with monkeypatch.context() as patch:
            patch.setattr("depth_unet.model.checkpoint.safe_open", open_and_replace)
            outcome = command(*line)
        assert_refused(outcome, f"{run / BEST_NAME} was written to while it was read; run it again")
    assert not logged_in.models
    assert not (tmp_path / "run.onnx").exists()
    assert not (tmp_path / "evaluation/metrics.json").exists()


def test_own_card(
    logged_in: Hub, run_folder: Path, pushed: dict[str, bytes], tmp_path: Path
) -> None:
    """A text takes the place of the one that is made, below the same front matter."""
    text = tmp_path / "card.md"
    text.write_text("# Rooms\n\nMine.\n", encoding="utf-8")
    assert command("push", run_folder, NAME, "--card", text).code == 0
    model = logged_in.models[NAME]
    card = model.commits[model.head]["README.md"]
    assert front_matter(card) == front_matter(pushed["README.md"])
    assert card.decode().endswith("\n---\n\n# Rooms\n\nMine.\n")
    text.write_bytes(card)
    outcome = command("push", run_folder, NAME, "--card", text, "--overwrite")
    assert_refused(outcome, "begins with front matter, which push writes; leave it out")


def test_push_refuses(
    logged_in: Hub, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line; no model is made, and none is changed."""
    full = logged_in.add(NAME, {"README.md": b"by hand"})
    for name, words in {
        NAME: f"{NAME} already has README.md; choose another name, or use --overwrite",
        "bob/rooms": "the Hub refuses it (HTTP 403: You don't have the rights",
        "rooms": "is no name of a model",
        f"hf://HF://{NAME}": f"hf://HF://{NAME} has hf:// twice; write hf://OWNER/NAME",
        f"{NAME}@v1": "is no name of a model; write OWNER/NAME",
        f"HF://{NAME}@v1": f"error: {NAME}@v1 is no name of a model; write OWNER/NAME",
        f"hf://{NAME}": f"error: {NAME} already has README.md; choose another name",
        "datasets/anna/rooms": "is a dataset",
    }.items():
        assert_refused(command("push", run_folder, name), words)
    private = command("push", run_folder, NAME, "--private", "--overwrite")
    assert_refused(private, f"{NAME} exists and is public; make it private on its page")
    licence = command("push", run_folder, f"{USER}/other", "--licence", "mine")
    assert_refused(
        licence,
        '"license" must be one of',
        "correct what it names; --licence takes",
        "LicenseRef-NAME",
    )
    assert f"{USER}/other" not in logged_in.models
    assert_refused(command("push", tmp_path / "none", f"{USER}/new"), "none does not exist")
    monkeypatch.setenv(OFFLINE, "1")
    assert_refused(command("push", run_folder, f"{USER}/new"), f"as {OFFLINE} is set; unset it")
    monkeypatch.delenv(OFFLINE)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    wrong = command("push", run_folder, f"{USER}/new")
    assert_refused(wrong, "the Hub refuses it (HTTP 401")
    assert "hf_wrong" not in wrong.err
    monkeypatch.delenv("HF_TOKEN")
    assert_refused(command("push", run_folder, f"{USER}/new"), "you are not logged in; log in")
    assert len(full.commits) == 1
    assert not logged_in.models.get(f"{USER}/new")


def test_interrupted_push(logged_in: Hub, run_folder: Path) -> None:
    """A push that fails leaves no half of a model; the next one is whole; others add to it."""
    logged_in.fail = {"/commit/": 500}
    outcome = command("push", run_folder, NAME)
    assert_refused(outcome, f"{NAME}: the Hub refuses it (HTTP 500: The server says no.)")
    assert not logged_in.models[NAME].commits
    logged_in.fail = {}
    assert command("push", run_folder, NAME).code == 0
    model = logged_in.models[NAME]
    assert set(model.commits[model.head]) == EVERY
    assert command("push", run_folder, NAME, "--overwrite").code == 0
    assert len(model.commits) == 2


def test_load(rooms: Hub, run_folder: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU runs the graph, torch the weights; both are those of the run, also offline."""
    expected = depth_unet.load(run_folder).predict(photo, fov_deg=60).depth_m
    graph, network = depth_unet.load(URI), depth_unet.load(URI, engine="torch")
    assert isinstance(graph, OnnxModel)
    assert isinstance(network, depth_unet.DepthModel)
    commit = rooms.models[NAME].head
    for model in (graph, network):
        assert model.name == f"depth-unet {URI}@{commit}"
        found = model.predict(photo, fov_deg=60).depth_m
        np.testing.assert_allclose(found, expected, rtol=2e-3)
    assert len(rooms.downloads()) == 2
    assert not rooms.tokens, "a public model is read without a token"
    monkeypatch.setenv(OFFLINE, "1")
    num_requests = len(rooms.requests)
    again = depth_unet.load(f"{URI}@{commit}").predict(photo, fov_deg=60).depth_m
    assert np.array_equal(again, graph.predict(photo, fov_deg=60).depth_m)
    assert len(rooms.requests) == num_requests


def test_predict(rooms: Hub, photo: Path, tmp_path: Path) -> None:
    """``--offline`` takes the cache, or refuses in one line; results state model and commit."""
    out = tmp_path / "depth"
    words = "is not in the cache, and downloads are off"
    assert_refused(command("predict", photo, "--weights", URI, "--offline", "--out", out), words)
    points = ("20,20", "100,90", "--weights", URI, "--fov", 60)
    assert_refused(command("measure", photo, *points, "--offline"), words)
    assert not out.exists()
    outcome = command(
        "predict", photo, "--weights", URI, "--out", out, "--save", "json", "--fov", 60
    )
    assert outcome.code == 0, outcome.err
    assert outcome.complaints == []
    stated = json.loads((out / "room_depth.json").read_text(encoding="utf-8"))
    assert stated["model"] == f"depth-unet {URI}@{rooms.models[NAME].head}"
    assert command("measure", photo, *points, "--offline").code == 0
    wrong = command("predict", photo, "--weights", f"{URI}@v9", "--out", out, "--overwrite")
    assert_refused(wrong, f"{URI}@v9 has no such revision")


@pytest.mark.usefixtures("without_pictures")
def test_other_commands(
    rooms: Hub, run_folder: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All other commands of weights take the name, too; the cache stays clean."""
    monkeypatch.chdir(tmp_path)
    commit = rooms.models[NAME].head
    data = ("--data", cache)
    outcome = command("evaluate", URI, *data, "--split", "test")
    assert outcome.code == 0, outcome.err
    results = results_in(Path(f"evaluation-{USER}-rooms@{commit[:7]}"))
    assert results["name"] == f"{NAME}@{commit[:7]}"
    assert results["sha256"] == sha256_of(Path(results["checkpoint"]))
    report = Path(f"evaluation-{USER}-rooms@{commit[:7]}/report.html").read_text(encoding="utf-8")
    assert f"--weights {URI}@{commit}" in report
    assert command("compare", URI, run_folder, *data).code == 0
    compared = json.loads(Path("comparison/comparison.json").read_text(encoding="utf-8"))
    assert set(compared["splits"]["unseen"]["scores"]) == {f"rooms@{commit[:7]}", "run"}
    train = ("train", "seed", *data, *FEW_STEPS, "--holdout", 0.2)
    started = command(*train, "--init", URI, "--out", "own")
    assert re.search(r"init: (\d+) of \1 parameters loaded$", started.err, re.MULTILINE)
    own = read(Path("own") / BEST_NAME)
    assert own.origin == f"{URI}@{commit} (seed, 4 steps)"
    assert command("export", URI, "mine.onnx").code == 0
    assert facts_in(Path("mine.onnx"))["name"] == f"{NAME}@{commit[:7]}"
    monkeypatch.setattr(site, "PAGE", write_page(tmp_path / "page"))
    assert command("app", "--weights", URI, "--static", "site").code == 0
    offered = json.loads(Path("site/models.json").read_text(encoding="utf-8"))
    assert offered["models"][0]["title"] == f"{NAME}@{commit[:7]}"
    teacher = open_teacher(f"{URI}:2")
    assert (teacher.name, teacher.weight) == (f"{NAME}@{commit[:7]}", 2.0)
    content = rooms.models[NAME].commits[commit]["model.onnx"]
    assert teacher.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.usefixtures("without_pictures")
def test_base_model(
    rooms: Hub, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that started from a model of the hub names it as its base, and so does a copy."""
    train = ("train", "seed", "--data", cache, *FEW_STEPS, "--holdout", 0.2)
    assert command(*train, "--init", URI, "--out", tmp_path / "own").code == 0
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    for source, name in ((tmp_path / "own", f"{USER}/own"), (URI, f"{USER}/copy")):
        assert command("push", source, name).code == 0
        model = rooms.models[name]
        assert front_matter(model.commits[model.head]["README.md"])["base_model"] == [NAME]


def test_predict_as_a_program(
    hub: Hub, pushed: dict[str, bytes], photo: Path, tmp_path: Path
) -> None:
    """In a process of its own, with the variables alone: online, then without a server."""
    hub.add(NAME, pushed)
    given = ("predict", photo, "--weights", URI, "--fov", 60, "--save", "npy", "--out")
    depths = []
    for name, address in (("online", hub.address), ("no network", "http://127.0.0.1:1")):
        out = tmp_path / name
        with start(*given, out, variables={"HF_ENDPOINT": address}) as process:
            _, err = process.communicate()
        assert process.returncode == 0, err
        depths.append(np.load(out / "room_depth.npy"))
    assert np.array_equal(*depths)
    other = (*given[:3], "hf://anna/other", *given[4:], tmp_path / "out")
    with start(*other, variables={"HF_ENDPOINT": "http://127.0.0.1:1"}) as process:
        _, err = process.communicate()
    assert process.returncode == 2
    assert err.startswith("depth-unet: error: hf://anna/other cannot be reached (")
    assert len(err.splitlines()) == 1
