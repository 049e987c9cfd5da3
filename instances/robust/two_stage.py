"""Two-stage robust problems in general: arrays of both stages and a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.errors import InvalidSolutionError
from combkit.instances.mip import MIP, flags_of
from combkit.instances.parts import Part, spread
from combkit.instances.problem import Problem, Sense, frozen_array, missing, require
from combkit.instances.robust.uncertainty import (
    UncertaintySet,
    matrix_of,
    opened,
)
from combkit.instances.solutions import FirstStage, Solution

__all__ = ["Stage", "TwoStage"]

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Stage(Part):
    """Variables of a stage with their costs, bounds and rows.

    Parameters
    ----------
    cost : array_like, shape (n,)
        Costs.
    matrix : sparse matrix or array_like, shape (k, n), optional
        Coefficients of the rows; none without.
    row_lower, row_upper : array_like, shape (k,), optional
        Bounds of the rows; infinite, or None, where open.
    lower, upper : array_like, shape (n,), optional
        Bounds of the variables, 0 and infinite without; None where open.
    integrality : array_like, shape (n,), optional
        1 where a variable is integral; all are continuous without.
    names : sequence of str, optional
        Names of the variables.
    """

    cost: Floats
    matrix: Any = None
    row_lower: Floats | None = None
    row_upper: Floats | None = None
    lower: Floats | None = None
    upper: Floats | None = None
    integrality: Flags | None = None
    names: Sequence[str] | None = None

    type: ClassVar[str] = "stage"

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        put("cost", frozen_array("cost", self.cost, np.float64, (None,)))
        n = self.cost.size
        rows = [] if self.matrix is None else self.matrix
        put("matrix", matrix_of("matrix", rows, (None, n)))
        k = self.matrix.shape[0]
        put("row_lower", opened("row_lower", self.row_lower, k, -np.inf))
        put("row_upper", opened("row_upper", self.row_upper, k, np.inf))
        lower = 0.0 if self.lower is None else self.lower
        put("lower", opened("lower", lower, n, -np.inf))
        put("upper", opened("upper", self.upper, n, np.inf))
        flags = 0 if self.integrality is None else self.integrality
        put("integrality", flags_of("integrality", flags, n))
        # Its checks of names and bounds are those of a program.
        put("names", self.program().col_names)

    @property
    def n(self) -> int:
        """Number of variables."""
        return int(self.cost.size)

    @property
    def m(self) -> int:
        """Number of rows."""
        return int(self.matrix.shape[0])

    @property
    def continuous(self) -> bool:
        """Whether no variable is integral."""
        assert self.integrality is not None
        return not self.integrality.any()

    def program(self, maximize: bool = False) -> MIP:
        """Return the stage alone, as a program.

        Parameters
        ----------
        maximize : bool
            Whether its cost is maximised.
        """
        assert self.row_lower is not None and self.row_upper is not None
        assert self.lower is not None and self.upper is not None
        assert self.integrality is not None
        return MIP(
            self.cost,
            self.matrix,
            self.row_lower,
            self.row_upper,
            self.lower,
            self.upper,
            self.integrality,
            maximize=maximize,
            col_names=self.names,
        )


@dataclass(frozen=True, eq=False)
class TwoStage(Problem):
    """A two-stage robust problem: decide, be surprised, react.

    First x is chosen, then the scenario u that is worst for it, then the best
    reaction y. With the costs c and q, the rows A of the first stage and W of the
    recourse it is

    ``min_x max_u min_y c @ x + (F u) @ x + q @ y + (Q u) @ y``

    over x in the first stage, u in the uncertainty set and y in the recourse, whose
    rows are ``row_lower <= T x + W y + H u + sum_k u_k (T_k x + W_k y) <= row_upper``.
    Where it is maximised, the adversary minimises.

    Parameters
    ----------
    first, recourse : Stage
        Variables, costs, bounds and rows of either stage.
    uncertainty : UncertaintySet
        The set of scenarios u, of dimension m.
    technology : sparse matrix or array_like, shape (rows, nx), optional
        T, what the first stage does to the rows of the recourse.
    shift : sparse matrix or array_like, shape (rows, m), optional
        H, what the scenario does to them by itself.
    technology_slopes : sparse matrix, shape (rows, m * nx), optional
        ``[T_1, ..., T_m]``, side by side.
    recourse_slopes : sparse matrix, shape (rows, m * ny), optional
        ``[W_1, ..., W_m]``, side by side.
    first_cost_slopes : sparse matrix, shape (nx, m), optional
        F, what the scenario adds to the costs of the first stage.
    recourse_cost_slopes : sparse matrix, shape (ny, m), optional
        Q, what it adds to those of the recourse.
    maximize : bool
        Whether profits are maximised instead of costs minimised.

    Raises
    ------
    InvalidProblemError
        Naming the field whose shape does not fit or that holds what is not finite.

    Examples
    --------
    Build capacity x at 1 a unit, buy what the demand ``2 + u`` still needs at 3:

    >>> from combkit.instances.robust import Box, Stage, TwoStage
    >>> problem = TwoStage(
    ...     Stage([1.0]),
    ...     Stage([3.0], [[1.0]], row_lower=[2.0]),
    ...     Box([0.0], [1.0]),
    ...     technology=[[1.0]],
    ...     shift=[[-1.0]],
    ... )
    >>> problem.evaluate(FirstStage([2.0], scenario=[1.0]))
    5.0
    """

    kind: ClassVar[str] = "robust"
    solution_type: ClassVar[type[Solution]] = FirstStage
    #: Worst cases are optima of programs in floating point.
    optimality_gap: ClassVar[float] = 1e-4

    first: Stage = field(default_factory=missing("first"))
    recourse: Stage = field(default_factory=missing("recourse"))
    uncertainty: UncertaintySet = field(default_factory=missing("uncertainty"))
    technology: Any = None
    shift: Any = None
    technology_slopes: Any = None
    recourse_slopes: Any = None
    first_cost_slopes: Any = None
    recourse_cost_slopes: Any = None
    maximize: bool = False

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        for key, type_ in (("first", Stage), ("recourse", Stage)):
            require(isinstance(getattr(self, key), type_), key, "not a stage")
        require(
            isinstance(self.uncertainty, UncertaintySet),
            "uncertainty",
            "not an uncertainty set",
        )
        nx, ny, m = self.first.n, self.recourse.n, self.uncertainty.dimension
        require(m > 0, "uncertainty", "there is no uncertain parameter")
        rows = self.recourse.m
        for key, shape in (
            ("technology", (rows, nx)),
            ("shift", (rows, m)),
            ("technology_slopes", (rows, m * nx)),
            ("recourse_slopes", (rows, m * ny)),
            ("first_cost_slopes", (nx, m)),
            ("recourse_cost_slopes", (ny, m)),
        ):
            value = getattr(self, key)
            nothing = sp.csr_array(shape) if value is None else value
            put(key, matrix_of(key, nothing, shape))
        put("maximize", bool(self.maximize))

    @property
    def sense(self) -> Sense:
        """Whether costs are minimised or profits maximised."""
        return "max" if self.maximize else "min"

    @property
    def size(self) -> dict[str, int]:
        """Variables of both stages, rows of the recourse, uncertain parameters."""
        return {
            "first": self.first.n,
            "recourse": self.recourse.n,
            "rows": self.recourse.m,
            "uncertain": self.uncertainty.dimension,
        }

    def content(self) -> dict[str, Any]:
        """Return the fields that define the problem, those of its parts too."""
        return spread(super().content())

    def recourse_program(self, x: Floats, scenario: Floats) -> MIP:
        """Return the program of the reactions; its offset is the first stage's cost.

        Parameters
        ----------
        x : ndarray of float64, shape (nx,)
            The first stage.
        scenario : ndarray of float64, shape (m,)
            The scenario.
        """
        stage = self.recourse
        moved = self.technology @ x + self.shift @ scenario
        moved += self.technology_slopes @ np.kron(scenario, x)
        matrix = stage.matrix
        if self.recourse_slopes.nnz:
            weigh = sp.kron(scenario[:, None], sp.eye_array(stage.n))
            matrix = matrix + sp.csr_array(self.recourse_slopes @ weigh)
        assert stage.row_lower is not None and stage.row_upper is not None
        assert stage.lower is not None and stage.upper is not None
        assert stage.integrality is not None
        return MIP(
            stage.cost + self.recourse_cost_slopes @ scenario,
            matrix,
            stage.row_lower - moved,
            stage.row_upper - moved,
            stage.lower,
            stage.upper,
            stage.integrality,
            offset=float((self.first.cost + self.first_cost_slopes @ scenario) @ x),
            maximize=self.maximize,
        )

    def evaluate(self, solution: FirstStage) -> float:
        """Return the cost of a first stage in the scenario that comes with it.

        It is the worst case if the scenario is a worst one: see
        `combkit.mip.robust.evaluate`. Without a reaction the cost is infinite.

        Raises
        ------
        InvalidSolutionError
            If a length is wrong, or there is no scenario.
        """
        if violations := self._strange(solution):
            raise InvalidSolutionError(violations)
        assert solution.scenario is not None
        program = self.recourse_program(solution.first_stage, solution.scenario)
        return _optimum(program)

    def check(self, solution: FirstStage) -> list[str]:
        """Return every violation in plain words."""
        if violations := self._strange(solution):
            return violations
        x, scenario = solution.first_stage, solution.scenario
        assert scenario is not None
        from combkit.instances.solutions import Values

        violations = self.first.program().check(Values(x))
        violations += self.uncertainty.violations(scenario)
        if not violations and np.isinf(self.evaluate(solution)):
            violations.append("there is no finite reaction to the scenario")
        return violations

    def _strange(self, solution: FirstStage) -> list[str]:
        """Return what keeps a solution from being judged."""
        x, scenario = solution.first_stage, solution.scenario
        if x.size != self.first.n:
            return [f"{x.size} first-stage values for {self.first.n} variables"]
        if scenario is None:
            return ["no scenario comes with the first stage"]
        if scenario.size != self.uncertainty.dimension:
            return [
                f"a scenario of {scenario.size} for {self.uncertainty.dimension} "
                "uncertain parameters"
            ]
        if not (np.isfinite(x).all() and np.isfinite(scenario).all()):
            return ["a value is not finite"]
        return []


def _optimum(program: MIP) -> float:
    """Return the optimum of a program; infinitely bad without a point."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    sign = -1.0 if program.maximize else 1.0
    if program.n == 0:
        fine = (program.row_lower <= 1e-6).all() and (program.row_upper >= -1e-6).all()
        return program.offset if fine else sign * np.inf
    rows = []
    if program.m:
        A = sp.csc_array(program.A)
        rows = [LinearConstraint(A, program.row_lower, program.row_upper)]
    found = milp(
        sign * program.c,
        integrality=program.integrality,
        bounds=Bounds(program.lower, program.upper),
        constraints=rows,
        options={"mip_rel_gap": 0.0},
    )
    unbounded = 3
    if found.status == unbounded:
        return -sign * np.inf
    if found.x is None:
        return sign * np.inf
    return float(program.c @ found.x) + program.offset
