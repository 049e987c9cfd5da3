"""What every separation is: a search for the worst scenario of a first stage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.run import Run
from combkit.mip.contract import gap_limit
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.standard import Fixed, Standard

__all__ = [
    "Feasible",
    "Found",
    "Separation",
    "Traits",
    "allowance",
    "costs",
    "precision",
]

Floats = NDArray[np.float64]

#: Total violation of the recourse that counts as none, relative above 1.
_FEASIBLE = 1e-6


def allowance(fixed: Fixed) -> float:
    """Return the total violation of the recourse's sides that counts as none.

    Parameters
    ----------
    fixed : Fixed
        The recourse.
    """
    return _FEASIBLE * float(np.abs(fixed.rhs).max(initial=1.0))


def precision(run: Run) -> float:
    """Return the relative width at which a bracket of a worst case is closed.

    Parameters
    ----------
    run : Run
        The run, of which a bracket may not spoil the gap.
    """
    return max(1e-7, gap_limit(run) / 20)


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What is known of the worst case of a first stage.

    Parameters
    ----------
    points : list of ndarray
        Bad points of the uncertainty set's program, the worst one first.
    lower : float
        The cost at the worst of them; infinite where there is no reaction.
    upper : float
        No scenario costs more.
    certified : bool
        Whether the upper end is proven.
    """

    points: list[Floats] = field(default_factory=list)
    lower: float = -np.inf
    upper: float = np.inf
    certified: bool = True


@dataclass(frozen=True, slots=True)
class Traits:
    """What is uncertain in a problem, and what its recourse is like.

    Parameters
    ----------
    continuous : bool
        Whether no variable of the recourse is integral.
    sides, costs, matrix : bool
        Whether right-hand sides, costs and coefficients of the recourse depend on the
        scenario.
    """

    continuous: bool
    sides: bool
    costs: bool
    matrix: bool

    @classmethod
    def of(cls, standard: Standard) -> Traits:
        """Return the traits of a problem.

        Parameters
        ----------
        standard : Standard
            Its recourse.
        """
        problem = standard.problem
        return cls(
            not standard.integral.any(),
            bool(problem.shift.nnz or problem.technology_slopes.nnz),
            bool(problem.recourse_cost_slopes.nnz),
            bool(problem.recourse_slopes.nnz),
        )


class Separation(ABC):
    """Finds worst scenarios.

    Parameters
    ----------
    standard : Standard
        The recourse of the problem.
    run : Run
        Its run, for limits and the wish to end.
    """

    name: ClassVar[str]
    #: Whether the upper ends that it returns are proven.
    certified: ClassVar[bool] = True

    def __init__(self, standard: Standard, run: Run) -> None:
        self.standard, self.run = standard, run
        self.region = standard.region

    @classmethod
    @abstractmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is.

        Parameters
        ----------
        standard : Standard
            The recourse of the problem.
        traits : Traits
            What is uncertain in it.
        """

    @abstractmethod
    def worst(self, fixed: Fixed, known: Found) -> Found:
        """Return a bracket of the worst case of a first stage.

        Parameters
        ----------
        fixed : Fixed
            Its recourse.
        known : Found
            Points that may be bad, and what the worst of them costs.
        """


class Feasible(Separation):
    """A separation of continuous recourse: first whether there is a reaction at all."""

    def worst(self, fixed: Fixed, known: Found) -> Found:
        """Return a bracket of the worst case of a first stage."""
        slack, allowed = self.violated(fixed.slack), allowance(fixed)
        if slack.lower > allowed:
            return Found(slack.points, np.inf, np.inf, True)
        if slack.upper > allowed:
            return Found([], -np.inf, np.inf, slack.certified)
        return self.costliest(fixed, known)

    def violated(self, slack: Fixed) -> Found:
        """Return a bracket of the largest violation of the sides.

        Parameters
        ----------
        slack : Fixed
            The recourse with slacks, which are paid for.
        """
        return self.costliest(slack, Found(), bound=1.0, enough=allowance(slack))

    @abstractmethod
    def costliest(
        self,
        fixed: Fixed,
        known: Found,
        bound: float | None = None,
        enough: float | None = None,
    ) -> Found:
        """Return a bracket of the worst case where each scenario has a reaction.

        Parameters
        ----------
        fixed : Fixed
            The recourse.
        known : Found
            Points that may be bad.
        bound : float, optional
            No dual of a side exceeds this in size.
        enough : float, optional
            A point that costs more than that ends the search.
        """


def costs(fixed: Fixed, points: list[Floats]) -> list[float]:
    """Return what the best reactions to some points cost.

    Parameters
    ----------
    fixed : Fixed
        The recourse.
    points : list of ndarray
        The points.
    """
    reactions = Reactions(fixed)
    return [reactions.solve(w).value for w in points]
