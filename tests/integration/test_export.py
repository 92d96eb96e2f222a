"""A run as one small file: the same depth, half the size, nothing that only resuming needs."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from depth_unet.errors import install_command
from depth_unet.export.onnx import LICENCE, open_session
from depth_unet.model.checkpoint import read, resolve, save
from depth_unet.model.shipped import BEST_NAME, ONNX, shipped_weights
from depth_unet.predict.model import DepthModel
from tests.integration.commandline import FEW_STEPS, assert_refused, depth_unet
from tests.predict.onnx_files import facts_in


def test_export_predicts_the_same(run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """Half precision moves depth by less than a millimetre per metre."""
    out = tmp_path / "weights" / "mine.safetensors"
    outcome = depth_unet("export", run_folder, out)
    assert outcome.code == 0, outcome.err
    assert "SHA-256" in outcome.err
    weights = {n: t for n, t in load_file(out).items() if n.startswith("weights/")}
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    assert not [name for name in load_file(out) if name.startswith("state/")]
    photo = next(cache.glob("test/*/*_rgb.png"))
    before, after = (
        DepthModel(read(path)).predict(photo).depth_m for path in (run_folder / BEST_NAME, out)
    )
    np.testing.assert_allclose(after, before, rtol=1e-3)
    assert out.stat().st_size < 0.7 * (run_folder / BEST_NAME).stat().st_size


def test_export_to_onnx(run_folder: Path, tmp_path: Path) -> None:
    """The suffix chooses the form; the file answers in metres and states where it comes from."""
    out = tmp_path / "Mine.ONNX"
    outcome = depth_unet("export", run_folder, out, "--precision", "fp32")
    assert outcome.code == 0, outcome.err
    assert "SHA-256" in outcome.err
    session, facts = open_session(out), facts_in(out)
    content = (run_folder / BEST_NAME).read_bytes()
    assert facts["sha256"] == hashlib.sha256(content).hexdigest()
    assert (facts["name"], facts["precision"]) == (run_folder.name, "fp32")
    image = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    feeds = {"image": image[None], "camera_px": np.zeros((1, 4), np.float32)}
    (depth_m,) = session.run(None, feeds)
    expected = DepthModel(read(run_folder / BEST_NAME)).predict(image).depth_m
    np.testing.assert_allclose(depth_m[0], expected, rtol=1e-5, atol=1e-4)
    assert_refused(depth_unet("export", run_folder, out), "already exists")


def test_onnx_file_states_the_licence(run_folder: Path, tmp_path: Path) -> None:
    """That of the shipped weights that it holds; of a run, the data decide."""
    out, graph = tmp_path / "room.onnx", shipped_weights("scratch", ONNX)
    licences = list[str]()
    for name in ("scratch", run_folder):
        assert depth_unet("export", name, out, "--overwrite").code == 0
        licences.append(facts_in(out)["licence"])
    assert licences == [facts_in(graph)["licence"], LICENCE]
    assert licences[0] == "LicenseRef-Research-Use"


def test_onnx_export_refuses(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damaged weights, weights out of half precision's range and missing libraries: no file."""
    checkpoint = read(run_folder / BEST_NAME)
    damaged, large = tmp_path / "damaged.safetensors", tmp_path / "large.safetensors"
    for path, value in ((damaged, float("nan")), (large, 1e6)):
        bias = torch.full_like(checkpoint.weights["head.bias"], value)
        save(path, replace(checkpoint, weights=checkpoint.weights | {"head.bias": bias}))
    out = tmp_path / "mine.onnx"
    assert_refused(depth_unet("export", damaged, out), "NaN")
    assert_refused(depth_unet("export", large, out), "head.bias is too large for fp16")
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert_refused(
        depth_unet("export", run_folder, out), "mine.onnx needs onnx", install_command("onnx")
    )
    assert not out.exists()


def test_mean_of_runs(cache: Path, tmp_path: Path) -> None:
    """Every weight is the mean; runs of other networks or other frames are refused."""
    files = []
    for name, options in (
        ("one", ("--seed", 1, "--holdout", "none")),
        ("two", ("--seed", 2, "--holdout", "none")),
        ("other-frames", ("--seed", 1, "--holdout", 0.5)),
        ("other-network", ("--seed", 1, "--holdout", "none", "--model.spread", "--loss.spread", 1)),
        ("other-canvas", ("--seed", 1, "--holdout", "none", "--canvas.width", 80)),
    ):
        files.append(tmp_path / name)
        train = ("train", "seed", "--data", cache, "--out", files[-1], *FEW_STEPS, *options)
        assert depth_unet(*train).code == 0
    one, two, other_frames, *other_networks = files
    out = tmp_path / "mean.safetensors"
    precision = ("--precision", "fp32")
    outcome = depth_unet("export", one, out, "--average", two, *precision)
    assert outcome.code == 0, outcome.err
    mean, first, second = (read(resolve(str(path))) for path in (out, one, two))
    for name, weight in mean.weights.items():
        expected = (first.weights[name].double() + second.weights[name].double()) / 2
        torch.testing.assert_close(weight.double(), expected, rtol=1e-6, atol=1e-7)
    assert any(not torch.equal(first.weights[name], second.weights[name]) for name in mean.weights)
    assert mean.origin == "mean of 2 runs (seeds 1, 2)"
    bads = [
        (other_frames, "different splits"),
        *((n, "different networks") for n in other_networks),
    ]
    for bad, words in bads:
        refused = depth_unet("export", one, tmp_path / "no.safetensors", "--average", bad)
        assert_refused(refused, words)
        assert not (tmp_path / "no.safetensors").exists()


def test_export_refuses(run_folder: Path, tmp_path: Path) -> None:
    """An existing file, another ending and a missing run are refused."""
    out = tmp_path / "mine.safetensors"
    assert depth_unet("export", run_folder, out, "--precision", "fp32").code == 0
    content = out.read_bytes()
    for arguments, message in (
        ((run_folder, out), "exists; choose"),
        ((run_folder, tmp_path / "mine.pt"), "does not end in .safetensors or .onnx"),
        ((run_folder, tmp_path / "a.safetensors", "--precision", "int8"), "int8 is for ONNX files"),
        ((tmp_path / "nothing", tmp_path / "new.safetensors"), "does not exist"),
        ((run_folder, tmp_path / "new.safetensors", "--spread-scale", 2), "predicts no spread"),
        (
            (run_folder, tmp_path / "new.safetensors", "--correlation", 0.1, 0.2, 0.3, 1),
            "leave out --correlation",
        ),
    ):
        outcome = depth_unet("export", *arguments)
        assert outcome.code == 2
        assert message in outcome.err
    assert out.read_bytes() == content
