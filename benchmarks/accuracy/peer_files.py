"""A rival's depth of a data set's photos as files, for ``depth-unet evaluate --predictions``.

METER-XXS's maps are written as float32 metres at its own 256x192, under the photos' paths.

    python benchmarks/accuracy/peer_files.py meter_xxs_nyu.onnx --data NYU --out meter [--flip]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from peer import meter_xxs
from rich.console import Console

from depth_unet.data.forms.recognise import open_source
from depth_unet.evaluate.score import with_flip_averaging
from depth_unet.files.atomic import replacing


def main() -> int:
    """Write one file per official test frame."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--flip", action="store_true")
    arguments = parser.parse_args()
    predict, source = meter_xxs(arguments.peer), open_source(arguments.data)
    predict = with_flip_averaging(predict) if arguments.flip else predict
    tests = [index for index, row in enumerate(source.rows) if row.official_split == "test"]
    for index in tests:
        frame = source.read(index)
        path = (arguments.out / source.rows[index].rgb).with_suffix(".npy")
        with replacing(path) as temporary, temporary.open("wb") as stream:
            np.save(stream, predict(frame.image, frame.intrinsics))
    Console(highlight=False).print(f"wrote {len(tests)} files into {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
