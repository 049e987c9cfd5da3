"""Rows of a program, gathered block by block."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from combkit.instances.mip import MIP

__all__ = ["Rows"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Rows:
    """Rows in the order in which they are added."""

    def __init__(self) -> None:
        self._count = 0
        self._parts: list[tuple[Integers, Integers, Floats]] = []
        self._lower: list[Floats] = []
        self._upper: list[Floats] = []

    def add(
        self,
        columns: ArrayLike,
        values: ArrayLike = 1.0,
        *,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
    ) -> None:
        """Add rows of one length.

        Parameters
        ----------
        columns : array_like of int, shape (rows, width)
            Their columns.
        values : array_like of float
            Their coefficients, of a shape that broadcasts to that of the columns.
        lower, upper : array_like of float
            Bounds of the rows, each for all or one a row.
        """
        where = np.asarray(columns, dtype=np.int64)
        count, width = where.shape
        filled = np.broadcast_to(np.asarray(values, dtype=np.float64), where.shape)
        rows = np.repeat(self._count + np.arange(count), width)
        self._append(rows, where.ravel(), filled.ravel(), count, lower, upper)

    def add_sets(
        self,
        sets: Iterable[ArrayLike],
        *,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
    ) -> None:
        """Add rows of several lengths, all coefficients one.

        Parameters
        ----------
        sets : iterable of array_like of int
            Columns of each row.
        lower, upper : array_like of float
            As of `add`.
        """
        lists = [np.asarray(one, dtype=np.int64) for one in sets]
        rows = np.repeat(
            self._count + np.arange(len(lists)), [one.size for one in lists]
        )
        where = np.concatenate(lists) if lists else np.zeros(0, dtype=np.int64)
        self._append(rows, where, np.ones(where.size), len(lists), lower, upper)

    def _append(
        self,
        rows: Integers,
        columns: Integers,
        values: Floats,
        count: int,
        lower: ArrayLike,
        upper: ArrayLike,
    ) -> None:
        self._parts.append((rows, columns, values))
        for ends, bound in ((self._lower, lower), (self._upper, upper)):
            ends.append(np.broadcast_to(np.asarray(bound, np.float64), (count,)))
        self._count += count

    def program(
        self,
        c: ArrayLike,
        integrality: ArrayLike = 1,
        *,
        upper: ArrayLike = 1.0,
        maximize: bool = False,
        name: str,
    ) -> MIP:
        """Return the program of these rows over non-negative variables.

        Parameters
        ----------
        c : array_like of float, shape (n,)
            Objective.
        integrality : array_like of int
            As of ``MIP``.
        upper : array_like of float
            Upper bounds of the variables.
        maximize : bool
            As of ``MIP``.
        name : str
            Its name.
        """
        c = np.asarray(c, dtype=np.float64)
        rows, columns, values = (
            np.concatenate(part) for part in zip(*self._parts, strict=True)
        )
        matrix = sp.csr_array((values, (rows, columns)), shape=(self._count, c.size))
        return MIP(
            c,
            matrix,
            np.concatenate(self._lower),
            np.concatenate(self._upper),
            np.zeros(c.size),
            np.broadcast_to(np.asarray(upper, np.float64), (c.size,)),
            np.broadcast_to(np.asarray(integrality, np.int64), (c.size,)),
            maximize=maximize,
            name=name,
        )
