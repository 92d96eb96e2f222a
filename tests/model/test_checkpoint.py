"""Checkpoint files: what is saved is read back, and other files are refused."""

import json
import math
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.overrides import TorchFunctionMode

from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.errors import CheckpointError, DataError
from depth_unet.files.checksum import unseal
from depth_unet.model.checkpoint import (
    HEADER_KEY,
    SCHEMA,
    TENSORS_KEY,
    Checkpoint,
    read,
    resolve,
    save,
)
from depth_unet.model.unet import UNet

CONFIG = Config(
    recipe="tiny",
    holdout="none",
    canvas=CanvasConfig(height=32, width=48),
    model=ModelConfig(widths=(8, 16), blocks=(1, 1), attention_blocks=(0, 1), head_width=8),
)
WEIGHT = "head.weight"
Header = dict[str, Any]


def make_checkpoint() -> Checkpoint:
    """A small run, each of its fields filled."""
    torch.manual_seed(0)
    network = UNet(CONFIG.model).in_format(channels_last=True)
    generator = torch.Generator().manual_seed(0)
    return Checkpoint(
        config=CONFIG,
        step=7,
        weights={name: value.detach().clone() for name, value in network.named_parameters()},
        splits={"train": ["a.jpg", "ß/b.jpg"], "seen": [], "unseen": ["c.jpg"], "test": []},
        guesses={"constant_m": torch.tensor([2.5]), "mean_m": torch.ones(48, 64)},
        metrics={"unseen/abs_rel": 0.1 + 0.2},
        state={
            "raw/head.weight": torch.randn(3, generator=generator).double(),
            "step": torch.tensor(7),
            "random": torch.arange(9, dtype=torch.uint8),
        },
        extra={"best": 0.25, "names": ["x", "y"], "nothing": None},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds the small run."""
    save(tmp_path / "run" / "best.safetensors", make_checkpoint())
    return tmp_path / "run" / "best.safetensors"


def rewrite(
    path: Path,
    *,
    header: Callable[[Header], object] = lambda _header: None,
    tensors: Callable[[dict[str, torch.Tensor]], object] = lambda _tensors: None,
) -> None:
    """Change a file's header and tensors behind the package's back; checksums are left out."""
    values = load_file(path)
    with safe_open(path, framework="pt") as stream:
        plain = unseal(json.loads(stream.metadata()[HEADER_KEY]))
    del plain[TENSORS_KEY]
    header(plain)
    tensors(values)
    save_file(values, path, metadata={HEADER_KEY: json.dumps(plain)})


def test_round_trip(path: Path) -> None:
    """Everything comes back: config, weights and state to the last bit and with their type."""
    written, found = make_checkpoint(), read(path)
    for item in fields(Checkpoint):
        ours, theirs = getattr(written, item.name), getattr(found, item.name)
        if item.name not in ("weights", "guesses", "state"):
            assert theirs == ours, item.name
            continue
        assert set(theirs) == set(ours)
        for name, tensor in ours.items():
            assert theirs[name].dtype == tensor.dtype
            assert torch.equal(theirs[name], tensor)


def test_network_is_rebuilt_from_the_file_alone(path: Path) -> None:
    """The rebuilt network predicts the same metres, and can be trained on."""
    image = torch.rand(2, 3, 33, 47, generator=torch.Generator().manual_seed(1))
    network = UNet(CONFIG.model).in_format(channels_last=True)
    network.load_state_dict(make_checkpoint().weights)
    rebuilt = read(path).network()
    assert torch.equal(rebuilt(image).canonical_depth_m, network(image).canonical_depth_m)
    assert all(parameter.requires_grad for parameter in rebuilt.parameters())
    assert not any(parameter.is_meta for parameter in rebuilt.parameters())


def test_saving_again_gives_the_same_bytes(path: Path) -> None:
    """What was read and is saved anew is the same file."""
    save(path.with_name("again.safetensors"), read(path))
    assert path.with_name("again.safetensors").read_bytes() == path.read_bytes()


def test_file_is_plain_safetensors(path: Path) -> None:
    """Any safetensors reader opens the file; its header is JSON, so nothing is ever unpickled."""
    assert torch.equal(load_file(path)[f"weights/{WEIGHT}"], make_checkpoint().weights[WEIGHT])
    with safe_open(path, framework="pt") as stream:
        header = json.loads(stream.metadata()[HEADER_KEY])
    assert header["schema"] == SCHEMA
    assert header["config"]["recipe"] == "tiny"


def test_settings_of_photos_alone_may_be_there_if_unused(path: Path) -> None:
    """Earlier versions wrote a section for pretraining; with a share of 0 it is ignored."""
    rewrite(path, header=lambda h: h["config"].update(hidden={"share": 0.0, "patch_px": 16}))
    assert read(path).config == CONFIG


def test_weights_of_photos_alone_are_refused(path: Path) -> None:
    """A network that was pretrained without depth cannot be used any more: one line says so."""
    rewrite(path, header=lambda h: h["config"].update(hidden={"share": 0.6, "patch_px": 16}))
    for only in ({}, {"only_weights": True}, {"only_config": True}):
        with pytest.raises(CheckpointError, match="pretrained on photos alone") as caught:
            read(path, **only)
        assert "\n" not in str(caught.value)


def test_not_a_checkpoint_is_refused(tmp_path: Path) -> None:
    """Text, nothing, a pickle and a cut file are refused in one line that names the file."""
    save(tmp_path / "whole.safetensors", make_checkpoint())
    whole = (tmp_path / "whole.safetensors").read_bytes()
    torch.save({"weights": torch.ones(2)}, tmp_path / "pickle.safetensors")
    contents = {
        "text": b"not a checkpoint",
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "pickle": (tmp_path / "pickle.safetensors").read_bytes(),
    }
    for name, content in contents.items():
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(content)
        with pytest.raises(
            CheckpointError, match=f"{name}.safetensors is not a safetens"
        ) as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_foreign_safetensors_is_refused(tmp_path: Path) -> None:
    """Weights of another program are refused, with and without metadata."""
    for metadata in (None, {"format": "pt"}):
        save_file({"weights/head.weight": torch.ones(2)}, tmp_path / "a.safetensors", metadata)
        with pytest.raises(CheckpointError, match="another program"):
            read(tmp_path / "a.safetensors")


def test_other_schema_is_refused(path: Path) -> None:
    """A file of a later version says which version it needs."""
    rewrite(path, header=lambda header: header.update(schema=SCHEMA + 1))
    with pytest.raises(
        CheckpointError, match=f"schema {SCHEMA + 1} and this version reads {SCHEMA}"
    ):
        read(path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_weights_that_are_not_finite_are_refused(path: Path, value: float) -> None:
    """One NaN or infinite weight is enough, and its tensor is named."""
    rewrite(path, tensors=lambda tensors: tensors[f"weights/{WEIGHT}"].view(-1)[-1].fill_(value))
    with pytest.raises(CheckpointError, match=r"NaN or infinite weights in head\.weight"):
        read(path)


def test_state_may_be_infinite(path: Path) -> None:
    """Only what predicts has to be finite: a best score of infinity is a good beginning."""
    rewrite(path, tensors=lambda tensors: tensors.update({"state/best": torch.tensor(math.inf)}))
    assert read(path).state["best"].isinf()


def test_unknown_config_field_is_refused(path: Path) -> None:
    """A setting that this version does not know is not dropped silently."""
    rewrite(path, header=lambda header: header["config"]["model"].update(dropout=0.5))
    with pytest.raises(CheckpointError, match=r"best.safetensors: config\.model .* dropout"):
        read(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header["config"].update(fraction=7.0),
        lambda header: header["config"].update(fraction="all"),
        lambda header: header["config"].update(model=None),
        lambda header: header["config"]["model"].update(widths=5),
        lambda header: header.update(config=[]),
        lambda header: header.pop("config"),
        lambda header: header.pop("step"),
        lambda header: header.pop("splits"),
        lambda header: header.update(step="many"),
        lambda header: header.update(extra=[]),
    ],
    ids=[
        "range",
        "type",
        "none",
        "tuple",
        "list",
        "no config",
        "no step",
        "no splits",
        "step",
        "extra",
    ],
)
def test_damaged_header_is_refused(path: Path, change: Callable[[Header], object]) -> None:
    """A header with a part missing, or of the wrong kind, is one clear line."""
    rewrite(path, header=change)
    with pytest.raises(CheckpointError, match=r"best\.safetensors") as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "7"])
def test_header_that_is_no_json_object_is_refused(path: Path, text: str) -> None:
    """A header that cannot be parsed is one clear line."""
    save_file(load_file(path), path, metadata={HEADER_KEY: text})
    with pytest.raises(CheckpointError, match=r"best\.safetensors"):
        read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.update({WEIGHT: torch.ones(1, 8, 5, 5)}), "size mismatch"),
        (lambda weights: weights.pop(WEIGHT), "Missing key.*head.weight"),
        (lambda weights: weights.update({"tail.weight": torch.ones(1)}), "Unexpected.*tail.weight"),
    ],
    ids=["shape", "missing", "unexpected"],
)
def test_weights_that_do_not_fit_are_refused(
    change: Callable[[dict[str, torch.Tensor]], object], message: str
) -> None:
    """Weights of another shape or name are refused in one line: nothing is loaded in part."""
    checkpoint = make_checkpoint()
    change(checkpoint.weights)
    with pytest.raises(CheckpointError, match=f"do not fit its config.*{message}") as caught:
        checkpoint.network()
    assert "\n" not in str(caught.value)


def test_network_draws_no_random_weights() -> None:
    """Those of the file replace them; PyTorch would import its compiler to draw them."""
    called, checkpoint = set[str](), make_checkpoint()

    class Recorded(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            called.add(func.__name__)
            return func(*args, **kwargs or {})

    with Recorded():
        checkpoint.network()
    assert "empty" in called, "layers are made, and this test sees how"
    assert {name for name in called if name.endswith(("normal_", "uniform_"))} == set()


def test_weights_of_another_network_are_refused(path: Path) -> None:
    """A config that was changed after training does not fit its weights."""
    other = replace(CONFIG, model=replace(CONFIG.model, widths=(8, 24)))
    with pytest.raises(CheckpointError, match="do not fit"):
        replace(read(path), config=other).network()


def test_no_weights_are_refused() -> None:
    """A file without weights says so, and does not list what is missing."""
    with pytest.raises(CheckpointError, match=r"do not fit its config \(it holds none\)"):
        replace(make_checkpoint(), weights={}).network()


def test_network_has_its_own_weights(path: Path) -> None:
    """Training the rebuilt network, or loading others into it, leaves the checkpoint alone."""
    checkpoint = read(path)
    network = checkpoint.network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(7.0)
    for name, weight in make_checkpoint().weights.items():
        assert torch.equal(checkpoint.weights[name], weight), name


def test_files_of_earlier_versions_are_read(path: Path) -> None:
    """They have no checksums."""
    rewrite(path)
    assert torch.equal(read(path).weights[WEIGHT], make_checkpoint().weights[WEIGHT])


def test_tensors_do_not_change_unnoticed(path: Path) -> None:
    """One other value, type, name or shape is refused, in every group; what is not read is not."""
    with safe_open(path, framework="pt") as stream:
        metadata = stream.metadata()
    whole = load_file(path)
    changes = {
        "value": {"weights/head.bias": whole["weights/head.bias"] + 1e-6},
        "type": {"guesses/constant_m": whole["guesses/constant_m"].view(torch.int32)},
        "shape": {"state/random": whole["state/random"].view(3, 3)},
    }
    for change in changes.values():
        save_file(whole | change, path, metadata)
        with pytest.raises(CheckpointError, match=r"damaged \(its tensors do not have their"):
            read(path)
        read(path, only_config=True)
    assert read(path, only_weights=True).step == 7  # state alone was changed last


def test_weights_outlive_their_file(path: Path) -> None:
    """Tensors that were read are copies: overwriting the file changes nothing."""
    checkpoint = read(path)
    path.write_bytes(bytes(path.stat().st_size))
    assert torch.equal(checkpoint.weights[WEIGHT], make_checkpoint().weights[WEIGHT])


def test_state_may_be_left_out(path: Path) -> None:
    """To predict, the moments of the optimiser are not read; all else is as it was."""
    whole, light = read(path), read(path, only_weights=True)
    assert whole.state
    assert not light.state
    assert set(light.weights) == set(whole.weights)
    assert set(light.guesses) == set(whole.guesses)
    assert (light.step, light.extra) == (whole.step, whole.extra)


def test_failed_save_keeps_the_old_file(path: Path) -> None:
    """If saving fails, the earlier checkpoint stays whole and nothing lies beside it."""
    before = path.read_bytes()
    with pytest.raises(TypeError):
        save(path, replace(make_checkpoint(), extra={"what": object()}))
    shared = torch.ones(4)  # safetensors refuses to write one piece of memory twice
    with pytest.raises(RuntimeError, match="share memory"):
        save(path, replace(make_checkpoint(), state={"a": shared, "b": shared}))
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["best.safetensors"]


def test_path_below_a_file_is_refused(tmp_path: Path) -> None:
    """A run cannot be written below a regular file, and the file stays."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="is a file, not a folder"):
        save(tmp_path / "file" / "last.safetensors", make_checkpoint())
    assert (tmp_path / "file").read_text() == "mine"


def test_saving_leaves_the_run_alone(tmp_path: Path) -> None:
    """Saving changes no tensor, nor how it lies in memory."""
    checkpoint = make_checkpoint()
    stem = checkpoint.weights["encoder.stem.weight"]
    before, stride = stem.clone(), stem.stride()
    save(tmp_path / "a.safetensors", checkpoint)
    assert torch.equal(stem, before)
    assert stem.stride() == stride


def test_resolve_takes_files_and_run_folders(path: Path) -> None:
    """A file is itself; of a run folder the best weights are meant, else the last."""
    run = path.parent
    assert resolve(str(path)) == path
    assert resolve(str(run)) == path
    save(run / "last.safetensors", make_checkpoint())
    assert resolve(str(run)) == path
    path.unlink()
    assert resolve(str(run)) == run / "last.safetensors"


def test_resolve_refuses_what_is_not_there(tmp_path: Path) -> None:
    """A name without a file, and a folder without a checkpoint, are refused with what to do."""
    graph = tmp_path / "room.onnx"
    graph.touch()
    with pytest.raises(CheckpointError, match="name the checkpoint that it was exported from"):
        resolve(str(graph))
    with pytest.raises(CheckpointError, match="nowhere does not exist; name a checkpoint"):
        resolve(str(tmp_path / "nowhere"))
    with pytest.raises(CheckpointError, match=r"holds no best\.safetensors or last"):
        resolve(str(tmp_path))
    with pytest.raises(CheckpointError, match="does not exist"):
        read(tmp_path / "nowhere.safetensors")
