"""A network as the page gets it: its files, and what the page must know of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from depth_unet.predict.onnx import OnnxModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network for the page.

    Attributes:
        name: Its name in ``models.json``.
        facts: Its entry there.
        files: Contents by file name.
    """

    name: str
    facts: Mapping[str, Any]
    files: Mapping[str, bytes]


def read_network(name: str, path: Path, title: str) -> Network:
    """Read an ONNX file of ``depth-unet export``.

    Args:
        name: A name for it, of letters, digits and hyphens.
        path: The file. Weights in another file must lie beside it.
        title: What users call it.

    Raises:
        CheckpointError: The file cannot be used.
        DataError: Its weights are missing.
    """
    model = OnnxModel(path)
    graph = path.read_bytes()
    graph_name = _hashed(name, graph, path.suffix.lower())
    files, external = {graph_name: graph}, None
    if (reference := model.facts.get("external")) is not None:
        weights = path.resolve().with_name(reference["file"])
        content = weights.read_bytes()
        url = _hashed(name, content, weights.suffix.lower())
        files[url] = content
        external = {"path": reference["file"], "url": url}
    facts = {
        "name": name,
        "title": title,
        "licence": str(model.facts.get("licence", "")),
        "graph": graph_name,
        "external": external,
        "bytes": sum(map(len, files.values())),
        "canvas": {"height": model.canvas.height, "width": model.canvas.width},
        "canonical_focal": model.canonical_focal,
        "correlation": asdict(model.correlation),
    }
    return Network(name=name, facts=facts, files=files)


def _hashed(name: str, content: bytes, suffix: str) -> str:
    return f"models/{name}-{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
