"""The files of the page: names, contents and headers."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from depth_unet.app.network import Network
from depth_unet.errors import ConfigError

PAGE = Path(__file__).with_name("page")
INDEX = "index.html"
IMMUTABLE = ("assets", "models")
"""Folders whose file names change with the content."""
FOREVER, CHECKED = "public, max-age=31536000, immutable", "no-cache"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
"""Fixed: Python's own table depends on the machine."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every response. Threads of WebAssembly need the two policies of opener and embedder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of the site.

    Attributes:
        content: Its bytes.
        kind: Media type.
        caching: Value of Cache-Control.
        etag: Changes with the content.
    """

    content: bytes
    kind: str
    caching: str
    etag: str

    @property
    def headers(self) -> dict[str, str]:
        """What an answer says of it, whether it holds the file or not."""
        return {"Cache-Control": self.caching, "ETag": self.etag}


Site = Mapping[str, File]
"""Files by name, such as ``assets/index-1a2b.js``."""


def check_built(page: Path) -> None:
    """Check that there is a page.

    Raises:
        ConfigError: It is not built.
    """
    if not (page / INDEX).is_file():
        raise ConfigError(
            "the page is not built; run `make page` in the clone (it needs Node.js 20 or later), "
            "then `pip install .` again, or install a wheel from `make wheel`"
        )


def build_site(page: Path, networks: Sequence[Network]) -> Site:
    """Everything that the page consists of, in memory.

    Args:
        page: Folder of the built page.
        networks: The networks to choose from; the first is the default.
    """
    contents = {
        path.relative_to(page).as_posix(): path.read_bytes()
        for path in sorted(page.rglob("*"))
        if path.is_file()
    }
    contents["models.json"] = _json(
        {"default": networks[0].name, "models": [network.facts for network in networks]}
    )
    for network in networks:
        contents |= network.files
    return {name: _file(name, content) for name, content in contents.items()}


def _file(name: str, content: bytes) -> File:
    return File(
        content=content,
        kind=TYPES.get(Path(name).suffix, "application/octet-stream"),
        caching=FOREVER if name.partition("/")[0] in IMMUTABLE else CHECKED,
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    )


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
