"""What the package says about itself, to people and to registries."""

import tomllib
from pathlib import Path

import pytest
import yaml

import depth_unet

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not (ROOT / "CITATION.cff").is_file(), reason="the wheel has no CITATION.cff")
def test_citation() -> None:
    """It names the version and the licence of the code, and no address that does not exist."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == depth_unet.__version__
    assert citation["license"] == project["license"].partition(" AND ")[0]
    assert citation["authors"] == project["authors"]
    assert {"message", "title"} <= set(citation)
    assert not {"doi", "url", "repository-code"} & set(citation)
