"""From a model to the problem that a solver takes.

Semi-continuous variables become a binary variable and two rows each. Indicators
and special ordered sets stay for a solver that knows them; for another they become
rows with a constant large enough by the bounds of the variables. Where the bounds
prove no such constant the model is refused: a guessed one may cut off the optimum.

References
----------
P. Belotti et al., On handling indicator constraints in mixed integer programming,
Computational Optimization and Applications 65 (2016). doi:10.1007/s10589-016-9847-8
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.mip import MIP
from combkit.mip.modelling.arrays import Arrays
from combkit.mip.modelling.extended import SOS, ExtendedMIP, Indicators
from combkit.mip.modelling.store import SEMICONTINUOUS

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = ["lowered", "unbridgeable"]

Floats = NDArray[np.float64]
_INF = np.inf


def unbridgeable(model: Model) -> str | None:
    """Return why a model cannot do without indicators and sets, or None."""
    try:
        lowered(model, native=False)
    except UnsupportedFeatureError as error:
        return str(error)
    return None


def lowered(model: Model, *, native: bool) -> MIP:
    """Return the problem of a model.

    Parameters
    ----------
    model : Model
        The model. Its columns come first, in the order of their numbers.
    native : bool
        Whether the solver knows indicators and special ordered sets.

    Returns
    -------
    MIP
        An ``ExtendedMIP`` where something is left that a MIP cannot say.

    Raises
    ------
    UnsupportedFeatureError
        If a bound is missing that a bridge needs, naming the variable.
    """
    given = model.arrays()
    draft = _Draft(model, given)
    draft.semicontinuous()
    draft.extremes()
    indicators, sets = draft.indicators(), draft.sets()
    if not native:
        draft.bridge_indicators(indicators)
        for one in sets:
            draft.bridge_set(one)
        indicators, sets = [], []
    return draft.problem(indicators, sets)


class _Draft:
    """A problem that still grows by columns and rows."""

    def __init__(self, model: Model, given: Arrays) -> None:
        self._model = model
        self._given = given
        self._lower, self._upper = given.lower.copy(), given.upper.copy()
        self._place = model.columns.positions()
        self._new = 0
        self._rows: list[tuple[Any, Floats, Floats]] = []
        self._open: list[tuple[int, bool, int]] = []
        #: The expressions whose extreme a column is, to blame for its bounds.
        self._blamed: dict[int, tuple[Any, slice, float]] = {}

    # -- growing -----------------------------------------------------------

    def _binaries(self, count: int) -> Any:
        """Append binary columns and return their places."""
        first = self._given.n + self._new
        self._new += count
        return np.arange(first, first + count)

    def _add(self, terms: Any, lower: Any, upper: Any) -> None:
        """Append rows, given as COO ``(row, column, value)``."""
        count = np.size(lower)
        rows, cols, values = terms
        A = sp.coo_array(
            (values, (rows, cols)), shape=(count, self._given.n + self._new)
        )
        self._rows.append((A, np.atleast_1d(lower), np.atleast_1d(upper)))

    def _name(self, column: int) -> str:
        given = self._given
        if column >= given.n:
            return f"binary {column - given.n}"
        return self._model.columns.name(int(given.col_ids[column]))

    def _needs(self, what: str, column: int, side: str) -> UnsupportedFeatureError:
        name = self._name(column)
        return UnsupportedFeatureError(
            f"{what} needs {side} bound of {name}: give it one, or use solver='scip'"
        )

    # -- semi-continuous variables -------------------------------------------

    def semicontinuous(self) -> None:
        """Replace ``x = 0 or lower <= x <= upper``."""
        kinds = self._model.columns.kind[self._given.col_ids]
        columns = np.flatnonzero(kinds == SEMICONTINUOUS)
        if not columns.size:
            return
        on = self._binaries(columns.size)
        lower, upper = self._lower[columns], self._upper[columns]
        each = np.arange(columns.size)
        limited = np.flatnonzero(np.isfinite(upper))
        ones = np.ones(limited.size)
        pair = np.tile(np.arange(limited.size), 2)
        cols = np.concatenate((columns[limited], on[limited]))
        terms = (pair, cols, np.concatenate((ones, -upper[limited])))
        self._add(terms, np.full(limited.size, -_INF), np.zeros(limited.size))
        cols, pair = np.concatenate((columns, on)), np.tile(each, 2)
        terms = (pair, cols, np.concatenate((np.ones(columns.size), -lower)))
        self._add(terms, np.zeros(columns.size), np.full(columns.size, _INF))
        self._lower[columns] = np.minimum(lower, 0.0)
        self._upper[columns] = np.maximum(upper, 0.0)
        for k in np.flatnonzero(~np.isfinite(upper)).tolist():
            self._open.append((int(on[k]), False, int(columns[k])))

    # -- largest and smallest --------------------------------------------------

    def extremes(self) -> None:
        """Bound variables that equal the largest or smallest of expressions."""
        for one in self._model.extremes:
            A = self._matrix(one.rows)
            columns = self._place[one.columns]
            least, most = self._activity(A)
            shape = (columns.size, -1)
            low = (least + one.constant).reshape(shape).max(axis=1)
            high = (most + one.constant).reshape(shape).max(axis=1)
            if one.sign < 0:
                low, high = -high, -low
            self._lower[columns] = np.maximum(self._lower[columns], low)
            self._upper[columns] = np.minimum(self._upper[columns], high)
            ends = A.indptr[:: A.shape[0] // columns.size].tolist()
            for j, first, last in zip(
                columns.tolist(), ends[:-1], ends[1:], strict=True
            ):
                self._blamed[j] = A, slice(first, last), one.sign

    def _matrix(self, rows: Any) -> Any:
        """Return terms of the model as a matrix over the columns so far."""
        self._model.columns.check(rows.cols)
        shape = rows.start.size - 1, self._given.n + self._new
        A = sp.csr_array(
            (rows.coefs.copy(), self._place[rows.cols], rows.start.copy()), shape=shape
        )
        A.sum_duplicates()
        A.eliminate_zeros()
        return A

    # -- indicators --------------------------------------------------------

    def indicators(self) -> list[Indicators]:
        """Return the indicators of the model, by the places of its columns."""
        model, n = self._model, self._given.n
        found = []
        for block in model.indicators:
            model.columns.check(block.binaries)
            columns = self._place[block.binaries]
            self._check_binary(columns)
            A = self._matrix(block.rows)
            active = np.full(columns.size, block.active)
            found.append(Indicators(columns, active, A, block.lower, block.upper))
        if self._open:
            on, active, cols = map(np.array, zip(*self._open, strict=True))
            each = np.arange(on.size)
            A = sp.csr_array(
                (np.ones(on.size), (each, cols)), shape=(on.size, n + self._new)
            )
            zero = np.zeros(on.size)
            found.append(Indicators(on, active.astype(bool), A, zero, zero))
        return found

    def _check_binary(self, columns: Any) -> None:
        given = self._given
        fits = given.integrality[columns].astype(bool)
        fits &= (given.lower[columns] >= 0) & (given.upper[columns] <= 1)
        if not fits.all():
            name = self._name(int(columns[np.argmin(fits)]))
            raise UnsupportedFeatureError(f"an indicator needs {name} to be binary")

    def bridge_indicators(self, blocks: list[Indicators]) -> None:
        """Write each side of each row with the constant that bounds prove."""
        for block in blocks:
            sign = np.where(block.active, 1.0, -1.0)
            least, most = self._activity(block.A)
            # Active: row + (most - upper) b <= most; the other value: mirrored.
            self._side(block, most, block.upper, sign, least=False)
            self._side(block, least, block.lower, sign, least=True)

    def _side(
        self, block: Indicators, extreme: Floats, bound: Floats, sign: Any, least: bool
    ) -> None:
        beyond = extreme < bound if least else extreme > bound
        rows = np.flatnonzero(np.isfinite(bound) & beyond)
        if not rows.size:
            return
        for k in rows.tolist():
            if not np.isfinite(extreme[k]):
                inside = slice(block.A.indptr[k], block.A.indptr[k + 1])
                raise self._needs(
                    "an indicator", *self._culprit(block.A, inside, least)
                )
        part = block.A[rows].tocoo()
        big = extreme[rows] - bound[rows]
        terms = (
            np.concatenate((part.row, np.arange(rows.size))),
            np.concatenate((part.col, block.columns[rows])),
            np.concatenate((part.data, sign[rows] * big)),
        )
        limit = np.where(sign[rows] > 0, extreme[rows], bound[rows])
        free = np.full(rows.size, _INF)
        self._add(terms, *((limit, free) if least else (-free, limit)))

    def _activity(self, A: Any) -> tuple[Any, Any]:
        """Return the least and the greatest value of each row."""
        lower, upper = self._bounds()
        owner = np.repeat(np.arange(A.shape[0]), np.diff(A.indptr))
        a, b = A.data * lower[A.indices], A.data * upper[A.indices]
        least = np.bincount(owner, np.minimum(a, b), A.shape[0])
        return least, np.bincount(owner, np.maximum(a, b), A.shape[0])

    def _bounds(self) -> tuple[Floats, Floats]:
        fresh = np.zeros(self._new)
        lower = np.concatenate((self._lower, fresh))
        return lower, np.concatenate((self._upper, fresh + 1.0))

    def _culprit(self, A: Any, inside: slice, least: bool) -> tuple[int, str]:
        """Return a column without the bound that terms need, and which it is."""
        lower, upper = self._bounds()
        cols, values = A.indices[inside], A.data[inside]
        low = (values < 0) != least
        at = int(np.argmax(~np.isfinite(np.where(low, lower[cols], upper[cols]))))
        column = int(cols[at])
        if column in self._blamed:
            A, inside, sign = self._blamed[column]
            return self._culprit(A, inside, bool(low[at]) == (sign > 0))
        return column, "a lower" if low[at] else "an upper"

    # -- special ordered sets ------------------------------------------------

    def sets(self) -> list[SOS]:
        """Return the sets of the model, by the places of its columns."""
        for one in self._model.sets:
            self._model.columns.check(one.columns)
        return [SOS(s.order, self._place[s.columns]) for s in self._model.sets]

    def bridge_set(self, one: SOS) -> None:
        """Let binaries choose the variables that may differ from zero."""
        columns, n = one.columns, one.columns.size
        if n <= one.order:
            return
        lower, upper = self._lower[columns], self._upper[columns]
        for bound, side in ((lower, "a lower"), (upper, "an upper")):
            if not np.isfinite(bound).all():
                column = int(columns[np.argmin(np.isfinite(bound))])
                raise self._needs(f"SOS{one.order}", column, side)
        # Variable k may differ from zero if a window that holds it is chosen.
        windows = n - one.order + 1
        chosen = self._binaries(windows)
        k = np.repeat(np.arange(n), one.order)
        window = k - np.tile(np.arange(one.order), n)
        inside = (window >= 0) & (window < windows)
        k, window = k[inside], window[inside]
        for bound, least in ((upper, False), (lower, True)):
            need = bound < 0 if least else bound > 0
            row = np.cumsum(need) - 1
            use = need[k]
            zero = np.zeros(np.count_nonzero(need))
            terms = (
                np.concatenate((row[need], row[k[use]])),
                np.concatenate((columns[need], chosen[window[use]])),
                np.concatenate((zero + 1.0, -bound[k[use]])),
            )
            self._add(terms, *((zero, zero + _INF) if least else (zero - _INF, zero)))
        zeros = np.zeros(windows, np.intp)
        self._add((zeros, chosen, np.ones(windows)), -_INF, 1.0)

    # -- the end -----------------------------------------------------------

    def problem(self, indicators: list[Indicators], sets: list[SOS]) -> MIP:
        """Return the problem."""
        given, model = self._given, self._model
        fields: dict[str, Any] = {
            "c": given.c,
            "A": given.A,
            "row_lower": given.row_lower,
            "row_upper": given.row_upper,
            "lower": self._lower,
            "upper": self._upper,
            "integrality": given.integrality,
            "offset": given.offset,
            "maximize": given.maximize,
            "name": model.name,
            "col_names": model.columns.all_names(),
            "row_names": model.rows.all_names(),
        }
        hessian = model.goal.hessian()
        grown = bool(self._new or self._rows)
        if not (grown or hessian is not None or indicators or sets):
            return _unchecked(**fields)
        if grown:
            fields |= self._grown(fields)
        if hessian is None and not indicators and not sets:
            return MIP(**fields)
        n = given.n + self._new
        return ExtendedMIP(
            **fields,
            hessian=None if hessian is None else _widened(hessian, n, n).tocsc(),
            indicators=_joined(indicators, n),
            sets=tuple(sets),
        )

    def _grown(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return what new columns and rows change."""
        given, new = self._given, self._new
        fresh, count = np.zeros(new), sum(r[1].size for r in self._rows)
        lower, upper = self._bounds()
        parts = [
            _widened(p, given.n + new) for p in (given.A, *(r[0] for r in self._rows))
        ]
        return {
            "c": np.concatenate((given.c, fresh)),
            "A": sp.vstack(parts, format="csr"),
            "row_lower": np.concatenate((given.row_lower, *(r[1] for r in self._rows))),
            "row_upper": np.concatenate((given.row_upper, *(r[2] for r in self._rows))),
            "lower": lower,
            "upper": upper,
            "integrality": np.concatenate((given.integrality, fresh + 1)),
            "col_names": _extended(fields["col_names"], "x", given.n, new),
            "row_names": _extended(fields["row_names"], "r", given.m, count),
        }


