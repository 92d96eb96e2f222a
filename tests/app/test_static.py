"""The site as a folder for web hosts."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from depth_unet.app import static
from depth_unet.app.site import HEADERS, IMMUTABLE, POLICY, Site
from depth_unet.app.static import RECORD, check_target, write_site
from depth_unet.errors import ConfigError, DataError

HOSTS = {"_headers", "vercel.json", ".htaccess", RECORD}
FOREVER = "public, max-age=31536000, immutable"


def names_in(folder: Path) -> set[str]:
    """The files of a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_the_site(site: Site, tmp_path: Path) -> None:
    """Every file that the server sends, and those that tell hosts the headers."""
    out = tmp_path / "new" / "out"
    check_target(out, overwrite=False)
    write_site(site, out)
    assert names_in(out) == {*site, *HOSTS}
    for name, file in site.items():
        assert (out / name).read_bytes() == file.content
    assert set(json.loads((out / RECORD).read_text("utf-8"))) == {*site, *HOSTS}
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_headers_of_netlify_and_cloudflare(site: Site, tmp_path: Path) -> None:
    """All files get the policies, hashed names alone are kept for good."""
    write_site(site, tmp_path / "out")
    rules: dict[str, dict[str, str]] = {}
    for line in (tmp_path / "out" / "_headers").read_text("utf-8").splitlines():
        if line.startswith("/"):
            rules[line] = {}
        else:
            name, value = line.split(": ", 1)
            assert name.startswith("  ")
            list(rules.values())[-1][name.strip()] = value
    kept = {"Cache-Control": FOREVER}
    assert rules == {"/*": HEADERS, "/assets/*": kept, "/models/*": kept}
    assert max(map(len, (tmp_path / "out" / "_headers").read_text().splitlines())) < 2000


def test_headers_of_vercel(site: Site, tmp_path: Path) -> None:
    """The same rules as JSON."""
    write_site(site, tmp_path / "out")
    listed = json.loads((tmp_path / "out" / "vercel.json").read_text("utf-8"))["headers"]
    rules = {
        rule["source"]: {header["key"]: header["value"] for header in rule["headers"]}
        for rule in listed
    }
    kept = {"Cache-Control": FOREVER}
    assert rules == {"/(.*)": HEADERS, "/assets/(.*)": kept, "/models/(.*)": kept}


def test_headers_of_apache(site: Site, tmp_path: Path) -> None:
    """The same rules as directives."""
    write_site(site, tmp_path / "out")
    lines = (tmp_path / "out" / ".htaccess").read_text("utf-8").splitlines()
    for name, value in HEADERS.items():
        assert f'Header always set {name} "{value}"' in lines
    assert '"' not in POLICY
    (condition,) = (line for line in lines if line.startswith('<If "'))
    wanted, unwanted = map(re.compile, re.findall("m#(.*?)#", condition))
    for name in site:
        for folder in ("/", "/models/", "/assets/old/"):
            path = f"{folder}{name}"
            is_kept = bool(wanted.search(path)) and not unwanted.search(path)
            assert is_kept == (name.split("/")[0] in IMMUTABLE), path
    assert not wanted.search("/models/")
    start = lines.index(condition)
    assert lines[start + 1 : start + 3] == [f'Header set Cache-Control "{FOREVER}"', "</If>"]
    assert "AddType application/wasm .wasm" in lines


def test_a_site_is_replaced_when_asked(site: Site, tmp_path: Path) -> None:
    """Only with ``--overwrite``; files that the new site lacks are gone."""
    out = tmp_path / "out"
    write_site({**site, "assets/old.js": site["sw.js"]}, out)
    with pytest.raises(ConfigError, match=f"{out} already exists; .* --overwrite"):
        check_target(out, overwrite=False)
    check_target(out, overwrite=True)
    write_site(site, out)
    assert names_in(out) == {*site, *HOSTS}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("has_site", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        Path.touch,
        Path.mkdir,
        os.mkfifo,
        lambda path: path.symlink_to("/tmp"),
        lambda path: path.symlink_to("nothing"),
    ],
    ids=["file", "folder", "pipe", "link", "broken link"],
)
def test_other_files_are_never_replaced(
    site: Site, tmp_path: Path, make: Callable[[Path], None], overwrite: bool, has_site: bool
) -> None:
    """A folder that holds anything else is refused, whether or not it holds a site."""
    out = tmp_path / "out"
    if has_site:
        write_site(site, out)
    out.mkdir(exist_ok=True)
    make(out / "thesis")
    with pytest.raises(ConfigError, match=r"holds thesis, which is not of a site"):
        check_target(out, overwrite=overwrite)


def test_a_linked_part_of_a_site_is_never_replaced(site: Site, tmp_path: Path) -> None:
    """A folder of the site that lies elsewhere is not ours."""
    out = tmp_path / "out"
    write_site(site, out)
    (out / "models").rename(tmp_path / "large disk")
    (out / "models").symlink_to(tmp_path / "large disk")
    with pytest.raises(ConfigError, match="holds models, which is not of a site"):
        check_target(out, overwrite=True)


def test_targets(site: Site, tmp_path: Path) -> None:
    """An empty folder is fine; a file, and a folder below one, are not."""
    (tmp_path / "empty").mkdir()
    check_target(tmp_path / "empty", overwrite=False)
    write_site(site, tmp_path / "empty")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file is a file; name a folder"):
        check_target(tmp_path / "file", overwrite=True)
    with pytest.raises(DataError, match="is a file, not a folder"):
        check_target(tmp_path / "file" / "out", overwrite=True)


def test_a_failure_leaves_the_old_site(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is interrupted in between leaves no half of a site."""
    out = tmp_path / "out"
    write_site(site, out)
    before = names_in(out)
    written: list[bytes] = []

    def stop(_path: Path, data: bytes) -> int:
        written.append(data)
        if len(written) == 4:
            raise KeyboardInterrupt
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(static.Path, "write_bytes", stop)
        with pytest.raises(KeyboardInterrupt):
            write_site({"new.txt": site["sw.js"], **site}, out)
    assert names_in(out) == before
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []
