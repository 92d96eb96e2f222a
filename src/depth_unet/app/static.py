"""Write the site as a folder for a web host."""

import contextlib
import json
from pathlib import Path, PurePath

from depth_unet.app.site import FOREVER, HEADERS, IMMUTABLE, Site
from depth_unet.errors import ConfigError
from depth_unet.files.atomic import check_writable, remove_leftovers, replacing_folder
from depth_unet.files.owner import LOCK_NAME

RECORD = ".depth-unet-site.json"
"""Lists the files of the site, so that others in the folder are never replaced."""


def check_target(folder: Path, *, overwrite: bool) -> None:
    """Check that a site may be written to a folder.

    Args:
        folder: The folder; it may be missing.
        overwrite: Whether a site there may be replaced.

    Raises:
        ConfigError: It holds other files, or a site that may not be replaced.
        DataError: It cannot be written.
    """
    check_writable(folder.resolve().parent)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ConfigError(f"{folder} is a file; name a folder")
    listed = _listed(folder)
    folders = {parent.as_posix() for name in listed for parent in PurePath(name).parents}
    for path in folder.rglob("*"):
        if path == folder / LOCK_NAME:
            continue
        known = folders if path.is_dir() else listed
        if path.is_symlink() or path.relative_to(folder).as_posix() not in known:
            raise ConfigError(
                f"{folder} holds {path.relative_to(folder)}, which is not of a site that "
                "`depth-unet app --static` wrote; name another folder"
            )
    if listed and not overwrite:
        raise ConfigError(f"{folder} already exists; choose another name, or use --overwrite")


def write_site(site: Site, folder: Path) -> None:
    """Write a site with the header files of several hosts, whole or not at all.

    What killed processes left of it is removed. Its lock, if any, goes into the new folder.

    Args:
        site: Its files.
        folder: A folder that ``check_target`` passed; it is replaced.
    """
    folder = folder.resolve()
    contents = {name: file.content for name, file in site.items()} | {
        "_headers": _netlify().encode(),
        ".htaccess": _apache().encode(),
        "vercel.json": _vercel().encode(),
    }
    contents[RECORD] = (json.dumps([*contents, RECORD], indent=1) + "\n").encode()
    with replacing_folder(folder) as temporary:
        for name, content in contents.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        with contextlib.suppress(FileNotFoundError):
            (folder / LOCK_NAME).rename(temporary / LOCK_NAME)
    remove_leftovers([folder])  # now, since one may be the site that was there before


def _listed(folder: Path) -> set[str]:
    """The files of the site in a folder; none if there is no site."""
    try:
        return set(map(str, json.loads((folder / RECORD).read_text(encoding="utf-8"))))
    except (OSError, RecursionError, TypeError, ValueError):
        return set()


def _netlify() -> str:
    """Netlify and Cloudflare Pages, which check all files unless told otherwise."""
    rules = {"/*": HEADERS} | {f"/{name}/*": {"Cache-Control": FOREVER} for name in IMMUTABLE}
    return "".join(
        f"{path}\n" + "".join(f"  {name}: {value}\n" for name, value in headers.items())
        for path, headers in rules.items()
    )


def _vercel() -> str:
    rules = {"/(.*)": HEADERS} | {f"/{name}/(.*)": {"Cache-Control": FOREVER} for name in IMMUTABLE}
    entries = [
        {
            "source": source,
            "headers": [{"key": key, "value": value} for key, value in headers.items()],
        }
        for source, headers in rules.items()
    ]
    return json.dumps({"headers": entries}, indent=1) + "\n"


def _apache() -> str:
    always = "".join(f'Header always set {name} "{value}"\n' for name, value in HEADERS.items())
    return (
        "AddType application/wasm .wasm\n"
        "AddType text/javascript .js .mjs\n"
        f"<IfModule mod_headers.c>\n{always}"
        # The site may itself lie in a folder with such a name.
        f'<If "%{{REQUEST_URI}} =~ m#/({"|".join(IMMUTABLE)})/[^/]+$# '
        '&& %{REQUEST_URI} !~ m#/(index[.]html|sw[.]js|[^/]+[.]json)$#">\n'
        f'Header set Cache-Control "{FOREVER}"\n'
        "</If>\n</IfModule>\n"
    )
