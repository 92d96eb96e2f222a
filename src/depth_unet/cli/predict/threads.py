"""Threads that share the processor, each with its part of torch's."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch

MOST_THREADS = 8


@contextmanager
def shared_threads(num_tasks: int = MOST_THREADS) -> Iterator[tuple[ThreadPoolExecutor, int]]:
    """Open a pool with a thread per core, and say how many they are.

    On a CPU each has one thread of torch's: small networks gain more by several photos at once than
    by several threads for each.

    Args:
        num_tasks: More threads are not opened.
    """
    num_threads = min(MOST_THREADS, os.cpu_count() or 1, num_tasks) or 1
    before = torch.get_num_threads()
    share = max(1, before // num_threads)
    try:
        with ThreadPoolExecutor(
            num_threads, initializer=lambda: torch.set_num_threads(share)
        ) as pool:
            yield pool, num_threads
    finally:
        torch.set_num_threads(before)  # new threads of torch's would have the share of these
