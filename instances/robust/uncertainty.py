"""Uncertainty sets: what an adversary may choose.

Every set is given to solvers in one form, its `Region`: the points ``u = origin +
basis @ w`` of the feasible points w of a program, which may hold integers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError
from combkit.instances.mip import MIP, flags_of
from combkit.instances.parts import Part
from combkit.instances.problem import as_vector, frozen_array, require
from combkit.instances.solutions import Values

__all__ = [
    "Box",
    "Budget",
    "Discrete",
    "Factor",
    "Intersection",
    "Polyhedral",
    "Product",
    "Region",
    "UncertaintySet",
    "opened",
]

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

#: What a scenario may be off its set by: absolute, relative above 1.
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Region:
    """An uncertainty set as solvers see it: ``u = origin + basis @ w``.

    Parameters
    ----------
    origin : ndarray of float64, shape (m,)
        The scenario of ``w = 0``.
    basis : sparse array, shape (m, q)
        What each column of the program adds to the scenario.
    program : MIP
        Which w there are; its objective is zero and its columns are bounded.
    two_valued : bool
        Whether at every extreme point of the hull each column is at a bound of it.
    """

    origin: Floats
    basis: Any
    program: MIP
    two_valued: bool

    def scenario(self, w: Floats) -> Floats:
        """Return the scenario of a point of the program.

        Parameters
        ----------
        w : ndarray of float64, shape (q,)
            The point.
        """
        scenario: Floats = self.origin + self.basis @ w
        return scenario

    def extent(self) -> tuple[Floats, Floats]:
        """Return intervals that hold each parameter, from the bounds of w alone."""
        positive, negative = self.basis.maximum(0), self.basis.minimum(0)
        low, high = self.program.lower, self.program.upper
        return (
            self.origin + positive @ low + negative @ high,
            self.origin + positive @ high + negative @ low,
        )


class UncertaintySet(Part, ABC):
    """A non-empty bounded set of scenarios."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of uncertain parameters."""

    @abstractmethod
    def region(self) -> Region:
        """Return the set in the form that solvers take."""

    def violations(self, scenario: Floats) -> list[str]:
        """Return what keeps a scenario out of the set, in plain words.

        Parameters
        ----------
        scenario : ndarray of float64, shape (m,)
            The scenario.
        """
        region = self.region()
        values = Values(scenario, [f"u{k}" for k in range(scenario.size)])
        return region.program.check(values)

    def __and__(self, other: UncertaintySet) -> Intersection:
        """Return what is in both sets."""
        return Intersection((self, other))


@dataclass(frozen=True, eq=False)
class Box(UncertaintySet):
    """Each parameter in an interval of its own.

    Parameters
    ----------
    lower, upper : array_like, shape (m,)
        Ends of the intervals.
    """

    lower: Floats
    upper: Floats

    type: ClassVar[str] = "box"

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        put("lower", frozen_array("lower", self.lower, np.float64, (None,)))
        n = self.lower.size
        put("upper", frozen_array("upper", self.upper, np.float64, (n,)))
        _refuse_crossed(self.lower, self.upper)

    @property
    def dimension(self) -> int:
        """Number of uncertain parameters."""
        return int(self.lower.size)

    def region(self) -> Region:
        """Return the set in the form that solvers take."""
        return _plain(_program(self.lower, self.upper), two_valued=True)


