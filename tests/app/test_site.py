"""What the site consists of."""

import hashlib
import json
from pathlib import Path

import pytest

from depth_unet.app.network import Network, read_network
from depth_unet.app.site import POLICY, TYPES, Site, build_site, check_built
from depth_unet.errors import CheckpointError, ConfigError
from depth_unet.model.shipped import ONNX, shipped_names, shipped_weights
from tests.app.page import CONTENTS
from tests.predict.onnx_files import FACTS, flat_model


def test_the_page_is_served_as_it_was_built(site: Site) -> None:
    """Every built file is there; hashed names are kept for good, others are checked."""
    for name, content in CONTENTS.items():
        assert site[name].content == content
        immutable = name.startswith("assets/")
        assert site[name].caching == (
            "public, max-age=31536000, immutable" if immutable else "no-cache"
        )
        assert site[name].etag == f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    kinds = {name: file.kind for name, file in site.items() if name in CONTENTS}
    assert kinds == {
        "index.html": "text/html; charset=utf-8",
        "sw.js": "text/javascript; charset=utf-8",
        "assets/index-1a2b3c4d.js": "text/javascript; charset=utf-8",
        "assets/ort-5e6f.wasm": "application/wasm",
        "assets/bedroom-7a8b.jpg": "image/jpeg",
    }
    assert all("/" in kind for kind in TYPES.values())


def test_facts_of_a_network(site: Site, network: Network) -> None:
    """``models.json`` states what the page needs, so that it reads no ONNX."""
    listed = json.loads(site["models.json"].content)
    assert listed["default"] == "own"
    (facts,) = listed["models"]
    graph = facts.pop("graph")
    content = site[graph].content
    assert graph == f"models/own-{hashlib.sha256(content).hexdigest()[:16]}.onnx"
    assert facts == {
        "name": "own",
        "title": "Flat",
        "licence": "none",
        "external": None,
        "bytes": len(content),
        "canvas": {"height": 96, "width": 128},
        "canonical_focal": 0.8,
        "correlation": {"far": 0.15, "length": 0.4, "log_ratio": 0.7, "widening": 1.07},
    }
    assert site[graph].caching.endswith("immutable")
    assert site["models.json"].caching == "no-cache"
    assert network.files == {graph: content}


def test_the_correlation_is_that_of_the_file(tmp_path: Path) -> None:
    """A measured correlation replaces the default."""
    measured = {"far": 0.3, "length": 0.2, "log_ratio": 0.5, "widening": 1.2}
    path = tmp_path / "own.onnx"
    path.write_bytes(flat_model(FACTS | {"correlation": measured}).SerializeToString())
    assert read_network("own", path, "own").facts["correlation"] == measured


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_network(name: str) -> None:
    """Its weights lie in a second file, under the name that the graph refers to."""
    network = read_network(name, shipped_weights(name, ONNX), name)
    external = network.facts["external"]
    assert external["path"] == f"{name}.safetensors"
    weights = shipped_weights(name).read_bytes()
    assert network.files[external["url"]] == weights
    digest = hashlib.sha256(weights).hexdigest()[:16]
    assert external["url"] == f"models/{name}-{digest}.safetensors"
    assert external["path"].encode() in network.files[network.facts["graph"]]
    assert network.facts["bytes"] == sum(map(len, network.files.values()))


def test_the_first_network_is_the_default(page: Path, tmp_path: Path) -> None:
    """The order is kept."""
    path = tmp_path / "flat.onnx"
    path.write_bytes(flat_model(FACTS).SerializeToString())
    networks = [read_network(name, path, name) for name in ("own", "transfer")]
    listed = json.loads(build_site(page, networks)["models.json"].content)
    assert listed["default"] == "own"
    assert [facts["name"] for facts in listed["models"]] == ["own", "transfer"]


def test_a_foreign_graph_is_refused(tmp_path: Path) -> None:
    """As ``predict`` refuses it."""
    path = tmp_path / "own.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(CheckpointError, match="damaged or no ONNX file"):
        read_network("own", path, "own")


def test_the_policy_is_strict() -> None:
    """No inline script or style, no other host, no ``eval``."""
    assert "unsafe-inline" not in POLICY
    assert "'unsafe-eval'" not in POLICY
    assert "http" not in POLICY
    assert "default-src 'none'" in POLICY


def test_a_page_that_is_not_built(tmp_path: Path) -> None:
    """One line says how to build it."""
    with pytest.raises(ConfigError, match="the page is not built; run `make page` in the clone"):
        check_built(tmp_path)
