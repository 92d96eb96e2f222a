"""The largest micro-batch that fits into the memory, on a machine whose costs are known."""

import math

import pytest

from depth_unet.config.compute import Switch
from depth_unet.errors import ConfigError
from depth_unet.train.plan import Plan, choose_plan

MB = 10**6


class Machine:
    """Memory grows by ``step`` per image, by a quarter of it with activations recomputed."""

    def __init__(self, *, base: int, step: int) -> None:
        self.base, self.step = base, step
        self.tried: list[tuple[int, bool]] = []

    def plan(self, *, share: int, limit: int, checkpointing: Switch) -> Plan:
        """The plan for this machine."""
        return choose_plan(
            self, idle=self.base, share=share, limit=limit, checkpointing=checkpointing
        )

    def peak_bytes(self, size: int, checkpointing: bool) -> int:
        """Memory of a pass."""
        return self.base + size * self.step // (4 if checkpointing else 1)

    def __call__(self, size: int, checkpointing: bool) -> int:
        """Measure, and remember it."""
        self.tried.append((size, checkpointing))
        return self.peak_bytes(size, checkpointing)


@pytest.mark.parametrize("limit", [150, 250, 333, 500, 810, 1500, 9000])
@pytest.mark.parametrize("call_s", [0.0, 0.1, 3.0])
@pytest.mark.parametrize("share", [1, 7, 16, 64])
def test_plan_is_near_the_best_by_hand(limit: int, call_s: float, share: int) -> None:
    """Within the memory, nothing tried is beyond it, and no size is faster by over a tenth.

    A pass takes ``call_s`` and one second per image.
    """
    machine = Machine(base=100 * MB, step=50 * MB)
    plan = choose_plan(
        machine, idle=machine.base, share=share, limit=limit * MB, checkpointing="auto"
    )
    assert machine.peak_bytes(plan.micro_batch_size, plan.checkpointing) <= limit * MB
    assert all(machine.peak_bytes(*item) <= limit * MB for item in machine.tried)

    def batch_s(size: int) -> float:
        return math.ceil(share / size) * call_s + share

    fitting = [n for n in range(1, share + 1) if machine.peak_bytes(n, False) <= limit * MB]
    assert batch_s(plan.micro_batch_size) <= 1.1 * min(batch_s(size) for size in fitting)


def test_activations_are_recomputed_only_where_one_image_does_not_fit() -> None:
    """If one image fits, activations are kept; with less memory, they are recomputed."""
    for limit, expected in ((151, False), (149, True)):
        machine = Machine(base=100 * MB, step=50 * MB)
        plan = choose_plan(
            machine, idle=machine.base, share=8, limit=limit * MB, checkpointing="auto"
        )
        assert plan.checkpointing is expected
    assert plan.micro_batch_size == 3


@pytest.mark.parametrize(("checkpointing", "expected"), [("on", True), ("off", False)])
def test_what_the_user_says_about_activations_holds(checkpointing: Switch, expected: bool) -> None:
    """On and off leave no choice."""
    machine = Machine(base=0, step=50 * MB)
    plan = choose_plan(
        machine, idle=machine.base, share=8, limit=999 * MB, checkpointing=checkpointing
    )
    assert plan.checkpointing is expected
    assert {mode for _, mode in machine.tried} == {expected}


def test_too_little_gives_the_plan_that_takes_least() -> None:
    """If nothing fits, the plan is one image, recomputed, with a peak above the limit."""
    machine = Machine(base=2000 * MB, step=400 * MB)
    plan = machine.plan(share=8, limit=1000 * MB, checkpointing="auto")
    assert plan == Plan(micro_batch_size=1, checkpointing=True, predicted_bytes=2100 * MB)


def test_largest_that_fits_is_tried_where_memory_ends_the_search() -> None:
    """Between the last power of two and the limit: the batch in the fewest parts that fit."""
    machine = Machine(base=0, step=100 * MB)
    plan = machine.plan(share=64, limit=1400 * MB, checkpointing="off")
    assert plan.micro_batch_size == 13  # five parts, as 14 at a time would give
    assert plan.predicted_bytes == 1300 * MB


def test_halving_ends_at_one_image() -> None:
    """5 is halved to 3, 2 and 1; after that an error gives a remedy."""
    plan, sizes = Plan(micro_batch_size=5), []
    while plan.micro_batch_size > 1:
        plan = plan.halved()
        sizes.append(plan.micro_batch_size)
    assert sizes == [3, 2, 1]
    with pytest.raises(ConfigError, match=r"give --compute\.checkpointing on"):
        plan.halved()


def test_halving_ends_with_one_pass_at_a_time() -> None:
    """Four passes of two images: fewer images first, then fewer passes."""
    plan, sizes = Plan(micro_batch_size=2, workers=4, predicted_bytes=9), [(2, 4)]
    while plan.images_at_once > 1:
        plan = plan.halved()
        assert plan.predicted_bytes == 0
        sizes.append((plan.micro_batch_size, plan.workers))
    assert sizes == [(2, 4), (1, 4), (1, 2), (1, 1)]
    with pytest.raises(ConfigError):
        plan.halved()


@pytest.mark.parametrize(
    ("plan", "num_threads", "expected"),
    [
        (Plan(micro_batch_size=4, workers=2, threads=1), 2, (2, 1)),
        (Plan(micro_batch_size=4, workers=2, threads=1), 1, (1, 1)),
        (Plan(micro_batch_size=4, workers=1, threads=1), 2, (2, 1)),
        (Plan(micro_batch_size=8, workers=1, threads=16), 2, (1, 16)),
        (Plan(micro_batch_size=8, workers=1), 2, (1, 2)),
        (Plan(micro_batch_size=4, workers=2), 2, (2, 1)),
    ],
    ids=["as before", "fewer cores", "more cores", "many threads", "of a GPU", "of old"],
)
def test_a_resumed_plan_keeps_the_threads_of_a_pass(
    plan: Plan, num_threads: int, expected: tuple[int, int]
) -> None:
    """As many passes at a time as the machine has threads for: they do not change bits."""
    fitted = plan.on_threads(num_threads, most_workers=num_threads, share=8)
    assert (fitted.workers, fitted.threads) == expected
    assert fitted.micro_batch_size == plan.micro_batch_size