@dataclass(frozen=True, eq=False)
class Budget(UncertaintySet):
    """Parameters between 0 and 1 whose sum is within a budget.

    Parameters
    ----------
    size : int
        Number of parameters.
    budget : float
        Largest sum; an integer if deviations are whole.
    integral : bool
        Whether each parameter is 0 or 1.

    References
    ----------
    D. Bertsimas, M. Sim, "The price of robustness", Operations Research 52(1), 2004.
    """

    size: int
    budget: float
    integral: bool = False

    type: ClassVar[str] = "budget"

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        size = int(frozen_array("size", self.size, np.int64, (), minimum=1))
        put("size", size)
        budget = float(frozen_array("budget", self.budget, np.float64, (), minimum=0))
        put("budget", budget)
        put("integral", bool(self.integral))
        whole = budget == np.floor(budget)
        require(
            whole or not self.integral,
            "budget",
            f"{budget:g} is no number of whole deviations",
        )

    @property
    def dimension(self) -> int:
        """Number of uncertain parameters."""
        return self.size

    def region(self) -> Region:
        """Return the set in the form that solvers take."""
        zero, one = np.zeros(self.size), np.ones(self.size)
        rows = (np.ones((1, self.size)), np.array([self.budget]))
        flags = np.full(self.size, self.integral, dtype=np.uint8)
        whole = self.budget == np.floor(self.budget) or self.budget >= self.size
        return _plain(_program(zero, one, rows, flags), two_valued=bool(whole))


@dataclass(frozen=True, eq=False)
class Polyhedral(UncertaintySet):
    """The points of a polytope, or the integer points of it.

    Parameters
    ----------
    matrix : sparse matrix or array_like, shape (k, m)
        Coefficients of ``matrix @ u <= limits``.
    limits : array_like, shape (k,)
        Right-hand sides.
    lower, upper : array_like, shape (m,)
        Bounds of the parameters; infinite, or None, where open.
    integrality : array_like, shape (m,)
        1 where a parameter is integral.

    Raises
    ------
    InvalidProblemError
        If the set is empty or unbounded.
    """

    matrix: Any
    limits: Floats
    lower: Floats | None = None
    upper: Floats | None = None
    integrality: Flags | None = None

    type: ClassVar[str] = "polyhedral"

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        matrix = matrix_of("matrix", self.matrix, (None, None))
        put("matrix", matrix)
        k, m = matrix.shape
        put("limits", frozen_array("limits", self.limits, np.float64, (k,)))
        put("lower", opened("lower", self.lower, m, -np.inf))
        put("upper", opened("upper", self.upper, m, np.inf))
        assert self.lower is not None and self.upper is not None
        flags = 0 if self.integrality is None else self.integrality
        put("integrality", flags_of("integrality", flags, m))
        _refuse_crossed(self.lower, self.upper)
        lower, upper = _extent(self._region(self.lower, self.upper).program)
        for j in np.flatnonzero(~(np.isfinite(lower) & np.isfinite(upper))).tolist():
            raise InvalidProblemError("matrix", f"parameter {j} is not bounded")
        put("_extent", (lower, upper))

    @property
    def dimension(self) -> int:
        """Number of uncertain parameters."""
        return int(self.matrix.shape[1])

    def region(self) -> Region:
        """Return the set in the form that solvers take."""
        return self._region(*self._extent)  # type: ignore[attr-defined]

    def _region(self, lower: Floats, upper: Floats) -> Region:
        flags = self.integrality
        assert flags is not None
        program = _program(lower, upper, (self.matrix, self.limits), flags)
        narrow = bool((upper - lower <= 1.0).all())
        whole = bool(flags.all()) or _has_whole_vertices(self, lower, upper)
        return _plain(program, narrow and whole)


@dataclass(frozen=True, eq=False)
class Factor(UncertaintySet):
    """Parameters that follow a few factors: ``u = center + loadings @ factors``.

    Parameters
    ----------
    center : array_like, shape (m,)
        The scenario without any factor.
    loadings : sparse matrix or array_like, shape (m, k)
        What each factor adds to each parameter.
    factors : UncertaintySet
        The set of the k factors.
    """

    center: Floats
    loadings: Any
    factors: UncertaintySet

    type: ClassVar[str] = "factor"

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        put("center", frozen_array("center", self.center, np.float64, (None,)))
        _require_set("factors", self.factors)
        shape = (self.center.size, self.factors.dimension)
        put("loadings", matrix_of("loadings", self.loadings, shape))

    @property
    def dimension(self) -> int:
        """Number of uncertain parameters."""
        return int(self.center.size)

    def region(self) -> Region:
        """Return the set in the form that solvers take."""
        inner = self.factors.region()
        return Region(
            self.center + self.loadings @ inner.origin,
            sp.csr_array(self.loadings @ inner.basis),
            inner.program,
            inner.two_valued,
        )

    def violations(self, scenario: Floats) -> list[str]:
        """Return what keeps a scenario out of the set, in plain words."""
        return _off(self.region(), scenario)


