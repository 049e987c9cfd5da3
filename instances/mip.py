"""Linear and mixed-integer programs, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.problem import (
    Problem,
    Sense,
    as_vector,
    frozen_array,
    require,
)
from combkit.instances.solutions import Solution, Values

__all__ = ["MIP", "TOLERANCE", "flags_of"]

Floats = NDArray[np.float64]

#: Largest violation that counts as none: absolute, relative above 1.
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class MIP(Problem):
    """A mixed-integer linear program.

    Optimise ``c @ x + offset`` subject to ``row_lower <= A @ x <= row_upper``,
    ``lower <= x <= upper`` and ``x[j]`` integral where ``integrality[j]``. A
    lower bound above its upper bound is no error: such a model is infeasible.

    Parameters
    ----------
    c : array_like of float, shape (n,)
        Objective coefficients.
    A : sparse matrix or array_like of float, shape (m, n)
        Row coefficients, kept as canonical CSR with 32-bit indices.
    row_lower, row_upper : float or array_like, shape (m,)
        Row bounds; infinite where open.
    lower, upper : float or array_like, shape (n,)
        Bounds of the variables; infinite where open.
    integrality : int or array_like, shape (n,)
        0 for a continuous, 1 for an integer variable.
    offset : float
        Constant of the objective.
    maximize : bool
        Whether the objective is maximised.
    col_names, row_names : sequence of str, optional
        Unique names; ``x0, x1, ...`` and ``r0, r1, ...`` without.

    Raises
    ------
    InvalidProblemError
        Naming the field that has a wrong shape, a NaN, an infinite
        coefficient or a duplicate name.
    """

    c: Floats
    A: Any
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integrality: NDArray[np.uint8]
    _: KW_ONLY
    offset: float = 0.0
    maximize: bool = False
    col_names: Sequence[str] | None = field(default=None, compare=False, repr=False)
    row_names: Sequence[str] | None = field(default=None, compare=False, repr=False)

    kind: ClassVar[str] = "mip"
    solution_type: ClassVar[type[Solution]] = Values
    exact: ClassVar[bool] = False
    optimality_gap: ClassVar[float] = 1e-4

    def __post_init__(self) -> None:
        c = frozen_array("c", self.c, np.float64, (None,))
        A = _canonical(self.A, c.size)
        n, m = c.size, A.shape[0]
        require(bool(np.isfinite(self.offset)), "offset", f"{self.offset} is infinite")
        clean = {
            "c": c,
            "A": A,
            "row_lower": _bounds("row_lower", self.row_lower, m),
            "row_upper": _bounds("row_upper", self.row_upper, m),
            "lower": _bounds("lower", self.lower, n),
            "upper": _bounds("upper", self.upper, n),
            "integrality": flags_of("integrality", self.integrality, n),
            "offset": float(self.offset),
            "maximize": bool(self.maximize),
            "col_names": _names("col_names", self.col_names, n),
            "row_names": _names("row_names", self.row_names, m),
        }
        for key, value in clean.items():
            object.__setattr__(self, key, value)

    # -- what it is --------------------------------------------------------

    @property
    def sense(self) -> Sense:
        """Whether the objective is minimised or maximised."""
        return "max" if self.maximize else "min"

    @property
    def n(self) -> int:
        """Number of variables."""
        return int(self.c.size)

    @property
    def m(self) -> int:
        """Number of rows."""
        return int(self.A.shape[0])

    @property
    def size(self) -> dict[str, int]:
        """Rows, columns, nonzeros and integer variables."""
        return {
            "rows": self.m,
            "cols": self.n,
            "nnz": int(self.A.nnz),
            "integers": int(np.count_nonzero(self.integrality)),
        }

    def col_name(self, j: int) -> str:
        """Name of a variable."""
        return f"x{j}" if self.col_names is None else self.col_names[j]

    def row_name(self, i: int) -> str:
        """Name of a row."""
        return f"r{i}" if self.row_names is None else self.row_names[i]

    @cached_property
    def col_index(self) -> dict[str, int]:
        """Position of each variable by name."""
        return {self.col_name(j): j for j in range(self.n)}

    # -- judging solutions ---------------------------------------------------

    def evaluate(self, solution: Values) -> float:
        """Return ``c @ x + offset``."""
        return float(self.c @ self._dense(solution.values) + self.offset)

    def violation(self, values: ArrayLike) -> float:
        """Return the largest violation of bounds, rows and integrality.

        Parameters
        ----------
        values : array_like of float, shape (n,)
            A point, or a ``Values``.

        Returns
        -------
        float
            Absolute where the violated bound is at most 1 in size, relative to
            it above; infinite for a point with a value that is not finite.
        """
        x = np.asarray(getattr(values, "values", values), dtype=np.float64)
        if x.shape != (self.n,) or not np.isfinite(x).all():
            return np.inf
        return max(
            (float(part.max()) for part in self._violations(x) if part.size),
            default=0.0,
        )

    def check(self, solution: Values) -> list[str]:
        """Return every violation above ``TOLERANCE`` in plain words."""
        x = solution.values
        if x.shape != (self.n,):
            return [f"{x.size} values where {self.n} are needed"]
        if not np.isfinite(x).all():
            return [
                f"variable {self.col_name(j)} = {x[j]} is not finite"
                for j in np.flatnonzero(~np.isfinite(x)).tolist()
            ]
        outside, rows, fractional = self._violations(x)
        activity = self.A @ x
        return [
            *(
                f"variable {self.col_name(j)} = {x[j]:.10g} is outside "
                f"[{self.lower[j]:.10g}, {self.upper[j]:.10g}]"
                for j in np.flatnonzero(outside > TOLERANCE).tolist()
            ),
            *(
                f"variable {self.col_name(j)} = {x[j]:.10g} is not integral"
                for j in np.flatnonzero(fractional > TOLERANCE).tolist()
            ),
            *(
                f"row {self.row_name(i)} = {activity[i]:.10g} is outside "
                f"[{self.row_lower[i]:.10g}, {self.row_upper[i]:.10g}]"
                for i in np.flatnonzero(rows > TOLERANCE).tolist()
            ),
        ]

    def _violations(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """Return how far bounds, rows and integrality are violated, each >= 0."""
        fractional = np.where(self.integrality == 1, np.abs(x - np.round(x)), 0.0)
        return (
            _outside(x, self.lower, self.upper),
            _outside(self.A @ x, self.row_lower, self.row_upper),
            fractional,
        )

    def _dense(self, values: Floats) -> Floats:
        if values.shape != (self.n,):
            raise InvalidSolutionError(
                [f"{values.size} values where {self.n} are needed"]
            )
        return values

    # -- exchanging solutions ------------------------------------------------

    def encode(self, solution: Values) -> dict[str, Any]:
        """Return ``{"values": {name: value}}`` of the nonzeros."""
        return Values(self._dense(solution.values), self.col_names).to_dict()

    def decode(self, data: Mapping[str, Any]) -> Values:
        """Return the solution of ``{"values": {name: value}}``; the rest is 0.

        Raises
        ------
        InvalidSolutionError
            If ``data`` has another form or names an unknown variable.
        """
        return self.values_of(Values.from_dict(data), missing=0.0)

    def values_of(self, solution: Values, *, missing: float) -> Values:
        """Return a solution in the order of the columns, full length.

        Parameters
        ----------
        solution : Values
            Named values in any order, or one value a column without names.
        missing : float
            What a column gets that is not named: 0 for a solution, NaN for a
            partial start.

        Raises
        ------
        InvalidSolutionError
            If a name is unknown or, without names, the length is wrong.
        """
        names = solution.names
        if names is None or names is self.col_names:
            return Values(self._dense(solution.values), self.col_names)
        unknown = [name for name in names if name not in self.col_index]
        if unknown:
            raise InvalidSolutionError([f"unknown variable {u!r}" for u in unknown])
        x = np.full(self.n, missing)
        x[[self.col_index[name] for name in names]] = solution.values
        return Values(x, self.col_names)


def _canonical(matrix: Any, n: int) -> Any:
    """Return a read-only CSR copy: sorted, no duplicates, no explicit zeros."""
    if isinstance(matrix, Sequence) and not matrix:
        matrix = sp.csr_array((0, n))
    try:
        A = sp.csr_array(matrix, dtype=np.float64, copy=True)
    except (TypeError, ValueError) as error:
        raise InvalidProblemError("A", f"not a matrix of numbers: {error}") from None
    require(A.ndim == 2 and A.shape[1] == n, "A", f"shape {A.shape} for {n} columns")
    bad = np.flatnonzero(~np.isfinite(A.data))
    if bad.size:
        row = int(np.searchsorted(A.indptr, bad[0], side="right")) - 1
        place = f"A[{row}, {A.indices[bad[0]]}]"
        raise InvalidProblemError("A", f"{place} = {A.data[bad[0]]} is not finite")
    A.sum_duplicates()
    A.eliminate_zeros()
    require(A.nnz < 2**31, "A", f"{A.nnz} nonzeros are too many")
    A = sp.csr_array(
        (A.data, A.indices.astype(np.int32), A.indptr.astype(np.int32)), shape=A.shape
    )
    for part in (A.data, A.indices, A.indptr):
        part.flags.writeable = False
    return A


def _bounds(key: str, values: ArrayLike, size: int) -> Floats:
    vector: Floats = as_vector(key, values, size, np.float64, finite=False)
    return vector


def flags_of(field: str, values: ArrayLike, n: int) -> NDArray[np.uint8]:
    """Return a vector of zeros and ones.

    Parameters
    ----------
    field : str
        Name used in errors.
    values : array_like, shape (n,), or int
        The flags.
    n : int
        Their number.
    """
    flags = as_vector(field, values, n, np.int64, minimum=0)
    require(not (flags > 1).any(), field, "only 0 and 1 are known")
    flags = flags.astype(np.uint8)
    flags.flags.writeable = False
    return flags


def _names(key: str, names: Sequence[str] | None, size: int) -> Sequence[str] | None:
    if names is None:
        return None
    require(not isinstance(names, str), key, "one string where a list is needed")
    names = tuple(names)
    require(len(names) == size, key, f"{len(names)} names where {size} are needed")
    unique = set(names)
    if len(unique) != size:
        seen: set[str] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise InvalidProblemError(key, f"the name {twice!r} occurs twice")
    if set(map(type, names)) - {str}:
        wrong = next(name for name in names if type(name) is not str)
        raise InvalidProblemError(key, f"{wrong!r} is not a string")
    return names


def _outside(x: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return the distance to an interval, relative to the violated end above 1."""
    with np.errstate(invalid="ignore"):
        below = np.maximum(lower - x, 0.0) / np.maximum(np.abs(lower), 1.0)
        above = np.maximum(x - upper, 0.0) / np.maximum(np.abs(upper), 1.0)
    # An infinite end divides to NaN: open, unless it lies on the wrong side.
    below = np.where(np.isnan(below), np.where(lower > 0, np.inf, 0.0), below)
    above = np.where(np.isnan(above), np.where(upper < 0, np.inf, 0.0), above)
    distance: Floats = np.maximum(below, above)
    return distance
