"""The pairs layout, read and written."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depth_unet.data.layout import (
    ELSEWHERE,
    PairRow,
    check_path,
    plain_name,
    read_index,
    write_index,
)
from depth_unet.errors import DataError


def index(root: Path, text: str, encoding: str = "utf-8") -> list[PairRow]:
    """Read an index with this content."""
    (root / "index.csv").write_text(text, encoding=encoding, newline="")
    return read_index(root)


@given(st.text("ab./:\\ ", max_size=12))
def test_names_are_read_as_pathlib_reads_them(name: str) -> None:
    """What is below its folder, and the plain form of its name, are those of pure paths."""
    path = PurePosixPath(name.strip().replace("\\", "/"))
    inside = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
    if inside and not ELSEWHERE.match(name.strip()):
        assert plain_name(check_path(name, "here")) == path.as_posix()
    else:
        with pytest.raises(DataError, match="here is '"):
            check_path(name, "here")


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "C:/room.jpg",
        "c:room.jpg",
        "\\\\host\\a.jpg",
        "http://a.org/b.jpg",
        "s3://a/b.jpg",
    ],
)
def test_paths_elsewhere(name: str) -> None:
    """The root, drives, hosts and URLs are no paths inside a folder."""
    with pytest.raises(DataError, match="write a path inside the data set"):
        check_path(name, "here")


def test_colons_in_names() -> None:
    """Recordings may be named by the time of day."""
    assert check_path("scan 12:00/1.jpg", "here") == "scan 12:00/1.jpg"


def test_index_round_trip(tmp_path: Path) -> None:
    """Rows come back as they were written: quotes, commas, umlauts, and cameras to the last bit."""
    rows = [
        PairRow(rgb="a.jpg", depth="a.png"),
        PairRow(rgb='größe, "1"/b.jpg', depth="b c.png", official_split="test", room_group="x"),
        PairRow(rgb="c.jpg", depth="c.png", camera_px=(518.857901, 1 / 3, -0.5, 1e-9)),
    ]
    write_index(tmp_path, rows)
    assert read_index(tmp_path) == rows


def test_two_columns_are_enough(tmp_path: Path) -> None:
    """Everything but the two names is optional, and unknown columns are ignored."""
    rows = index(tmp_path, "depth,scene,rgb\na.png,kitchen,a.jpg\n")
    assert rows == [PairRow(rgb="a.jpg", depth="a.png")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_indexes_of_other_programs(tmp_path: Path, encoding: str, newline: str) -> None:
    """Byte-order mark, Windows line ends, spaces, backslashes and short lines are understood."""
    lines = (
        "rgb, depth, official_split, room_group",
        "a\\b.jpg , a\\b.png,test,r 1",
        "c.jpg,c.png",
    )
    rows = index(tmp_path, newline.join(lines), encoding)
    assert rows == [
        PairRow(rgb="a/b.jpg", depth="a/b.png", official_split="test", room_group="r 1"),
        PairRow(rgb="c.jpg", depth="c.png"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"columns \(none\); add depth and rgb"),
        ("rgb,room_group\na.jpg,x\n", "columns rgb, room_group; add depth"),
        ("rgb,depth\n", "lists no pairs"),
        ("rgb,depth\na.jpg,\n", "line 2: depth is ''"),
        ("rgb,depth\na.jpg,a.png\n/etc/b.jpg,b.png\n", "line 3: rgb is '/etc/b.jpg'"),
        ("rgb,depth\n../a.jpg,a.png\n", "line 2: rgb is '../a.jpg'"),
        ("rgb,depth\nx\\..\\..\\a.jpg,a.png\n", "line 2: rgb"),
        ("rgb,depth,fx_px,fy_px,cx_px,cy_px\na.jpg,a.png,500,,3,4\n", "four numbers"),
        ("rgb,depth,fx_px,fy_px,cx_px,cy_px\na.jpg,a.png,500,-1,3,4\n", "positive focal"),
        ("rgb,depth,fx_px,fy_px,cx_px,cy_px\na.jpg,a.png,nan,500,3,4\n", "four numbers"),
        ("rgb,depth,fx_px,fy_px,cx_px,cy_px\na.jpg,a.png,500,500,3,inf\n", "four numbers"),
        ("rgb,depth,fx_px\na.jpg,a.png,500\n", "four numbers"),
        ("rgb,depth\na.jpg,a.png\nb.jpg,b.png\n./a.jpg,c.png\n", "line 4: .* also in .*line 2"),
        ("rgb,depth,official_split\na.jpg,a.png,Val\n", "line 2: official_split is 'Val'"),
        ("rgb,depth\na.jpg,a\0.png\n", "NUL"),
    ],
)
def test_bad_indexes_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """Each mistake in an index is named with its line, and what to do."""
    with pytest.raises(DataError, match=message) as caught:
        index(tmp_path, text)
    assert "index.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_index_of_bad_lines(tmp_path: Path) -> None:
    """The first line tells why no pair is left, where bad lines are left out."""
    (tmp_path / "index.csv").write_text("rgb,depth\n/a,b\nc,\n", encoding="utf-8")
    bad = list[DataError]()
    with pytest.raises(DataError, match="line 2: rgb is '/a'"):
        read_index(tmp_path, bad.append)
    assert len(bad) == 2


def test_index_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """Another encoding is not guessed at."""
    with pytest.raises(DataError, match="UTF-8"):
        index(tmp_path, "rgb,depth\nä.jpg,ä.png\n", "latin-1")


def test_utf16_index(tmp_path: Path) -> None:
    """A spreadsheet's other encoding is read if it has its byte order mark."""
    rows = index(tmp_path, "rgb,depth\nä.jpg,a.png\n", "utf-16")
    assert [row.rgb for row in rows] == ["ä.jpg"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_index_without_a_mark_is_refused(tmp_path: Path, encoding: str) -> None:
    """Without its mark, the encoding is named and not guessed at."""
    with pytest.raises(DataError, match="UTF-8") as caught:
        index(tmp_path, "rgb,depth\na.jpg,a.png\n", encoding)
    assert str(caught.value).isprintable()


def test_official_split_in_capitals(tmp_path: Path) -> None:
    """``Test`` is test: a test frame is never trained on because of its spelling."""
    rows = index(tmp_path, "rgb,depth,official_split\na,a,Test\nb,b, TRAIN \nc,c,\n")
    assert [row.official_split for row in rows] == ["test", "train", ""]


def test_missing_index_is_refused(tmp_path: Path) -> None:
    """An empty folder, no folder and a file in its place are no data sets."""
    (tmp_path / "file").touch()
    for root in (tmp_path, tmp_path / "none", tmp_path / "file"):
        with pytest.raises(DataError, match=r"index\.csv is missing"):
            read_index(root)


def test_index_is_replaced_whole(tmp_path: Path) -> None:
    """A row that cannot be written leaves the index as it was, and nothing beside it."""
    write_index(tmp_path, [PairRow(rgb="a", depth="a")])

    def rows() -> Iterator[PairRow]:
        yield PairRow(rgb="b", depth="b")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_index(tmp_path, rows())
    assert [path.name for path in tmp_path.iterdir()] == ["index.csv"]
    assert read_index(tmp_path) == [PairRow(rgb="a", depth="a")]