@dataclass(frozen=True, eq=False)
class Discrete(UncertaintySet):
    """One of some scenarios.

    Parameters
    ----------
    points : array_like, shape (k, m)
        The scenarios, one a row.
    """

    points: Floats

    type: ClassVar[str] = "discrete"

    def __post_init__(self) -> None:
        points = frozen_array("points", self.points, np.float64, (None, None))
        object.__setattr__(self, "points", points)
        require(len(points) > 0, "points", "there is no scenario")

    @property
    def dimension(self) -> int:
        """Number of uncertain parameters."""
        return int(self.points.shape[1])

    def region(self) -> Region:
        """Return the set in the form that solvers take."""
        k, m = self.points.shape
        flags = np.ones(k, dtype=np.uint8)
        one = np.ones(k)
        program = MIP(
            np.zeros(k), one[None, :], one[:1], one[:1], 0.0 * one, one, flags
        )
        return Region(np.zeros(m), sp.csr_array(self.points.T), program, True)

    def violations(self, scenario: Floats) -> list[str]:
        """Return what keeps a scenario out of the set, in plain words."""
        off = np.abs(self.points - scenario) / np.maximum(1.0, np.abs(self.points))
        if off.max(axis=1).min() <= TOLERANCE:
            return []
        return ["the scenario is none of those of the set"]


@dataclass(frozen=True, eq=False)
class Intersection(UncertaintySet):
    """What is in each of some sets.

    Parameters
    ----------
    sets : sequence of UncertaintySet
        The sets, of one dimension.

    Raises
    ------
    InvalidProblemError
        If nothing is in all of them.
    """

    sets: tuple[UncertaintySet, ...]

    type: ClassVar[str] = "intersection"

    def __post_init__(self) -> None:
        sets = tuple(self.sets)
        object.__setattr__(self, "sets", sets)
        require(bool(sets), "sets", "there is no set")
        for one in sets:
            _require_set("sets", one)
            require(
                one.dimension == sets[0].dimension,
                "sets",
                f"dimensions {sets[0].dimension} and {one.dimension} meet",
            )
        _extent(self.region().program, nothing_but_emptiness=True)

    @property
    def dimension(self) -> int:
        """Number of uncertain parameters."""
        return self.sets[0].dimension

    def region(self) -> Region:
        """Return the set in the form that solvers take.

        All sets speak of the scenario of the first.
        """
        regions = [one.region() for one in self.sets]
        first, programs = regions[0], [region.program for region in regions]
        width = sum(program.n for program in programs)
        blocks = [sp.block_diag([program.A for program in programs], format="csr")]
        lower = [program.row_lower for program in programs]
        upper = [program.row_upper for program in programs]
        start = first.program.n
        for region in regions[1:]:
            meet = sp.hstack(
                [
                    first.basis,
                    sp.csr_array((self.dimension, start - first.program.n)),
                    -region.basis,
                    sp.csr_array((self.dimension, width - start - region.program.n)),
                ]
            )
            blocks.append(meet)
            lower.append(region.origin - first.origin)
            upper.append(region.origin - first.origin)
            start += region.program.n
        flags = np.concatenate([program.integrality for program in programs])
        low = np.concatenate([program.lower for program in programs])
        high = np.concatenate([program.upper for program in programs])
        program = MIP(
            np.zeros(width),
            sp.vstack(blocks, format="csr"),
            np.concatenate(lower),
            np.concatenate(upper),
            low,
            high,
            flags,
        )
        basis = sp.hstack(
            [first.basis, sp.csr_array((self.dimension, width - first.program.n))],
            format="csr",
        )
        integral = flags[: first.program.n].all()
        two_valued = bool(integral and (high - low)[: first.program.n].max() <= 1.0)
        return Region(first.origin, basis, program, two_valued)

    def violations(self, scenario: Floats) -> list[str]:
        """Return what keeps a scenario out of the sets, in plain words."""
        return [reason for one in self.sets for reason in one.violations(scenario)]


