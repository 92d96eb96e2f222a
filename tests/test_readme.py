"""The README shows at once how to predict, and the page for beginners shows the same commands."""

from pathlib import Path

from tests.docs.blocks import ROOT, blocks_of

README, GETTING_STARTED = ROOT / "README.md", ROOT / "docs" / "getting_started.md"


def texts(page: Path, language: str) -> list[str]:
    """The blocks of one language on a page."""
    return [block.text for block in blocks_of(page) if block.language == language]


def test_the_pages_agree() -> None:
    """The page for beginners shows the commands and the Python that the README shows."""
    (commands,) = [text for text in texts(README, "console") if "depth-unet prepare" in text]
    assert any(text.endswith(commands) for text in texts(GETTING_STARTED, "console"))
    assert texts(GETTING_STARTED, "python") == texts(README, "python")


def test_the_first_screen_predicts() -> None:
    """The README shows one picture, and how to predict, within twenty lines."""
    top = "\n".join(README.read_text(encoding="utf-8").splitlines()[:20])
    assert "depth-unet predict photo.jpg" in top
    assert "![" in top
