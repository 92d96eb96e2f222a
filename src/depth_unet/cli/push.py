"""``depth-unet push``: a run as a model on the Hugging Face Hub."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from depth_unet.cli.arguments.export import PushArguments
from depth_unet.cli.program.console import make_console
from depth_unet.config.values import to_dict
from depth_unet.errors import ConfigError, DataError, check_installed, own_command
from depth_unet.export.checkpoint import in_half_precision, load_weights
from depth_unet.files.checksum import sha256_of, unchanged
from depth_unet.files.damage import as_data_error
from depth_unet.files.hub import CONFIG, SCHEME, check_upload, is_hub_name, name_in_cache, upload
from depth_unet.files.text import read_text
from depth_unet.model.checkpoint import resolve, save
from depth_unet.model.shipped import (
    BEST_NAME,
    CHECKPOINT,
    LAST_NAME,
    MODEL,
    ONNX,
    WEIGHTS,
    shipped_names,
    shipped_weights,
)
from depth_unet.report.card import Facts, read_figures, write_card
from depth_unet.report.leaderboard.read import Evaluation

CARD, TERMS = "README.md", "LICENSE.md"
FILES = (CARD, CONFIG, MODEL + CHECKPOINT, MODEL + ONNX)


def run(arguments: PushArguments) -> list[DataError]:
    """Make the files in a temporary folder, and write them in one commit."""
    if is_hub_name(arguments.model):
        arguments = replace(arguments, model=arguments.model[len(SCHEME) :])
    console = make_console(stderr=True)
    check_installed("push", "onnx")
    text = "" if arguments.card is None else _read_card(arguments.card)
    present = check_upload(
        arguments.model,
        (*FILES, TERMS),
        private=arguments.private,
        overwrite=arguments.overwrite,
    )
    facts, shipped = read_facts(arguments, text)
    with tempfile.TemporaryDirectory() as folder:
        files = make_files(Path(folder), facts, shipped)
        removed = [name for name in present if name not in files]
        commit = upload(
            arguments.model,
            files,
            f"Weights, ONNX file and card of {arguments.model}",
            remove=removed,
            private=arguments.private,
        )
        megabytes = sum(file.stat().st_size for file in files.values()) / 10**6
    console.print(
        f"wrote {', '.join(files)} to {arguments.model}: {megabytes:.1f} MB, commit {commit}"
    )
    if removed:
        console.print(f"removed {', '.join(removed)}, the terms of other weights")
    name = f"{SCHEME}{arguments.model}"
    console.print(f"next: {own_command('predict', 'photo.jpg', '--weights', name)}")
    return []


def read_facts(arguments: PushArguments, text: str) -> tuple[Facts, Path | None]:
    """Read the checkpoint, and what is known about it.

    Args:
        arguments: Checkpoint, name, licence, data and evaluation.
        text: Of the card; empty makes one.

    Returns:
        What the card is made from, and the shipped weights that the checkpoint is a copy of.

    Raises:
        CheckpointError: The checkpoint cannot be used.
        ConfigError: Shipped weights have another licence.
        DataError: The evaluation cannot be used, or the checkpoint was replaced meanwhile.
    """
    from depth_unet.export import external  # noqa: PLC0415  # onnx is optional

    path = resolve(arguments.checkpoint)
    with unchanged(path) as (sha256,):
        checkpoint = replace(load_weights(path), state={}, extra={})
    same = (file for file in map(shipped_weights, shipped_names()) if sha256_of(file) == sha256)
    shipped = next(same, None)
    known = external.facts_of(shipped) if shipped else {}
    licence = str(known.get("licence", arguments.licence))
    if arguments.licence.lower() not in ("", licence.lower()):
        raise ConfigError(
            f"--licence is {arguments.licence}, but these weights ship with the package under "
            f"{licence}; leave --licence out"
        )
    facts = Facts(
        name=arguments.model,
        checkpoint=checkpoint,
        sha256=sha256,
        licence=licence,
        terms=TERMS if shipped else "",
        data=arguments.data,
        base=name_in_cache(path)[0],
        evaluations=_read_evaluation(arguments.evaluation, path, sha256),
        stated=known.get("metrics", checkpoint.metrics),
        text=text,
    )
    return facts, shipped


def make_files(folder: Path, facts: Facts, shipped: Path | None) -> Mapping[str, Path]:
    """Write the files of a model.

    Args:
        folder: Where to write.
        facts: What was read of the checkpoint.
        shipped: The shipped weights that it is a copy of.

    Returns:
        The files by their name in the model.

    Raises:
        ConfigError: A weight is too large for half precision, or the ONNX file does not agree with
            the network.
    """
    from depth_unet.export import onnx  # noqa: PLC0415  # onnx is optional

    files = {name: folder / name for name in FILES}
    checkpoint = facts.checkpoint
    if shipped:  # already in half precision; evaluations and cards state the checksum of this file
        files |= {MODEL + CHECKPOINT: shipped, TERMS: WEIGHTS / TERMS}
    else:
        halves = in_half_precision(checkpoint.weights)
        save(files[MODEL + CHECKPOINT], replace(checkpoint, weights=halves))
        changed = any(bool((halves[name] != own).any()) for name, own in checkpoint.weights.items())
        sha256 = sha256_of(files[MODEL + CHECKPOINT])
        facts = replace(facts, sha256=sha256, is_halved=changed)
    source = onnx.Source(
        name=facts.name,
        sha256=facts.sha256,
        licence=facts.licence or onnx.LICENCE,
        metrics=facts.stated,
    )
    onnx.write(files[MODEL + ONNX], checkpoint, source, half=True)
    settings = json.dumps(to_dict(checkpoint.config), indent=1)
    files[CONFIG].write_text(f"{settings}\n", encoding="utf-8")
    files[CARD].write_text(write_card(facts), encoding="utf-8")
    return files


def _read_card(path: Path) -> str:
    with as_data_error(path, "cannot be read", "name a Markdown file"):
        text = read_text(path)
    if text.startswith("---"):
        raise ConfigError(f"{path} begins with front matter, which push writes; leave it out")
    return text


def _read_evaluation(folder: Path | None, path: Path, sha256: str) -> list[Evaluation]:
    beside = path.parent / "evaluation"
    if folder is None and (path.name not in (BEST_NAME, LAST_NAME) or not beside.is_dir()):
        return []
    return read_figures(folder or beside, sha256)
