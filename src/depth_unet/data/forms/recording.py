"""What people record themselves: recordings of one room each, as one data set."""

import json
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt16

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.plausible import has_aspect
from depth_unet.data.doubts import describe_doubts, find_doubt_of_row
from depth_unet.data.forms.form_source import TRIES, FormSource, Pixels
from depth_unet.data.info import INFO_NAME, read_info
from depth_unet.data.layout import OnBad, PairRow
from depth_unet.data.source import warn_of_unknown_camera
from depth_unet.errors import DataError
from depth_unet.files.text import read_text
from depth_unet.files.walk import walk
from depth_unet.images.resize import resize_image

ALONE = "recording"  # the room of a data set that is one recording: its folder may be renamed
OWN_FIELDS = {"depth_unit", "intrinsics"}  # of dataset.json, that each recording may state


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One photo of a recording with its depth.

    Attributes:
        name: Name within the recording, without ending, with forward slashes.
        place: File and frame, for messages.
        camera: The camera in pixels of the depth map, which shows what the photo shows; None if
            it is not known.
        read: Decodes photo and depth (millimetres); the photo may have another size.
        origin: Checksum of the content of its files.
    """

    name: str
    place: str
    camera: Intrinsics | None
    read: Callable[[], Pixels]
    origin: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What ``dataset.json`` states about a recording, in place of what its own files say.

    Attributes:
        metres_per_unit: Metres per stored count of depth; None if it is not stated.
        camera: The camera of the photos; None if it is not stated.
    """

    metres_per_unit: float | None
    camera: Intrinsics | None


OpenRecording = Callable[[Path, Stated, OnBad], Sequence[Shot]]
"""Opens a recording: its path, what is stated, and what to call with the error of a bad frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingForm:
    """A form of recordings.

    Attributes:
        suffixes: Endings of files that are recordings.
        is_folder: Whether a folder is one.
        open_one: Opens one of them.
        alone: Room of frames that are in no folder below the data set's.
        has_unit: Whether its files state the unit of depth, so that nothing else may.
    """

    suffixes: tuple[str, ...] = ()
    is_folder: Callable[[Path], bool]
    open_one: OpenRecording
    alone: str = ALONE
    has_unit: bool = False

    def has(self, path: Path) -> bool:
        """Whether a path is a recording."""
        if path.suffix.lower() in self.suffixes and path.is_file():
            return True
        return path.is_dir() and self.is_folder(path)


class RecordingSource(FormSource):
    """A recording, or all recordings below a folder.

    The first folder of a frame's path below the data set is its room. A photo is resized to its
    depth map, whose values are kept. A ``dataset.json`` in a recording, or else in the data set's
    folder, states camera and unit where the files do not.

    Args:
        root: The recording, or the folder.
        form: Its form; other recordings in the folder are left out.
        on_bad: Called with the error of every recording that cannot be used, and of every frame
            that is known to be bad.

    Raises:
        DataError: There are no frames, or the folder's ``dataset.json`` cannot be used.
    """

    def __init__(self, root: Path, form: RecordingForm, on_bad: OnBad) -> None:
        self.root, self.shots, self.rows = root, list[Shot](), list[PairRow]()
        # Depth comes in millimetres, and each row has its camera.
        self.info = replace(read_info(root), metres_per_unit=1e-3, intrinsics=None)
        shared, places, unusable = _stated(root, form), dict[str, str](), list[DataError]()
        for path in find_recordings(root, [form]):
            try:
                shots = _open(
                    path, form, shared if path == root else _own(path, form, shared), on_bad
                )
            except DataError as error:
                on_bad(error)
                unusable.append(error)
                continue
            below = "" if path == root else _name_below(root, path) + "/"
            for shot in shots:
                row = _row(below + shot.name, shot.camera, form.alone)
                first = places.setdefault(row.rgb, shot.place)
                if first is not shot.place:
                    on_bad(DataError(f"{shot.place} has the name of {first}; rename one"))
                    continue
                self.shots.append(shot)
                self.rows.append(row)
        if not self.rows:
            raise unusable[0] if unusable else _no_frames(root)
        if any(shot.camera is None for shot in self.shots):
            warn_of_unknown_camera(root)

    def pixels(self, index: int) -> Pixels:
        """See ``FormSource.pixels``."""
        shot = self.shots[index]
        photo, depth_mm = shot.read()
        height, width = depth_mm.shape
        if shot.camera and (width, height) != (shot.camera.width, shot.camera.height):
            raise DataError(
                f"{shot.place} has {width}x{height} pixels, and the first depth map of its "
                f"recording {shot.camera.width}x{shot.camera.height}; put frames of another size "
                "into a folder of their own"
            )
        rows, columns = photo.image.shape[:2]
        if not has_aspect(Intrinsics.centred(width, height, 1), columns, rows):
            raise DataError(
                f"{shot.place} has {width}x{height} pixels and its photo {columns}x{rows}; depth "
                "must show what the photo shows, at any size: register depth to the photo"
            )
        return replace(photo, image=resize_image(photo.image, height, width)), depth_mm

    def check(self, indices: Iterable[int]) -> None:
        """Warn of cameras that are implausible."""
        cameras = ((self.rows[index], self.shots[index].camera) for index in indices)
        found = (find_doubt_of_row(row, camera) for row, camera in cameras if camera)
        doubts = [doubt for doubt in found if doubt]
        if doubts:
            warnings.warn(f"{self.root}: {describe_doubts(doubts)}", stacklevel=2)

    def place(self, index: int) -> str:
        """File and frame."""
        return self.shots[index].place

    def origin(self, index: int) -> str:
        """Checksum of the frame's files."""
        return self.shots[index].origin()


