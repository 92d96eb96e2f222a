"""Vectors in compiled functions: tuples of three numbers, which stay in registers."""

import inspect
from collections.abc import Callable
from typing import Any

import numba
import numpy as np


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function`` with Numba and cache it on disk.

    Compiled functions have no annotations, because Numba infers types from calls, and no
    keyword-only arguments, which Numba does not support.
    """
    compiler = numba.njit(cache=True, fastmath=True, error_model="numpy")
    # Run-time type checkers may have wrapped the function.
    kernel: Callable[..., Any] = compiler(inspect.unwrap(function))
    return kernel


@compiled
def at(rows, row):  # type: ignore[no-untyped-def]
    """One row of an array (n, 3)."""
    return rows[row, 0], rows[row, 1], rows[row, 2]


@compiled
def put(rows, row, vector):  # type: ignore[no-untyped-def]
    """Write one row of an array (n, 3)."""
    rows[row, 0], rows[row, 1], rows[row, 2] = vector


@compiled
def dot(a, b):  # type: ignore[no-untyped-def]
    """Sum of products."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def along(start, direction, distance):  # type: ignore[no-untyped-def]
    """The point ``start + distance * direction``."""
    return (
        start[0] + direction[0] * distance,
        start[1] + direction[1] * distance,
        start[2] + direction[2] * distance,
    )


@compiled
def subtract(a, b):  # type: ignore[no-untyped-def]
    """The difference."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@compiled
def scale(vector, factor):  # type: ignore[no-untyped-def]
    """The product with a number."""
    return vector[0] * factor, vector[1] * factor, vector[2] * factor


@compiled
def blend(rows, weights):  # type: ignore[no-untyped-def]
    """The weighted sum of the three rows of an array (3, 3)."""
    x = rows[0, 0] * weights[0] + rows[1, 0] * weights[1] + rows[2, 0] * weights[2]
    y = rows[0, 1] * weights[0] + rows[1, 1] * weights[1] + rows[2, 1] * weights[2]
    z = rows[0, 2] * weights[0] + rows[1, 2] * weights[1] + rows[2, 2] * weights[2]
    return x, y, z


@compiled
def norm(vector):  # type: ignore[no-untyped-def]
    """Length, never 0, so that it can be a divisor."""
    return np.sqrt(dot(vector, vector) + np.float32(1e-30))
