"""What indices, axes and shapes of callers mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from combkit.instances.errors import UsageError

__all__ = ["axis_numbers", "axis_order", "index_key", "new_shape", "opened_axes"]

Shape = tuple[int, ...]


def index_key(key: Any, ndim: int) -> tuple[Any, ...]:
    """Return an index as a tuple of ints, slices, arrays and None."""
    parts = [_part(p) for p in (key if isinstance(key, tuple) else (key,))]
    used = sum(
        p.ndim if isinstance(p, np.ndarray) and p.dtype == bool else 1
        for p in parts
        if p is not None and p is not Ellipsis
    )
    if used > ndim:
        raise IndexError(f"{used} indices for {ndim} dimensions")
    gaps = [k for k, p in enumerate(parts) if p is Ellipsis]
    if len(gaps) > 1:
        raise IndexError("an index has at most one Ellipsis")
    at = gaps[0] if gaps else len(parts)
    filled = [slice(None)] * (ndim - used)
    return (*parts[:at], *filled, *parts[at + len(gaps) :])


def _part(part: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if isinstance(part, str):
        raise UsageError(f"positions are numbers: use .loc[{part!r}] for a label")
    array = np.asarray(part)
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype(np.intp)
    if array.dtype.kind not in "iub":
        raise IndexError(f"{part!r} is no index")
    return array if array.ndim else int(array)


def opened_axes(key: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the axes of the result that ``None`` has made."""
    if any(isinstance(p, np.ndarray) for p in key):
        return ()
    kept = [p for p in key if not isinstance(p, int)]
    return tuple(axis for axis, p in enumerate(kept) if p is None)


def axis_numbers(axis: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Return axes as sorted numbers from 0, all of them for None.

    Raises
    ------
    UsageError
        If there is no such axis, or one is named twice.
    """
    wanted = range(ndim) if axis is None else axis
    given = (wanted,) if isinstance(wanted, int | np.integer) else tuple(wanted)
    for one in given:
        if not -ndim <= one < ndim:
            raise UsageError(f"axis {one} of a block with {ndim} dimensions")
    axes = tuple(sorted(int(one) % ndim for one in given))
    if len(set(axes)) < len(axes):
        raise UsageError(f"axis: {given} names an axis twice")
    return axes


def axis_order(order: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Return an order of all axes, reversed where none is given.

    Raises
    ------
    UsageError
        If an axis is missing or named twice.
    """
    axes = order or tuple(reversed(range(ndim)))
    if sorted(axes) != list(range(ndim)):
        raise UsageError(f"transpose: {axes} is no order of {ndim} axes")
    return axes


def new_shape(shape: Shape, wanted: tuple[Any, ...]) -> Shape:
    """Return the shape after ``reshape(*wanted)``, which may hold one -1.

    Raises
    ------
    UsageError
        If the number of elements would change.
    """
    if len(wanted) == 1 and isinstance(wanted[0], tuple):
        (wanted,) = wanted
    try:
        places = np.broadcast_to(np.empty((), bool), shape)
        target: Shape = places.reshape(wanted).shape
    except (TypeError, ValueError):
        raise UsageError(f"reshape: {shape} does not fit {wanted}") from None
    return target