@dataclass(frozen=True, eq=False)
class Product(UncertaintySet):
    """Parameters in groups, each in a set of its own.

    Parameters
    ----------
    sets : sequence of UncertaintySet
        The sets, whose parameters follow one another.
    """

    sets: tuple[UncertaintySet, ...]

    type: ClassVar[str] = "product"

    def __post_init__(self) -> None:
        sets = tuple(self.sets)
        object.__setattr__(self, "sets", sets)
        require(bool(sets), "sets", "there is no set")
        for one in sets:
            _require_set("sets", one)

    @property
    def dimension(self) -> int:
        """Number of uncertain parameters."""
        return sum(one.dimension for one in self.sets)

    def region(self) -> Region:
        """Return the set in the form that solvers take."""
        regions = [one.region() for one in self.sets]
        programs = [region.program for region in regions]
        program = MIP(
            np.zeros(sum(program.n for program in programs)),
            sp.block_diag([program.A for program in programs], format="csr"),
            np.concatenate([program.row_lower for program in programs]),
            np.concatenate([program.row_upper for program in programs]),
            np.concatenate([program.lower for program in programs]),
            np.concatenate([program.upper for program in programs]),
            np.concatenate([program.integrality for program in programs]),
        )
        return Region(
            np.concatenate([region.origin for region in regions]),
            sp.block_diag([region.basis for region in regions], format="csr"),
            program,
            all(region.two_valued for region in regions),
        )

    def violations(self, scenario: Floats) -> list[str]:
        """Return what keeps a scenario out of the sets, in plain words."""
        ends = np.cumsum([one.dimension for one in self.sets])[:-1]
        groups = np.split(scenario, ends)
        return [
            f"group {k}: {reason}"
            for k, (one, group) in enumerate(zip(self.sets, groups, strict=True))
            for reason in one.violations(group)
        ]


def opened(field: str, values: ArrayLike | None, n: int, end: float) -> Floats:
    """Return bounds as a vector; None, as a whole or in a place, is an open end.

    Parameters
    ----------
    field : str
        Name used in errors.
    values : array_like, shape (n,), or float or None
        The bounds.
    n : int
        Their number.
    end : float
        The open end, an infinity.
    """
    if values is None:
        values = end
    elif isinstance(values, list | tuple) and any(value is None for value in values):
        values = [end if value is None else value for value in values]
    bounds: Floats = as_vector(field, values, n, np.float64, finite=False)
    require(not (bounds == -end).any(), field, f"{-end} is no bound on this side")
    return bounds


def matrix_of(field: str, values: Any, shape: tuple[int | None, int | None]) -> Any:
    """Return a matrix as canonical CSR.

    Parameters
    ----------
    field : str
        Name used in errors.
    values : sparse matrix or array_like
        The matrix; an empty list has no rows.
    shape : tuple of int or None
        Its shape; None leaves an axis free.

    Raises
    ------
    InvalidProblemError
        If it is none of finite numbers, or of another shape.
    """
    if isinstance(values, list | tuple) and not values:
        values = sp.csr_array((0, shape[1] or 0))
    try:
        matrix = sp.csr_array(values, dtype=np.float64, copy=True)
    except (TypeError, ValueError) as error:
        raise InvalidProblemError(field, f"no matrix of numbers: {error}") from None
    fits = matrix.ndim == 2 and all(
        want is None or want == got
        for want, got in zip(shape, matrix.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if s is None else str(s) for s in shape)
        raise InvalidProblemError(
            field, f"shape {matrix.shape} where ({wanted}) is needed"
        )
    if not np.isfinite(matrix.data).all():
        raise InvalidProblemError(field, "an entry is not finite")
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    require(matrix.nnz < 2**31, field, f"{matrix.nnz} nonzeros are too many")
    index = (matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32))
    matrix = sp.csr_array((matrix.data, *index), shape=matrix.shape)
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    return matrix


