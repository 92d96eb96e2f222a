"""What people record themselves: recordings of one room each, as one data set."""

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.plausible import has_aspect
from depth_unet.data.doubts import describe_doubts, find_doubt_of_row
from depth_unet.data.forms.form_source import FormSource, Pixels
from depth_unet.data.forms.recording import RecordingForm, Shot, Stated, check_size
from depth_unet.data.info import INFO_NAME, DatasetInfo, read_stated
from depth_unet.data.layout import OnBad, PairRow
from depth_unet.data.source import warn_of_unknown_camera
from depth_unet.errors import DataError
from depth_unet.files.walk import walk
from depth_unet.images.resize import resize_image


class RecordingSource(FormSource):
    """A recording, or all recordings below a folder.

    The first folder of a frame's path below the data set is its room. A photo is resized to its
    depth map, whose values are kept. A ``dataset.json`` in a recording, or else in the data set's
    folder, states camera and unit where the files do not.

    Args:
        root: The recording, or the folder.
        form: Its form; other recordings in the folder are left out, with a warning if they are
            incomplete.
        others: All forms, to know other recordings by.
        on_bad: Called with the error of every recording that cannot be used, and of every frame
            that is known to be bad.

    Raises:
        DataError: There are no frames, or the folder's ``dataset.json`` cannot be used.
    """

    def __init__(
        self,
        root: Path,
        form: RecordingForm,
        on_bad: OnBad,
        others: Iterable[RecordingForm] = (),
    ) -> None:
        self.root, self.shots, self.rows = root, list[Shot](), list[PairRow]()
        facts = _read_facts(root, form)
        # Depth comes in millimetres, and each row has its camera.
        own = {"metres_per_unit": 1e-3, "intrinsics": None}
        self.info = DatasetInfo(**({"name": root.resolve().name} | facts | own))
        shared, places, unusable = _stated(facts), dict[str, str](), list[DataError]()
        for path, found, is_whole in find_recordings(root, (form, *others)):
            if found is not form:
                if not is_whole:
                    _warn_of_part(path)
                continue
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
            raise unusable[0] if unusable else _no_recordings(root)
        if any(shot.camera is None for shot in self.shots):
            warn_of_unknown_camera(root)

    def pixels(self, index: int) -> Pixels:
        """See ``FormSource.pixels``."""
        shot = self.shots[index]
        photo, depth_mm = shot.read()
        height, width = depth_mm.shape
        if shot.camera:
            check_size(depth_mm, (shot.camera.width, shot.camera.height), shot.place)
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


def find_recordings(
    root: Path, forms: Sequence[RecordingForm]
) -> Iterator[tuple[Path, RecordingForm, bool]]:
    """``root`` itself, or what lies below it in order; what lies in a recording is part of it.

    A file that is found through links, too, counts once, under its own name. A folder above
    recordings is no part of one, whatever else it holds.

    Args:
        root: A file or a folder.
        forms: The forms; where several fit, the first.

    Returns:
        Each recording with its form, and whether it is whole as far as the names in it tell.
    """
    if not root.is_dir():
        form = _form_of_file(root, forms) if root.is_file() else None
        yield from [(root, form, True)] if form else []
        return
    found = list(_found_below(root, forms))
    paths = sorted((path for path, _, _ in found), key=Path.is_symlink, reverse=True)
    # Path.resolve fails for links in a circle.
    kept = set({os.path.realpath(path): path for path in paths}.values())
    above = {folder for path, _, is_whole in found if is_whole for folder in path.parents}
    yield from (one for one in found if one[0] in kept and (one[2] or one[0] not in above))


def _found_below(
    root: Path, forms: Sequence[RecordingForm]
) -> Iterator[tuple[Path, RecordingForm, bool]]:
    last = None
    for folder, files in walk(root):
        if last is not None and last in folder.parents:
            continue
        whole = next((form for form in forms if form.is_folder(folder)), None)
        form = whole or next((form for form in forms if form.is_part(folder)), None)
        if form is not None:
            yield folder, form, whole is not None
        if whole is not None:
            last = folder
            continue
        for path in files:
            form = _form_of_file(path, forms)
            if form is not None:
                yield path, form, True


def _form_of_file(path: Path, forms: Iterable[RecordingForm]) -> RecordingForm | None:
    return next((form for form in forms if path.suffix.lower() in form.suffixes), None)


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


def _no_recordings(root: Path) -> DataError:
    return DataError(
        f"{root} holds no recordings of the form that --form names; leave --form out, or name "
        "another folder"
    )


def _no_frames(path: Path) -> DataError:
    return DataError(f"{path} holds no photo with depth; record or export it again")


def _own(path: Path, form: RecordingForm, shared: Stated) -> Stated:
    """What a recording's own file states, or else that of the data set's folder."""
    facts = _read_facts(path, form)
    own = _stated(facts)
    others = ", ".join(sorted(facts.keys() - {"metres_per_unit", "intrinsics"}))
    if others:
        raise DataError(
            f"{path / INFO_NAME} states {others}, which all recordings of a data set share; write "
            f"it into the {INFO_NAME} of the folder that you name"
        )
    return Stated(
        metres_per_unit=own.metres_per_unit or shared.metres_per_unit,
        camera=own.camera or shared.camera,
    )


def _read_facts(folder: Path, form: RecordingForm) -> dict[str, Any]:
    facts = read_stated(folder)
    if form.has_unit and "metres_per_unit" in facts:
        raise DataError(
            f"{folder / INFO_NAME} states depth_unit, and these recordings state their own; remove "
            "that field"
        )
    return facts


def _stated(facts: dict[str, Any]) -> Stated:
    return Stated(metres_per_unit=facts.get("metres_per_unit"), camera=facts.get("intrinsics"))


def _warn_of_part(path: Path) -> None:
    warnings.warn(
        f"{path} holds a part of a recording of another form and is left out; complete it or move "
        "it",
        stacklevel=4,
    )
