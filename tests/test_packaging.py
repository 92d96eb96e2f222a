"""What the package says about itself, to people and to registries."""

import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

import depth_unet
from depth_unet.app.site import PAGE

ROOT = Path(__file__).parents[1]
LEFT_OUT = {".ci/run", ".dockerignore", ".editorconfig", ".pre-commit-config.yaml", "Dockerfile"}
"""Files of a clone that the source archive lacks."""


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


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the files of a clone")
def test_archives(tmp_path: Path) -> None:
    """The source archive holds the clone and the built page; a wheel of it, the whole package."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    expected = set(listed.stdout.split("\0")) - {""} - LEFT_OUT
    expected |= {path.relative_to(ROOT).as_posix() for path in PAGE.rglob("*") if path.is_file()}
    with tarfile.open(next(SdistBuilder(str(ROOT)).build(directory=str(tmp_path)))) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = (path for path in tmp_path.iterdir() if path.is_dir())
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert expected == found - {"PKG-INFO"}
    wheel = {file.distribution_path for file in WheelBuilder(str(root)).recurse_included_files()}
    package = {name.removeprefix("src/") for name in found if name.startswith("src/")}
    assert wheel == package
