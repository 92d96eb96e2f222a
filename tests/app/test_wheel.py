"""The built page is in the wheel, though git ignores it."""

import shutil
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.app.page import CONTENTS, write_page

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not (ROOT / ".gitignore").exists(), reason="needs the files of a clone")
def test_the_page_is_in_the_wheel(tmp_path: Path) -> None:
    """All its files, and nothing else that git ignores."""
    for name in ("pyproject.toml", ".gitignore"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    package = tmp_path / "src" / "depth_unet"
    write_page(package / "app" / "page")
    (package / "__init__.py").write_text('__version__ = "0"\n')
    (package / "own.safetensors").write_bytes(b"")
    files = {
        file.distribution_path for file in WheelBuilder(str(tmp_path)).recurse_included_files()
    }
    pages = {f"depth_unet/app/page/{name}" for name in CONTENTS}
    assert files == {"depth_unet/__init__.py", *pages}
