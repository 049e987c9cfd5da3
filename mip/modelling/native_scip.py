"""What only SCIP takes: indicators, sets, products, lazy rows and cuts.

References
----------
S. Maher et al., PySCIPOpt: Mathematical programming in Python with the SCIP
Optimization Suite, ICMS 2016. doi:10.1007/978-3-319-42432-3_37
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyscipopt
from pyscipopt.scip import PY_SCIP_RESULT as SCIP_RESULT
from pyscipopt.scip import ExprCons

from combkit.instances.mip import MIP, TOLERANCE
from combkit.mip.modelling.answer import Point
from combkit.mip.modelling.extended import ExtendedMIP
from combkit.mip.modelling.pieces import assemble
from combkit.mip.modelling.special import as_relations
from combkit.mip.scip_model import ScipModel

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = ["Callback", "add_callbacks", "extend", "violated_rows"]

#: Gets a point, returns constraints that it may violate.
Callback = Callable[[Point], Iterable[Any]]
#: A row: positions of the variables, coefficients, lower and upper bound.
Row = tuple[Any, Any, float, float]

_INFINITY = 1e20
#: Violation from which on a cut is worth its place.
_WORTH = 1e-4


def extend(scip: ScipModel, problem: MIP) -> None:
    """Add to a SCIP model what an ``ExtendedMIP`` has beyond a ``MIP``."""
    if not isinstance(problem, ExtendedMIP):
        return
    model, x = scip.model, scip.variables
    if problem.indicators is not None:
        columns, active, A, lower, upper = problem.indicators
        for k, column in enumerate(columns.tolist()):
            inside = slice(A.indptr[k], A.indptr[k + 1])
            row = _expression(x, A.indices[inside], A.data[inside])
            for bound, sign in ((upper[k], 1.0), (lower[k], -1.0)):
                if abs(bound) < _INFINITY:
                    model.addConsIndicator(
                        sign * row <= sign * float(bound),
                        binvar=x[column],
                        activeone=bool(active[k]),
                    )
    for one in problem.sets:
        members = [x[j] for j in one.columns.tolist()]
        add = model.addConsSOS1 if one.order == 1 else model.addConsSOS2
        add(members, weights=list(map(float, range(1, len(members) + 1))))
    if problem.hessian is not None:
        _quadratic(scip, problem)


def _expression(x: list[Any], columns: Any, values: Any) -> Any:
    terms = zip(columns.tolist(), values.tolist(), strict=True)
    return pyscipopt.quicksum(value * x[j] for j, value in terms)


def _quadratic(scip: ScipModel, problem: ExtendedMIP) -> None:
    """Put the products into a row below or above a new variable."""
    model, x = scip.model, scip.variables
    H = problem.hessian.tocoo()
    products = pyscipopt.quicksum(
        (0.5 if i == j else 1.0) * value * x[i] * x[j]
        for i, j, value in zip(
            H.row.tolist(), H.col.tolist(), H.data.tolist(), strict=True
        )
    )
    total = model.addVar(name="products", lb=None, ub=None, obj=1.0)
    model.addCons(products >= total if problem.maximize else products <= total)


def violated_rows(
    model: Model, callback: Callback, values: Any, tolerance: float = TOLERANCE
) -> Iterator[Row]:
    """Yield what a callback returns and a point violates, by column position.

    Parameters
    ----------
    model : Model
        The model; the columns of the solver are its own, in order.
    callback : callable
        The callback.
    values : ndarray of float
        The point, by column of the solver.
    tolerance : float
        Violation that counts, relative to the bound above 1.
    """
    ids = np.flatnonzero(model.columns.alive)
    point = np.full(model.columns.count, np.nan)
    point[ids] = values[: ids.size]
    place = model.columns.positions()
    for relation in callback(Point(model, point)):
        block = as_relations(relation)
        rows = assemble(block.pieces, block.shape)
        lower = np.broadcast_to(block.lower, block.shape).ravel()
        upper = np.broadcast_to(block.upper, block.shape).ravel()
        for k in range(lower.size):
            inside = slice(rows.start[k], rows.start[k + 1])
            columns, coefs = place[rows.cols[inside]], rows.coefs[inside]
            activity = float(coefs @ values[columns])
            slack = tolerance * max(1.0, abs(activity))
            if activity < lower[k] - slack or activity > upper[k] + slack:
                yield columns, coefs, float(lower[k]), float(upper[k])


class _Source:
    """Calls a callback at SCIP's points; what it raises ends the run."""

    def __init__(
        self, model: Model, scip: ScipModel, callback: Callback, errors: list[Any]
    ) -> None:
        self.scip = scip
        self._model = model
        self._callback = callback
        self._errors = errors

    def rows(self, solution: Any, tolerance: float) -> list[Row]:
        if self._errors:
            return []
        native = self.scip.model
        values = np.array([native.getSolVal(solution, v) for v in self.scip.variables])
        try:
            return list(violated_rows(self._model, self._callback, values, tolerance))
        except BaseException as error:
            self._errors.append(error)
            native.interruptSolve()
            return []


