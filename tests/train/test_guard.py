"""Steps that are not finite are skipped and reported; too many in a row end a run."""

import pytest
import torch

from depth_unet.errors import ConfigError
from depth_unet.train.guard import FiniteGuard, describe_skipped

ONE, NAN, INF = (torch.tensor(value) for value in (1.0, float("nan"), float("inf")))


def test_loss_and_gradient_must_be_finite() -> None:
    """A loss or a gradient that is not finite skips the step."""
    guard = FiniteGuard(99, scaled=False)
    assert not guard.skips(ONE, ONE)
    assert not guard.skips(ONE, None)
    assert guard.skips(NAN, ONE)
    assert guard.skips(ONE, INF)


def test_scaler_may_meet_overflows() -> None:
    """Under fp16 an infinite gradient is the scaler's business, and a loss that is NaN is not."""
    guard = FiniteGuard(99, scaled=True)
    assert not guard.skips(ONE, INF)
    assert guard.skips(NAN, INF)


def test_only_steps_in_a_row_end_a_run() -> None:
    """A good step between them starts the count anew; the message repeats the last one's."""
    guard = FiniteGuard(2, scaled=False)
    for total in (NAN, ONE, NAN):
        guard.skips(total, ONE)
        guard.check("step 7")
    guard.skips(NAN, ONE)
    with pytest.raises(
        ConfigError, match="2 steps in a row were skipped; the last was step 7; lower"
    ):
        guard.check("step 7")


def test_description_names_frames() -> None:
    """What was not finite, and up to five photos."""
    assert describe_skipped(3, NAN, ["a.png", "b.png"]) == (
        "step 3 (the loss is nan; frames a.png, b.png)"
    )
    text = describe_skipped(3, ONE, [f"{i}.png" for i in range(8)])
    assert text.startswith("step 3 (the gradient is not finite; frames 0.png, ")
    assert text.endswith("4.png and 3 more)")
