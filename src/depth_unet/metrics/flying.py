"""Flying points: predicted depth that hangs in the air beside a jump of the true depth."""

from typing import NamedTuple

import numpy as np

from depth_unet.arrays import Bool, Float, Float64, Int64

JUMP_M = 0.25
RADIUS_PX = 8
AWAY = 0.15
FLATTENED = 0.5
MARGIN_PX = RADIUS_PX + 1  # a window around a jump never leaves the padded map


class FlyingPoints(NamedTuple):
    """The pixels near jumps of the true depth, and what became of them."""

    near_jump: Bool[np.ndarray, "h w"]
    """True where a pixel is judged."""
    flying: Bool[np.ndarray, "h w"]
    """True for judged pixels that fly."""
    flattened: Bool[np.ndarray, "h w"]
    """True for flying pixels whose jump is predicted at less than half its height."""


class _Judged(NamedTuple):
    """The jump that each pixel is judged by, and the verdict; maps with a margin."""

    distance: Float64[np.ndarray, "h w"]
    height_m: Float64[np.ndarray, "h w"]
    flying: Bool[np.ndarray, "h w"]
    flattened: Bool[np.ndarray, "h w"]

    def transposed(self) -> "_Judged":
        """Views with rows and columns swapped."""
        return _Judged(*(part.T for part in self))


class _Windows(NamedTuple):
    """The surroundings of n jumps, k pixels each."""

    place: tuple[Int64[np.ndarray, "n k"], Int64[np.ndarray, "n k"]]
    near: Bool[np.ndarray, "n k"]
    far: Bool[np.ndarray, "n k"]
    height_m: Float64[np.ndarray, " n"]


def flying_points(
    prediction_m: Float[np.ndarray, "h w"],
    target_m: Float[np.ndarray, "h w"],
    valid: Bool[np.ndarray, "h w"],
) -> FlyingPoints:
    """Find the flying points of a prediction; their share is ``flying.sum() / near_jump.sum()``.

    Jump: two valid pixels, one beside or above the other, whose true depths differ by at least
    .25 m, the height. It lies midway between them.

    Nearby: valid pixels whose centres are within 8 px of the jump.

    Sides: the near side of a jump are the nearby pixels whose true depth differs from its nearer
    pixel by less than half its height; the far side is the same for its farther pixel. Other
    surfaces are on neither. The depth of a side is the median over its pixels, predicted and true.

    Judged: a pixel on a side of at least one jump. Its closest jump counts, of equally close ones
    the highest.

    Flying: with the sides' predicted depths ``N, F``, their true ones ``n, f`` and the pixel's own
    ``p`` and ``t``, the pixel flies if ``F - N < (f - n) / 2``, its jump being flattened, or if
    ``p`` is more than ``0.15 (F - N)`` away from ``N``, from ``F``, and from
    ``N + (t - n) (F - N) / (f - n)``. The last is its true place between the sides: a slanted side
    does not fly. So ``a t + b`` with ``a`` of at least .5 has no flying points.

    Args:
        prediction_m: Predicted depth, metres, finite.
        target_m: True depth with exact edges, metres; anything where ``valid`` is False.
        valid: True where the target may be used.

    Returns:
        Three masks; all False where depth does not jump.

    Example:
        >>> target_m = np.array([[1.0, 1, 1, 2, 2, 2]] * 3)
        >>> prediction_m = np.array([[1.0, 1, 1.5, 2, 2, 2]] * 3)
        >>> flying_points(prediction_m, target_m, target_m > 0).flying.sum(axis=0).tolist()
        [0, 0, 3, 0, 0, 0]
    """
    target_m = np.where(valid, target_m, 0)
    prediction, target = (
        np.pad(part.astype(np.float64), MARGIN_PX) for part in (prediction_m, target_m)
    )
    known = np.pad(valid, MARGIN_PX)
    shape = known.shape
    judged = _Judged(
        np.full(shape, np.inf), np.zeros(shape), np.zeros(shape, bool), np.zeros(shape, bool)
    )
    _judge(prediction, target, known, judged)
    _judge(prediction.T, target.T, known.T, judged.transposed())
    inside = (slice(MARGIN_PX, -MARGIN_PX),) * 2
    return FlyingPoints(
        np.isfinite(judged.distance)[inside], judged.flying[inside], judged.flattened[inside]
    )


def _judge(
    prediction: Float64[np.ndarray, "h w"],
    target: Float64[np.ndarray, "h w"],
    known: Bool[np.ndarray, "h w"],
    judged: _Judged,
) -> None:
    """Judge the pixels whose closest jump so far is one along the rows; writes into ``judged``."""
    rows, columns, distances = _offsets()
    windows = _windows(target, known, rows, columns)
    predicted, true = prediction[windows.place], target[windows.place]
    near, far = (_medians(predicted, side)[:, None] for side in (windows.near, windows.far))
    true_near, true_far = (_medians(true, side)[:, None] for side in (windows.near, windows.far))
    scale = (far - near) / (true_far - true_near)
    places = (near, far, near + (true - true_near) * scale)
    away = np.minimum.reduce([np.abs(predicted - place) for place in places])
    flattened = np.broadcast_to(scale < FLATTENED, away.shape)
    flying = flattened | (away > AWAY * (far - near))
    on_side = windows.near | windows.far
    for k, distance in enumerate(distances):
        place = windows.place[0][:, k], windows.place[1][:, k]
        closer = distance < judged.distance[place]
        higher = (distance == judged.distance[place]) & (windows.height_m > judged.height_m[place])
        chosen = on_side[:, k] & (closer | higher)
        here = place[0][chosen], place[1][chosen]
        judged.distance[here] = distance
        judged.height_m[here] = windows.height_m[chosen]
        judged.flying[here] = flying[chosen, k]
        judged.flattened[here] = flattened[chosen, k]


def _windows(
    target: Float64[np.ndarray, "h w"],
    known: Bool[np.ndarray, "h w"],
    rows: Int64[np.ndarray, " k"],
    columns: Int64[np.ndarray, " k"],
) -> _Windows:
    """The surroundings of every jump between a pixel and its right neighbour."""
    rise = np.abs(np.diff(target, axis=1))
    row, column = np.nonzero((rise >= JUMP_M) & known[:, 1:] & known[:, :-1])
    place = row[:, None] + rows, column[:, None] + columns
    depth, height_m = target[place], rise[row, column]
    ends = np.sort([target[row, column], target[row, column + 1]], axis=0)
    near, far = (known[place] & (np.abs(depth - e[:, None]) < height_m[:, None] / 2) for e in ends)
    return _Windows(place, near, far, height_m)


def _offsets() -> tuple[
    Int64[np.ndarray, " k"], Int64[np.ndarray, " k"], Float64[np.ndarray, " k"]
]:
    """Rows, columns and distances from a jump of the pixels nearby, relative to its left pixel."""
    rows, columns = np.mgrid[-RADIUS_PX : RADIUS_PX + 1, -RADIUS_PX : RADIUS_PX + 2]
    distances = np.hypot(rows, columns - 0.5)
    inside = distances <= RADIUS_PX
    return rows[inside], columns[inside], distances[inside]


def _medians(
    values: Float64[np.ndarray, "n k"], chosen: Bool[np.ndarray, "n k"]
) -> Float64[np.ndarray, " n"]:
    """The median of the chosen values of each row, at least one."""
    ranked = np.sort(np.where(chosen, values, np.inf), axis=1)
    row, count = np.arange(len(ranked)), chosen.sum(axis=1)
    medians: Float64[np.ndarray, " n"] = ranked[row, [(count - 1) // 2, count // 2]].mean(axis=0)
    return medians