def _unchecked(**fields: Any) -> MIP:
    """Return a problem of arrays that the model has checked when they came."""
    problem: MIP = object.__new__(MIP)
    for one in dataclasses.fields(MIP):
        value = fields.get(one.name, one.default)
        if isinstance(value, np.ndarray):
            # The model may change its own in place.
            value = value.copy()
            value.flags.writeable = False
        object.__setattr__(problem, one.name, value)
    A = problem.A
    shared = sp.csr_array((A.data, A.indices, A.indptr), shape=A.shape)
    for part in (shared.data, shared.indices, shared.indptr):
        part.flags.writeable = False
    object.__setattr__(problem, "A", shared)
    return problem


def _extended(
    names: tuple[str, ...] | None, prefix: str, size: int, count: int
) -> list[str]:
    """Return the names of what a model holds, and of what bridges add."""
    known = names or [f"{prefix}{k}" for k in range(size)]
    taken, bridge = set(known), "bridge"
    while any(f"{bridge}{k}" in taken for k in range(count)):
        bridge += "_"
    return [*known, *(f"{bridge}{k}" for k in range(count))]


def _widened(matrix: Any, n: int, m: int | None = None) -> Any:
    """Return a matrix with columns, and rows, of zeros appended."""
    part = sp.coo_array(matrix)
    shape = (part.shape[0] if m is None else m, n)
    return sp.coo_array((part.data, (part.row, part.col)), shape=shape)


def _joined(blocks: list[Indicators], n: int) -> Indicators | None:
    if not blocks:
        return None
    A = sp.vstack([_widened(b.A, n) for b in blocks], format="csr")
    columns, active, _, lower, upper = zip(*blocks, strict=True)
    return Indicators(
        np.concatenate(columns),
        np.concatenate(active),
        A,
        np.concatenate(lower),
        np.concatenate(upper),
    )
