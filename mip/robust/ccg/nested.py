"""Nested column-and-constraint generation, for recourse with integers."""

from __future__ import annotations

from combkit.instances.robust.two_stage import TwoStage
from combkit.instances.run import Outcome, Run
from combkit.mip.robust.ccg.choice import usable
from combkit.mip.robust.ccg.solver import Generation
from combkit.mip.robust.ccg.standard import Standard

__all__ = ["solve", "supports"]

_NAMES = ("policies", "nested")


def supports(problem: TwoStage) -> str | None:
    """Return why a problem is not one for the solver, or None.

    Parameters
    ----------
    problem : TwoStage
        The problem.
    """
    _, refusals = usable(_NAMES, Standard(problem))
    return None if len(refusals) < len(_NAMES) else "; ".join(refusals)


def solve(problem: TwoStage, run: Run) -> Outcome:
    """Solve a two-stage problem by pools of policies inside of pools of scenarios.

    Parameters
    ----------
    problem : TwoStage
        The problem, whose recourse has integers.
    run : Run
        The run; an iteration is a master.

    Raises
    ------
    UnsupportedFeatureError
        If its recourse has none, or the continuous part cannot mend whatever the
        integers are.

    References
    ----------
    L. Zhao, B. Zeng, "An exact algorithm for two-stage robust optimization with mixed
    integer recourse problems", Optimization Online, 2012.
    """
    return Generation(problem, run, _NAMES).run_to_end()
