"""Two-stage robust problems as algebra: variables of two stages, uncertain parameters.

A `TwoStageModel` is written like a `Model`, with its blocks, expressions and labels. It
keeps the products of uncertain parameters and variables, and becomes the arrays of a
`TwoStage` problem.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import UsageError, nearest
from combkit.instances.result import Result
from combkit.instances.robust.two_stage import Stage, TwoStage
from combkit.instances.robust.uncertainty import (
    Box,
    Polyhedral,
    Product,
    UncertaintySet,
)
from combkit.instances.run import Run, execute
from combkit.instances.solutions import FirstStage
from combkit.instances.stop import AnyOf, MaxRuntime, RelativeGap, Stop
from combkit.mip.modelling import Model
from combkit.mip.modelling.answer import Answer
from combkit.mip.modelling.quadratic import Quadratic, QuadraticRelation
from combkit.mip.robust.ccg.reaction import reaction_to

if TYPE_CHECKING:
    from combkit.instances.events import Events

__all__ = ["TwoStageModel"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_FIRST, _RECOURSE, _UNCERTAIN = range(3)


class _Algebra(Model):
    """The model whose expressions the user writes."""

    products_in_rows: ClassVar[bool] = True


class TwoStageModel:
    """A two-stage robust model: decide, be surprised, react.

    Constraints may hold products of uncertain parameters and variables, as
    ``u.dot(x)``, one constraint at a time; the objective, too. Constraints of
    first-stage variables alone restrict the first stage, constraints of uncertain
    parameters alone the uncertainty set; all others are of the recourse, for every
    scenario.

    Parameters
    ----------
    name : str
        Name of the model, for reports only.

    Examples
    --------
    Capacity at 1 a unit now, or at 3 when the demand is known:

    >>> model = TwoStageModel()
    >>> build = model.add_first(2, upper=10)
    >>> buy = model.add_recourse(2)
    >>> share = model.add_uncertain(2, upper=1)
    >>> budget = model.add(share.sum() <= 1)
    >>> cover = model.add(build + buy >= 2 + 2 * share)
    >>> model.minimize(build.sum() + 3 * buy.sum())
    >>> result = model.solve(time_limit=10)
    >>> round(result.objective, 6)
    8.0
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._algebra = _Algebra(name)
        self._stages: list[tuple[Integers, int]] = []
        self._sets: dict[int, UncertaintySet] = {}
        self._row_products: dict[int, Any] = {}
        self._cost_products: Any = None

    def __repr__(self) -> str:
        stage = self._stage_of_columns()
        counts = [int((stage == which).sum()) for which in range(3)]
        return (
            f"<two-stage model of {counts[0]} first-stage and {counts[1]} recourse "
            f"variables, {counts[2]} uncertain parameters>"
        )

    # -- variables ------------------------------------------------------------------

    def add_first(self, shape: Any, **options: Any) -> Any:
        """Add variables of the first stage; options as for ``Model.add_variables``.

        Parameters
        ----------
        shape : int, list, pandas Index, or tuple of these
            Lengths or labels of each dimension.
        **options
            ``lower``, ``upper``, ``kind`` and ``name``.
        """
        return self._add(shape, _FIRST, options)

    def add_recourse(self, shape: Any, **options: Any) -> Any:
        """Add variables of the recourse; options as for ``Model.add_variables``.

        Parameters
        ----------
        shape : int, list, pandas Index, or tuple of these
            Lengths or labels of each dimension.
        **options
            ``lower``, ``upper``, ``kind`` and ``name``.
        """
        return self._add(shape, _RECOURSE, options)

    def add_uncertain(
        self,
        shape: Any,
        within: UncertaintySet | None = None,
        *,
        lower: ArrayLike = 0.0,
        upper: ArrayLike | None = None,
        name: str = "",
    ) -> Any:
        """Add uncertain parameters.

        Parameters
        ----------
        shape : int, list, pandas Index, or tuple of these
            Lengths or labels of each dimension.
        within : UncertaintySet, optional
            Where they lie, in the order of the block; without, between bounds.
        lower, upper : float or array_like
            Bounds, where no set is given; an open end needs constraints.
        name : str
            Name of the block.

        Raises
        ------
        UsageError
            If the set has another dimension.
        """
        if within is None:
            bounds = {"lower": lower, "upper": np.inf if upper is None else upper}
            return self._add(shape, _UNCERTAIN, {**bounds, "name": name})
        free = {"lower": -np.inf, "upper": np.inf, "name": name}
        block = self._add(shape, _UNCERTAIN, free)
        ids = self._stages[-1][0]
        if within.dimension != ids.size:
            raise UsageError(
                f"a set of dimension {within.dimension} for {ids.size} parameters"
            )
        self._sets[int(ids[0])] = within
        return block

    def _add(self, shape: Any, stage: int, options: dict[str, Any]) -> Any:
        start = self._algebra.columns.count
        block = self._algebra.add_variables(shape, **options)
        ids = np.arange(start, self._algebra.columns.count)
        self._stages.append((ids, stage))
        return block

    # -- constraints and objective --------------------------------------------------

    def add(self, relation: Any, name: str = "") -> Any:
        """Add constraints, linear or with products of parameters and variables.

        Parameters
        ----------
        relation : Relation, Relations or QuadraticRelation
            What ``<=``, ``>=`` or ``==`` returns.
        name : str
            Name of the constraint or the block.
        """
        if not isinstance(relation, QuadraticRelation):
            return self._algebra.add(relation, name)
        row = self._algebra.rows.count
        added = self._algebra.add(relation.linear, name)
        self._row_products[row] = relation.products
        return added

    def minimize(self, expression: Any) -> None:
        """Set the cost whose worst case is minimised.

        Parameters
        ----------
        expression : Expression, Quadratic or float
            A single expression; products are of parameters and variables.
        """
        self._set(expression, maximize=False)

    def maximize(self, expression: Any) -> None:
        """Set the profit whose worst case is maximised.

        Parameters
        ----------
        expression : Expression, Quadratic or float
            A single expression; products are of parameters and variables.
        """
        self._set(expression, maximize=True)

    def _set(self, expression: Any, maximize: bool) -> None:
        self._cost_products = None
        if isinstance(expression, Quadratic):
            self._cost_products = expression.products()
            expression = expression.linear
        self._algebra.goal.set(self._algebra, expression, maximize=maximize)

    # -- solving --------------------------------------------------------------------

    def to_problem(self) -> TwoStage:
        """Return the model as arrays.

        Raises
        ------
        UsageError
            If a product is not of an uncertain parameter and a variable.
        InvalidProblemError
            If the uncertainty set is empty or not bounded.
        """
        arrays = self._algebra.arrays()
        self._refuse_special()
        stage = self._stage_of_columns()
        columns = [np.flatnonzero(stage == which) for which in range(3)]
        A = sp.csc_array(arrays.A)
        x, y, u = (sp.csr_array(A[:, at]) for at in columns)
        has_x, has_y, has_u = (np.diff(part.indptr) > 0 for part in (x, y, u))
        bilinear = np.zeros(arrays.m, dtype=bool)
        bilinear[list(self._row_products)] = True
        within = has_u & ~has_x & ~has_y & ~bilinear
        first = ~has_u & ~has_y & ~bilinear
        rest = np.flatnonzero(~first & ~within)
        slopes = self._slopes([self._row_products.get(row) for row in rest.tolist()])
        by_x, by_y = self._slopes([self._cost_products])
        m = columns[_UNCERTAIN].size
        # Costs of parameters alone, and constants, are those of a variable fixed to 1.
        alone = np.r_[arrays.offset, arrays.c[columns[_UNCERTAIN]]]
        extra = int(alone.any())
        by_y = by_y.reshape((m, columns[_RECOURSE].size)).T
        cost_y = sp.vstack([by_y, sp.csr_array(alone[None, 1:])][: 1 + extra])
        return TwoStage(
            self._part(arrays, columns[_FIRST], x, np.flatnonzero(first)),
            self._part(arrays, columns[_RECOURSE], y, rest, alone[:extra]),
            self._uncertainty(arrays, u, np.flatnonzero(within)),
            technology=x[rest],
            shift=u[rest],
            technology_slopes=slopes[0],
            recourse_slopes=_padded(slopes[1], m, extra),
            first_cost_slopes=by_x.reshape((m, columns[_FIRST].size)).T,
            recourse_cost_slopes=cost_y,
            maximize=arrays.maximize,
            name=self.name,
        )

    def solve(
        self,
        solver: str = "ccg",
        *,
        time_limit: float | None = None,
        gap: float | None = None,
        seed: int = 0,
        threads: int = 1,
        events: Events | None = None,
        **params: Any,
    ) -> Result:
        """Solve the model; values are then those of the worst scenario found.

        Parameters
        ----------
        solver : str
            Name of a solver of two-stage problems.
        time_limit : float, optional
            Wall seconds.
        gap : float, optional
            Relative gap that is enough, 1e-4 without.
        seed, threads : int
            Seed of the run, and its threads.
        events : Events, optional
            Who is told of incumbents and bounds.
        **params
            Options of the solver.

        Raises
        ------
        UsageError
            If no solver of two-stage problems has the name.
        """
        from combkit.mip import SOLVERS

        started = time.perf_counter()
        rows = {row.name: row for row in SOLVERS if TwoStage.kind in row.kinds}
        if solver not in rows:
            raise UsageError(f"solver {solver!r} is unknown{nearest(solver, rows)}")
        problem, row = self.to_problem(), rows[solver]
        stops: list[Stop] = [
            RelativeGap(problem.optimality_gap if gap is None else gap)
        ]
        if time_limit is not None:
            stops.append(MaxRuntime(time_limit))
        run = Run(
            problem,
            stop=AnyOf(tuple(stops)),
            seed=seed,
            threads=threads,
            events=events,
            start=started,
        )
        result = execute(
            row.load(), run, solver=solver, params=params, packages=row.packages
        )
        self._keep(problem, result)
        return result

    def _keep(self, problem: TwoStage, result: Result) -> None:
        """Put the values of a result at the variables."""
        values = None
        if isinstance(result.solution, FirstStage):
            stage = self._stage_of_columns()
            x, u = result.solution.first_stage, result.solution.scenario
            assert u is not None
            values = np.full(stage.size, np.nan)
            values[stage == _FIRST], values[stage == _UNCERTAIN] = x, u
            reaction = reaction_to(problem, x, u)
            values[stage == _RECOURSE] = reaction[: (stage == _RECOURSE).sum()]
        self._algebra.keep(Answer(self._algebra, values))

    # -- parts ----------------------------------------------------------------------

    def _stage_of_columns(self) -> Integers:
        stage = np.zeros(self._algebra.columns.count, dtype=np.int64)
        for ids, which in self._stages:
            stage[ids] = which
        return stage

    def _refuse_special(self) -> None:
        """Refuse what arrays of two stages cannot say.

        Raises
        ------
        UsageError
            If the model has indicators, ordered sets or extremes.
        """
        algebra = self._algebra
        if algebra.indicators or algebra.sets or algebra.extremes:
            raise UsageError("a two-stage model has linear constraints only")

    def _slopes(self, products: list[Any]) -> tuple[Any, Any]:
        """Return products as ``[M_1, ..., M_m]`` for either stage's variables.

        Raises
        ------
        UsageError
            If one is not of a parameter and a variable.
        """
        stage = self._stage_of_columns()
        order = np.zeros(stage.size, dtype=np.int64)
        sizes = np.bincount(stage, minlength=3)
        for which in range(3):
            order[stage == which] = np.arange(sizes[which])
        found: list[list[Any]] = [[], []]
        for row, part in enumerate(products):
            if part is None:
                continue
            a, b, values = part
            swapped = stage[b] == _UNCERTAIN
            parameter, variable = np.where(swapped, b, a), np.where(swapped, a, b)
            fine = (stage[parameter] == _UNCERTAIN) & (stage[variable] != _UNCERTAIN)
            if not fine.all():
                k = int(np.argmin(fine))
                pair = " and ".join(
                    self._algebra.columns.name(int(i[k])) for i in (a, b)
                )
                raise UsageError(
                    f"the product of {pair} is not one of an uncertain parameter and "
                    "a variable"
                )
            for which in (_FIRST, _RECOURSE):
                mine = stage[variable] == which
                place = order[parameter] * sizes[which] + order[variable]
                at = np.full(int(mine.sum()), row)
                found[which].append((at, place[mine], values[mine]))
        return tuple(
            _entries(
                found[which], (len(products), int(sizes[_UNCERTAIN] * sizes[which]))
            )
            for which in (_FIRST, _RECOURSE)
        )

    def _part(
        self, arrays: Any, at: Integers, matrix: Any, rows: Integers, extra: Any = ()
    ) -> Stage:
        """Return a stage, with variables fixed to 1 behind its own."""
        k = len(extra)
        names = self._algebra.columns.all_names()
        return Stage(
            np.r_[arrays.c[at], extra],
            sp.hstack([matrix[rows], sp.csr_array((rows.size, k))]),
            arrays.row_lower[rows],
            arrays.row_upper[rows],
            np.r_[arrays.lower[at], np.ones(k)],
            np.r_[arrays.upper[at], np.ones(k)],
            np.r_[arrays.integrality[at], np.zeros(k)],
            None if names is None or k else [names[j] for j in at],
        )

    def _uncertainty(self, arrays: Any, u: Any, rows: Integers) -> UncertaintySet:
        """Return the set that bounds, sets and rows of parameters describe."""
        kept = u[rows]
        limits = [(kept, arrays.row_upper[rows]), (-kept, -arrays.row_lower[rows])]
        parts = [(m[np.isfinite(b)], b[np.isfinite(b)]) for m, b in limits]
        matrix = sp.vstack([part for part, _ in parts], format="csr")
        limit = np.concatenate([b for _, b in parts])
        at = np.flatnonzero(self._stage_of_columns() == _UNCERTAIN)
        lower, upper = arrays.lower[at], arrays.upper[at]
        if not self._sets:
            return (
                Polyhedral(matrix, limit, lower, upper)
                if limit.size
                else Box(lower, upper)
            )
        groups = []
        for ids, which in self._stages:
            if which == _UNCERTAIN:
                box = (arrays.lower[ids], arrays.upper[ids])
                groups.append(self._sets.get(int(ids[0])) or Box(*box))
        whole = groups[0] if len(groups) == 1 else Product(tuple(groups))
        if not limit.size:
            return whole
        return whole & Polyhedral(matrix, limit, *whole.region().extent())


def _entries(parts: list[Any], shape: tuple[int, int]) -> Any:
    """Return a sparse array of lists of rows, columns and values."""
    if not parts:
        return sp.csr_array(shape)
    rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return sp.coo_array((values, (rows, columns)), shape=shape).tocsr()


def _padded(wide: Any, blocks: int, extra: int) -> Any:
    """Return ``[M_1, ..., M_m]`` with columns of zeros behind each block."""
    if not extra or not blocks:
        return wide
    n = wide.shape[1] // blocks
    keep = sp.kron(sp.eye_array(blocks), sp.eye_array(n, n + extra))
    return sp.csr_array(wide @ keep)
