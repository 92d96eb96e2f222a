"""The command line with a stand-in for the built page.

python -m tests.app.page FOLDER app ...
"""

import sys
from pathlib import Path

from depth_unet.app import site
from depth_unet.cli.main import main

CONTENTS = {
    "index.html": b"<!doctype html><title>depth</title>",
    "sw.js": b"self.skipWaiting();",
    "assets/index-1a2b3c4d.js": b"export const metres = 1;\n" * 1000,
    "assets/ort-5e6f.wasm": b"\0asm\1\0\0\0",
    "assets/bedroom-7a8b.jpg": b"\xff\xd8\xff",
}


def write_page(folder: Path) -> Path:
    """Write the files of a page."""
    for name, content in CONTENTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


if __name__ == "__main__":
    site.PAGE = Path(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
