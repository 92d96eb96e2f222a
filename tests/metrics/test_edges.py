"""Metrics of depth edges, against ten lines of NumPy."""

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_unet.metrics.depth import SUM_NAMES, image_sums, scores
from depth_unet.metrics.edges import EDGE_NAMES, edge_scores

SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])


def rates(predicted: np.ndarray, true: np.ndarray) -> list[tuple[float, float]]:
    """Precision and recall; nothing where neither map has an edge."""
    hits = (predicted & true).sum()
    if not (predicted.any() or true.any()):
        return []
    return [(hits / max(predicted.sum(), 1), hits / max(true.sum(), 1))]


def f1(precision: float, recall: float) -> float:
    """The harmonic mean, 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def windows(image: np.ndarray) -> np.ndarray:
    """Every whole window of 3x3 pixels."""
    return np.lib.stride_tricks.sliding_window_view(image, (3, 3))


def reference(prediction: np.ndarray, target: np.ndarray, valid: np.ndarray) -> list[float]:
    """The same by the papers' words: one threshold, direction and pixel set at a time."""
    whole = windows(valid).all(axis=(2, 3))
    steep = [
        np.hypot(*((windows(d) * kernel).sum(axis=(2, 3)) for kernel in (SOBEL, SOBEL.T)))
        for d in (prediction, target)
    ]
    limits = (0.25, 0.5, 1.0)
    found = [(rates(*((m > limit) & whole for m in steep)) or [(1, 1)])[0] for limit in limits]
    in_metres = [f1(*pair) for pair in found]
    total, weights = 0.0, 0.0
    for threshold in np.linspace(1.05, 1.25, 10):
        sides: list[tuple[float, float]] = []
        for turns in range(4):
            p, g, v = (np.rot90(image, turns) for image in (prediction, target, valid))
            both = v[:, 1:] & v[:, :-1]
            sides += rates(*((d[:, 1:] / d[:, :-1] > threshold) & both for d in (p, g)))
        if sides:
            total += threshold * f1(*np.mean(sides, axis=0))
            weights += threshold
    boundary = total / weights if weights else 1.0
    precision, recall = zip(*found, strict=True)
    return [*precision, *recall, *in_metres, float(np.mean(in_metres)), boundary]


def of(prediction: object, target: object, valid: object = None) -> dict[str, float]:
    """The edge scores of one map, by name."""
    p, g = (torch.as_tensor(np.asarray(m), dtype=torch.float64) for m in (prediction, target))
    v = g > 0 if valid is None else torch.as_tensor(np.asarray(valid))
    row = edge_scores(p[None, None], g[None, None], v[None, None])[0].tolist()
    return dict(zip(EDGE_NAMES, row, strict=True))


def step(column: int, near_m: float, far_m: float, width: int = 10, height: int = 5) -> np.ndarray:
    """A wall at ``near_m`` that ends before a column, and ``far_m`` from there."""
    return np.where(np.arange(width) < column, near_m, far_m) * np.ones((height, 1))


@pytest.mark.parametrize("seed", range(12))
def test_equals_numpy(seed: int) -> None:
    """Maps from smooth to rough, with masks from sparse to whole, in a batch."""
    random = np.random.default_rng(seed)
    target = random.uniform(1, 2, (3, 1, 12, 13)) ** random.uniform(0.1, 3, (3, 1, 1, 1))
    noise = random.uniform(0, 0.3, (3, 1, 1, 1)) * random.normal(size=target.shape)
    prediction = target * np.exp(noise)
    valid = random.uniform(size=target.shape) < random.uniform(0.3, 1.2, (3, 1, 1, 1))
    found = edge_scores(*map(torch.from_numpy, (prediction, target, valid)))
    expected = [reference(*(m[i, 0] for m in (prediction, target, valid))) for i in range(3)]
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-12)


def test_hand_made_maps_equal_numpy() -> None:
    """Steps, a ramp and a plane, predicted one pixel aside, blurred, scaled and flat."""
    plane = np.full((5, 10), 2.0)
    ramp = plane + 0.3 * np.arange(10)
    for target in (step(5, 2, 3), step(4, 1.3, 1), step(2, 1, 1.3, 5, 10).T, ramp, plane):
        valid = np.ones(target.shape, bool)
        valid[1, 3] = valid[-1, -1] = False
        for prediction in (np.roll(target, 1, axis=1), (target + plane) / 2, 1.5 * target, plane):
            found = list(of(prediction, target, valid).values())
            np.testing.assert_allclose(found, reference(prediction, target, valid), atol=1e-12)


def test_step_beside_its_place() -> None:
    """A step of 1 m steepens two columns; one pixel aside, one of them is hit."""
    found = of(step(6, 2, 3), step(5, 2, 3))
    assert all(found[f"edge_f1_{limit}"] == 0.5 for limit in ("0.25", "0.5", "1"))
    assert found["edge_f1"] == 0.5
    assert found["boundary_f1"] == 0


