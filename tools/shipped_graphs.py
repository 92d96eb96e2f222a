"""Write the ONNX graphs of the shipped weights, which lie beside them in the package.

    python -m tools.shipped_graphs

The graphs hold no weights: they refer to the ``.safetensors`` files, which hold them once. Their
metadata state the licence and the figures of the model cards.
"""

import hashlib

from depth_unet.export.external import write_graph
from depth_unet.export.onnx import Source
from depth_unet.model.shipped import WEIGHTS
from tools.cards import read_figures, read_licence


def main() -> None:
    """Write one graph for each checkpoint in the package."""
    for weights in sorted(WEIGHTS.glob("*.safetensors")):
        checksum = hashlib.sha256(weights.read_bytes()).hexdigest()
        source = Source(
            name=weights.stem,
            sha256=checksum,
            licence=read_licence(weights.stem),
            metrics=read_figures(weights.stem),
        )
        path = weights.with_suffix(".onnx")
        write_graph(path, weights, source)
        print(f"wrote {path}: {path.stat().st_size / 1000:.0f} kB")  # noqa: T201


if __name__ == "__main__":
    main()
