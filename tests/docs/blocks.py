"""The fenced blocks of README and docs, and the commands in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RUN = ("console", "python", "yaml")
"""Languages that a test runs. Sphinx reads ``{directive}``; ``text`` is no code."""
_FENCE = re.compile(
    r"(?:^ *<!-- not run: (?P<reason>[^\n]+?) -->\n\n?)?"
    r"^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<text>.*?)^ *```$",
    re.DOTALL | re.MULTILINE,
)
_COMMAND = re.compile(r"(?:^|[ |])(?:depth-unet|-m depth_unet) ([^|\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block.

    Attributes:
        page: File.
        line: Line of its opening fence.
        language: What follows the opening fence.
        text: Its lines, without the indentation of the fence.
        reason: Why no test runs it; empty if one does.
    """

    page: Path
    line: int
    language: str
    text: str
    reason: str

    @property
    def commands(self) -> list[list[str]]:
        """Arguments of every ``depth-unet`` in it, also behind torchrun or a pipe."""
        lines = "\n".join(self.lines)
        return [shlex.split(call, comments=True) for call in _COMMAND.findall(lines)]

    @property
    def lines(self) -> list[str]:
        """Its lines of shell, without comments and without what a command prints."""
        whole = re.sub(r"\\\n\s*", "", self.text).splitlines()
        prompted = [line.removeprefix("$ ") for line in whole if line.startswith("$ ")]
        return prompted or [line for line in whole if line.strip() and not line.startswith("#")]


def blocks_of(page: Path) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(
            page=page,
            line=text.count("\n", 0, found.start("language")) + 1,
            language=found["language"],
            text=re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            reason=found["reason"] or "",
        )
