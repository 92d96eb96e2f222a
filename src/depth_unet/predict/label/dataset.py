"""Labelled photos as a data set in the pairs layout: photos, depth and confidence."""

import filecmp
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depth_unet.arrays import Float32, UInt8, UInt16
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.info import DatasetInfo, write_info
from depth_unet.data.layout import INDEX_NAME, PairRow, write_index
from depth_unet.errors import DataError
from depth_unet.files.atomic import copy_file, write_bytes, write_text
from depth_unet.files.owner import contents, remove_all_leftovers
from depth_unet.images.millimetres import as_millimetres

RECORD_NAME = "labels.json"
PHOTOS, DEPTH, CONFIDENCE = "photos", "depth", "confidence"
MOST_CONFIDENT = 255
TOLERANCE = 0.1
"""Disagreement, in log-depth, at which confidence falls to 1 / e."""


@dataclass(frozen=True, slots=True)
class LabelFolder:
    """The folder of labels that the same teachers made with the same settings.

    Attributes:
        root: The folder.
        facts: What the labels depend on besides the photos, as plain values.
    """

    root: Path
    facts: dict[str, Any]

    def begin(self, *, overwrite: bool) -> None:
        """Make the folder, or go on in one with labels of the same facts.

        Raises:
            DataError: It holds other files, or, without ``overwrite``, labels of other facts.
        """
        record = self.root / RECORD_NAME
        held = self._read(record)
        if held is None and self.root.is_dir() and contents(self.root):
            raise DataError(f"{self.root} is not empty and holds no labels; choose another folder")
        if held is not None and held != self.facts:
            if not overwrite:
                both = held | self.facts
                names = [name for name in both if held.get(name) != self.facts.get(name)]
                raise DataError(
                    f"{self.root} holds labels with other {' and '.join(names)}; choose another "
                    "folder, or replace the labels with --overwrite"
                )
            (self.root / INDEX_NAME).unlink(missing_ok=True)
            # Confidence first: without it, no photo counts as labelled if this is interrupted.
            for name in (CONFIDENCE, DEPTH, PHOTOS):
                if (self.root / name).exists():
                    shutil.rmtree(self.root / name)
        write_text(record, json.dumps(self.facts, indent=1) + "\n")
        remove_all_leftovers(self.root)

    def is_done(self, photo: Path, stem: Path) -> bool:
        """Whether this photo, and no other of its name, has its label."""
        copy = self._copy(photo, stem)
        is_complete = self._path(CONFIDENCE, stem, ".png").exists() and copy.exists()
        return is_complete and filecmp.cmp(photo, copy, shallow=False)

    def write(
        self,
        photo: Path,
        stem: Path,
        depth_m: Float32[np.ndarray, "h w"],
        disagreement: Float32[np.ndarray, "h w"],
        limit: float,
    ) -> None:
        """Copy a photo and write its label; confidence is the last of its files.

        Args:
            photo: The photo.
            stem: Path of its files below the folders, without their endings.
            depth_m: Depth of the upright photo, metres.
            disagreement: As ``combine`` returns it.
            limit: Disagreement beyond which depth becomes a hole.
        """
        self._path(CONFIDENCE, stem, ".png").unlink(missing_ok=True)
        copy_file(photo, self._copy(photo, stem))
        depth_mm = as_millimetres(np.where(disagreement > limit, 0, depth_m))
        _write_png(self._path(DEPTH, stem, ".png"), depth_mm)
        _write_png(self._path(CONFIDENCE, stem, ".png"), confidence(disagreement))

    def row(self, photo: Path, stem: Path, camera: Intrinsics) -> PairRow:
        """The line of a photo in the index; every photo counts as a room."""
        paths = (self._copy(photo, stem), self._path(DEPTH, stem, ".png"))
        rgb, depth = (path.relative_to(self.root).as_posix() for path in paths)
        return PairRow(rgb=rgb, depth=depth, room_group=stem.as_posix(), camera_px=camera.values_px)

    def finish(self, name: str, rows: Iterable[PairRow]) -> None:
        """Write the description and the index."""
        write_info(self.root, DatasetInfo(name=name))
        write_index(self.root, rows)

    def _copy(self, photo: Path, stem: Path) -> Path:
        return self._path(PHOTOS, stem, photo.suffix.lower())

    def _read(self, record: Path) -> dict[str, Any] | None:
        """The facts of the labels in the folder; None if the file is missing or is not ours."""
        try:
            values = json.loads(record.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        # Other versions may have written more facts, or fewer.
        is_ours = isinstance(values, dict) and not self.facts.keys().isdisjoint(values)
        return values if is_ours else None

    def _path(self, folder: str, stem: Path, suffix: str) -> Path:
        return self.root / folder / stem.parent / f"{stem.name}{suffix}"


def confidence(disagreement: Float32[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """255 where all teachers agree, 94 where log-depth differs by .1: ``255 exp(-x / .1)``."""
    return np.asarray(np.rint(MOST_CONFIDENT * np.exp(-disagreement / TOLERANCE)), dtype=np.uint8)


def _write_png(path: Path, image: UInt8[np.ndarray, "h w"] | UInt16[np.ndarray, "h w"]) -> None:
    encoded, data = cv2.imencode(".png", image)
    assert encoded
    write_bytes(path, data.tobytes())
