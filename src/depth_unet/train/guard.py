"""Steps whose loss or gradient is not finite are skipped; too many in a row end the run."""

from collections.abc import Sequence

from torch import Tensor

from depth_unet.errors import ConfigError

MOST_NAMES = 5


class FiniteGuard:
    """Counts skipped steps.

    Args:
        max_skipped: Skipped steps in a row that end the run.
        scaled: Whether a gradient scaler (fp16) handles overflows of the gradient.
    """

    def __init__(self, max_skipped: int, *, scaled: bool) -> None:
        self.max_skipped, self.scaled = max_skipped, scaled
        self.in_a_row = 0

    def skips(self, total: Tensor, norm: Tensor | None) -> bool:
        """Whether a step must be skipped, by its loss and its gradient's norm before clipping."""
        finite = bool(total.isfinite())
        if norm is not None and not self.scaled:
            finite = finite and bool(norm.isfinite())
        self.in_a_row = 0 if finite else self.in_a_row + 1
        return not finite

    def check(self, last: str) -> None:
        """End the run after too many skipped steps; ``last`` describes the last of them.

        Raises:
            ConfigError: There were too many in a row.
        """
        if self.in_a_row >= self.max_skipped:
            raise ConfigError(
                f"{self.in_a_row} steps in a row were skipped; the last was {last}; lower "
                "--optim.lr or look at these frames"
            )


def describe_skipped(step: int, total: Tensor, frames: Sequence[str]) -> str:
    """One line about a skipped step (the first is 1), its loss and the photos in question."""
    what = "gradient is not finite" if total.isfinite() else f"loss is {float(total)}"
    more = f" and {len(frames) - MOST_NAMES} more" if len(frames) > MOST_NAMES else ""
    return f"step {step} (the {what}; frames {', '.join(frames[:MOST_NAMES])}{more})"
