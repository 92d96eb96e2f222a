"""``predict`` that is killed without a warning, and started again."""

import random
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.integration.commandline import bytes_below, files_below, predict, start

NUM_PHOTOS = 40
KINDS = ("png16", "npy", "ply", "color")
FILES_PER_PHOTO = len(KINDS) + 1  # npy has a file beside it


def visible(folder: Path) -> dict[str, bytes]:
    """All results; what was cut short lies under a hidden name."""
    return {
        name: data
        for name, data in bytes_below(folder).items()
        if not Path(name).name.startswith(".")
    }


def test_what_a_killed_command_left_goes(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Its temporary files of the photos at hand are removed; those of other names stay."""
    out = tmp_path / "out"
    out.mkdir()
    others = {".other_depth.0123abcd.part.png", ".room_depth.txt", ".room_depth.0123abcd.part.exr"}
    for name in (*others, ".room_depth.0123abcd.part.npy", ".room_depth.npy.89abcdef.part.json"):
        (out / name).write_bytes(b"half")
    outcome = predict(run_folder, out, photo, "--save", "npy", "--fov", 60)
    assert outcome.code == 0, outcome.err
    assert files_below(out) == others | {"room_depth.npy", "room_depth.npy.json"}


@pytest.mark.chaos
@pytest.mark.slow  # starts eight processes
def test_killed_predictions_are_completed(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Killed at any time, all files are complete, and the same command writes the rest."""
    with Image.open(photo) as image:
        for number in range(NUM_PHOTOS):
            image.rotate(9 * number).save(photo.parent / f"{number:02d}.png")
    photo.unlink()
    given = ("predict", photo.parent, "--weights", run_folder, "--save", *KINDS, "--fov", 60)
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    whole = start(*given, "--out", straight)
    _, err = whole.communicate(timeout=300)
    assert whole.returncode == 0, err
    expected = visible(straight)
    assert len(expected) == NUM_PHOTOS * FILES_PER_PHOTO
    rng, counts = random.Random(0), [0]
    while counts[-1] < len(expected):
        process = start(*given, "--out", killed)
        wanted = counts[-1] + rng.randint(1, len(expected) // 6)
        while process.poll() is None and len(visible(killed)) < wanted:
            time.sleep(0.02)
        process.kill()
        process.communicate()
        found = visible(killed)
        assert found == {name: expected[name] for name in found}
        counts.append(len(found))
    assert len(counts) > 4