def find_recordings(root: Path, forms: Collection[RecordingForm]) -> Iterator[Path]:
    """``root`` itself, or what lies below it in order; what lies in a recording is part of it."""
    if not root.is_dir():
        yield from [root] if any(form.has(root) for form in forms) else []
        return
    suffixes = {suffix for form in forms for suffix in form.suffixes}
    last = None
    for folder, files in walk(root):
        if last is not None and last in folder.parents:
            continue
        if any(form.is_folder(folder) for form in forms):
            last = folder
            yield folder
        else:
            yield from (path for path in files if path.suffix.lower() in suffixes)


def size_of_depth(
    read: Callable[[Path], UInt16[np.ndarray, "h w"]], files: Sequence[Path]
) -> tuple[int, int]:
    """Width and height of the first depth map of a recording that can be read.

    Raises:
        DataError: None of the first can be read, or there are none.
    """
    for number, file in enumerate(files[:TRIES], start=1):
        try:
            height, width = read(file).shape
        except DataError:
            if number == len(files[:TRIES]):
                raise
        else:
            return width, height
    raise DataError("a recording holds no depth maps; record it again")


def camera_of_depth(camera: Intrinsics, size: tuple[int, int], where: object) -> Intrinsics:
    """The camera of a recording's photos, in pixels of its depth maps.

    Args:
        camera: The camera, in pixels of the photos.
        size: Width and height of the depth maps.
        where: The file that states the camera, for messages.

    Raises:
        DataError: The aspect ratios differ: depth does not show what the photos show.
    """
    if not has_aspect(camera, *size):
        raise DataError(
            f"{where} has a camera of {camera.width}x{camera.height} pixels and depth maps of "
            f"{size[0]}x{size[1]}; depth must show what the photos show: register it to them"
        )
    return camera.resized(*size)


def keep_confident(
    depth_mm: UInt16[np.ndarray, "h w"], confidence: np.ndarray, where: object
) -> UInt16[np.ndarray, "h w"]:
    """Depth without the values of low confidence, 0; a device's levels are 0, 1 and 2.

    Raises:
        DataError: Depth and confidence differ in size.
    """
    if confidence.shape != depth_mm.shape:
        raise DataError(
            f"{where} has the shape {confidence.shape} and depth {depth_mm.shape}; export the "
            "recording again"
        )
    return np.where(confidence > 0, depth_mm, 0).astype(np.uint16)


def _row(name: str, camera: Intrinsics | None, alone: str) -> PairRow:
    folder, slash, _ = name.partition("/")
    return PairRow(
        rgb=f"{name}.png",
        depth=f"{name}_depth.png",
        room_group=folder if slash else alone,
        camera_px=camera.values_px if camera else None,
    )


def _name_below(root: Path, path: Path) -> str:
    name = path.relative_to(root)
    return (name.with_suffix("") if path.is_file() else name).as_posix()


def _open(path: Path, form: RecordingForm, stated: Stated, on_bad: OnBad) -> Sequence[Shot]:
    shots = form.open_one(path, stated, on_bad)
    if not shots:
        raise _no_frames(path)
    return shots


def _no_frames(path: Path) -> DataError:
    return DataError(f"{path} holds no photo with depth; record or export it again")


def _own(path: Path, form: RecordingForm, shared: Stated) -> Stated:
    """What a recording's own file states, or else that of the data set's folder."""
    own = _stated(path, form)
    others = ", ".join(sorted(_fields_of(path) - OWN_FIELDS))
    if others:
        raise DataError(
            f"{path / INFO_NAME} states {others}, which all recordings of a data set share; write "
            f"it into the {INFO_NAME} of the folder that you name"
        )
    return Stated(
        metres_per_unit=own.metres_per_unit or shared.metres_per_unit,
        camera=own.camera or shared.camera,
    )


def _stated(folder: Path, form: RecordingForm) -> Stated:
    info, has_unit = read_info(folder), "depth_unit" in _fields_of(folder)
    if has_unit and form.has_unit:
        raise DataError(
            f"{folder / INFO_NAME} states depth_unit, and these recordings state their own; remove "
            "that field"
        )
    return Stated(
        metres_per_unit=info.metres_per_unit if has_unit else None, camera=info.intrinsics
    )


def _fields_of(folder: Path) -> set[str]:
    """The fields of a ``dataset.json`` that was checked; none without the file."""
    file = folder / INFO_NAME
    return set(json.loads(read_text(file))) if file.exists() else set()
