"""Options of ``app``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from depth_unet.cli.arguments.kinds import CommandArguments, Switch, option


@dataclass(frozen=True, slots=True, kw_only=True)
class AppArguments(CommandArguments):
    """Serve a page that predicts and measures in the browser; photos stay on their device."""

    weights: Annotated[str | None, option("NAME|FILE|hf://", default="transfer")] = None
    """The network that the page starts with: one that ships with the package ({shipped}), a run
    folder, a checkpoint file, an `.onnx` file of `export`, or hf://OWNER/NAME on the Hugging Face
    Hub."""
    port: int = 8463
    """Port to listen on; 0 finds a free one."""
    host: str = "127.0.0.1"
    """Address to listen on; the default serves this machine alone."""
    open: Switch = False
    """Open the page in the browser."""
    static: Annotated[Path | None, option("DIR")] = None
    """Write the page as a folder for a web host, and serve nothing."""
    overwrite: Switch = False
    """Replace a folder that `--static` wrote."""