class _Lazy(pyscipopt.Conshdlr):
    """Rows that are only known where they are violated."""

    def __init__(self, source: _Source) -> None:
        self._source = source

    def conscheck(self, constraints: Any, solution: Any, *flags: Any) -> Any:
        """Refuse a solution that violates a row."""
        bad = self._source.rows(solution, TOLERANCE)
        return {"result": SCIP_RESULT.INFEASIBLE if bad else SCIP_RESULT.FEASIBLE}

    def consenfolp(self, *arguments: Any) -> Any:
        """Add the rows that the solution of the relaxation violates."""
        bad = self._source.rows(None, TOLERANCE)
        x = self._source.scip.variables
        for columns, coefs, lower, upper in bad:
            row = _expression(x, columns, coefs)
            low = None if lower <= -_INFINITY else lower
            up = None if upper >= _INFINITY else upper
            self.model.addCons(ExprCons(row, lhs=low, rhs=up))
        return {"result": SCIP_RESULT.CONSADDED if bad else SCIP_RESULT.FEASIBLE}

    def consenfops(self, *arguments: Any) -> Any:
        """Do the same where the relaxation was not solved."""
        return self.consenfolp()

    def conslock(
        self, constraint: Any, locktype: Any, positive: int, negative: int
    ) -> None:
        """Say that moving any variable either way may violate a row."""
        both = positive + negative
        for variable in self._source.scip.variables:
            self.model.addVarLocks(variable, both, both)


class _Cuts(pyscipopt.Sepa):
    """Rows that every solution satisfies, to cut off points of the relaxation."""

    def __init__(self, source: _Source) -> None:
        self._source = source

    def sepaexeclp(self) -> Any:
        """Add the rows that the solution of the relaxation violates."""
        bad = self._source.rows(None, _WORTH)
        model, x = self.model, self._source.scip.variables
        for columns, coefs, lower, upper in bad:
            row = model.createEmptyRowSepa(self, "cut", lhs=lower, rhs=upper)
            model.cacheRowExtensions(row)
            for j, value in zip(columns.tolist(), coefs.tolist(), strict=True):
                model.addVarToRow(row, model.getTransformedVar(x[j]), value)
            model.flushRowExtensions(row)
            model.addCut(row)
            model.releaseRow(row)
        found = SCIP_RESULT.SEPARATED if bad else SCIP_RESULT.DIDNOTFIND
        return {"result": found}


def add_callbacks(
    scip: ScipModel,
    model: Model,
    lazy: Callback | None,
    cuts: Callback | None,
) -> list[BaseException]:
    """Let a SCIP model ask for lazy rows and cuts.

    Parameters
    ----------
    scip : ScipModel
        The SCIP model.
    model : Model
        The model whose variables the callbacks use.
    lazy, cuts : callable or None
        The callbacks.

    Returns
    -------
    list of exception
        Gets what a callback raises, after which SCIP ends.
    """
    errors: list[BaseException] = []
    native = scip.model
    if lazy is not None:
        native.includeConshdlr(
            _Lazy(_Source(model, scip, lazy, errors)),
            "combkit-lazy",
            "lazy constraints",
            enfopriority=-10,
            chckpriority=-10,
            needscons=False,
        )
        # Reductions that use the objective might cut off what the rows need.
        native.setParam("misc/allowstrongdualreds", False)
        native.setParam("misc/allowweakdualreds", False)
    if cuts is not None:
        native.includeSepa(
            _Cuts(_Source(model, scip, cuts, errors)),
            "combkit-cuts",
            "user cuts",
            freq=1,
            maxbounddist=1.0,
        )
    return errors
