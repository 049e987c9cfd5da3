"""Hybrid genetic search for fleets of one vehicle type: the kind ``vrp``.

For deliveries, and pickups that come behind them. What must not be is put in other
words: a way to a pickup from the depot, and from a pickup to a delivery, is longer
than a route may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.fleet_reduction import one_way
from combkit.comb.routing.fleet_start import opening
from combkit.comb.routing.genetic import (
    LARGEST,
    Lineage,
    breed,
    ground_of,
    settings_of,
)
from combkit.comb.routing.limits import BOTH
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes, Route
from combkit.instances.run import Outcome, Run

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_granular import Ground

__all__ = ["solve", "supports"]

#: Relative slack of limits on sums of floats: well within that of the checkers.
_NOISE = 1e-10


def supports(problem: RichVRP) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    kinds = np.flatnonzero(problem.available > 0)
    if problem.n > LARGEST:
        return f"{problem.n:,} clients, more than {LARGEST:,}"
    if kinds.size != 1:
        return f"{kinds.size} types of vehicles"
    kind = kinds[0]
    loads = problem.delivery.sum(axis=1), problem.pickup.sum(axis=1)
    reasons = {
        "loads have several dimensions": problem.capacity.shape[1] > 1,
        "clients have windows": problem.window_client.size > 0,
        "clients have release times": bool(problem.release.any()),
        "clients may be left out": not problem.required.all(),
        "clients are in groups": bool((problem.group >= 0).any()),
        "there are shipments": len(problem.shipments) > 0,
        "clients are locked": len(problem.locked) > 0,
        "there are breaks": problem.break_type.size > 0,
        "vehicles reload": bool(problem.reload[kind].any()),
        "time costs or is limited": _is_timed(problem, kind),
        "distance costs nothing": problem.distance_cost[kind] == 0.0,
        "clients of a route are limited": problem.max_clients[kind] < problem.n,
        "the vehicles may not serve all clients": not problem.allowed[kind].all(),
        "pickups and deliveries are mixed": problem.backhaul != "last"
        and bool(loads[0].any() and loads[1].any()),
        "pickups come last, and not every client either gives or gets something": (
            problem.backhaul == "last" and not one_way(problem)
        ),
        "pickups come last, and nothing is delivered": problem.backhaul == "last"
        and bool(loads[1].any() and not loads[0].any()),
        "loads are not integers, or large": problem.backhaul == "last"
        and not (_whole(*loads) and sum(map(np.sum, loads)) < BOTH),
    }
    return next((reason for reason, true in reasons.items() if true), None)


def _is_timed(problem: RichVRP, kind: int) -> bool:
    ends = problem.start_depot[kind], problem.end_depot[kind]
    limits = [problem.shift_end[kind], problem.max_duration[kind]]
    limits += [problem.depot_end[depot] for depot in ends if depot >= 0]
    costs = problem.duration_cost[kind] > 0.0 or problem.longest_cost > 0.0
    return bool(costs) or bool(np.isfinite(limits).any())


def _whole(*loads: NDArray[np.float64]) -> bool:
    return all(bool((load == np.rint(load)).all()) for load in loads)


def solve(
    problem: RichVRP,
    run: Run,
    *,
    neighbours: int = 20,
    population: int | None = None,
    generation: int | None = None,
    patience: int = 20_000,
) -> Outcome:
    """Let solutions have children until the run ends; an iteration is a child.

    Starts from ``run.initial``, which may be partial or infeasible, or else from
    random solutions. With several threads, independent populations live side by side.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    run : Run
        The run.
    neighbours : int
        Near clients that a move may bring a client to.
    population, generation : int, optional
        Individuals of a population that survive, and that are born until the others
        have to go: 25 and 40, fewer where there are not as many children to come.
    patience : int
        Children without a better solution after which the population begins anew.

    Raises
    ------
    UsageError
        If a number is out of its range.
    InvalidSolutionError
        If ``run.initial`` names what does not exist: it is of another problem.
    """
    settings = settings_of(problem.n, run, neighbours, population, generation, patience)
    start = opening(problem, run)
    if problem.n > 1 and not run.should_stop():
        breed(_lineage_of(problem, neighbours, start), run, settings)
    return Outcome()


def _lineage_of(problem: RichVRP, neighbours: int, start: FleetRoutes) -> Lineage:
    kind = int(np.flatnonzero(problem.available > 0)[0])

    def solution(routes: list[list[int]]) -> FleetRoutes:
        return FleetRoutes(Route(kind, np.array(route) - 1) for route in routes)

    return Lineage(
        problem.n,
        lambda: _ground_of(problem, kind, neighbours),
        [(route.visits + 1).tolist() for route in start.routes],
        int(problem.available[kind]),
        solution,
    )


def _ground_of(problem: RichVRP, kind: int, neighbours: int) -> Ground:
    depot = problem.depots[problem.start_depot[kind]]
    places = np.concatenate([[depot], problem.clients])
    dist = _ways(problem, kind, places)
    both = np.minimum(dist, dist.T)[1:, 1:]
    np.fill_diagonal(both, np.inf)
    count = min(neighbours, problem.n - 1)
    near = np.argpartition(both, count - 1, axis=1)[:, :count] + 1
    # No route is as long, not even one through all clients.
    longest = 2.0 * float(dist.max(axis=1).sum()) + 1.0
    demand, pickup = (
        np.concatenate([[0.0], load[:, 0]])
        for load in (problem.delivery, problem.pickup)
    )
    last = problem.backhaul == "last"
    if last:
        dist[np.ix_(pickup > 0, demand > 0)] = 2.0 * longest
        dist[0, pickup > 0] = 2.0 * longest
    else:
        demand = demand + pickup
    most = problem.max_distance[kind] * problem.distance_cost[kind]
    most = most * (1.0 + _NOISE) + problem.fixed_cost[kind]
    return ground_of(
        dist,
        near,
        demand,
        float(problem.capacity[kind, 0]) * (1.0 if _whole(demand) else 1.0 + _NOISE),
        min(longest, float(most)),
        pickup=pickup if last else None,
        place=None if problem.coords is None else problem.coords[places],
    )


def _ways(
    problem: RichVRP, kind: int, places: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the costs of ways from the depot, the first place, and from clients.

    What a vehicle costs is paid when it leaves.
    """
    back, end = places.copy(), int(problem.end_depot[kind])
    if end >= 0:
        back[0] = problem.depots[end]
    profile = int(problem.profile[kind])
    ways: NDArray[np.float64] = np.array(
        problem.legs(profile, places[:, None], back)[0], np.float64
    )
    ways *= problem.distance_cost[kind]
    if end < 0:
        ways[:, 0] = 0.0
    ways[0] += problem.fixed_cost[kind]
    np.fill_diagonal(ways, 0.0)
    return ways
