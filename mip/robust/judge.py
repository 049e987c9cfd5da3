"""Verdicts on first stages of a robust knapsack: their worth, and the cut for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.run import Run
from combkit.mip.robust.recourse import Recourse

__all__ = ["Judge", "Verdict"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Verdict:
    """What a first stage is worth, and the cut that says so.

    ``made @ Y + repaired @ R <= limit`` holds of all mixtures; at the first stage it
    leaves no more than `value`, which the best reaction to the scenario earns.
    """

    value: float
    scenario: Floats
    made: Floats
    repaired: Floats
    limit: float


class Judge:
    """Judges first stages by their worst cases, each once, and reports them.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    run : Run
        Its run, which gets whatever is better than the best known.
    source : str
        Name of the solver.
    """

    def __init__(self, problem: RobustKnapsack, run: Run, source: str) -> None:
        # Its kernel is compiled or loaded here.
        from combkit.mip.robust.worst_case import Adversary

        self.problem, self.run, self._source = problem, run, source
        self._adversary = Adversary(problem)
        self._adversary.worst(np.zeros(problem.n, dtype=bool))
        self._verdicts: dict[bytes, Verdict] = {}

    @property
    def best(self) -> float:
        """The best known objective."""
        return self.run.objective or 0.0

    def facts(self) -> dict[str, int]:
        """Return what was done."""
        calls = self.recourse.calls
        return {"first_stages": len(self._verdicts), "knapsacks": calls}

    @property
    def recourse(self) -> Recourse:
        """The knapsack of reactions."""
        return self._adversary.recourse

    def judge(self, accepted: Flags) -> Verdict:
        """Return the verdict on accepted items.

        A value that is not better than the best known one may be too large: it only
        shows that.

        Parameters
        ----------
        accepted : ndarray of bool, shape (n,)
            The accepted items.
        """
        key = accepted.tobytes()
        if (known := self._verdicts.get(key)) is not None:
            return known
        problem = self.problem
        worst = self._adversary.worst(accepted, self.best)
        scenario = worst.solution.scenario
        assert scenario is not None
        if worst.upper > self.best and worst.certified:
            self.run.report(worst.solution, self._source)
        # In this direction no policy within x is worth more than the worst case.
        lost = np.where(accepted, problem.degradations * scenario, 0.0)
        made = np.where(accepted, problem.outsourcing, 0.0) - lost
        sunk = float(problem.margins[accepted].sum())
        verdict = Verdict(worst.upper, scenario, made, lost, worst.upper - sunk)
        self._verdicts[key] = verdict
        return verdict
