"""The command line of the measurements on one split: which network, which frames."""

import argparse
from pathlib import Path

from depth_unet.data.forms.recognise import open_source
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits, frames_of
from depth_unet.model.checkpoint import resolve
from depth_unet.predict.model import DepthModel


def read_arguments(description: str) -> tuple[DepthModel, Source, list[int], str]:
    """The network, the data set, the frames of the split, and the split's name."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="unseen")
    arguments = parser.parse_args()
    model = DepthModel.from_file(resolve(arguments.checkpoint))
    source = open_source(arguments.data)
    splits = Splits.from_dict(model.checkpoint.splits).for_source(source)
    return model, source, frames_of(source.rows, splits, arguments.split), arguments.split
