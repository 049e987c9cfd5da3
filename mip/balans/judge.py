"""Every solution passes here: rounded, checked in original space, kept, reported."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from combkit.instances.mip import MIP, TOLERANCE
from combkit.instances.result import Status
from combkit.instances.run import Run
from combkit.instances.solutions import Values
from combkit.mip.balans.linear import LinearPart
from combkit.mip.balans.state import Pool, Structure

__all__ = ["Judge"]

Floats = NDArray[np.float64]

#: Relative difference of objectives that is no improvement.
_ROUNDING = 1e-9


class Judge:
    """Keeps what is feasible, and knows the best of it.

    Parameters
    ----------
    run : Run
        The run; improvements are reported to it.
    structure : Structure
        Of the run's problem, as a minimisation.
    linear : LinearPart
        Its relaxation, which repairs continuous variables.
    pool : Pool
        What is found goes there.
    names : sequence of str, optional
        Names of the variables, for what is reported.

    Attributes
    ----------
    structure : Structure
        Of the problem, as a minimisation.
    incumbent : tuple
        The best solution, None without, and its objective, to be minimised.
    """

    def __init__(
        self,
        run: Run,
        structure: Structure,
        linear: LinearPart,
        pool: Pool,
        names: Sequence[str] | None = None,
    ) -> None:
        self._run = run
        self.structure = structure
        self._linear = linear
        self._pool = pool
        self._lock = threading.Lock()
        self._names = names
        self._violated: tuple[Floats, str] | None = None
        # Replaced as a whole: other threads read it.
        self.incumbent: tuple[Floats | None, float] = (None, np.inf)

    @property
    def best(self) -> Floats | None:
        """The best solution, None without."""
        return self.incumbent[0]

    @property
    def value(self) -> float:
        """Its objective, to be minimised; infinite without."""
        return self.incumbent[1]

    @property
    def problem(self) -> MIP:
        """The minimisation."""
        return self.structure.problem

    def evaluate(self, x: Floats) -> float:
        """Return the objective, to be minimised."""
        return float(self.problem.c @ x + self.problem.offset)

    def rounded(self, x: Floats) -> Floats:
        """Return a point within bounds, its integers whole."""
        s = self.structure
        whole = np.where(s.integer, np.round(x), x)
        return np.clip(whole, s.lower, s.upper) + 0.0

    def take(self, x: Floats, source: str) -> tuple[Floats, float] | None:
        """Judge a point; return it as it is kept, with its objective, or None.

        A point that only violates rows a little, as solvers' tolerances allow,
        is kept for ``repair``. May be called from any thread.
        """
        x = self.rounded(x)
        if self.problem.violation(x) > TOLERANCE:
            if self.improves(self.evaluate(x)):
                self._violated = (x, source)
            return None
        return self._keep(x, source)

    def improves(self, value: float) -> bool:
        """Whether an objective is better than the best one by more than rounding."""
        if np.isinf(self.value):
            return bool(value < self.value)
        return value < self.value - _ROUNDING * max(1.0, abs(self.value))

    def repair(self, seconds: float) -> tuple[Floats, float] | None:
        """Solve the LP of the last point that was nearly feasible, integers fixed."""
        violated, self._violated = self._violated, None
        return None if violated is None else self.polish(*violated, seconds)

    def polish(
        self, x: Floats, source: str, seconds: float
    ) -> tuple[Floats, float] | None:
        """Make the most of the continuous variables of a point; None: it failed."""
        bounds = self.structure.holding(self.rounded(x))
        optimum = self._linear.within(*bounds, seconds)
        if optimum is None:
            return None
        x = self.rounded(optimum.x)
        if self.problem.violation(x) > TOLERANCE:
            return None
        return self._keep(x, source)

    def settle(self, claim: Status | None) -> Status | None:
        """Return what a solver's claim about the whole model means by now.

        A solution may have been found after the claim, or by somebody else.
        """
        if self.best is None:
            return claim
        if claim is Status.INFEASIBLE:
            # A claim against what was checked would be a tolerance at work.
            return None
        return Status.UNBOUNDED if claim is Status.INFEASIBLE_OR_UNBOUNDED else claim

    def _keep(self, x: Floats, source: str) -> tuple[Floats, float]:
        value = self.evaluate(x)
        with self._lock:
            self._pool.add(x, value)
            if self.improves(value):
                self.incumbent = (x, value)
                self._run.report(Values(x, self._names), source)
        return x, value
