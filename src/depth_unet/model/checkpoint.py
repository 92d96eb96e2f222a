"""Checkpoint files: safetensors, with the config and all other values as JSON in the header.

Nothing is ever unpickled, and a file alone is enough to rebuild the network.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.overrides import TorchFunctionMode

from depth_unet.config.run import Config
from depth_unet.config.values import from_dict, to_dict
from depth_unet.errors import CheckpointError, ConfigError
from depth_unet.files.atomic import replacing
from depth_unet.files.checksum import seal, unseal
from depth_unet.files.damage import one_line
from depth_unet.model.shipped import BEST_NAME, LAST_NAME, find_weights
from depth_unet.model.unet import UNet

SCHEMA = 4
HEADER_KEY = "depth_unet"
TENSORS_KEY = "tensors"
DETAIL_LENGTH = 200  # characters; hundreds of names may not fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The contents of a checkpoint.

    Attributes:
        config: The run's settings.
        step: Optimiser steps taken.
        weights: The network's parameters for prediction (averaged if the run has an EMA).
        splits: Names of the frames, by split.
        guesses: Baselines fitted to the training frames, with which every result is compared.
        metrics: Validation figures of these weights, if any.
        origin: The weights that the run started from, in words; empty for random ones.
        state: Tensors that only resuming needs (raw weights, moments); empty in ``best``.
        extra: Plain values that only resuming needs.
    """

    config: Config
    step: int
    weights: dict[str, Tensor]
    splits: dict[str, list[str]]
    guesses: dict[str, Tensor] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    origin: str = ""
    state: dict[str, Tensor] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def network(self) -> UNet:
        """Rebuild the network with a copy of these weights.

        Raises:
            CheckpointError: The weights do not fit the config.
        """
        if not self.weights:
            raise CheckpointError(
                "the checkpoint's weights do not fit its config (it holds none); "
                "use the file as it was written"
            )
        with torch.device("meta"), _WithoutRandomValues():
            network = UNet(self.config.model)
        try:
            copies = {name: weight.clone() for name, weight in self.weights.items()}
            network.load_state_dict(copies, strict=True, assign=True)
        except RuntimeError as error:
            detail = shorten(str(error).splitlines()[-1], DETAIL_LENGTH)
            raise CheckpointError(
                f"the checkpoint's weights do not fit its config ({detail}); "
                "use the file as it was written"
            ) from None
        return network.in_format(channels_last=self.config.compute.channels_last)


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all."""
    header = {
        "schema": SCHEMA,
        "config": to_dict(checkpoint.config),
        "step": checkpoint.step,
        "splits": checkpoint.splits,
        "metrics": checkpoint.metrics,
        "origin": checkpoint.origin,
        "extra": checkpoint.extra,
    }
    groups: dict[str, Mapping[str, Tensor]] = {
        "weights": checkpoint.weights,
        "guesses": checkpoint.guesses,
        "state": checkpoint.state,
    }
    tensors = {
        f"{group}/{name}": tensor.detach().cpu().contiguous()
        for group, members in groups.items()
        for name, tensor in members.items()
    }
    header[TENSORS_KEY] = _crc32s(tensors)
    with replacing(path) as temporary:
        try:
            save_file(tensors, temporary, metadata={HEADER_KEY: json.dumps(seal(header))})
        except SafetensorError as error:  # a full disk, for one
            raise OSError(one_line(error)) from None


def read(path: Path, *, only_weights: bool = False, only_config: bool = False) -> Checkpoint:
    """Read a checkpoint and check that it can be used.

    Args:
        path: A file that ``save`` wrote.
        only_weights: Skip ``state``, which only resuming needs and which is several times as large
            as the weights.
        only_config: Skip all tensors.

    Raises:
        CheckpointError: The file is missing, is not ours, has another version or a damaged header,
            holds tensors that do not have their checksum, or weights that are not finite.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist; name a checkpoint file or a run folder")
    try:
        with safe_open(path, framework="pt") as stream:
            metadata = stream.metadata() or {}
            tensors = {
                name: stream.get_tensor(name).clone()  # not a view of the mapped file
                for name in stream.keys()  # noqa: SIM118
                if not (only_config or (only_weights and name.startswith("state/")))
            }
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is not a safetensors file ({error}); name a checkpoint that "
            "`depth-unet train` wrote"
        ) from None
    if HEADER_KEY not in metadata:
        raise CheckpointError(
            f"{path} is a safetensors file of another program; name a checkpoint that "
            "`depth-unet train` wrote"
        )
    try:
        return _assemble(path, json.loads(metadata[HEADER_KEY]), tensors)
    except CheckpointError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        part = f"no {error}" if isinstance(error, KeyError) else type(error).__name__
        raise CheckpointError(
            f"{path} has a damaged header ({part}); go back to an earlier checkpoint"
        ) from None


