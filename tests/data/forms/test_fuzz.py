"""Files that were changed at random: every reader reads them or says in one line what is wrong.

For longer: ``DEPTH_UNET_FUZZ_S=600 pytest -m slow tests/data/forms/test_fuzz.py``.
"""

import os
import random
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from depth_unet.data.forms.recognise import open_original, open_source
from depth_unet.data.prepare import skip_bad
from depth_unet.data.source import Original
from depth_unet.errors import DataError
from examples.box_rooms import write_box_rooms
from tests.data.forms.conftest import WRITERS, Written
from tests.data.forms.recorders import RECORDERS, record

EXAMPLES = 5
SECONDS = float(os.environ.get("DEPTH_UNET_FUZZ_S", "20"))
ROUND = 200
RECORDED = (
    *("record3d", "record3d exr", "stray", "tum", "rosbag 1", "rosbag 2 mcap", "rosbag 2 sqlite"),
    *("folders tiff", "folders exr"),
)
KINDS = ("pairs", *WRITERS, *RECORDED)
INTERESTING = (
    *(b"\0", b"\xff" * 4, b"\xff" * 8, b"\x00\x00\x00\x80", b"\x7f\xff\xff\xff", b"\n", b"\r\n"),
    *(b",", b'"', b"../", b"/etc/passwd", b"nan", b"1e999", b"-1", b"\xef\xbb\xbf", b"\xff\xfe"),
)
Edit = tuple[str, float, int, bytes]

edits = st.lists(
    st.tuples(
        st.sampled_from(("flip", "put", "insert", "cut", "drop", "double", "zero")),
        st.floats(0, 1),
        st.integers(0, 2**16),
        st.sampled_from(INTERESTING) | st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edit: Edit) -> bytes:
    """A file's content after one change at a place from its beginning (0) to its end (1)."""
    kind, place, number, put = edit
    at = round(place * max(0, len(data) - 1))
    length = number % 64 + 1
    before, after = data[:at], data[at:]
    changes: dict[str, bytes] = {
        "flip": before + bytes(byte ^ (1 << number % 8) for byte in after[:1]) + after[1:],
        "put": before + put + after[len(put) :],
        "insert": before + put + after,
        "cut": before,
        "drop": before + after[length:],
        "double": before + after[:length] + after,
        "zero": before + bytes(length) + after[length:],
    }
    return changes[kind]


def assert_read_or_told(root: Path) -> None:
    """Opening and reading end, or raise one line; with bad rows left out as well."""
    for opened in (open_source, lambda path: open_original(path, on_bad=lambda _: None)):
        try:
            source = opened(root)
        except DataError as error:
            assert_one_line(error)
            continue
        for index in range(len(source.rows)):
            try:
                frame = source.read(index)
            except DataError as error:
                assert_one_line(error)
            else:
                assert frame.image.shape[:2] == frame.depth_mm.shape
                assert frame.depth_mm.any()
        if isinstance(source, Original):
            try:
                kept = skip_bad(source, assert_one_line, workers=1)
            except DataError as error:
                assert_one_line(error)
            else:
                assert 0 < len(kept.rows) <= len(source.rows)


def assert_one_line(error: DataError) -> None:
    """A message for people: one line, not a dump."""
    assert str(error).strip()
    assert "\n" not in str(error)
    assert len(str(error)) < 1000


def changed_and_read(whole: Path, changes: list[tuple[int, list[Edit]]]) -> None:
    """Copy a data set, change some of its files, read it."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = Path(folder) / whole.name
        if whole.is_dir():
            shutil.copytree(whole, root)
        else:
            shutil.copyfile(whole, root)
        files = sorted(path for path in (root.rglob("*") if root.is_dir() else [root]))
        files = [path for path in files if path.is_file()]
        for number, several in changes:
            path = files[number % len(files)]
            data = path.read_bytes()
            for edit in several:
                data = edited(data, edit)
            path.write_bytes(data)
        assert_read_or_told(root)


def check(whole: Path, examples: int, number: int) -> Callable[[], None]:
    """A test of so many examples."""

    @settings(
        max_examples=examples,
        derandomize=False,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @seed(number)
    @given(st.lists(st.tuples(st.integers(0, 99), edits), min_size=1, max_size=3))
    def run(changes: list[tuple[int, list[Edit]]]) -> None:
        changed_and_read(whole, changes)

    return run


def write(kind: str, at: Path, frames: list[Written]) -> Path:
    """A whole data set in a form."""
    if kind == "pairs":
        return write_box_rooms(at, rooms=1, size=(32, 24), test_rooms=1)
    if kind in RECORDERS:
        recorder, size = RECORDERS[kind]
        return recorder(at, record(size, num_frames=2))
    return WRITERS[kind](at, frames)


@pytest.mark.parametrize("kind", KINDS)
def test_changed_files(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """A few examples, the same in every run."""
    check(write(kind, tmp_path / "data", frames), EXAMPLES, 0)()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_changed_files_for_long(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """Other examples in every run, until the time is over."""
    whole = write(kind, tmp_path / "data", frames)
    end, rounds = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        check(whole, ROUND, random.SystemRandom().getrandbits(32))()
        rounds += 1
    assert rounds
