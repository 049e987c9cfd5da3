"""A model's own HiGHS: edits reach it without a rebuild, and it starts warm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import SolverError, UsageError
from combkit.instances.formats.highs_arrays import solution_arrays
from combkit.instances.mip import MIP
from combkit.instances.run import Outcome, Run
from combkit.mip.contract import settled
from combkit.mip.highs import solve_built
from combkit.mip.highs_model import build, set_defaults

if TYPE_CHECKING:
    from combkit.mip.modelling.arrays import Arrays
    from combkit.mip.modelling.model import Model

__all__ = ["Basis", "LiveHighs", "Sensitivity"]

Floats = NDArray[np.float64]

_STATUS = highspy.HighsModelStatus
_KINDS = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)


class Basis(NamedTuple):
    """A simplex basis: status of each column and row, by number.

    Parameters
    ----------
    columns, rows : ndarray of int
        HiGHS' codes: 0 at its lower bound, 1 basic, 2 at its upper bound, 3 zero
        (free), 4 nonbasic; -1 for what was removed.
    """

    columns: Any
    rows: Any


class Sensitivity(NamedTuple):
    """Ranges in which the optimal basis stays optimal, by number.

    Parameters
    ----------
    cost_down, cost_up : ndarray of float
        Ends of the range of each variable's objective coefficient.
    row_down, row_up : ndarray of float
        Ends of the range of each row's active bound.
    """

    cost_down: Floats
    cost_up: Floats
    row_down: Floats
    row_up: Floats

    def cost(self, variables: Any) -> tuple[Any, Any]:
        """Return the range of the objective coefficients of variables."""
        return self.cost_down[variables.ids], self.cost_up[variables.ids]

    def bound(self, constraints: Any) -> tuple[Any, Any]:
        """Return the range of the active bounds of constraints."""
        return self.row_down[constraints.ids], self.row_up[constraints.ids]


class LiveHighs:
    """The HiGHS object of a model.

    What it holds is compared with the model before each solve, and only what
    differs is changed.

    Parameters
    ----------
    model : Model
        A model without indicators, sets, semi-continuous variables and products.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        given = model.arrays()
        self._patched = len(model.rows.patches)
        self._gone = model.rows.removed, model.columns.removed
        self.highs = build(given)
        #: Whether HiGHS' answer is one to the model as it is held.
        self._answered = False
        self._keep(given)

    def _keep(self, now: Arrays, buffers: Arrays | None = None) -> None:
        """Copy what the model may change in place, into buffers that fit."""
        copies = {}
        for field in ("c", "lower", "upper", "row_lower", "row_upper"):
            values = getattr(now, field)
            copy = None if buffers is None else getattr(buffers, field)
            if copy is None or copy.shape != values.shape:
                copies[field] = values.copy()
            else:
                np.copyto(copy, values)
                copies[field] = copy
        self._held = now._replace(**copies)

    def solve(self, problem: MIP, run: Run, **options: Any) -> Outcome:
        """Solve the model, warm from the last basis.

        Parameters
        ----------
        problem : MIP
            The model as it is now.
        run : Run
            The run.
        **options
            As for the solver ``highs``.
        """
        self._answered = False
        if (outcome := settled(problem, run)) is not None:
            return outcome
        self.update()
        set_defaults(self.highs)
        self.highs.clearCallbacks()
        outcome = solve_built(self.highs, problem, run, **options)
        self._answered = True
        return outcome

    # -- bringing it up to date ----------------------------------------------

    def update(self) -> None:
        """Change what differs from the model."""
        self._answered = False
        now = self._model.arrays()
        rows, cols = self._removed(now)
        self._append_columns(now, rows, cols)
        self._append_rows(now)
        self._change_coefficients(now)
        self._change_bounds(now)
        self._change_objective(now)
        self._keep(now, self._held)

    def _check(self, status: highspy.HighsStatus, what: str) -> None:
        if status == highspy.HighsStatus.kError:
            raise SolverError(f"HiGHS refuses {what}", str(status))

    def _removed(self, now: Any) -> tuple[int, int]:
        """Delete what is gone; return how many rows and columns are left."""
        model, held = self._model, self._held
        gone_now = model.rows.removed, model.columns.removed
        if gone_now == self._gone:
            return held.m, held.n
        self._gone = gone_now
        left = []
        for part, ids, delete in (
            (model.rows, held.row_ids, self.highs.deleteRows),
            (model.columns, held.col_ids, self.highs.deleteCols),
        ):
            gone = np.flatnonzero(~part.alive[ids]).astype(np.int32)
            if gone.size:
                self._check(delete(gone.size, gone), "a removal")
            left.append(ids.size - gone.size)
        if left != [held.m, held.n]:
            # From here on places are those of the model as it is now.
            keep_rows = model.rows.alive[held.row_ids]
            keep = model.columns.alive[held.col_ids]
            self._held = held._replace(
                c=held.c[keep],
                lower=held.lower[keep],
                upper=held.upper[keep],
                integrality=held.integrality[keep],
                row_lower=held.row_lower[keep_rows],
                row_upper=held.row_upper[keep_rows],
                col_ids=held.col_ids[keep],
                row_ids=held.row_ids[keep_rows],
            )
        return left[0], left[1]

    def _append_columns(self, now: Any, rows: int, cols: int) -> None:
        count = now.n - cols
        if not count:
            return
        part = now.A[:rows, cols:].tocsc()
        self._check(
            self.highs.addCols(
                count,
                now.c[cols:],
                now.lower[cols:],
                np.maximum(now.lower[cols:], now.upper[cols:]),
                part.nnz,
                part.indptr[:-1].astype(np.int32),
                part.indices.astype(np.int32),
                part.data,
            ),
            "new variables",
        )
        whole = (np.flatnonzero(now.integrality[cols:]) + cols).astype(np.int32)
        if whole.size:
            self._set_kinds(now, whole)
        held = self._held
        self._held = held._replace(
            c=now.c.copy(),
            lower=np.concatenate((held.lower, now.lower[cols:])),
            upper=np.concatenate((held.upper, now.upper[cols:])),
            integrality=np.concatenate((held.integrality, now.integrality[cols:])),
        )
        self._change_costs(held.c, now.c[:cols])

    def _append_rows(self, now: Any) -> None:
        first = self._held.m
        if now.m == first:
            return
        part = now.A[first:]
        self._check(
            self.highs.addRows(
                now.m - first,
                now.row_lower[first:],
                np.maximum(now.row_lower[first:], now.row_upper[first:]),
                part.nnz,
                part.indptr[:-1].astype(np.int32),
                part.indices.astype(np.int32),
                part.data,
            ),
            "new constraints",
        )
        held = self._held
        self._held = held._replace(
            row_lower=np.concatenate((held.row_lower, now.row_lower[first:])),
            row_upper=np.concatenate((held.row_upper, now.row_upper[first:])),
        )

    def _change_coefficients(self, now: Any) -> None:
        patches = self._model.rows.patches
        if self._patched == len(patches):
            return
        row_place = self._model.rows.positions()
        col_place = self._model.columns.positions()
        for rows, cols, values in patches[self._patched :]:
            for i, j, value in zip(
                row_place[rows].tolist(),
                col_place[cols].tolist(),
                values.tolist(),
                strict=True,
            ):
                if i >= 0 and j >= 0:
                    self._check(self.highs.changeCoeff(i, j, value), "a coefficient")
        self._patched = len(patches)

    def _change_bounds(self, now: Any) -> None:
        held, highs = self._held, self.highs
        for old, new, change in (
            (
                (held.lower, held.upper),
                (now.lower, now.upper),
                highs.changeColsBounds,
            ),
            (
                (held.row_lower, held.row_upper),
                (now.row_lower, now.row_upper),
                highs.changeRowsBounds,
            ),
        ):
            differ = (old[0] != new[0]) | (old[1] != new[1])
            where = np.flatnonzero(differ).astype(np.int32)
            if where.size:
                low = new[0][where]
                up = np.maximum(low, new[1][where])
                self._check(change(where.size, where, low, up), "a bound")
        kinds = np.flatnonzero(held.integrality != now.integrality).astype(np.int32)
        if kinds.size:
            self._set_kinds(now, kinds)

    def _set_kinds(self, now: Any, where: Any) -> None:
        kinds = np.array([int(_KINDS[k]) for k in now.integrality[where]], np.uint8)
        self._check(
            self.highs.changeColsIntegrality(where.size, where, kinds), "a kind"
        )

    def _change_costs(self, old: Floats, new: Floats) -> None:
        where = np.flatnonzero(old != new).astype(np.int32)
        if where.size:
            self._check(
                self.highs.changeColsCost(where.size, where, new[where]), "a cost"
            )

    def _change_objective(self, now: Any) -> None:
        held, highs = self._held, self.highs
        self._change_costs(held.c, now.c)
        if held.offset != now.offset:
            highs.changeObjectiveOffset(now.offset)
        if held.maximize != now.maximize:
            sense = highspy.ObjSense
            highs.changeObjectiveSense(
                sense.kMaximize if now.maximize else sense.kMinimize
            )

    # -- what a linear program tells -----------------------------------------

    def duals(self) -> tuple[Floats, Floats] | None:
        """Return duals and reduced costs by number, None where there are none."""
        held = self._held
        optimal = self._answered and self.highs.getModelStatus() == _STATUS.kOptimal
        if held.integrality.any() or not (
            optimal and self.highs.getSolution().dual_valid
        ):
            return None
        solution = solution_arrays(self.highs)
        return (
            self._by_number(self._model.rows, held.row_ids, solution.row_dual),
            self._by_number(self._model.columns, held.col_ids, solution.col_dual),
        )

    @staticmethod
    def _by_number(part: Any, ids: Any, values: Any) -> Floats:
        vector = np.full(part.count, np.nan)
        # Ranges of costs come with a tail of zeros.
        vector[ids] = values[: ids.size]
        return vector

    def basis(self) -> Basis:
        """Return the basis of the last solve.

        Raises
        ------
        UsageError
            If there is none.
        """
        native = self.highs.getBasis()
        if not native.valid:
            raise UsageError("there is no basis: no linear program was solved")
        held, model = self._held, self._model
        columns = np.full(model.columns.count, -1)
        rows = np.full(model.rows.count, -1)
        columns[held.col_ids] = [int(s) for s in native.col_status]
        rows[held.row_ids] = [int(s) for s in native.row_status]
        return Basis(columns, rows)

    def set_basis(self, basis: Basis) -> None:
        """Start the next solve from a basis; what it does not know is nonbasic.

        Raises
        ------
        UsageError
            If HiGHS does not take it.
        """
        self.update()
        held, status = self._held, highspy.HighsBasisStatus
        native = highspy.HighsBasis()
        listed = []
        for codes, ids, default in (
            (basis.columns, held.col_ids, status.kNonbasic),
            (basis.rows, held.row_ids, status.kBasic),
        ):
            known = [int(codes[k]) if k < len(codes) else -1 for k in ids.tolist()]
            listed.append([default if k < 0 else status(k) for k in known])
        native.col_status, native.row_status = listed
        if self.highs.setBasis(native) == highspy.HighsStatus.kError:
            raise UsageError("HiGHS does not take the basis")

    def sensitivity(self) -> Sensitivity:
        """Return the ranges of the last solution.

        Raises
        ------
        UsageError
            If there are none.
        """
        if self.duals() is None:
            raise UsageError("there are no ranges: no linear program was solved")
        _, ranges = self.highs.getRanging()
        held, model = self._held, self._model
        ends = (
            (model.columns, held.col_ids, ranges.col_cost_dn),
            (model.columns, held.col_ids, ranges.col_cost_up),
            (model.rows, held.row_ids, ranges.row_bound_dn),
            (model.rows, held.row_ids, ranges.row_bound_up),
        )
        return Sensitivity(
            *(self._by_number(part, ids, end.value_) for part, ids, end in ends)
        )
