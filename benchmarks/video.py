"""Videos: flicker, error and speed of steadied depth against frame by frame.

A walk through a rendered room, whose depth and poses are known, becomes a video of H.264; `predict`
turns it into depth with `--stabilise` and without, in turn, and OpenCV reads both back. Flicker is
the median over static points of |log(predicted / true) of one frame - that of the frame before|:
points are found again by true depth and poses, so that nothing of the camera's motion is left. Of
a real clip (`--clip`) neither is known: there points are found again by optical flow, and what the
camera moved stays in the figure of both.

    python benchmarks/video.py [--walk FOLDER] [--clip FILE] [--rounds 2] [--weights transfer]
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from attention import RESULT, commit
from throughput import spread

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.cli.predict.job import Job
from depth_unet.cli.predict.video import predict_clip
from depth_unet.images.photo import DecodedPhoto, read_photo
from depth_unet.predict.load import load
from depth_unet.rooms.generate import generate
from depth_unet.rooms.options import RoomsOptions
from depth_unet.video.motion import match_frames
from depth_unet.video.read import open_clip

OUT = RESULT.parent / "video.md"
WALK = RESULT.parents[1] / "bench-data" / "walk"
FRAMES, SEED, RATE = 300, 12, 30  # the stabiliser's settings were chosen on seed 11
SAME_SURFACE = 0.02  # of log-depth: beyond, the point is hidden in the other frame
FOLLOWED = 0.99
SIDES = {"frame by frame": False, "steadied": True}


@dataclass(frozen=True)
class Figures:
    """What one video came to."""

    frames: int
    flicker: float
    abs_rel: float = float("nan")


class Walk:
    """A rendered walk: frames, true depth and poses."""

    def __init__(self, folder: Path) -> None:
        record = json.loads(next((folder / "records").glob("*.json")).read_text(encoding="utf-8"))
        self.rgb = [folder / frame["rgb"] for frame in record["frames"]]
        self.depth = [folder / frame["depth"] for frame in record["frames"]]
        self.poses = [np.reshape(frame["pose"], (3, 4)) for frame in record["frames"]]
        self.camera_px: tuple[float, float, float, float] = tuple(record["camera_px"])

    def true_m(self, number: int) -> np.ndarray:
        """True depth; 0 is a hole."""
        stored = cv2.imread(str(self.depth[number]), cv2.IMREAD_UNCHANGED)
        return np.asarray(stored, np.float32) / 1000

    def camera_for(self, photo: DecodedPhoto) -> Intrinsics:
        """Its camera."""
        height, width = photo.image.shape[:2]
        fx, fy, cx, cy = self.camera_px
        return Intrinsics(width=width, height=height, fx_px=fx, fy_px=fy, cx_px=cx, cy_px=cy)

    def write(self, path: Path) -> None:
        """Its frames as a video."""
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=RATE, options={"crf": "16"})
            stream.codec_context.time_base = Fraction(1, RATE)
            for name in self.rgb:
                image = read_photo(name).image
                context = stream.codec_context
                if not context.is_open:
                    context.height, context.width = image.shape[:2]
                    context.pix_fmt = "yuv420p"
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))

    def before(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Where each pixel's point lay in the frame before: columns, rows, depth, and whether."""
        true_m, earlier_m = self.true_m(number), self.true_m(number - 1)
        fx, fy, cx, cy = self.camera_px
        rows, columns = np.indices(true_m.shape, np.float64)
        rays = np.dstack(((columns - cx) / fx, (rows - cy) / fy, np.ones_like(rows)))
        here, there = self.poses[number], self.poses[number - 1]
        points = (rays * true_m[..., None]) @ here[:, :3].T + here[:, 3]
        seen = (points - there[:, 3]) @ there[:, :3]
        depth_m = np.maximum(seen[..., 2], 1e-3)
        u = (seen[..., 0] / depth_m * fx + cx).astype(np.float32)
        v = (seen[..., 1] / depth_m * fy + cy).astype(np.float32)
        found_m = cv2.remap(earlier_m, u, v, cv2.INTER_NEAREST, borderValue=0)
        same = np.abs(np.log(np.maximum(found_m, 1e-3) / depth_m)) < SAME_SURFACE
        height, width = true_m.shape
        inside = (u >= 0) & (v >= 0) & (u <= width - 1) & (v <= height - 1)
        return u, v, depth_m, inside & same & (true_m > 0) & (found_m > 0)


def depths_of(path: Path) -> Iterator[np.ndarray]:
    """The depth of every frame, metres, as OpenCV reads it."""
    reader = cv2.VideoCapture(str(path))
    reader.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    while (found := reader.read())[0]:
        yield np.asarray(found[1], np.float32) / 1000


