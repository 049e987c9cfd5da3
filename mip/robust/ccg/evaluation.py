"""The worst case of one first stage of a general problem."""

from __future__ import annotations

import numpy as np

from combkit.instances.errors import InvalidSolutionError
from combkit.instances.robust.two_stage import TwoStage
from combkit.instances.run import Run
from combkit.instances.solutions import FirstStage, Values
from combkit.mip.contract import gap_limit
from combkit.mip.robust.ccg.choice import chosen, heuristic, names_of
from combkit.mip.robust.ccg.separation import Found, Separation
from combkit.mip.robust.ccg.standard import Fixed, Standard
from combkit.mip.robust.ccg.support import Support
from combkit.mip.robust.worst import Worst

__all__ = ["bracket", "tried"]


def bracket(
    problem: TwoStage, solution: FirstStage, run: Run, separation: str = "auto"
) -> Worst:
    """Return the worst case of a first stage as a bracket.

    Parameters
    ----------
    problem : TwoStage
        The problem.
    solution : FirstStage
        The first stage.
    run : Run
        A run, for its clock.
    separation : str
        How worst scenarios are found.

    Raises
    ------
    InvalidSolutionError
        If it is no first stage of the problem.
    UnsupportedFeatureError
        If no separation fits.
    """
    x = solution.first_stage
    if violations := problem.first.program().check(Values(x)):
        raise InvalidSolutionError(violations)
    standard = Standard(problem)
    exact = chosen(names_of(separation), standard, run)
    fixed, known = standard.at(x), Found()
    if (quick := heuristic(standard, run)) is not None:
        known = quick.worst(fixed, known)
    found = known if known.lower == np.inf else tried(exact, fixed, known)[0]
    lower = max(found.lower, known.lower)
    points = found.points or known.points
    if not points:
        points = [Support(standard.region).any_point()]
    upper = max(lower, found.upper) if found.certified else np.inf
    least, most = sorted([standard.sign * lower, standard.sign * upper])
    return Worst(least, most, FirstStage(x, standard.region.scenario(points[0])))


def tried(
    separations: list[Separation], fixed: Fixed, known: Found
) -> tuple[Found, str]:
    """Return what some separations find, up to the first that closes the bracket.

    Parameters
    ----------
    separations : list of Separation
        The separations.
    fixed : Fixed
        The recourse of a first stage.
    known : Found
        Points that may be bad.

    Returns
    -------
    Found
        The narrowest bracket.
    str
        The name of the separation that found it.
    """
    best, name = Found(), ""
    for separation in separations:
        found, run = separation.worst(fixed, known), separation.run
        width = found.upper - found.lower
        if not name or found.lower == np.inf or width < best.upper - best.lower:
            best, name = found, separation.name
        enough = gap_limit(run) * max(1.0, abs(found.lower))
        if found.lower == np.inf or width <= enough or run.should_stop():
            break
    return best, name