def read_config(path: Path) -> Config:
    """The settings in a checkpoint, without its tensors; raises as ``read`` does."""
    return read(path, only_config=True).config


def run_file(run: Path) -> Path:
    """The file to resume from: ``last`` in a run folder, or the file itself."""
    return run / LAST_NAME if run.is_dir() else run


def resolve(name: str | Path) -> Path:
    """The checkpoint file for a name as ``find_weights`` takes it; of a run folder best, else last.

    Raises:
        CheckpointError: There is no such file or folder, the folder has no checkpoint, or the file
            is an ONNX file.
    """
    path = find_weights(name)
    if not path.is_dir():
        return path
    for candidate in (path / BEST_NAME, path / LAST_NAME):
        if candidate.is_file():
            return candidate
    raise CheckpointError(f"{path} holds no {BEST_NAME} or {LAST_NAME}; name a run folder")


def _assemble(path: Path, header: dict[str, Any], tensors: dict[str, Tensor]) -> Checkpoint:
    if not isinstance(header, dict):
        raise TypeError
    header = unseal(header)
    if header.get("schema") != SCHEMA:
        raise CheckpointError(
            f"{path} has schema {header.get('schema')} and this version reads {SCHEMA}; "
            "use the version of depth-unet that wrote it"
        )
    groups = _group_tensors(tensors)
    _check_tensors(path, header.get(TENSORS_KEY, {}), tensors, groups["weights"])
    try:
        config = from_dict(_without_hidden(path, header["config"]))
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from None
    kinds = {"step": int, "splits": dict, "metrics": dict, "origin": str, "extra": dict}
    wrong = [name for name, kind in kinds.items() if not isinstance(header[name], kind)]
    if wrong:
        raise CheckpointError(
            f"{path} has a damaged header ({wrong[0]} is of the wrong type); "
            "go back to an earlier checkpoint"
        )
    return Checkpoint(
        config=config,
        step=header["step"],
        weights=groups["weights"],
        splits=header["splits"],
        guesses=groups["guesses"],
        metrics=header["metrics"],
        origin=header["origin"],
        state=groups["state"],
        extra=header["extra"],
    )


def _check_tensors(
    path: Path,
    stored: Mapping[str, int],
    tensors: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
) -> None:
    """Refuse tensors without their checksum, of which earlier versions stored none, and NaN."""
    if any(stored.get(group, found) != found for group, found in _crc32s(tensors).items()):
        raise CheckpointError(
            f"{path} is damaged (its tensors do not have their checksum); go back to an earlier "
            "checkpoint"
        )
    broken = [name for name, tensor in weights.items() if not tensor.isfinite().all()]
    if broken:
        raise CheckpointError(
            f"{path} holds NaN or infinite weights in {broken[0]} and {len(broken) - 1} other "
            "tensors; go back to an earlier checkpoint"
        )


def _crc32s(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """A CRC-32 of each group: names, types, shapes and values."""
    checksums = dict[str, int]()
    for name in sorted(tensors):
        tensor, group = tensors[name], name.partition("/")[0]
        facts = f"{name} {tensor.dtype} {list(tensor.shape)}".encode()
        content = tensor.reshape(-1).view(torch.uint8).numpy().data
        checksums[group] = zlib.crc32(content, zlib.crc32(facts, checksums.get(group, 0)))
    return checksums


class _WithoutRandomValues(TorchFunctionMode):
    """New layers get no values, which a file is about to replace.

    On the device ``meta`` random values take two seconds: PyTorch imports its compiler for them.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """See ``torch.overrides``."""
        if func.__name__.endswith(("normal_", "uniform_")):
            return None  # in place: nobody reads what is returned
        return func(*args, **kwargs or {})


def _group_tensors(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Tensors by group and name; weights in half precision become fp32."""
    groups: dict[str, dict[str, Tensor]] = {"weights": {}, "guesses": {}, "state": {}}
    for name, tensor in tensors.items():
        group, _, member = name.partition("/")
        is_half = group == "weights" and tensor.dtype == torch.float16
        groups.setdefault(group, {})[member] = tensor.float() if is_half else tensor
    return groups


def _without_hidden(path: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The stored settings without the section on pretraining that earlier versions wrote."""
    hidden = config.get("hidden", {"share": 0})
    if hidden["share"]:
        raise CheckpointError(
            f"{path} was pretrained on photos alone (hidden.share {hidden['share']}) and predicts "
            "no depth, which is no longer supported; name a checkpoint that learned depth"
        )
    return {name: value for name, value in config.items() if name != "hidden"}