def of_walk(walk: Walk, path: Path) -> Figures:
    """Flicker and AbsRel of a walk's depth."""
    changes, errors, before = list[np.ndarray](), list[float](), np.empty(0)
    for number, depth_m in enumerate(depths_of(path)):
        true_m = walk.true_m(number)
        valid = true_m > 0
        errors.append(float(np.mean(np.abs(depth_m - true_m)[valid] / true_m[valid])))
        ratio = np.log(depth_m) - np.log(np.where(valid, true_m, 1))
        if number:
            u, v, there_m, same = walk.before(number)
            earlier = cv2.remap(before, u, v, cv2.INTER_LINEAR) - np.log(there_m)
            changes.append(np.abs(ratio - earlier)[same])
        before = np.log(depth_m)
    return Figures(len(errors), float(np.median(np.concatenate(changes))), float(np.mean(errors)))


def of_clip(clip: Path, path: Path) -> Figures:
    """Change along the optical flow of a clip's depth."""
    changes, before = list[np.ndarray](), None
    with open_clip(clip) as opened:
        for frame, depth_m in zip(opened.frames, depths_of(path), strict=True):
            grey, log_depth = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.log(depth_m)
            if before is not None:
                back, _ = match_frames(before[0], grey)
                columns, rows, trusted = cv2.split(back)
                earlier = cv2.remap(before[1], columns, rows, cv2.INTER_LINEAR)
                changes.append(np.abs(log_depth - earlier)[trusted >= FOLLOWED])
            before = grey, log_depth
    return Figures(len(changes) + 1, float(np.median(np.concatenate(changes))))


def timed(job: Job, clip: Path, path: Path) -> tuple[float, float]:
    """Predict a clip; seconds on the clock and of the processor."""
    start_s, worked_s = time.perf_counter(), time.process_time()
    with open_clip(clip) as opened:
        predict_clip(job, opened, {"ffv1": path}, [])
    return time.perf_counter() - start_s, time.process_time() - worked_s


def main() -> None:
    """Measure in turn, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--walk", type=Path, help="folder of `rooms --walk`; rendered if left out")
    parser.add_argument("--clip", type=Path, help="a real video with a moving camera")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--weights", default="transfer")
    options = parser.parse_args()
    model = load(options.weights)
    walk = Walk(options.walk or rendered())
    lines = [
        "# Videos\n",
        f"`python benchmarks/video.py`, commit {commit()}, {model.engine}, PyAV "
        f"{av.__version__}, Python {platform.python_version()}; {options.rounds} rounds in turn: "
        "median (lowest-highest).\n",
        "| Video | Side | Frames | Flicker | Of it | AbsRel | Frames/s | Speed | Processor |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "walk.mp4"
        walk.write(video)
        jobs = {"walk": (video, Job(model=model, camera_for=walk.camera_for))}
        if options.clip is not None:
            jobs[options.clip.name] = (options.clip, Job(model=model, camera_for=lambda _: None))
        for name, (clip, job) in jobs.items():
            lines += measured(name, clip, job, walk if name == "walk" else None, options.rounds)
    text = "\n".join(lines) + "\n"
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def measured(name: str, clip: Path, job: Job, walk: Walk | None, rounds: int) -> list[str]:
    """The two rows of one video."""
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    work: dict[str, list[float]] = {side: [] for side in SIDES}
    figures = dict[str, Figures]()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for side, stabilise in SIDES.items():
                path = Path(folder) / f"{side}.mkv"
                same = Job(model=job.model, camera_for=job.camera_for, stabilise=stabilise)
                elapsed_s, worked_s = timed(same, clip, path)
                seconds[side].append(elapsed_s)
                work[side].append(worked_s)
                figures[side] = of_clip(clip, path) if walk is None else of_walk(walk, path)
    plain = "frame by frame"
    lines = []
    for side, found in figures.items():
        speed = [one / other for one, other in zip(seconds[plain], seconds[side], strict=True)]
        cost = [one / other for one, other in zip(work[plain], work[side], strict=True)]
        rate = [found.frames / elapsed_s for elapsed_s in seconds[side]]
        lines.append(
            f"| {name} | {side} | {found.frames} | {found.flicker:.4f} | "
            f"{found.flicker / figures[plain].flicker:.2f} | {found.abs_rel:.4f} | "
            f"{spread(rate).text(1)} | {spread(speed).text(2)} | {spread(cost).text(2)} |"
        )
    return lines


def rendered() -> Path:
    """A walk of its own, rendered once."""
    options = RoomsOptions(images=FRAMES, walk=FRAMES, seed=SEED, size="320x240", test_share=0.0)
    generate(options, WALK)
    return WALK


if __name__ == "__main__":
    main()
