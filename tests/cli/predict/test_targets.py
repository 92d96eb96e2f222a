"""Which files ``predict`` takes for its own."""

from pathlib import Path

from depth_unet.cli.predict.targets import ENDINGS, VIDEO_ENDINGS, is_result


def test_damaged_files_are_others(tmp_path: Path) -> None:
    """What cannot be read is not ours; nor is a folder, a pipe or a link that leads nowhere."""
    for ending in {*ENDINGS.values(), *VIDEO_ENDINGS.values()}:
        for data in (b"", b"\x89PNG\r\n\x1a\n", b"glTF", b"PK\x03\x04", b"ply\n", b"{"):
            (tmp_path / f"a{ending}").write_bytes(data)
            assert not is_result(tmp_path / f"a{ending}")
        (tmp_path / f"b{ending}").mkdir()
        (tmp_path / f"c{ending}").symlink_to("nowhere")
        assert not is_result(tmp_path / f"b{ending}")
        assert not is_result(tmp_path / f"c{ending}")
