"""Work is done ahead of its use, in order, and no further ahead than asked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from depth_unet.files.ahead import work_ahead


@pytest.mark.parametrize("waiting", [0, 1, 3, 20])
def test_results_come_in_order(waiting: int) -> None:
    """Each item comes with its own result, also where fewer items than places are there."""
    with ThreadPoolExecutor(3) as pool:
        found = list(work_ahead(range(10), lambda item: item * item, pool, waiting))
    assert found == [(item, item * item) for item in range(10)]


def test_no_item_is_taken_too_early() -> None:
    """While the caller has a result, as many further items as ``waiting`` have been taken."""
    taken = list[int]()

    def items() -> Iterator[int]:
        for item in range(9):
            taken.append(item)
            yield item

    with ThreadPoolExecutor(1) as pool:
        for item, _ in work_ahead(items(), str, pool, 2):
            assert len(taken) == min(item + 3, 9)


def test_an_error_is_raised_in_its_place() -> None:
    """Results before it are there, and what has not begun never begins."""
    begun, go = list[int](), Event()

    def work(item: int) -> int:
        begun.append(item)
        if item == 1:
            raise ValueError(item)
        if item == 2:
            go.wait(10)  # so that items 3 and 4 cannot begin
        return item

    with ThreadPoolExecutor(1) as pool:
        results = work_ahead(range(5), work, pool, 3)
        assert next(results) == (0, 0)
        with pytest.raises(ValueError, match="1"):
            next(results)
        go.set()
    assert not {3, 4} & set(begun)
