"""Facts about a whole data set, which ``dataset.json`` states."""

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.camera.plausible import check_aspect
from depth_unet.data.layout import CAMERA_COLUMNS, PairRow
from depth_unet.errors import DataError
from depth_unet.files.atomic import write_text
from depth_unet.files.text import read_text

INFO_NAME = "dataset.json"
METRES_PER_UNIT = {"mm": 1e-3, "cm": 1e-2, "m": 1.0}
CAMERA_FIELDS = ("width", "height", *CAMERA_COLUMNS)
_SHARD = re.compile(r"(\d{1,7})/(\d{1,7}) of (\w+)")


class Shard(NamedTuple):
    """One part of a data set.

    Attributes:
        number: From 1 to ``total``.
        total: Number of parts.
        whole: Name that all parts of the data set have in common.
    """

    number: int
    total: int
    whole: str

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read ``I/N of NAME``.

        Raises:
            ValueError: The text has another form, or I is not from 1 to N.
        """
        found = _SHARD.fullmatch(text)
        shard = cls(int(found[1]), int(found[2]), found[3]) if found else cls(0, 0, "")
        if not 1 <= shard.number <= shard.total:
            raise ValueError(f"shard is {text!r}; write I/N of NAME with I from 1 to N")
        return shard

    def __str__(self) -> str:
        """``I/N of NAME``."""
        return f"{self.number}/{self.total} of {self.whole}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInfo:
    """Facts about a whole data set.

    Attributes:
        name: Title, printed with results.
        metres_per_unit: Metres per count of the depth PNG.
        border_px: Width of the border in which depth is not valid, pixels of the original image.
        max_depth_m: Depth beyond which a value is not valid, metres.
        intrinsics: The camera of all rows without ``camera_px``, or None.
        shard: Which part of a data set this is; None for a whole one.
    """

    name: str
    metres_per_unit: float = 1e-3
    border_px: int = 0
    max_depth_m: float = 10.0
    intrinsics: Intrinsics | None = None
    shard: Shard | None = field(default=None, repr=False)  # a cache's content is the same

    def camera(self, row: PairRow, height: int, width: int) -> Intrinsics:
        """The camera of a photo of this size; NYU's focal length is assumed if none is known.

        A data set's camera for another shape is refused with a ``DataError``.
        """
        if row.camera_px is not None:
            return Intrinsics.from_values(width, height, row.camera_px)
        if self.intrinsics is not None:
            remedy = f"use the pairs layout with {row.rgb}'s own {', '.join(CAMERA_COLUMNS)}"
            check_aspect(self.intrinsics, width, height, remedy)
            return self.intrinsics.resized(width, height)
        return Intrinsics.assumed(width, height, NYU_FOCAL)


def read_info(root: Path) -> DatasetInfo:
    """Read ``dataset.json`` of the folder ``root``; without the file, the defaults.

    Raises:
        DataError: The file is not a JSON object, or has a field or value that cannot be used.
    """
    return DatasetInfo(**({"name": root.resolve().name} | read_stated(root)))


def read_stated(root: Path) -> dict[str, Any]:
    """What ``dataset.json`` states, as fields of ``DatasetInfo``; empty without the file.

    Raises:
        DataError: See ``read_info``.
    """
    path = root / INFO_NAME
    if not path.exists():
        return {}
    try:
        values = json.loads(read_text(path))
        _refuse_unknown(values, FIELDS)
        stated = {FIELDS[name][0]: FIELDS[name][1](value) for name, value in values.items()}
        info = DatasetInfo(**({"name": ""} | stated))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        cause = str(error).partition("\n")[0]
        raise DataError(
            f"{path} cannot be used ({type(error).__name__}: {cause}); it is a JSON object with "
            "name, depth_unit (mm, cm, m or metres per count, such as 0.0002), border_px, "
            f"max_depth_m, shard and intrinsics ({', '.join(CAMERA_FIELDS)}), all optional"
        ) from None
    is_unit = 0 < info.metres_per_unit < math.inf
    if not (is_unit and info.border_px >= 0 and 0 < info.max_depth_m <= 65.535):
        raise DataError(
            f"{path} has depth_unit {info.metres_per_unit} m, border_px {info.border_px}, "
            f"max_depth_m {info.max_depth_m}; choose a unit > 0, a border >= 0, 0 < depth <= 65.535"
        )
    return stated


def write_info(root: Path, info: DatasetInfo) -> None:
    """Write ``dataset.json`` into the folder ``root``."""
    values: dict[str, Any] = asdict(info) | {"shard": info.shard and str(info.shard)}
    values["depth_unit"] = values.pop("metres_per_unit")
    given = {name: value for name, value in values.items() if value is not None}
    write_text(root / INFO_NAME, json.dumps(given, indent=1) + "\n")


def _refuse_unknown(values: dict[str, Any], known: Collection[str]) -> None:
    if unknown := ", ".join(name for name in values if name not in known):
        raise ValueError(f"unknown fields: {unknown}")


def _parse_unit(value: Any) -> float:
    return METRES_PER_UNIT[value] if isinstance(value, str) else float(value)


def _parse_intrinsics(values: dict[str, Any] | None) -> Intrinsics | None:
    if not values:
        return None
    _refuse_unknown(values, CAMERA_FIELDS)
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"intrinsics.{name} is {value!r}, not a number")
        if name in ("width", "height") and value != int(value):
            raise ValueError(f"intrinsics.{name} is {value}, not a whole number")
    sizes = {name: int(values[name]) for name in ("width", "height")}
    return Intrinsics(**(values | sizes))


FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "name": ("name", str),
    "depth_unit": ("metres_per_unit", _parse_unit),
    "border_px": ("border_px", int),
    "max_depth_m": ("max_depth_m", float),
    "intrinsics": ("intrinsics", _parse_intrinsics),
    "shard": ("shard", Shard.parse),
}
"""The fields of the file: what they are called in ``DatasetInfo``, and what makes them of JSON."""
