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
from depth_unet.files.checksum import sha256_of
from depth_unet.files.damage import as_data_error
from depth_unet.files.hub import CONFIG, SCHEME, check_upload, name_in_cache, upload
from depth_unet.files.text import read_text
from depth_unet.model.checkpoint import resolve, save
from depth_unet.model.shipped import BEST_NAME, CHECKPOINT, LAST_NAME, MODEL, ONNX, WEIGHTS
from depth_unet.report.card import Facts, read_figures, write_card
from depth_unet.report.leaderboard.read import Evaluation

CARD, TERMS = "README.md", "LICENSE.md"
FILES = (CARD, CONFIG, MODEL + CHECKPOINT, MODEL + ONNX)


def run(arguments: PushArguments) -> list[DataError]:
    """Make the files in a temporary folder, and write them in one commit."""
    console = make_console(stderr=True)
    check_installed("push", "onnx")
    text = "" if arguments.card is None else _read_card(arguments.card)
    check_upload(arguments.model, FILES, private=arguments.private, overwrite=arguments.overwrite)
    path = resolve(arguments.checkpoint)
    evaluations = _read_evaluation(arguments.evaluation, path)
    with tempfile.TemporaryDirectory() as folder:
        files = make_files(Path(folder), arguments, path, evaluations, text)
        commit = upload(
            arguments.model,
            files,
            f"Weights, ONNX file and card of {arguments.model}",
            private=arguments.private,
        )
        megabytes = sum(file.stat().st_size for file in files.values()) / 10**6
    console.print(
        f"wrote {', '.join(files)} to {arguments.model}: {megabytes:.1f} MB, commit {commit}"
    )
    name = f"{SCHEME}{arguments.model}"
    console.print(f"next: {own_command('predict', 'photo.jpg', '--weights', name)}")
    return []


def make_files(
    folder: Path,
    arguments: PushArguments,
    path: Path,
    evaluations: list[Evaluation],
    text: str,
) -> Mapping[str, Path]:
    """Write the files of a model.

    Args:
        folder: Where to write.
        arguments: Name, licence and data.
        path: The checkpoint.
        evaluations: Of it.
        text: Of the card; empty makes one.

    Returns:
        The files by their name in the model.

    Raises:
        CheckpointError: The checkpoint cannot be used.
        ConfigError: The ONNX file does not agree with the network.
    """
    from depth_unet.export import external, onnx  # noqa: PLC0415  # onnx is optional

    files = {name: folder / name for name in FILES}
    checkpoint = replace(load_weights(path), state={}, extra={})
    shipped = external.facts_of(path) if path.parent == WEIGHTS else {}
    if shipped:  # already in half precision; evaluations and cards state the checksum of this file
        files[MODEL + CHECKPOINT] = path
    else:
        halves = in_half_precision(checkpoint.weights)
        save(files[MODEL + CHECKPOINT], replace(checkpoint, weights=halves))
    sha256 = sha256_of(files[MODEL + CHECKPOINT])
    licence = arguments.licence or str(shipped.get("licence", ""))
    stated = shipped.get("metrics", checkpoint.metrics)
    source = onnx.Source(
        name=arguments.model, sha256=sha256, licence=licence or onnx.LICENCE, metrics=stated
    )
    onnx.write(files[MODEL + ONNX], checkpoint, source, half=True)
    settings = json.dumps(to_dict(checkpoint.config), indent=1)
    files[CONFIG].write_text(f"{settings}\n", encoding="utf-8")
    facts = Facts(
        name=arguments.model,
        checkpoint=checkpoint,
        sha256=sha256,
        licence=licence,
        data=arguments.data,
        base=name_in_cache(path)[0],
        evaluations=evaluations,
        stated=stated,
        text=text,
    )
    files[CARD].write_text(write_card(facts), encoding="utf-8")
    return files | ({TERMS: WEIGHTS / TERMS} if shipped else {})


def _read_card(path: Path) -> str:
    with as_data_error(path, "cannot be read", "name a Markdown file"):
        text = read_text(path)
    if text.startswith("---"):
        raise ConfigError(f"{path} begins with front matter, which push writes; leave it out")
    return text


def _read_evaluation(folder: Path | None, path: Path) -> list[Evaluation]:
    beside = path.parent / "evaluation"
    if folder is None and (path.name not in (BEST_NAME, LAST_NAME) or not beside.is_dir()):
        return []
    return read_figures(folder or beside, sha256_of(path))