def _has_whole_vertices(which: Polyhedral, lower: Floats, upper: Floats) -> bool:
    """Return whether limits on sums of disjoint groups leave integers at vertices."""
    matrix, ends = which.matrix, np.concatenate([which.limits, lower, upper])
    return bool(
        (np.abs(matrix.data) == 1.0).all()
        and (np.bincount(matrix.indices, minlength=1) <= 1).all()
        and (ends == np.floor(ends)).all()
    )


def _require_set(field: str, value: Any) -> None:
    require(isinstance(value, UncertaintySet), field, "not an uncertainty set")


def _refuse_crossed(lower: Floats, upper: Floats) -> None:
    for j in np.flatnonzero(lower > upper).tolist():
        raise InvalidProblemError(
            f"lower[{j}]", f"{lower[j]:g} is above the upper end {upper[j]:g}: empty"
        )


def _program(
    lower: Floats,
    upper: Floats,
    rows: tuple[Any, Floats] | None = None,
    integrality: Flags | None = None,
) -> MIP:
    n = lower.size
    matrix, limits = rows if rows is not None else (np.zeros((0, n)), np.zeros(0))
    low = np.full(limits.size, -np.inf)
    names = [f"u{j}" for j in range(n)]
    if integrality is None:
        integrality = np.zeros(n, dtype=np.uint8)
    return MIP(
        np.zeros(n), matrix, low, limits, lower, upper, integrality, col_names=names
    )


def _plain(program: MIP, two_valued: bool) -> Region:
    """Return the region whose scenarios are the columns of a program."""
    return Region(
        np.zeros(program.n), sp.eye_array(program.n, format="csr"), program, two_valued
    )


def _off(region: Region, scenario: Floats) -> list[str]:
    """Return whether a scenario lies off a region, by the least largest distance."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    program, size = region.program, np.maximum(1.0, np.abs(scenario))
    wide = sp.csc_array((1.0 / size)[:, None] * region.basis)
    one = np.ones((scenario.size, 1))
    target = (scenario - region.origin) / size
    nothing = sp.csr_array((program.m, 1))
    found = milp(
        np.r_[np.zeros(program.n), 1.0],
        integrality=np.r_[program.integrality, 0],
        bounds=Bounds(np.r_[program.lower, 0.0], np.r_[program.upper, np.inf]),
        constraints=[
            LinearConstraint(
                sp.hstack([program.A, nothing], format="csc"),
                program.row_lower,
                program.row_upper,
            ),
            LinearConstraint(sp.hstack([wide, one], format="csc"), target, np.inf),
            LinearConstraint(sp.hstack([wide, -one], format="csc"), -np.inf, target),
        ],
    )
    if found.x is not None and found.fun <= TOLERANCE:
        return []
    return ["the scenario is not in the set"]


def _extent(
    program: MIP, *, nothing_but_emptiness: bool = False
) -> tuple[Floats, Floats]:
    """Return the least and the largest value of each column; infinite where open.

    Raises
    ------
    InvalidProblemError
        If there is no point.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    bounds = Bounds(program.lower, program.upper)
    rows = []
    if program.m:
        A = sp.csc_array(program.A)
        rows = [LinearConstraint(A, program.row_lower, program.row_upper)]
    flags = program.integrality

    def extreme(cost: Floats, integrality: Flags) -> Any:
        return milp(cost, integrality=integrality, bounds=bounds, constraints=rows)

    # An integer program may be unbounded without a point that HiGHS could name.
    feasible = extreme(np.zeros(program.n), flags)
    require(feasible.x is not None, "uncertainty set", "is empty")
    lower, upper = program.lower.copy(), program.upper.copy()
    if nothing_but_emptiness:
        return lower, upper
    for ends, sign in ((lower, 1.0), (upper, -1.0)):
        for j in np.flatnonzero(~np.isfinite(ends)).tolist():
            cost = np.zeros(program.n)
            cost[j] = sign
            found = extreme(cost, np.zeros_like(flags))
            if found.x is not None:
                ends[j] = sign * found.fun
    return lower, upper