@pytest.mark.parametrize(("step_m", "found"), [(0.06, 0), (0.07, 1), (0.13, 2), (0.26, 3)])
def test_thresholds_are_a_quarter_of_a_gradient(step_m: float, found: int) -> None:
    """A step has four times its height as gradient: each threshold is passed at a quarter of it."""
    values = of(np.full((5, 10), 2.0), step(5, 2, 2 + step_m))
    recalls = [values[f"edge_recall_{limit}"] for limit in ("0.25", "0.5", "1")]
    assert recalls == [0.0] * found + [1.0] * (3 - found)


def test_ramp_over_more_pixels_is_no_edge() -> None:
    """A jump of 1 m smeared over 20 pixels is .4 m of gradient: an edge at the lowest threshold."""
    smeared = np.clip(2 + (np.arange(40) - 10) / 20, 2, 3) * np.ones((5, 1))
    found = of(smeared, step(20, 2, 3, width=40))
    assert found["edge_recall_0.25"] == 1
    assert found["edge_precision_0.25"] == pytest.approx(2 / 19)
    assert (found["edge_f1_0.5"], found["edge_f1_1"]) == (0, 0)


def test_boundaries_ignore_the_scale() -> None:
    """Ratios stay where a prediction is scaled, gradients in metres do not."""
    target = step(5, 2, 2.2)
    found = of(0.25 * target, target)
    assert found["boundary_f1"] == 1
    assert found["edge_f1"] < 0.5


def test_weights_are_the_thresholds() -> None:
    """A ratio that passes the six lowest of ten thresholds loses the weights of the other four."""
    thresholds = np.linspace(1.05, 1.25, 10)
    target, prediction = step(5, 1, 1.5), step(5, 1, 1.17)
    passed = thresholds < 1.17
    assert passed.sum() == 6
    lost = thresholds[~passed].sum() / thresholds.sum()
    assert of(prediction, target)["boundary_f1"] == pytest.approx(1 - lost)


def test_pixels_need_whole_windows() -> None:
    """A hole beside an edge takes the pixels away whose windows hold it, and no others."""
    target, wrong = step(5, 2, 3, height=9), np.full((9, 10), 2.0)
    valid = np.ones((9, 10), bool)
    valid[:, 7:] = valid[:, :3] = False  # whole windows are in columns 4 and 5
    valid[4, 4] = False  # rows 1, 2, 6 and 7 remain
    spoiled = np.where(valid, target, np.nan)
    prediction = np.where(np.arange(9)[:, None] < 4, target, wrong)
    found = of(prediction, spoiled, valid)
    assert found["edge_recall_1"] == 0.5
    assert found["edge_precision_1"] == 1


def test_no_edges_at_all() -> None:
    """Planes agree; an invented or a missed edge scores 0; nothing becomes NaN."""
    plane, jump = np.full((5, 10), 2.0), step(5, 2, 3)
    assert set(of(plane, plane).values()) == {1}
    assert set(of(jump, plane).values()) == set(of(plane, jump).values()) == {0}


def test_directions_without_edges_do_not_count() -> None:
    """Of two directions with true edges one is found: half, whatever the other two are."""
    target = step(5, 2, 3) * np.where(np.arange(5) < 2, 1, 1.5)[:, None]
    assert of(step(5, 2, 3), target)["boundary_f1"] == 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2), (2, 5)])
def test_maps_without_a_window(shape: tuple[int, int]) -> None:
    """A map too small for a window has no edge in metres, but pairs to the right and below."""
    found = of(np.ones(shape), 2.0 ** np.arange(np.prod(shape)).reshape(shape))
    assert found["edge_f1"] == 1
    assert found["boundary_f1"] == float(shape == (1, 1))


def test_nan_shows() -> None:
    """A prediction of NaN at a valid pixel makes its image NaN, and no other."""
    target = torch.ones(2, 1, 5, 5, dtype=torch.float64)
    prediction = target.clone()
    prediction[1, 0, 0, 0] = torch.nan
    found = edge_scores(prediction, target, target > 0)
    assert (found[0] == 1).all()
    assert found[1].isnan().all()
    valid = target > 0
    valid[1, 0, 0, 0] = False
    assert (edge_scores(prediction, target, valid) == 1).all()


def test_pooled_is_the_mean_weighted_by_pixels() -> None:
    """Sums hold the score times the valid pixels, so that images may be added."""
    maps = [np.stack([step(5, 2, 3), step(5, 2, 3)]), np.stack([step(5, 2, 3), step(6, 2, 3)])]
    target, prediction = (torch.from_numpy(m)[:, None] for m in maps)
    valid = target > 0
    valid[1, :, :, 0] = False
    rows = image_sums(prediction, target, valid)
    assert rows[:, SUM_NAMES.index("edge_f1")].tolist() == [50, 0.5 * 45]
    assert scores(rows)["edge_f1"].tolist() == [1, 0.5]
    pooled: Tensor = scores(rows.sum(dim=0, keepdim=True))["edge_f1"]
    assert pooled.item() == pytest.approx((50 + 0.5 * 45) / 95)
