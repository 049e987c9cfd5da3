"""The kinds that are solved in pieces: how each is cut, divided and conquered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from combkit.comb.registry import find
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UsageError
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.problem import Problem
from combkit.instances.tsp import ATSP, TSP
from combkit.mip.balans.bandit import make_bandit
from combkit.mip.balans.naming import parsed
from combkit.neural.udc.attempt import Settings
from combkit.neural.udc.conquer import CONSTRUCT, WALK
from combkit.neural.udc.crew import Crew
from combkit.neural.udc.fleets import FleetCutter
from combkit.neural.udc.outings import OutingCutter
from combkit.neural.udc.pieces import Cutter, size_of
from combkit.neural.udc.reunion import QUEUE, REUNIONS
from combkit.neural.udc.subsets import ItemCutter, VertexCutter
from combkit.neural.udc.tours import TourCutter

__all__ = ["KINDS", "Kind", "crew_of", "cutter_of", "divider_of", "settings_of", "unit"]

#: Kinds whose tours can be cut in several ways, and the ways.
_CUT_ANYHOW = ("tsp", "atsp", "op", "pctsp")
_CUTS = ("auto", "blocks", "windows")
#: Kinds whose edges can stay, and kinds whose pieces hang together by a sum only.
_TOURS_OF_ALL, _SETS = ("tsp", "atsp"), ("kp", "mis")
#: Pieces of a stage, at most, unless smaller ones are asked for.
_MOST_PIECES = 100
#: Smallest pieces that may be asked for.
_SMALLEST = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """How problems of a kind are solved in pieces.

    Parameters
    ----------
    cutter : callable
        Makes what cuts solutions of a problem.
    settings : Settings
        Sizes and heats, found by trial on generated instances.
    dividers : tuple of str
        Who can divide it, the best one first.
    conquerors : tuple of str
        Who can conquer pieces besides solvers of the kind, the best one first;
        a solver where none of those can.
    """

    cutter: Callable[..., Cutter]
    settings: Settings
    dividers: tuple[str, ...]
    conquerors: tuple[str, ...] = (WALK,)


_TOURS = ("insertion", "greedy-edge", "space-filling")
_FLEETS = ("savings", *_TOURS)
_ANNEALED = Settings(300, hot=1.0, cold=0.01)
_OUTING = Settings(300, alpha=3, hot=2.0, cold=0.03)
_BOTH = (WALK, CONSTRUCT)

#: The kinds, by name.
KINDS: dict[str, Kind] = {
    "tsp": Kind(TourCutter, Settings(2_000, hot=0.3), (*_TOURS, "neural"), _BOTH),
    "atsp": Kind(TourCutter, Settings(1_000, hot=0.3), ("patching", "insertion")),
    "cvrp": Kind(FleetCutter, _ANNEALED, (*_FLEETS, "neural"), _BOTH),
    "ovrp": Kind(FleetCutter, _ANNEALED, _FLEETS),
    "op": Kind(OutingCutter, _OUTING, (*_TOURS, "neural")),
    "pctsp": Kind(OutingCutter, _OUTING, (*_TOURS, "neural")),
    "spctsp": Kind(OutingCutter, _OUTING, (*_TOURS, "neural")),
    "mtsp": Kind(FleetCutter, Settings(300, hot=1.0, cold=0.003), _TOURS),
    "kp": Kind(ItemCutter, Settings(1_000), ("greedy",), ("knapsack-dp",)),
    "mis": Kind(VertexCutter, Settings(1_000, stages=(3, 16)), ("greedy",)),
}


def divider_of(problem: Problem, divider: str) -> str:
    """Return the name of a divider, the best one for ``auto``.

    Parameters
    ----------
    problem : Problem
        The problem.
    divider : str
        The name.

    Raises
    ------
    UsageError
        If the kind has no such divider.
    """
    known = KINDS[problem.kind].dividers
    if divider == "auto":
        return known[0]
    if divider not in known:
        raise UsageError(f"divider={divider!r}: {problem.kind} has {', '.join(known)}")
    return divider


def settings_of(
    problem: Problem,
    piece: int | None,
    alpha: int | None,
    reunion: str,
    stable: int,
) -> Settings:
    """Return the settings of a kind, changed as asked for.

    Parameters
    ----------
    problem : Problem
        The problem.
    piece : int or None
        Nodes of a piece; by default those of the kind, or a hundredth of all.
    alpha : int or None
        Global solutions.
    reunion : str
        Where stages cut.
    stable : int
        Stages until an edge that nobody changes stays; 0 for never.

    Raises
    ------
    UsageError
        If a number is too small, or the kind is not reunited like that.
    """
    if reunion not in REUNIONS:
        raise UsageError(f"reunion={reunion!r}: one of {', '.join(REUNIONS)}")
    if reunion == QUEUE and problem.kind in _SETS:
        raise UsageError(f"reunion={reunion!r}: pieces of {problem.kind} are no places")
    if stable < 0 or (stable and problem.kind not in _TOURS_OF_ALL):
        raise UsageError(f"stable={stable}: at least 0, and only for tours of all")
    settings = KINDS[problem.kind].settings
    # Whatever is done with a piece, putting it back takes time for all nodes.
    least = size_of(problem) // _MOST_PIECES
    settings = replace(
        settings, size=max(settings.size, least), reunion=reunion, stable=stable
    )
    if piece is not None:
        if piece < _SMALLEST:
            raise UsageError(f"piece={piece}: at least {_SMALLEST}")
        settings = replace(settings, size=piece)
    if alpha is not None:
        if alpha < 1:
            raise UsageError(f"alpha={alpha}: at least 1")
        settings = replace(settings, alpha=alpha)
    return settings


def cutter_of(problem: Problem, cut: str) -> Cutter:
    """Return what cuts solutions of a problem.

    Parameters
    ----------
    problem : Problem
        The problem.
    cut : str
        ``auto``, or how tours are cut: ``blocks`` or ``windows``.

    Raises
    ------
    UsageError
        If it cannot be cut like that.
    """
    if cut not in _CUTS:
        raise UsageError(f"cut={cut!r}: one of {', '.join(_CUTS)}")
    make = KINDS[problem.kind].cutter
    if cut == "auto":
        return make(problem)
    if problem.kind not in _CUT_ANYHOW:
        raise UsageError(f"cut={cut!r}: {problem.kind} is always cut the same way")
    return make(problem, cut)


def crew_of(problem: Problem, conquerors: str, bandit: str, seed: int) -> Crew:
    """Return the conquerors of a problem's pieces.

    Parameters
    ----------
    problem : Problem
        The problem.
    conquerors : str
        Names separated by commas; ``auto`` is the best one.
    bandit : str
        Policy that draws among them.
    seed : int
        Its seed.

    Raises
    ------
    UsageError
        If a name is unknown, or nobody for this kind.
    """
    own = KINDS[problem.kind].conquerors
    names = own[0] if conquerors == "auto" else conquerors
    chosen = [name.strip() for name in names.split(",")]
    for name in chosen:
        if name in own:
            continue
        if name in (WALK, CONSTRUCT, "udc"):
            reason = f"{name!r} takes no {problem.kind}"
            raise UsageError(f"conquerors={conquerors!r}: {reason}")
        find(name, problem.kind)
    policy, options = parsed("bandit", bandit)
    return Crew(chosen, make_bandit(policy, len(chosen), seed=seed, **options))


def unit(problem: Any, solution: Any) -> float:
    """Return what heats are measured in: a mean distance, or prize of a visit.

    Parameters
    ----------
    problem : Problem
        The problem.
    solution : Solution
        A solution of it.
    """
    if isinstance(problem, OP):
        return problem.evaluate(solution) / float(solution.tour.size)
    if isinstance(problem, PCTSP):
        return problem.length(solution) / float(solution.tour.size)
    if isinstance(problem, TSP | ATSP):
        return float(problem.evaluate(solution)) / problem.n
    if isinstance(problem, MTSP):
        longest = float(problem.evaluate(solution))
        return longest * len(solution.routes) / (problem.n + 1)
    if isinstance(problem, CVRP):
        stops = problem.n + len(solution.routes)
        return float(problem.evaluate(solution)) / max(1, stops)
    return 0.0
