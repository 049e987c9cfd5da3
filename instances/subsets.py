"""What checkers of chosen subsets share: unknown and repeated members."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError
from combkit.instances.problem import frozen_array

__all__ = ["MAX_TOTAL", "numbers", "repeated", "total", "unknown"]

#: Objectives are floats: up to here every sum of integers is exact.
MAX_TOTAL = 2**53


def numbers(
    field: str,
    values: ArrayLike,
    shape: tuple[int | None, ...],
    *,
    minimum: float = 0.0,
) -> Any:
    """Convert a field to int64 where it is integral and to float64 elsewhere.

    Parameters
    ----------
    field : str
        Name used in errors.
    values : array_like
        The data.
    shape : tuple of int or None
        Required shape; None leaves an axis free.
    minimum : float
        Smallest allowed value.

    Raises
    ------
    InvalidProblemError
        Naming the field, the place and the offending value.
    """
    try:
        raw = np.asarray(values)
    except ValueError:
        raise InvalidProblemError(field, "rows of different lengths") from None
    if raw.dtype.kind in "iu" and raw.ndim == len(shape):
        return frozen_array(field, raw, np.int64, shape, minimum=minimum)
    array = frozen_array(field, raw, np.float64, shape, minimum=minimum)
    if bool(np.all((array == np.floor(array)) & (np.abs(array) < MAX_TOTAL))):
        return frozen_array(field, array, np.int64, shape)
    return array


def total(values: NDArray[Any]) -> int | float:
    """Return the sum: exact for integers, correctly rounded for floats."""
    if values.dtype == np.int64:
        return int(values.sum())
    return math.fsum(values.tolist())


def unknown(selected: NDArray[np.int64], n: int, noun: str, plural: str) -> list[str]:
    """Return a violation for each chosen member that does not exist.

    Parameters
    ----------
    selected : ndarray of int64, shape (k,)
        What was chosen.
    n : int
        Members are 0 to ``n - 1``.
    noun, plural : str
        What a member is called, and several.
    """
    return [
        f"{noun} {member} does not exist: {plural} are 0 to {n - 1}"
        for member in selected[(selected < 0) | (selected >= n)].tolist()
    ]


def repeated(selected: NDArray[np.int64], noun: str) -> list[str]:
    """Return a violation for each member that was chosen more than once."""
    members, counts = np.unique(selected, return_counts=True)
    return [
        f"{noun} {member} is selected {count} times"
        for member, count in zip(
            members[counts > 1].tolist(), counts[counts > 1].tolist(), strict=True
        )
    ]
