"""Hash what a commit computes, to prove that a refactoring changes nothing.

It checks a commit out beside the repository, and there trains `seed` on rendered rooms and
`transfer` on NYU pairs (20 steps, fp32, one thread), predicts eight photos with all shipped
weights, and renders twelve rooms. It prints one SHA-256 per result. Floats differ between
processors, so compare commits on one machine:

    python tools/behaviour.py COMMIT_BEFORE --nyu NYU_PAIRS > before.json
    python tools/behaviour.py COMMIT_AFTER --nyu NYU_PAIRS > after.json
    diff before.json after.json

The checkout runs in the Python that runs this script. Only the command line and the files it
writes are used, so that modules may move between the commits.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

STEPS = 20
# Parameters that were renamed between commits: pattern and today's name.
RENAMED: tuple[tuple[str, str], ...] = ()
TRAINED = {"seed": "rooms", "transfer": "nyu"}
# Losses and validation figures as 32-bit floats, which TensorBoard's files hold at most. Speed and
# memory differ from run to run and are left out.
READ_LOSSES = """
import json, struct, sys
from pathlib import Path
from depth_unet.train.history import read_history
curves = read_history(Path(sys.argv[1]))
print(json.dumps({
    name: [curve.steps, [struct.pack("<f", value).hex() for value in curve.values]]
    for name, curve in sorted(curves.items()) if not name.startswith("run/")
}))
"""


def main() -> int:
    """Print the hashes of one commit as JSON."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("commit", help="a commit of this repository")
    parser.add_argument("--nyu", type=Path, required=True, help="NYU pairs in the pairs layout")
    parser.add_argument(
        "--keep", type=Path, help="folder for the results; default: a temporary one"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        checkout = Path(temporary) / "checkout"
        out = (arguments.keep or Path(temporary) / "out").resolve()
        out.mkdir(parents=True, exist_ok=True)
        git = ["git", "worktree"]
        subprocess.run(
            [*git, "add", "--detach", str(checkout), arguments.commit],
            check=True,
            stdout=sys.stderr,
        )
        try:
            hashes = _measure(checkout, out, arguments.nyu.resolve())
        finally:
            subprocess.run([*git, "remove", "--force", str(checkout)], check=True)
    sys.stdout.write(json.dumps(hashes, indent=2) + "\n")
    return 0


def _measure(checkout: Path, out: Path, nyu: Path) -> dict[str, str]:
    rooms = out / "rooms"
    _run(checkout, "rooms", rooms, "--images", 12, "--views", 1, "--size", "160x120", "--seed", 5)
    hashes = {"rooms": _hash(_file_parts(rooms))}
    data = {"rooms": rooms, "nyu": nyu}
    for recipe, name in TRAINED.items():
        run = out / f"run-{recipe}"
        _run(
            checkout, "train", recipe, "--fraction", 1, "--data", data[name], "--out", run,
            "--steps", STEPS, "--batch-size", 4, "--precision", "fp32", "--device", "cpu",
            "--validate-every", STEPS, "--log-every", 1, "--seed", 3,
        )  # fmt: skip
        hashes[f"{recipe} losses"] = _hash([_losses(checkout, run).encode()])
        hashes[f"{recipe} weights"] = _hash(_weight_parts(run / "last.safetensors"))
    photos = sorted((nyu / "test_a").glob("*.jpg"))[:8]
    if len(photos) < 8:
        raise SystemExit(f"{nyu / 'test_a'} holds {len(photos)} JPEG files; eight are needed")
    shipped = checkout / "src" / "depth_unet" / "weights"
    for file in sorted(shipped.glob("*.safetensors")):  # a file is torch's, a name ONNX Runtime's
        weights, depth = file.stem, out / f"depth-{file.stem}"
        _run(
            checkout, "predict", *photos, "--weights", file, "--out", depth, "--save", "npy",
            "--device", "cpu", "--overwrite",
        )  # fmt: skip
        files = sorted(depth.rglob("*.npy"))
        if len(files) != len(photos):
            raise SystemExit(f"{weights}: {len(files)} depth files for {len(photos)} photos")
        hashes[f"{weights} depth"] = _hash(np.load(file).tobytes() for file in files)
    return hashes


def _run(checkout: Path, *arguments: object) -> str:
    return _python(checkout, "-m", "depth_unet", *arguments)


def _losses(checkout: Path, run: Path) -> str:
    losses = _python(checkout, "-c", READ_LOSSES, run)
    steps, _ = json.loads(losses)["loss/total"]
    if len(steps) != STEPS:
        raise SystemExit(f"{run} records {len(steps)} losses; {STEPS} were expected")
    return losses


def _python(checkout: Path, *arguments: object) -> str:
    environment = {
        **os.environ, "PYTHONPATH": str(checkout / "src"), "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        command = " ".join(map(str, arguments[:4]))
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _file_parts(folder: Path) -> Iterable[bytes]:
    """Photos, depth and index of rendered rooms; not what records how they were made."""
    files = [*folder.rglob("*.jpg"), *folder.rglob("*.png"), *folder.rglob("*.csv")]
    if len(files) < 25:
        raise SystemExit(f"{folder} holds {len(files)} files; 12 pairs and an index were expected")
    for file in sorted(files):
        yield file.relative_to(folder).as_posix().encode()
        yield file.read_bytes()


def _weight_parts(checkpoint: Path) -> Iterable[bytes]:
    """Every tensor of a checkpoint under its present name, in the order of names."""
    named = {}
    for name, tensor in load_file(checkpoint).items():
        present = name
        for pattern, replacement in RENAMED:
            present = re.sub(pattern, replacement, present)
        named[present] = tensor
    for name in sorted(named):
        yield name.encode()
        yield str(named[name].dtype).encode()
        yield named[name].tobytes()


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
