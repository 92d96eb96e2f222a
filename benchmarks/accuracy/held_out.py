"""The command line of the measurements on one split: which network, which frames."""

import argparse
from pathlib import Path

import numpy as np

from depth_unet.arrays import UInt16
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits, frames_of
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.model.checkpoint import resolve
from depth_unet.predict.known import Known
from depth_unet.predict.model import DepthModel


def read_arguments(description: str) -> tuple[DepthModel, Source, list[int], str]:
    """The network, the data set, the frames of the split, and the split's name."""
    return open_split(new_parser(description).parse_args())


def new_parser(description: str) -> argparse.ArgumentParser:
    """The options that all measurements take."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="unseen")
    return parser


def open_split(arguments: argparse.Namespace) -> tuple[DepthModel, Source, list[int], str]:
    """What ``read_arguments`` returns, for options that were read."""
    model = DepthModel.from_file(resolve(arguments.checkpoint))
    source = open_source(arguments.data)
    splits = Splits.from_dict(model.checkpoint.splits).for_source(source)
    return model, source, frames_of(source.rows, splits, arguments.split), arguments.split


def known_in_the_middle(depth_mm: UInt16[np.ndarray, "h w"]) -> Known:
    """The true depth of the pixel nearest to the middle that has one."""
    rows, columns = np.nonzero(depth_mm)
    height, width = depth_mm.shape
    nearest = np.argmin(np.hypot(rows - height / 2, columns - width / 2))
    x, y = int(columns[nearest]), int(rows[nearest])
    return Known(metres=float(depth_mm[y, x]) / MILLIMETRES_PER_METRE, pixels=((x, y),))
