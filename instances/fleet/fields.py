"""Fields of fleets: arrays of a known size, checked and filled in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.problem import frozen_array, require

__all__ = ["by_type", "frozen", "integers", "loads", "pairs", "vector"]

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
    """Return numbers of which an open one, None or infinite, is at its default.

    Parameters
    ----------
    name : str
        Name of the field, for errors.
    values : array_like of float or None
        What was given.
    size : int
        How many are due.
    low, default : float
        The least that may be, and what an open one is.

    Raises
    ------
    InvalidProblemError
        If something else was given.
    """
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
    """Return a table of numbers that are not negative, or of the default.

    If that is infinite, an entry may be open, too: None or infinite.

    Parameters
    ----------
    name : str
        Name of the field, for errors.
    values : array_like of float or None
        What was given.
    shape : tuple of int
        The shape that is due.
    default : float
        What all numbers are if nothing was given.

    Raises
    ------
    InvalidProblemError
        If something else was given.
    """
    if values is None:
        return frozen(np.full(shape, default))
    open_ = bool(np.isinf(default))
    if open_:
        given = np.asarray(values, dtype=object)
        filled = [default if value is None else value for value in given.ravel()]
        values = np.array(filled, dtype=object).reshape(given.shape)
    rows: Floats = frozen_array(
        name, values, np.float64, shape, minimum=0, finite=not open_
    )
    return rows


def integers(
    name: str, values: Any, size: int | None, low: int, high: int | None
) -> Integers:
    """Return integers in a range, as many as are due.

    Parameters
    ----------
    name : str
        Name of the field, for errors.
    values : array_like of int
        What was given.
    size : int or None
        How many are due, if that is known.
    low, high : int
        The least and the most that may be; no limit if None.

    Raises
    ------
    InvalidProblemError
        If something else was given.
    """
    numbers: Integers = frozen_array(name, values, np.int64, (size,), minimum=low)
    if high is not None:
        for k in np.flatnonzero(numbers > high)[:1].tolist():
            require(False, name, f"{name}[{k}] = {numbers[k]} where {high} is the last")
    return numbers


def by_type(name: str, values: ArrayLike | None, shape: tuple[int, int]) -> Floats:
    """Return times of clients, the same for all vehicle types or by type.

    Parameters
    ----------
    name : str
        Name of the field, for errors.
    values : array_like of float or None
        What was given; 0 without.
    shape : tuple of int
        Numbers of vehicle types and of clients.

    Raises
    ------
    InvalidProblemError
        If something else was given.
    """
    if values is None or np.ndim(values) < 2:
        return vector(name, values, shape[1], 0.0, 0.0)
    table: Floats = frozen_array(name, values, np.float64, shape, minimum=0)
    return table


def pairs(name: str, values: Any, last: int) -> Integers:
    """Return pairs of clients.

    Parameters
    ----------
    name : str
        Name of the field, for errors.
    values : array_like of int or None
        What was given; no pair without.
    last : int
        The last client.

    Raises
    ------
    InvalidProblemError
        If something else was given.
    """
    rows = np.zeros((0, 2), np.int64) if values is None else np.asarray(values)
    if rows.size == 0:
        rows = rows.reshape(0, 2)
    due = rows.ndim == 2 and rows.shape[1] == 2
    require(due, name, f"shape {rows.shape} where (s, 2) is due")
    flat = integers(name, rows.ravel(), None, 0, last)
    return frozen(flat.reshape(-1, 2).copy())
