"""The command line as such: refusals, names, pipes, and the module that is the command."""

import re
import shlex
from pathlib import Path

import pytest

from depth_unet.model.shipped import BEST_NAME
from tests.integration.commandline import (
    FEW_STEPS,
    Outcome,
    assert_refused,
    depth_unet,
    predict,
    start,
)


@pytest.fixture
def places(box_rooms: Path, cache: Path, run_folder: Path) -> dict[str, Path]:
    """What the words in capitals stand for below."""
    return {"CACHE": cache, "RUN": run_folder, "ROOMS": box_rooms}


@pytest.mark.parametrize(
    "arguments",
    [
        "segment photo.jpg",
        "train tiny --data CACHE",
        "train --data CACHE",
        "train seed",
        "train seed --data CACHE --colour red",
        "train seed --data CACHE --batch-size 0",
        "train seed --data CACHE --batch-size many",
        "train seed --data CACHE --fraction 1.5",
        "train seed --data CACHE --holdout some",
        "train seed --data CACHE --canvas.width 65",
        "train seed --data CACHE --model.widths 8 16",
        "train seed --data CACHE --loss.mae -1",
        "train seed --data CACHE --optim.schedule linear",
        "search tiny --data CACHE",
        "search seed",
        "search seed --data CACHE --trials -1",
        "search seed --data CACHE --sampler best",
        "search seed --data CACHE --holdout none",
        "search seed --data CACHE --space loss.mea=0,1",
        "search seed --data CACHE --sampler grid --space loss.mae=0..1",
        "search seed --data CACHE --sampler grid --trials 28",
        "search seed --data NOTHING",
        "search seed --data CACHE --device cpu --space precision=fp32,fp16",
        "train --resume RUN --steps 9",
        "train seed --resume RUN",
        "train --resume NOTHING",
        "evaluate RUN",
        "evaluate --data CACHE",
        "evaluate --predictions NOTHING --data CACHE",
        "leaderboard",
        "leaderboard NOTHING",
        "leaderboard RUN --sort colour",
        "evaluate RUN --data CACHE --split validation",
        "evaluate RUN --data CACHE --protocol kitti",
        "evaluate RUN --data CACHE --device abacus",
        "evaluate NOTHING --data CACHE",
        "predict --save npy",
        "predict --weights RUN",
        "predict photo.png --weights RUN --save jpg",
        "predict photo.png --weights NOTHING",
        "prepare CACHE",
        "prepare ROOMS NEW --size 80",
        "prepare ROOMS NEW --size 0x0",
        "prepare ROOMS NEW --size 80x99999",
        "prepare ROOMS NEW --workers -1",
    ],
)
def test_invalid_request(
    arguments: str, places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be meant is refused with exit code 2 and words on stderr; nothing is written."""
    monkeypatch.chdir(tmp_path)
    outcome = depth_unet(*(places.get(word, word) for word in arguments.split()))
    assert outcome.code == 2
    assert outcome.err
    assert "Traceback" not in outcome.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("segment",)], ids=str)
def test_module_is_the_command(arguments: tuple[str, ...]) -> None:
    """``python -m depth_unet`` prints and exits as ``depth-unet`` does."""
    process = start(*arguments)
    out, err = process.communicate(timeout=60)
    assert Outcome(process.returncode, out, err) == depth_unet(*arguments)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", ["--help", "predict --help", "inspect ROOMS"])
def test_broken_pipe(arguments: str, unbuffered: str, places: dict[str, Path]) -> None:
    """When nobody reads the output any more, a command ends as other programs do, in silence."""
    words = [places.get(word, word) for word in arguments.split()]
    with start(*words, variables={"PYTHONUNBUFFERED": unbuffered}) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read().strip() == ""
    assert process.returncode == 141


@pytest.mark.parametrize("terminal", [{}, {"FORCE_COLOR": 1}], ids=["file", "terminal"])
@pytest.mark.parametrize("arguments", ["segment", "prepare ROOMS NEW", "inspect ROOMS"])
def test_broken_pipe_of_stderr(
    arguments: str, terminal: dict[str, object], places: dict[str, Path], tmp_path: Path
) -> None:
    """So it does when nobody reads its errors and progress."""
    places = {**places, "NEW": tmp_path / "new"}
    words = [places.get(word, word) for word in arguments.split()]
    with start(*words, variables=terminal) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert process.returncode == 141


@pytest.mark.usefixtures("without_pictures")
def test_names_are_printed_as_they_are(box_rooms: Path, photo: Path, tmp_path: Path) -> None:
    """Spaces, brackets and accents in paths are kept, and a suggested command can be run."""
    cache, run = tmp_path / "my [new] räume", tmp_path / "run [bold]"
    outcome = depth_unet("prepare", box_rooms, cache, "--size", "64x48")
    assert outcome.code == 0
    assert outcome.complaints[0].startswith(f"{cache}: ")
    assert suggested(outcome) == ["train", "seed", "--data", str(cache), "--fraction", "1"]
    outcome = depth_unet(*suggested(outcome), "--out", run, *FEW_STEPS)
    assert outcome.code == 0
    assert suggested(outcome) == ["evaluate", str(run), "--data", str(cache)]
    outcome = depth_unet(*suggested(outcome), "--split", "test")
    assert outcome.code == 0
    assert str(run / BEST_NAME) in outcome.out
    assert outcome.out.splitlines()[-1] == f"report: {run / 'evaluation' / 'report.html'}"
    outcome = predict(run, tmp_path / "depth [2]", photo, "--save", "npy")
    assert outcome.err.splitlines()[-1].startswith(f"{tmp_path / 'depth [2]'}: 1 predicted")


def suggested(outcome: Outcome) -> list[str]:
    """The words of the command after ``next: depth-unet``."""
    line = next(line for line in outcome.err.splitlines() if line.startswith("next: "))
    return shlex.split(line)[2:]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "inspect . --form strya",
            r"--form is strya; it takes .*\(did you mean stray\?\)",
        ),
        ("inspect --form=None .", "--form is None; it takes pairs or kaggle or .* or folders"),
        ("inspect --form tum nothing", "nothing does not exist; name a data set"),
        ("predict a.jpg --save npy foo", "--save is foo; it takes png16 or npy or .* or rrd"),
        ("train seed --model.stem-stride 3 --data .", ".*stem-stride is 3; it takes 1 or 2 or 4"),
        (
            "train seed --model.encoder no --data .",
            ".*encoder is no; it takes residual or .*2",
        ),
    ],
)
def test_a_word_that_is_no_choice(words: str, message: str) -> None:
    """One line has those that the option offers, in their order, and the nearest."""
    outcome = depth_unet(*words.split())
    assert_refused(outcome)
    assert re.fullmatch(f"depth-unet: error: {message}", outcome.complaints[0])
