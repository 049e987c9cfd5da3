"""Fields of fleets: arrays of a known size, checked and filled in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.problem import frozen_array, require

__all__ = ["frozen", "integers", "loads", "vector"]

Array = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def frozen(values: Array) -> Array:
    """Return an array that can no longer be written to."""
    values.flags.writeable = False
    return values


def vector(
    name: str, values: ArrayLike | None, size: int, low: float, default: float
) -> Floats:
    """Return numbers of which an open one, None or infinite, is at its default."""
    if values is None:
        return frozen(np.full(size, default))
    listed = list(np.asarray(values, dtype=object).ravel())
    opened = [default if value is None else value for value in listed]
    try:
        numbers = np.asarray(opened, np.float64)
    except (TypeError, ValueError):
        require(False, name, "not numbers")
    require(numbers.size == size, name, f"{numbers.size} numbers where {size} are due")
    bad = np.isnan(numbers) | (numbers < low)
    if np.isfinite(default):
        bad |= np.isinf(numbers)
    for k in np.flatnonzero(bad)[:1].tolist():
        require(False, name, f"{name}[{k}] = {numbers[k]:g}")
    return frozen(numbers)


def loads(
    name: str, values: ArrayLike | None, shape: tuple[int, int], default: float
) -> Floats:
    """Return a table of numbers that are not negative, or of the default."""
    if values is None:
        return frozen(np.full(shape, default))
    rows: Floats = frozen_array(name, values, np.float64, shape, minimum=0)
    return rows


def integers(
    name: str, values: Any, size: int | None, low: int, high: int | None
) -> Integers:
    """Return integers in a range, as many as are due."""
    numbers: Integers = frozen_array(name, values, np.int64, (size,), minimum=low)
    if high is not None:
        for k in np.flatnonzero(numbers > high)[:1].tolist():
            require(False, name, f"{name}[{k}] = {numbers[k]} where {high} is the last")
    return numbers
