"""Every code block of README and docs runs, or says why no test runs it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from depth_unet.cli import main as command_line
from tests.docs.blocks import PAGES, ROOT, RUN, Block, blocks_of
from tests.integration.commandline import depth_unet, source_path

pytestmark = pytest.mark.usefixtures("unchecked")

BLOCKS = [block for page in PAGES for block in blocks_of(page)]
NO_CODE = ("text", "csv")
FEW_STEPS = (
    *("--steps", "2", "--batch-size", "2", "--validate-every", "2"),
    *("--canvas.height", "48", "--canvas.width", "64", "--precision", "fp32"),
)
SMALL_MODEL = (
    *("--model.encoder", "residual", "--model.widths", "8", "16", "32", "32"),
    *("--model.blocks", "1", "1", "1", "1", "--model.attention-blocks", "0", "0", "1", "1"),
    *("--model.head-width", "8"),
)
# What is given to a command in place of its values, so that it takes seconds.
SMALLER = {
    "train": (*FEW_STEPS, *SMALL_MODEL),
    "search": (*FEW_STEPS, "--trials", "1"),
    "rooms": ("--images", "60", "--size", "32x32", "--samples", "1"),
    "prepare": ("--size", "64x48"),
}
SLOW = ("rooms",)  # Its first picture takes 20 s: the renderer is compiled.


def name_of(page: Path) -> str:
    """The page as it is named in a test."""
    return page.relative_to(ROOT).as_posix()


def is_slow(block: Block) -> bool:
    """Whether a block has a command that takes long."""
    return any(words[0] in SLOW for words in block.commands)


def to_run(page: Path) -> list[Block]:
    """The blocks of a page that a test runs."""
    return [
        block
        for block in BLOCKS
        if block.page == page and block.language in RUN and not block.reason
    ]


WITH_CODE = [page for page in PAGES if to_run(page)]
WITH_SLOW_CODE = [page for page in WITH_CODE if any(map(is_slow, to_run(page)))]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{name_of(block.page)}:{block.line}")
def test_every_block_is_run_or_says_why_not(block: Block) -> None:
    """A block has a language; it runs, Sphinx reads it, or a comment above it has the reason."""
    is_read = block.language.startswith("{") or block.language in NO_CODE
    assert block.language in RUN or is_read or block.reason, (
        f"{name_of(block.page)}, line {block.line}: no test runs a block of {block.language!r}; "
        "write <!-- not run: REASON --> above it, or call it text"
    )
    assert not (block.reason and is_read), f"{name_of(block.page)}, line {block.line}: is no code"


def test_reasons_name_tests_that_exist() -> None:
    """Where a test stands in for a block, it is there."""
    named = {name for block in BLOCKS for name in re.findall(r"tests/[\w/.]+\b", block.reason)}
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_every_block_is_found() -> None:
    """As many blocks are known as there are pairs of fences."""
    for page in PAGES:
        fences = len(re.findall(r"^ *```", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert fences == 2 * sum(block.page == page for block in BLOCKS), name_of(page)


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_quick_blocks_run(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with the photos and data sets that it names, a page runs from top to bottom."""
    run([block for block in to_run(page) if not is_slow(block)], folder, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_SLOW_CODE, ids=name_of)
def test_all_blocks_run(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the rooms that it renders."""
    run(to_run(page), folder, monkeypatch)


@pytest.mark.usefixtures("folder")
def test_commands_that_are_not_run_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their options and values exist."""
    blocks = [block for block in BLOCKS if block.reason and block.commands]
    assert blocks
    for block in blocks:
        parse(block, monkeypatch)


def run(blocks: list[Block], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run blocks in turn; those of Python have one namespace."""
    monkeypatch.setattr("PIL.ImageShow.show", lambda *_: True)
    namespace = dict[str, Any]()
    for block in blocks:
        where = f"{name_of(block.page)}, line {block.line}"
        match block.language:
            case "python":
                code = compile("\n" * block.line + block.text, str(block.page), "exec")
                exec(code, namespace)  # ours
            case "yaml":  # its first line is its name
                (folder / block.text.split()[1]).write_text(block.text, encoding="utf-8")
            case _:
                for arguments in parse(block, monkeypatch):
                    remove(getattr(arguments, "out", None))
                for line in block.lines:
                    for arguments in parse(replace(block, text=line), monkeypatch):
                        remove(default_runs(arguments))  # two lines may have the same
                    output = run_line(line, where)
                    if f"$ {line}\n" in block.text:
                        shown = block.text.partition(f"$ {line}\n")[2].partition("$ ")[0]
                        assert_alike(output, shown)


def parse(block: Block, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The arguments of every command of a block."""
    found = list[Any]()
    with monkeypatch.context() as patch:
        runner = SimpleNamespace(run=lambda arguments: found.append(arguments) or [])
        patch.setattr(command_line, "_import", lambda _: runner)
        for words in block.commands:
            outcome = depth_unet(*words)
            assert outcome.code == 0, f"{name_of(block.page)}, line {block.line}: {outcome.err}"
    return found


def default_runs(arguments: Any) -> tuple[Path, ...]:
    """Where `train` and `search` write without ``--out``; nothing for others."""
    if not hasattr(arguments, "settings") or getattr(arguments, "out", "") is not None:
        return ()
    runs = Path("runs", arguments.settings.recipe)
    return (runs, runs.with_name(f"{runs.name}-search"))


def remove(out: Path | tuple[Path, ...] | None) -> None:
    """Remove what a command is going to write: what is there is of the shelf."""
    for path in out if isinstance(out, tuple) else (out,) if out else ():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def run_line(line: str, where: str) -> str:
    """Run one line of a block: ``depth-unet`` in this process, all else in bash."""
    needs_shell = re.search(r"[*|&<>]", re.sub(r'"[^"]*"|#.*', "", line))
    if line.startswith("depth-unet ") and not needs_shell:
        words = smaller(shlex.split(line, comments=True)[1:])
        if "--memory" not in words:
            outcome = depth_unet(*words)
            assert outcome.code == 0, f"{where}: {line}: {outcome.err}"
            return outcome.out
        line = shlex.join(("depth-unet", *words))  # the memory of this process would count
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-ec", f'depth-unet() {{ {sys.executable} -m depth_unet "$@"; }}\n{line}'],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, "PYTHONPATH": source_path()},
    )
    assert done.returncode == 0, f"{where}: {line}: {done.stderr}"
    return done.stdout


def smaller(words: list[str]) -> list[str]:
    """The words of a command, with values that take seconds."""
    given = dict[str, list[str]]()
    for word in SMALLER.get(words[0], ()) if "--resume" not in words else ():
        if word.startswith("--"):
            values = given.setdefault(word, [])
        else:
            values.append(word)
    kept, skipping = list[str](), False
    for word in words:
        skipping = word in given if word.startswith("--") else skipping
        if not skipping:
            kept.append(word)
    return [*kept, *(word for option, values in given.items() for word in (option, *values))]


def assert_alike(output: str, shown: str) -> None:
    """The output is the one that the page shows; processors may differ in the last digits."""
    number = r"\d+\.\d+"
    assert re.sub(number, "N", output).strip() == re.sub(number, "N", shown).strip()
    assert [float(found) for found in re.findall(number, output)] == pytest.approx(
        [float(found) for found in re.findall(number, shown)], rel=0.02
    )
