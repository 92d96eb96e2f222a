"""The contact sheet of a data set; it needs matplotlib."""

from pathlib import Path

import numpy as np

from depth_unet.data.source import Source
from depth_unet.data.splits import evenly_spaced
from depth_unet.errors import DataError
from depth_unet.figures.contact import Contact, contact_sheet
from depth_unet.figures.write import write_figure
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE

ON_SHEET = 12


def write_sheet(source: Source, path: Path) -> None:
    """Draw evenly spaced photos beside their depth, without those that cannot be read."""
    contacts = []
    for index in evenly_spaced(range(len(source.rows)), ON_SHEET):
        try:
            frame = source.read(index)
        except DataError:
            continue
        contacts.append(
            Contact(
                image=frame.image,
                depth_m=frame.depth_mm.astype(np.float32) / MILLIMETRES_PER_METRE,
                name=source.rows[index].rgb,
            )
        )
    write_figure(contact_sheet(contacts), path)
