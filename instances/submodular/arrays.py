"""Validated read-only arrays of set functions: large ones are not copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError, nearest
from combkit.instances.problem import frozen_array, require

__all__ = [
    "Matrix",
    "floats",
    "indices",
    "matrix",
    "members",
    "one_of",
    "read_only",
    "symmetric",
]

Array = NDArray[Any]
#: A dense array, or a canonical CSR array.
Matrix = Any

#: Rows whose symmetry is looked at together, so that the transpose stays in cache.
_TILE = 256


def floats(
    field: str,
    values: ArrayLike,
    shape: tuple[int | None, ...],
    *,
    minimum: float | None = None,
) -> Array:
    """Return a read-only float32 or float64 array; other types become float64.

    Parameters
    ----------
    field : str
        Name used in errors.
    values : array_like
        Finite numbers. A C-contiguous float array is not copied.
    shape : tuple of int or None
        Required shape; None leaves an axis free.
    minimum : float, optional
        Smallest allowed value.

    Raises
    ------
    InvalidProblemError
        Naming the field, the place and the offending value.
    """
    raw = values if isinstance(values, np.ndarray) else None
    if raw is None or raw.dtype not in (np.float32, np.float64):
        return frozen_array(field, values, np.float64, shape, minimum=minimum)
    fits = raw.ndim == len(shape) and all(
        want in (None, got) for want, got in zip(shape, raw.shape, strict=True)
    )
    # NaN is neither, and both are single passes without a temporary array.
    low, high = (raw.min(), raw.max()) if raw.size else (0.0, 0.0)
    if not (fits and np.isfinite(low) and np.isfinite(high)) or (
        minimum is not None and low < minimum
    ):
        # Says what is wrong, and where.
        return frozen_array(field, raw, np.float64, shape, minimum=minimum)
    return read_only(np.ascontiguousarray(raw))


def matrix(
    field: str,
    values: Any,
    shape: tuple[int | None, int | None] = (None, None),
    *,
    minimum: float | None = None,
) -> Matrix:
    """Return a validated dense array, or a canonical CSR array of a sparse one.

    Parameters
    ----------
    field : str
        Name used in errors.
    values : array_like or sparse array
        Finite numbers.
    shape : tuple of int or None
        Required shape; None leaves an axis free.
    minimum : float, optional
        Smallest allowed value.

    Raises
    ------
    InvalidProblemError
        Naming the field, and for dense arrays the place.
    """
    if not sp.issparse(values):
        return floats(field, values, shape, minimum=minimum)
    fits = all(
        want in (None, got) for want, got in zip(shape, values.shape, strict=True)
    )
    require(fits, field, f"shape {values.shape} where {shape} is needed")
    sparse = sp.csr_array(values)
    if not sparse.has_canonical_format:
        sparse = sparse.copy()
        sparse.sum_duplicates()
    return _csr(floats(field, sparse.data, (None,), minimum=minimum), sparse)


def members(field: str, values: Any) -> Any:
    """Return where a matrix is not zero, as a canonical CSR array of bool.

    Parameters
    ----------
    field : str
        Name used in errors.
    values : array_like or sparse array
        Two-dimensional.

    Raises
    ------
    InvalidProblemError
        If it has another number of dimensions.
    """
    given = values if sp.issparse(values) else np.asarray(values)
    require(given.ndim == 2, field, f"shape {given.shape} where two are needed")
    sparse = sp.csr_array(given, dtype=bool, copy=True)
    sparse.sum_duplicates()
    sparse.eliminate_zeros()
    return _csr(sparse.data, sparse)


def _csr(data: Array, like: Any) -> Any:
    """Return a read-only CSR array whose index type depends on its size alone."""
    small = max(*like.shape, like.nnz) < 2**31
    index = np.int32 if small else np.int64
    result = sp.csr_array(like.shape, dtype=data.dtype)
    result.data = read_only(data)
    result.indices = read_only(like.indices.astype(index, copy=False))
    result.indptr = read_only(like.indptr.astype(index, copy=False))
    return result


def indices(field: str, values: ArrayLike, limit: int) -> NDArray[np.int64]:
    """Return distinct numbers below a limit, in their order.

    Raises
    ------
    InvalidProblemError
        If one is out of range or given twice.
    """
    array = frozen_array(field, values, np.int64, (None,), minimum=0)
    large = np.flatnonzero(array >= limit)
    if large.size:
        place = int(large[0])
        require(
            False,
            field,
            f"{field}[{place}] = {array[place]}: there are {limit} elements",
        )
    kept, counts = np.unique(array, return_counts=True)
    if (counts > 1).any():
        require(False, field, f"element {kept[counts > 1][0]} is given twice")
    return array


def symmetric(field: str, values: Matrix) -> None:
    """Refuse a matrix that is not square or not symmetric.

    Raises
    ------
    InvalidProblemError
        Naming the first pair of entries that differ.
    """
    n, m = values.shape
    require(n == m, field, f"shape {n} x {m} is not square")
    if sp.issparse(values):
        difference = sp.coo_array(values - values.T)
        off = np.flatnonzero(difference.data)
        if off.size:
            i, j = (int(axis[off[0]]) for axis in difference.coords)
            _refuse(field, values, i, j)
        return
    for first in range(0, n, _TILE):
        rows = values[first : first + _TILE, first:]
        differs = rows != values[first:, first : first + _TILE].T
        if differs.any():
            i, j = (int(axis) for axis in np.argwhere(differs)[0])
            _refuse(field, values, first + i, first + j)


def _refuse(field: str, values: Matrix, i: int, j: int) -> None:
    raise InvalidProblemError(
        field,
        f"{field}[{i}, {j}] = {values[i, j]:g} and "
        f"{field}[{j}, {i}] = {values[j, i]:g}: not symmetric",
    )


def one_of(field: str, value: object, known: Sequence[str]) -> None:
    """Refuse a name that is not known.

    Raises
    ------
    InvalidProblemError
        With the known names, and the nearest one.
    """
    if value not in known:
        hint = nearest(str(value), known)
        what = f"{value!r} is none of {', '.join(known)}{hint}"
        raise InvalidProblemError(field, what)


def read_only(array: Array) -> Array:
    """Return a view that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view
