"""Limits of a fleet as searches take them, and what plainly breaks them."""

from __future__ import annotations

import math

import numpy as np

from combkit.instances.cvrp import CVRP

__all__ = ["BOTH", "limits_of", "obstacle"]

#: Deliveries and pickups can be one number, in which pickups count so much: sums of
#: them that are smaller integers come apart again.
BOTH = 67_108_864.0
#: Relative slack of limits on sums of floats: well within that of the checkers.
_NOISE = 1e-10
#: Relative slack of what makes a problem infeasible, for rounding noise.
_PLAIN = 1e-9


def limits_of(problem: CVRP) -> tuple[float, float]:
    """Return what a route may carry, and how long it may be with service times.

    Sums of integers are exact, others get a little slack.

    Parameters
    ----------
    problem : CVRP, OVRP or VRPTW
        The problem.
    """
    whole = problem.demands.dtype == np.int64
    longest = math.inf if problem.max_distance is None else problem.max_distance
    return (
        problem.capacity * (1.0 if whole else 1.0 + _NOISE),
        longest * (1.0 + _NOISE),
    )


def obstacle(problem: CVRP) -> str:
    """Return why there is no solution, where that is plain; else nothing.

    Parameters
    ----------
    problem : CVRP, OVRP or VRPTW
        The problem.
    """
    if problem.vehicles is not None:
        room = problem.vehicles * float(problem.capacity)
        if float(problem.demands.sum()) > room * (1.0 + _PLAIN):
            return f"the demands exceed the {room:.15g} that all vehicles carry"
    if problem.max_distance is None:
        return ""
    nodes = np.arange(problem.n + 1)
    alone = problem.distance(0, nodes).astype(np.float64)
    if not problem.open_ended:
        alone += problem.distance(nodes, 0)
    if problem.service_time is not None:
        alone += problem.service_time
    farthest = int(alone.argmax())
    if alone[farthest] <= problem.max_distance * (1.0 + _PLAIN):
        return ""
    return (
        f"customer {farthest} alone takes {alone[farthest]:.15g} of the "
        f"{problem.max_distance:.15g} that a route may take"
    )
